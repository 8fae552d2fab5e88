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

/// Sends all of them in one burst.
async fn feed(peer: &mut RawPeer, texts: &[String]) {
    for text in texts {
        let frame = wire::frame(peer.1, text);
        peer.0.feed(frame).await.expect("buffered");
    }
    peer.0.flush().await.expect("sent");
}

/// For each batch, how many results its answer has and what kind of error comes last.
async fn told(peer: &mut RawPeer, batches: usize) -> Vec<(usize, Option<String>)> {
    let mut told = Vec::new();
    for _ in 0..batches {
        let Value::Array(answers) = peer.receive().await else { panic!("no array") };
        let results = answers.iter().filter(|answer| answer.get("result").is_some()).count();
        let kind = answers.last().and_then(|answer| answer["error"]["data"]["kind"].as_str());
        told.push((results, kind.map(str::to_owned)));
    }
    told
}

#[tokio::test]
async fn batches_that_end_with_an_error_are_all_answered_also_where_they_are_more_than_the_reader_may_answer_at_once() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = RawPeer::plain(address).await;
    let large = |id: u32| call(id, "lab.large", &json!([600_000]));
    // The last entry of each is the reader's own matter: no such method, parameters that do not fit, a notification that does not.
    let last =
        [call(0, "no.such", &json!([])), call(0, "lab.large", &json!(["x"])), notification("lab.note", &json!(["x"]))];
    let batches: Vec<String> = (1..).zip(last).map(|(id, last)| batch(&[large(id), last])).collect();
    feed(&mut peer, &batches).await;
    let kinds = [Some("method_not_found".to_owned()), Some("validation_error".to_owned()), None];
    let mut answers = told(&mut peer, 3).await;
    answers.sort_by_key(|(_, kind)| kinds.iter().position(|known| known == kind));
    assert_eq!(answers, kinds.map(|kind| (1, kind)));

    let many: Vec<String> = (0..31).map(|id| call(id, "lab.large", &json!([1000]))).collect();
    let many = batch(&[many, vec![call(31, "no.such", &json!([]))]].concat());
    feed(&mut peer, &vec![many; 64]).await;
    assert_eq!(told(&mut peer, 64).await, vec![(31, Some("method_not_found".to_owned())); 64]);
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_peer_that_reads_no_answers_to_its_batches_is_closed_where_they_are_more_than_is_kept() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = RawPeer::plain(address).await;
    // One fills the queue, four megabytes wait, and the next is too much.
    let large = |id: u32| batch(&[call(id, "lab.large", &json!([900_000]))]);
    feed(&mut peer, &(0..12).map(large).collect::<Vec<_>>()).await;
    let (code, answers) = peer.end().await;
    assert!(code == 4013 && answers.len() < 12, "{code} after {}", answers.len());
}

#[tokio::test]
async fn so_is_one_whose_batches_a_handler_completes_that_had_to_wait() {
    let bench = Bench::default();
    let (_server, address) = serve(bench.server()).await;
    let mut peer = RawPeer::plain(address).await;
    let large =
        |id: u32| batch(&[call(id, "lab.large", &json!([900_000])), call(format!("h{id}"), "lab.hold", &json!([id]))]);
    feed(&mut peer, &(0..12).map(large).collect::<Vec<_>>()).await;
    for id in 0..12 {
        assert_eq!(bench.fate().await, Fate::Started(id));
    }
    (0..12).for_each(|id| bench.release(id));
    let (code, answers) = peer.end().await;
    assert!(code == 4013 && answers.len() < 12, "{code} after {}", answers.len());
}

#[tokio::test]
async fn in_a_session_the_answers_to_batches_wait_for_room_and_hold_up_no_ack() {
    let (_server, address) = serve(Bench::default().server()).await;
    let limits = json!({ "limits": { "max_message_bytes": 4 << 20 } });
    let (mut peer, _) = RawPeer::hello(address, limits).await;
    let large = |id: u32| batch(&[call(id, "lab.large", &json!([1_500_000]))]);
    let ping = notification("rpc.ping", &json!({}));
    feed(&mut peer, &[large(1), ping.clone(), large(2), ping]).await;
    let (mut answers, mut pongs) = (Vec::new(), 0);
    while answers.len() < 2 || pongs < 2 {
        let message = peer.receive().await;
        match message["method"].as_str() {
            Some("rpc.pong") => pongs += 1,
            _ => answers.push(message[0]["id"].clone()),
        }
    }
    assert_eq!(answers, [1, 2]);
    peer.nothing_more().await;
}
