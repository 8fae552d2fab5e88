//! The publish/subscribe form of a stream, over the wire as it is.

use serde_json::{Value, json};

use crate::stream_lab::Stage;
use crate::support::{RawPeer, call, error_of, serve};

fn told(subscription: &Value, item: u64) -> Value {
    let params = json!({ "subscription": subscription, "result": item });
    json!({ "jsonrpc": "2.0", "method": "flow_subscription", "params": params })
}

#[tokio::test]
async fn a_subscription_is_answered_with_its_id_before_any_item() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    let answer = peer.call("flow_subscribe", json!([5])).await;
    let id = answer["result"].clone();
    let text = id.as_str().expect("a string");
    assert!(text.len() == 34 && text.starts_with("0x"), "{text}");
    assert_eq!(peer.receive().await, told(&id, 5));
    stage.gate.add_permits(1);
    assert_eq!(peer.receive().await, told(&id, 6));
    // The id of the call is free again.
    assert_eq!(peer.call("flow.ping", json!({ "n": 1 })).await["result"], 1);
    assert_eq!(peer.call("flow_unsubscribe", json!([id])).await["result"], true);
    stage.gone().await;
    assert_eq!(peer.call("flow_unsubscribe", json!([id])).await["result"], false);
    stage.gate.add_permits(1);
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_subscription_is_ended_by_the_name_of_its_id_too() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let mut peer = RawPeer::any(address).await;
    let id = peer.call("flow_subscribe", json!([5])).await["result"].clone();
    assert_eq!(peer.receive().await, told(&id, 5));
    assert_eq!(peer.call("flow_unsubscribe", json!({ "subscription": id })).await["result"], true);
    for wrong in [json!([]), json!({}), json!([7]), json!(["0x0"]), json!([id])] {
        assert_eq!(peer.call("flow_unsubscribe", wrong).await["result"], false);
    }
}

#[tokio::test]
async fn a_subscription_that_is_refused_is_answered_the_error() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    let answer = peer.call("flow_subscribe", json!([13])).await;
    assert_eq!(error_of(&answer), (1, "broken"));
    assert_eq!(error_of(&peer.call("flow_subscribe", json!(["x"])).await).1, "validation_error");
    peer.nothing_more().await;
}

#[tokio::test]
async fn one_session_cannot_end_the_subscription_of_another() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let (mut peer, mut other) = (RawPeer::any(address).await, RawPeer::any(address).await);
    let id = peer.call("flow_subscribe", json!([5])).await["result"].clone();
    assert_eq!(other.call("flow_unsubscribe", json!([id])).await["result"], false);
    assert_eq!(peer.receive().await, told(&id, 5));
    assert_eq!(peer.call("flow_unsubscribe", json!([id])).await["result"], true);
}

#[tokio::test]
async fn a_subscription_ends_with_its_connection_and_counts_as_a_stream() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server_with(|limits| limits.max_streams = 1)).await;
    let mut peer = RawPeer::plain(address).await;
    let id = peer.call("flow_subscribe", json!([5])).await["result"].clone();
    assert_eq!(peer.receive().await, told(&id, 5));
    assert_eq!(error_of(&peer.call("flow_subscribe", json!([5])).await).1, "resource_exhausted");
    drop(peer);
    stage.gone().await;
}

#[tokio::test]
async fn a_caller_that_opens_with_credit_gets_an_ordinary_stream() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    let mut text: Value = serde_json::from_str(&call(3, "flow_subscribe", &json!([5]))).expect("JSON");
    text["meta"] = json!({ "credit": 1 });
    let item = peer.ask(&text.to_string()).await;
    assert_eq!(item["params"], json!({ "id": 3, "items": [5] }));
}
