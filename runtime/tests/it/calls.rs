//! Calls, notifications and batches as JSON-RPC 2.0 has them, beyond the specification's own examples.

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::lab::{Bench, Fate};
use crate::support::{RawPeer, call, error_of, notification, serve};

async fn lab() -> (Bench, RawPeer) {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    (bench, RawPeer::any(address).await)
}

/// A peer that speaks JSON, where a test is about the text of it.
async fn text() -> RawPeer {
    RawPeer::plain(serve(Bench::default().server()).await.1).await
}

#[tokio::test]
async fn ids_are_echoed_exactly_as_they_came() {
    let mut peer = text().await;
    for id in [
        "0",
        "-1",
        "\"\"",
        "\"a\\u0041\\n\"",
        "1.5",
        "1e3",
        "-0",
        "9007199254740993",
        "123456789012345678901234567890",
        "null",
    ] {
        peer.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"lab.echo","params":["x"]}}"#)).await;
        assert_eq!(peer.text().await, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"x"}}"#));
        peer.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"lab.nothing"}}"#)).await;
        let answer = peer.text().await;
        assert!(answer.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"error":"#)), "{answer}");
    }
}

#[tokio::test]
async fn members_come_in_any_order() {
    let (_, mut peer) = lab().await;
    for text in [
        r#"{"params":{"b":2,"a":1},"method":"lab.add","id":7,"jsonrpc":"2.0"}"#,
        r#"{"id":7,"params":[1,2],"meta":{"timeout_ms":1000},"jsonrpc":"2.0","method":"lab.add"}"#,
        r#"{"method":"lab.add","params":{"a":1,"b":2},"meta":null,"id":7,"jsonrpc":"2.0"}"#,
        " \t\r\n{ \"jsonrpc\" : \"2.0\" , \"method\" : \"lab.add\" , \"params\" : [ 1 , 2 ] , \"id\" : 7 } \n",
    ] {
        assert_eq!(peer.ask(text).await, json!({ "jsonrpc": "2.0", "id": 7, "result": 3 }), "{text}");
    }
}

#[tokio::test]
async fn names_may_be_written_with_escapes() {
    let (_, mut peer) = lab().await;
    let text = r#"{"\u006asonrpc":"2.0","id":1,"m\u0065thod":"lab.\u0065cho","params":{"t\u0065xt":"\ud83d\ude00"}}"#;
    assert_eq!(peer.ask(text).await["result"], "😀");
}

#[tokio::test]
async fn positional_parameters_may_end_before_the_optional_ones() {
    let (_, mut peer) = lab().await;
    assert_eq!(peer.call("lab.add", json!([1, 2])).await["result"], 3);
    assert_eq!(peer.call("lab.add", json!([1, 2, null])).await["result"], 3);
    assert_eq!(peer.call("lab.add", json!([1, 2, 3])).await["result"], 6);
    assert_eq!(error_of(&peer.call("lab.add", json!([1])).await), (-32602, "validation_error"));
    assert_eq!(error_of(&peer.call("lab.add", json!([1, 2, 3, 4])).await), (-32602, "validation_error"));
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let (_, mut peer) = lab().await;
    let text = r#"{"jsonrpc":"2.0","trace":[{"deep":1}],"id":1,"method":"lab.echo","params":{"text":"x","more":{"y":[]}},"more":"z"}"#;
    assert_eq!(peer.ask(text).await["result"], "x");
}

#[tokio::test]
async fn a_call_without_an_id_runs_and_is_not_answered() {
    let (bench, mut peer) = lab().await;
    bench.release(1);
    peer.send(&notification("lab.hold", &json!({ "n": 1 }))).await;
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Done(1)]);
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_notification_with_an_id_is_answered_null() {
    let (bench, mut peer) = lab().await;
    assert_eq!(peer.call("lab.note", json!({ "n": 1 })).await["result"], Value::Null);
    assert_eq!(bench.fate().await, Fate::Done(1));
}

#[tokio::test]
async fn a_notification_that_does_not_fit_is_not_answered() {
    let (bench, mut peer) = lab().await;
    peer.send(&notification("lab.note", &json!({ "n": "one" }))).await;
    peer.send(&notification("lab.note", &json!({ "n": 2 }))).await;
    assert_eq!(bench.fate().await, Fate::Done(2));
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_call_whose_id_is_still_open_is_not_run() {
    let (bench, mut peer) = lab().await;
    peer.send(&call(7, "lab.hold", &json!({ "n": 1 }))).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    let refused = peer.ask(&call(7, "lab.hold", &json!({ "n": 2 }))).await;
    assert_eq!((error_of(&refused), &refused["id"]), ((-32600, "invalid_request"), &Value::Null));
    assert!(bench.is_quiet().await);
    bench.release(1);
    assert_eq!(peer.receive().await, json!({ "jsonrpc": "2.0", "id": 7, "result": 1 }));
    assert_eq!(peer.ask(&call(7, "lab.echo", &json!(["again"]))).await["result"], "again");
}

#[tokio::test]
async fn calls_start_in_the_order_of_arrival_and_answer_as_they_finish() {
    let (bench, mut peer) = lab().await;
    for n in 0..10 {
        peer.send(&call(n, "lab.hold", &json!({ "n": n }))).await;
    }
    peer.send(&call("quick", "lab.echo", &json!(["x"]))).await;
    for n in 0..10 {
        assert_eq!(bench.fate().await, Fate::Started(n));
    }
    assert_eq!(peer.receive().await["id"], "quick");
    bench.release(10);
    let mut answered = Vec::new();
    for _ in 0..10 {
        answered.push(peer.receive().await["result"].as_u64().expect("a number"));
    }
    answered.sort_unstable();
    assert_eq!(answered, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn plain_peers_may_send_their_json_in_binary_frames() {
    let mut peer = text().await;
    peer.0.send(Message::binary(call(1, "lab.echo", &json!(["x"])).into_bytes())).await.expect("sent");
    assert_eq!(peer.receive().await["result"], "x");
}

#[tokio::test]
async fn a_batch_is_answered_as_one_when_its_last_call_is_done() {
    let (bench, mut peer) = lab().await;
    let hold: Value = serde_json::from_str(&call("slow", "lab.hold", &json!([1]))).expect("JSON");
    let echo: Value = serde_json::from_str(&call("quick", "lab.echo", &json!(["x"]))).expect("JSON");
    peer.send(&json!([hold, echo]).to_string()).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    peer.nothing_more().await;
    bench.release(1);
    let expected = json!([
        { "jsonrpc": "2.0", "id": "quick", "result": "x" },
        { "jsonrpc": "2.0", "id": "slow", "result": 1 }
    ]);
    assert_eq!(peer.receive().await, expected);
}

#[tokio::test]
async fn a_batch_has_at_most_max_batch_entries() {
    let (bench, mut peer) = lab().await;
    let batch = |count: u32| {
        let entries: Vec<Value> = (0..count)
            .map(|n| json!({ "jsonrpc": "2.0", "id": n, "method": "lab.note", "params": [n] }))
            .collect();
        Value::from(entries).to_string()
    };
    assert_eq!(peer.ask(&batch(32)).await.as_array().expect("an array").len(), 32);
    assert_eq!(bench.fates(32).await.len(), 32);
    let refused = peer.ask(&batch(33)).await;
    assert_eq!(error_of(&refused), (-32600, "invalid_request"));
    assert!(refused["error"]["message"].as_str().expect("text").contains("max_batch"), "{refused}");
    assert!(bench.is_quiet().await);
}

#[tokio::test]
async fn responses_to_no_call_are_ignored_also_inside_a_batch() {
    let (_, mut peer) = lab().await;
    peer.send(r#"{"jsonrpc":"2.0","id":1,"result":true}"#).await;
    peer.send(r#"{"jsonrpc":"2.0","id":"what","error":{"code":1,"message":"no"}}"#).await;
    peer.send(r#"[{"jsonrpc":"2.0","id":1,"result":true}]"#).await;
    peer.nothing_more().await;
    let answer = peer.ask(r#"[{"jsonrpc":"2.0","id":1,"result":true},{"jsonrpc":"2.0","id":2,"method":"lab.echo","params":["x"]}]"#).await;
    assert_eq!(answer, json!([{ "jsonrpc": "2.0", "id": 2, "result": "x" }]));
}

#[tokio::test]
async fn an_id_twice_in_one_batch_runs_once() {
    let (bench, mut peer) = lab().await;
    let one: Value = serde_json::from_str(&call(1, "lab.hold", &json!([1]))).expect("JSON");
    peer.send(&json!([one, one]).to_string()).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    bench.release(1);
    let answers = peer.receive().await;
    assert_eq!((error_of(&answers[0]), &answers[0]["id"]), ((-32600, "invalid_request"), &Value::Null));
    assert_eq!(answers[1]["result"], 1);
}

#[tokio::test]
async fn events_of_the_caller_leave_before_the_answer_that_follows_them() {
    let (_, mut peer) = lab().await;
    peer.send(&call(1, "lab.emit", &json!([2, 1]))).await;
    let expected = json!({ "jsonrpc": "2.0", "method": "lab.tick", "params": { "n": 0, "filling": "x" } });
    assert_eq!(peer.receive().await, expected);
    assert_eq!(peer.receive().await["params"]["n"], 1);
    assert_eq!(peer.receive().await["id"], 1);
}
