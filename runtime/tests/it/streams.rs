//! Streams from the server, over the wire as it is: items, credit, the end.

use serde_json::{Value, json};

use wirecall::server::Limits;

use crate::numbered::Numbered;
use crate::stream_lab::Stage;
use crate::support::{RawPeer, call, error_of, notification, serve, soon};

/// The text of a call with credit.
fn with_credit(id: impl Into<Value>, method: &str, params: &Value, credit: u64) -> String {
    let meta = json!({ "credit": credit });
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params, "meta": meta }).to_string()
}

fn item(id: impl Into<Value>, item: impl Into<Value>) -> Value {
    let params = json!({ "id": id.into(), "items": [item.into()] });
    json!({ "jsonrpc": "2.0", "method": "rpc.item", "params": params })
}

fn credit(id: impl Into<Value>, credit: impl Into<Value>) -> String {
    notification("rpc.credit", &json!({ "id": id.into(), "credit": credit.into() }))
}

#[tokio::test]
async fn a_plain_peer_without_credit_gets_all_items_in_order_and_then_the_result() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call("s", "flow.count", &json!({ "to": 500 }))).await;
    for n in 1..=500 {
        assert_eq!(peer.receive().await, item("s", n));
    }
    assert_eq!(peer.receive().await, json!({ "jsonrpc": "2.0", "id": "s", "result": 500 }));
}

#[tokio::test]
async fn the_first_item_leaves_before_the_second_is_produced() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.gated", &json!({}))).await;
    stage.gate.add_permits(1);
    assert_eq!(peer.receive().await, item(1, 1));
    assert_eq!(stage.moved(), 1);
    stage.gate.add_permits(1);
    assert_eq!(peer.receive().await, item(1, 2));
}

#[tokio::test]
async fn a_producer_out_of_credit_waits_and_goes_on_with_more() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&with_credit(1, "flow.count", &json!({ "to": 6 }), 2)).await;
    assert_eq!(peer.receive().await, item(1, 1));
    assert_eq!(peer.receive().await, item(1, 2));
    // The third is produced, and waits.
    stage.moved_to(3).await;
    peer.nothing_more().await;
    peer.send(&credit(1, 3)).await;
    for n in 3..=5 {
        assert_eq!(peer.receive().await, item(1, n));
    }
    peer.nothing_more().await;
    peer.send(&credit(1, u64::MAX)).await;
    assert_eq!(peer.receive().await, item(1, 6));
    assert_eq!(peer.receive().await["result"], 6);
}

#[tokio::test]
async fn with_credit_0_nothing_comes_before_the_first_grant() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&with_credit(1, "flow.count", &json!({ "to": 1 }), 0)).await;
    peer.nothing_more().await;
    for wrong in [json!(0), json!(-1), json!(1.5), json!("1"), Value::Null] {
        peer.send(&credit(1, wrong)).await;
    }
    peer.nothing_more().await;
    peer.send(&credit(1, 1)).await;
    assert_eq!(peer.receive().await, item(1, 1));
}

#[tokio::test]
async fn credit_and_items_for_unknown_ids_are_ignored() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    for method in
        ["rpc.credit", "rpc.upload", "rpc.upload_end", "rpc.item", "rpc.upload_credit", "rpc.cancel"]
    {
        peer.send(&notification(method, &json!({ "id": 99, "credit": 1, "items": [1] }))).await;
        peer.send(&notification(method, &json!({ "what": [] }))).await;
    }
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_stream_fails_with_the_service_s_error_after_its_items() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.fail", &json!({ "after": 2 }))).await;
    assert_eq!(peer.receive().await, item(1, 1));
    assert_eq!(peer.receive().await, item(1, 2));
    let answer = peer.receive().await;
    assert_eq!(error_of(&answer), (1, "broken"));
    assert_eq!(answer["error"]["data"]["details"], json!({ "sent": 2 }));
}

#[tokio::test]
async fn a_cancelled_stream_is_answered_at_once_and_its_handler_dropped() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&with_credit(1, "flow.count", &json!({ "to": 100 }), 1)).await;
    assert_eq!(peer.receive().await, item(1, 1));
    peer.send(&notification("rpc.cancel", &json!({ "id": 1 }))).await;
    assert_eq!(error_of(&peer.receive().await).1, "cancelled");
    stage.gone().await;
    peer.send(&credit(1, 10)).await;
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_lost_connection_drops_the_handlers_of_its_streams() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::plain(address).await;
    peer.send(&with_credit(1, "flow.count", &json!({ "to": 100 }), 1)).await;
    assert_eq!(peer.receive().await, item(1, 1));
    drop(peer);
    stage.gone().await;
}

#[tokio::test]
async fn a_stream_has_no_time_limit_but_its_own() {
    let stage = Stage::default();
    let (_server, address) =
        serve(stage.server_with(|limits| limits.call_timeout = std::time::Duration::from_millis(20))).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.gated", &json!({}))).await;
    assert_eq!(error_of(&peer.call("flow.brief", json!({})).await).1, "deadline_exceeded");
    stage.gone().await;
    stage.gate.add_permits(1);
    assert_eq!(peer.receive().await, item(1, 1));
}

#[tokio::test]
async fn streams_are_counted_apart_from_calls() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server_with(|limits| {
        limits.max_calls = 1;
        limits.max_streams = 2;
    }))
    .await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.hold", &json!({ "n": 1 }))).await;
    peer.send(&with_credit(2, "flow.count", &json!({ "to": 2 }), 1)).await;
    assert_eq!(peer.receive().await, item(2, 1));
    peer.send(&with_credit(3, "flow.count", &json!({ "to": 2 }), 1)).await;
    assert_eq!(peer.receive().await, item(3, 1));
    peer.send(&call(4, "flow.count", &json!({ "to": 2 }))).await;
    assert_eq!(error_of(&peer.receive().await).1, "resource_exhausted");
    // A call waits behind the one that runs, while the credit of a stream is read.
    peer.send(&call(5, "flow.ping", &json!({ "n": 5 }))).await;
    peer.send(&credit(2, 1)).await;
    assert_eq!(peer.receive().await, item(2, 2));
    assert_eq!(peer.receive().await["id"], 2);
    stage.gate.add_permits(1);
    assert_eq!(peer.receive().await["id"], 1);
    assert_eq!(peer.receive().await["id"], 5);
}

#[tokio::test]
async fn a_plain_peer_that_does_not_read_holds_its_producer_in_bounded_memory() {
    let stage = Stage::default();
    let (_server, address) =
        serve(stage.server_with(|limits| limits.write_deadline = std::time::Duration::from_mins(1))).await;
    let mut peer = RawPeer::deaf(address, None).await;
    peer.send(&call(1, "flow.flood", &json!({ "bytes": 10_000 }))).await;
    // The queue of 1 MiB, what the sockets hold, and the one that waits.
    stage.moved_to(100).await;
    let mut moved = 0;
    while moved != stage.moved() {
        moved = stage.moved();
        RawPeer::plain(address).await.nothing_more().await;
    }
    assert!(moved < 1000, "{moved} items were produced for a peer that reads none");
    // It goes on as soon as they are read.
    for _ in 0..moved {
        assert_eq!(peer.receive().await["method"], "rpc.item");
    }
}

#[tokio::test]
async fn an_id_that_is_open_for_a_stream_is_not_taken_twice() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&with_credit(1, "flow.count", &json!({ "to": 2 }), 1)).await;
    assert_eq!(peer.receive().await, item(1, 1));
    let answer = peer.ask(&call(1, "flow.ping", &json!({ "n": 1 }))).await;
    assert_eq!((error_of(&answer).1, &answer["id"]), ("invalid_request", &Value::Null));
}

#[tokio::test]
async fn a_stream_cannot_be_started_by_a_notification() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&notification("flow.count", &json!({ "to": 2 }))).await;
    peer.nothing_more().await;
    assert_eq!(stage.moved(), 0);
}

#[tokio::test]
async fn an_item_larger_than_the_caller_takes_fails_the_call() {
    let (_server, address) = serve(Stage::default().server()).await;
    let limits = json!({ "limits": { "max_message_bytes": 2000, "buffer_bytes": 1 << 20 } });
    let (mut peer, _) = RawPeer::hello(address, limits).await;
    peer.send(&call(1, "flow.flood", &json!({ "bytes": 5000 }))).await;
    assert_eq!(error_of(&peer.answer(1).await).1, "too_large");
}

#[tokio::test]
async fn an_item_keeps_to_what_the_caller_takes_now_and_not_when_it_made_the_call() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.send(&with_credit(1, "flow.flood", &json!({ "bytes": 10_000 }), 1)).await;
    assert_eq!(peer.tracked().await["method"], "rpc.item");
    peer.resumed_with(json!({ "max_message_bytes": 5_000 })).await;
    peer.send(&credit(1, 2)).await;
    // The second was encoded before.
    let answer = loop {
        let message = peer.tracked().await;
        if message.get("method").is_none() {
            break message;
        }
    };
    assert_eq!(error_of(&answer), (-32008, "too_large"));
}

#[tokio::test]
async fn a_no_cancel_stream_runs_to_its_end_and_its_items_go_nowhere() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&with_credit(1, "flow.keep", &json!({ "to": 3 }), 1)).await;
    stage.gate.add_permits(1);
    assert_eq!(peer.receive().await, item(1, 1));
    peer.send(&notification("rpc.cancel", &json!({ "id": 1 }))).await;
    assert_eq!(error_of(&peer.receive().await).1, "cancelled");
    stage.gate.add_permits(2);
    stage.gone().await;
    assert_eq!(stage.moved(), 3);
    peer.nothing_more().await;
}

#[tokio::test]
async fn an_item_that_waits_for_room_when_its_call_is_cancelled_does_not_follow_the_answer() {
    let stage = Stage::default();
    let small = |limits: &mut Limits| limits.buffer_bytes = Some(2_000);
    let (server, address) = serve(stage.server_with(small)).await;
    let mut peer = Numbered::open(address).await;
    peer.call(1, "flow.keep", &json!({ "to": 100 })).await;
    stage.gate.add_permits(100);
    // Nothing is acknowledged: the handler waits with an item in its hands.
    soon(async {
        while server.handle().kept_bytes() < 1_900 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    peer.send(&notification("rpc.cancel", &json!({ "id": 1 }))).await;
    let answer = loop {
        let message = peer.tracked().await;
        if message.get("method").is_none() {
            break message;
        }
    };
    assert_eq!(error_of(&answer), (-32005, "cancelled"));
    peer.ack().await;
    stage.gone().await;
    peer.peer.nothing_more().await;
}

#[tokio::test]
async fn a_stream_in_a_batch_sends_its_items_beside_the_answers() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    let entries = [call(1, "flow.count", &json!({ "to": 1 })), call(2, "flow.ping", &json!({ "n": 7 }))];
    peer.send(&format!("[{}]", entries.join(","))).await;
    assert_eq!(peer.receive().await, item(1, 1));
    let mut answers = peer.receive().await.as_array().expect("an array").clone();
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!((&answers[0]["result"], &answers[1]["result"]), (&json!(1), &json!(7)));
}

#[tokio::test]
async fn a_stream_that_is_cancelled_while_its_result_waits_for_room_leaves_its_place_to_the_next() {
    let stage = Stage::default();
    // Room for four items, and for no result beside them.
    let bytes = if crate::CODEC == wirecall::Codec::MsgPack { 208 } else { 280 };
    let small = |limits: &mut Limits| (limits.max_streams, limits.buffer_bytes) = (1, Some(bytes));
    let (_server, address) = serve(stage.server_with(small)).await;
    let (mut peer, _) = RawPeer::session(address).await;
    peer.send(&call(1, "flow.count", &json!({ "to": 4 }))).await;
    for n in 1..=4 {
        assert_eq!(peer.receive().await, item(1, n));
    }
    // Nothing was acknowledged, so that the result finds no room.
    stage.gone().await;
    peer.nothing_more().await;
    peer.send(&notification("rpc.cancel", &json!({ "id": 1 }))).await;
    assert_eq!(error_of(&peer.answer(1).await).1, "cancelled");
    peer.send(&call(2, "flow.count", &json!({ "to": 1 }))).await;
    peer.send(&notification("rpc.ack", &json!({ "seq": 5 }))).await;
    assert_eq!(peer.receive().await, item(2, 1));
    assert_eq!(peer.answer(2).await["result"], 1);
}
