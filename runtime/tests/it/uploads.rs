//! Uploads and streams both ways, over the wire as it is.

use serde_json::{Value, json};

use wirecall::Server;
use wirecall::server::Limits;

use crate::numbered::Numbered;
use crate::stream_lab::Stage;
use crate::support::{RawPeer, call, error_of, notification, serve, soon};

fn items(id: impl Into<Value>, values: impl IntoIterator<Item = u64>) -> String {
    let items: Vec<Value> = values.into_iter().map(|value| json!({ "value": value })).collect();
    notification("rpc.upload", &json!({ "id": id.into(), "items": items }))
}

fn end(id: impl Into<Value>) -> String {
    notification("rpc.upload_end", &json!({ "id": id.into() }))
}

fn credit(id: impl Into<Value>, credit: u64) -> Value {
    let params = json!({ "id": id.into(), "credit": credit });
    json!({ "jsonrpc": "2.0", "method": "rpc.upload_credit", "params": params })
}

#[tokio::test]
async fn an_upload_is_granted_credit_as_its_items_are_taken() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call("u", "flow.sum", &json!({}))).await;
    // Four of the largest; once it is seen how large they are, 64.
    assert_eq!(peer.receive().await, credit("u", 4));
    peer.send(&items("u", 0..4)).await;
    assert_eq!(peer.receive().await, credit("u", 61));
    peer.send(&items("u", 4..64)).await;
    assert_eq!(peer.receive().await, credit("u", 32));
    peer.send(&end("u")).await;
    assert_eq!(peer.receive().await["result"], (0..64).sum::<u64>());
}

#[tokio::test]
async fn an_empty_upload_ends_without_credit() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.sum", &json!({}))).await;
    peer.send(&end(1)).await;
    assert_eq!(peer.answer(1).await["result"], 0);
}

#[tokio::test]
async fn items_beyond_the_credit_end_the_call_with_resource_exhausted() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.slow", &json!({}))).await;
    assert_eq!(peer.receive().await, credit(1, 4));
    peer.send(&items(1, 0..5)).await;
    assert_eq!(error_of(&peer.receive().await).1, "resource_exhausted");
    stage.gone().await;
    assert_eq!(stage.moved(), 0, "none of them is delivered");
    // Only that call ended.
    assert_eq!(peer.call("flow.ping", json!({ "n": 1 })).await["result"], 1);
}

#[tokio::test]
async fn items_before_any_credit_end_the_call_too() {
    let (_server, address) = serve(Stage::default().server_with(|limits| limits.max_calls = 1)).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.first", &json!({ "items": 0 }))).await;
    assert_eq!(peer.receive().await["result"], 0);
    peer.send(&items(1, 0..1)).await;
    peer.nothing_more().await;
}

#[tokio::test]
async fn an_endless_upload_is_held_by_its_handler() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.slow", &json!({}))).await;
    assert_eq!(peer.receive().await, credit(1, 4));
    peer.send(&items(1, 0..4)).await;
    assert_eq!(peer.receive().await, credit(1, 61));
    peer.send(&items(1, 4..65)).await;
    stage.moved_to(1).await;
    // It takes one, waits, and grants nothing.
    peer.nothing_more().await;
    stage.gate.add_permits(32);
    stage.moved_to(33).await;
    assert_eq!(peer.receive().await, credit(1, 32));
}

#[tokio::test]
async fn the_callee_may_answer_before_the_upload_ends_and_the_rest_is_ignored() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.first", &json!({ "items": 2 }))).await;
    assert_eq!(peer.receive().await, credit(1, 4));
    peer.send(&items(1, [5, 6, 7])).await;
    assert_eq!(peer.receive().await, credit(1, 61));
    assert_eq!(peer.receive().await["result"], 11);
    peer.send(&items(1, 0..200)).await;
    peer.send(&end(1)).await;
    peer.nothing_more().await;
}

#[tokio::test]
async fn an_item_that_does_not_fit_fails_the_call_even_where_the_handler_does_not_mind() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    for (item, path) in [(json!({ "value": "x" }), "/value"), (json!({ "value": 1_000_001 }), "/value")] {
        peer.send(&call(1, "flow.sum", &json!({}))).await;
        assert_eq!(peer.receive().await, credit(1, 4));
        peer.send(&items(1, [1])).await;
        peer.send(&notification("rpc.upload", &json!({ "id": 1, "items": [item] }))).await;
        let answer = peer.answer(1).await;
        assert_eq!(error_of(&answer).1, "validation_error");
        assert_eq!(answer["error"]["data"]["details"]["errors"][0]["path"], path);
    }
}

#[tokio::test]
async fn a_cancelled_upload_drops_its_handler() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.sum", &json!({}))).await;
    assert_eq!(peer.receive().await, credit(1, 4));
    peer.send(&notification("rpc.cancel", &json!({ "id": 1 }))).await;
    assert_eq!(error_of(&peer.receive().await).1, "cancelled");
    stage.gone().await;
}

#[tokio::test]
async fn a_call_may_stream_both_ways_and_the_ends_are_independent() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(7, "flow.double", &json!({}))).await;
    assert_eq!(peer.receive().await, credit(7, 4));
    for value in [3, 4] {
        peer.send(&items(7, [value])).await;
        if value == 3 {
            assert_eq!(peer.receive().await, credit(7, 61));
        }
        let doubled = peer.receive().await;
        assert_eq!(doubled["params"], json!({ "id": 7, "items": [2 * value] }));
    }
    peer.send(&end(7)).await;
    assert_eq!(peer.receive().await["result"], 2);
}

#[tokio::test]
async fn an_upload_to_a_call_that_takes_none_is_ignored() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.gated", &json!({}))).await;
    peer.send(&items(1, 0..3)).await;
    peer.send(&end(1)).await;
    peer.nothing_more().await;
}

/// A server that takes messages of 2,000 bytes and grants credit for four of them.
async fn narrow(stage: &Stage) -> (Server, RawPeer) {
    let small = |limits: &mut Limits| (limits.max_message_bytes, limits.buffer_bytes) = (2000, Some(8000));
    let (server, address) = serve(stage.server_with(small)).await;
    let peer = RawPeer::any(address).await;
    (server, peer)
}

/// One item that nearly fills a message.
fn large(id: u64) -> String {
    let item = json!({ "value": 1, "unknown": "x".repeat(1850) });
    notification("rpc.upload", &json!({ "id": id, "items": [item] }))
}

/// Opens an upload whose handler takes one item, which is small, and then no more: 64 are granted.
async fn misleading(peer: &mut RawPeer, id: u64) {
    peer.send(&call(id, "flow.slow", &json!({}))).await;
    assert_eq!(peer.receive().await, credit(id, 4));
    peer.send(&items(id, [1])).await;
    assert_eq!(peer.receive().await, credit(id, 61));
}

#[tokio::test]
async fn large_items_are_granted_by_what_there_is_room_for_in_bytes() {
    let stage = Stage::default();
    let (_server, mut peer) = narrow(&stage).await;
    peer.send(&call(1, "flow.slow", &json!({}))).await;
    assert_eq!(peer.receive().await, credit(1, 4));
    // The first leaves as soon as it is there: the others fill what there is room for.
    peer.send(&large(1)).await;
    stage.moved_to(1).await;
    assert_eq!(peer.receive().await, credit(1, 1));
    for _ in 0..4 {
        peer.send(&large(1)).await;
    }
    for taken in 2..=5 {
        peer.nothing_more().await;
        stage.gate.add_permits(1);
        stage.moved_to(taken).await;
        assert_eq!(peer.receive().await, credit(1, 1));
        peer.send(&large(1)).await;
    }
}

#[tokio::test]
async fn uploads_that_mislead_about_their_size_keep_no_more_than_one_of_the_largest_items() {
    let (_server, mut peer) = narrow(&Stage::default()).await;
    misleading(&mut peer, 1).await;
    misleading(&mut peer, 2).await;
    // All that one call was granted is kept for it, however large.
    for _ in 0..64 {
        peer.send(&large(1)).await;
    }
    peer.nothing_more().await;
    // Another may keep any one message, and what there is room for.
    for _ in 0..4 {
        peer.send(&large(2)).await;
    }
    peer.nothing_more().await;
    peer.send(&large(2)).await;
    let refused = peer.receive().await;
    assert_eq!((error_of(&refused).1, &refused["id"]), ("resource_exhausted", &json!(2)));
    // While so much is kept a new one is granted one item at a time.
    peer.send(&call(3, "flow.slow", &json!({}))).await;
    assert_eq!(peer.receive().await, credit(3, 1));
    // What an ended call kept is kept no more.
    peer.send(&notification("rpc.cancel", &json!({ "id": 1 }))).await;
    assert_eq!(error_of(&peer.receive().await).1, "cancelled");
    misleading(&mut peer, 4).await;
}

#[tokio::test]
async fn credit_that_waits_for_room_when_its_call_is_cancelled_does_not_follow_the_answer() {
    let stage = Stage::default();
    let small = |limits: &mut Limits| limits.buffer_bytes = Some(1_000);
    let (server, address) = serve(stage.server_with(small)).await;
    let mut peer = Numbered::open(address).await;
    peer.call(1, "flow.count", &json!({ "to": 1_000 })).await;
    soon(async {
        while server.handle().kept_bytes() < 900 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    peer.call(2, "flow.gather", &json!({})).await;
    peer.send(&notification("rpc.cancel", &json!({ "id": 2 }))).await;
    let mut answered = false;
    loop {
        let message = peer.tracked().await;
        peer.ack().await;
        match (&message["id"], &message["params"]["id"]) {
            (id, _) if id == 1 => break,
            (id, _) if id == 2 => answered = true,
            (_, id) => assert_eq!(id, 1, "{message}"),
        }
    }
    assert!(answered);
    peer.peer.nothing_more().await;
}
