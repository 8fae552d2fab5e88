//! Uploads and streams both ways, over the wire as it is.

use serde_json::{Value, json};

use crate::stream_lab::Stage;
use crate::support::{RawPeer, call, error_of, notification, serve};

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
    assert_eq!(peer.receive().await, credit("u", 64));
    peer.send(&items("u", 0..32)).await;
    assert_eq!(peer.receive().await, credit("u", 32));
    peer.send(&items("u", 32..64)).await;
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
    assert_eq!(peer.receive().await, credit(1, 64));
    peer.send(&items(1, 0..65)).await;
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
    assert_eq!(peer.receive().await, credit(1, 64));
    peer.send(&items(1, 0..64)).await;
    stage.moved_to(1).await;
    // It takes one, waits, and grants nothing.
    peer.nothing_more().await;
    stage.gate.add_permits(31);
    stage.moved_to(32).await;
    assert_eq!(peer.receive().await, credit(1, 32));
}

#[tokio::test]
async fn the_callee_may_answer_before_the_upload_ends_and_the_rest_is_ignored() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(1, "flow.first", &json!({ "items": 2 }))).await;
    assert_eq!(peer.receive().await, credit(1, 64));
    peer.send(&items(1, [5, 6, 7])).await;
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
        assert_eq!(peer.receive().await, credit(1, 64));
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
    assert_eq!(peer.receive().await, credit(1, 64));
    peer.send(&notification("rpc.cancel", &json!({ "id": 1 }))).await;
    assert_eq!(error_of(&peer.receive().await).1, "cancelled");
    stage.gone().await;
}

#[tokio::test]
async fn a_call_may_stream_both_ways_and_the_ends_are_independent() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.send(&call(7, "flow.double", &json!({}))).await;
    assert_eq!(peer.receive().await, credit(7, 64));
    for value in [3, 4] {
        peer.send(&items(7, [value])).await;
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
