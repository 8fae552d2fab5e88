//! Batches where there is no room, and in sessions: their answers leave whole and once.

use futures_util::SinkExt;
use serde_json::{Value, json};

use crate::lab::{Bench, Fate};
use crate::numbered::Numbered;
use crate::stream_lab::Stage;
use crate::support::{RawPeer, call, notification, serve};
use crate::wire;

fn batch(entries: &[String]) -> String {
    format!("[{}]", entries.join(","))
}

#[tokio::test]
async fn the_answer_to_a_batch_of_a_lost_connection_does_not_come_on_the_next() {
    let bench = Bench::default();
    let (_server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    peer.peer.send(&batch(&[call(1, "lab.hold", &json!([1]))])).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    peer.cut_and_resumed().await;
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(1));
    peer.peer.nothing_more().await;
}

/// A plain peer whose queue has room for one message: the answer to the call that comes right before the batch.
async fn in_a_full_queue(entries: &[String]) -> Value {
    let (_server, address) = serve(Bench::default().server_with(|limits| limits.max_queue = 1)).await;
    let mut peer = RawPeer::plain(address).await;
    for text in [call("first", "lab.echo", &json!(["x"])), batch(entries)] {
        let frame = wire::frame(peer.1, &text);
        peer.0.feed(frame).await.expect("buffered");
    }
    peer.0.flush().await.expect("sent");
    assert_eq!(peer.receive().await["id"], "first");
    let answers = peer.receive().await;
    peer.nothing_more().await;
    answers
}

#[tokio::test]
async fn the_answer_to_a_batch_that_finds_no_room_waits_whole() {
    let answers = in_a_full_queue(&[1, 2].map(|id| call(id, "lab.echo", &json!(["x"])))).await;
    assert_eq!(
        answers,
        json!([{ "jsonrpc": "2.0", "id": 1, "result": "x" }, { "jsonrpc": "2.0", "id": 2, "result": "x" }])
    );
}

#[tokio::test]
async fn it_waits_also_where_a_notification_completed_it() {
    let entries = [call(1, "lab.echo", &json!(["x"])), notification("lab.note", &json!([1]))];
    assert_eq!(in_a_full_queue(&entries).await, json!([{ "jsonrpc": "2.0", "id": 1, "result": "x" }]));
}

#[tokio::test]
async fn a_subscription_in_a_batch_in_a_session_is_answered_in_the_array() {
    let (_server, address) = serve(Stage::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.peer.send(&batch(&[call(1, "flow_subscribe", &json!([5]))])).await;
    let answers = peer.receive().await;
    assert_eq!(answers[0]["id"], 1, "{answers}");
    let item = peer.tracked().await;
    assert_eq!(item["params"], json!({ "subscription": answers[0]["result"], "result": 5 }));
}

#[tokio::test]
async fn the_answers_to_a_batch_are_together_no_larger_than_the_client_takes() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open_with(address, json!({ "limits": { "max_message_bytes": 2000 } })).await;
    let entries: Vec<String> = (0..4).map(|id| call(id, "lab.large", &json!([600]))).collect();
    peer.peer.send(&batch(&entries)).await;
    let frame = peer.peer.next().await;
    assert!(frame.len() <= 2000, "{}", frame.len());
    let answers = wire::message(peer.peer.1, &frame).expect("a message");
    let kinds: Vec<&Value> = (0..4).map(|id| &answers[id]["error"]["data"]["kind"]).collect();
    assert_eq!(kinds, [&Value::Null, &Value::Null, &json!("too_large"), &json!("too_large")], "{answers}");
    assert_eq!([&answers[2]["id"], &answers[3]["id"]], [&json!(2), &json!(3)]);
}
