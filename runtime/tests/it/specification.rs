//! Every example of section 7 of the JSON-RPC 2.0 specification, over a real socket.

use serde_json::{Value, json};
use wirecall::{Reply, Service};

use crate::support::{RawPeer, serve};

/// The methods of the specification's examples, which have no service in their names.
#[derive(Service)]
#[rpc(name = "examples")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Examples {
    #[rpc(method = "subtract", returns = i64)]
    Subtract { minuend: i64, subtrahend: i64 },
    #[rpc(method = "sum", returns = i64)]
    Sum { a: i64, b: i64, c: i64 },
    #[rpc(method = "get_data", returns = (String, i64))]
    GetData,
    #[rpc(method = "update", notification)]
    Update { a: i64, b: i64, c: i64, d: i64, e: i64 },
    #[rpc(method = "notify_hello", notification)]
    NotifyHello { value: i64 },
    #[rpc(method = "notify_sum", notification)]
    NotifySum { a: i64, b: i64, c: i64 },
}

struct App;

impl ExamplesHandler for App {
    type Context = ();
    async fn subtract(&self, (): (), minuend: i64, subtrahend: i64) -> Reply<i64> {
        Ok(minuend - subtrahend)
    }
    async fn sum(&self, (): (), a: i64, b: i64, c: i64) -> Reply<i64> {
        Ok(a + b + c)
    }
    async fn get_data(&self, (): ()) -> Reply<(String, i64)> {
        Ok(("hello".to_owned(), 5))
    }
    async fn update(&self, (): (), _: i64, _: i64, _: i64, _: i64, _: i64) -> Reply<()> {
        Ok(())
    }
    async fn notify_hello(&self, (): (), _: i64) -> Reply<()> {
        Ok(())
    }
    async fn notify_sum(&self, (): (), _: i64, _: i64, _: i64) -> Reply<()> {
        Ok(())
    }
}

async fn peer() -> RawPeer {
    let (_, address) = serve(wirecall::Server::builder().service(Examples::serve(App))).await;
    RawPeer::any(address).await
}

/// What the specification fixes of an answer: ours adds `data`, and words messages in its own way.
fn fixed(mut answer: Value) -> Value {
    for one in answer.as_array_mut().map_or_else(Vec::new, |all| all.iter_mut().collect()) {
        *one = fixed(one.take());
    }
    if let Some(error) = answer.get_mut("error").and_then(Value::as_object_mut) {
        assert!(error["message"].is_string());
        error.retain(|key, _| key == "code");
    }
    answer
}

fn error(code: i64, id: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "error": { "code": code }, "id": id })
}

/// Sends `text`, then a call whose answer must come next: so that "no answer" is seen without waiting.
async fn answers_nothing(peer: &mut RawPeer, text: &str) {
    peer.send(text).await;
    let next = peer.ask(r#"{"jsonrpc":"2.0","method":"subtract","params":[1,1],"id":"next"}"#).await;
    assert_eq!(next, json!({ "jsonrpc": "2.0", "result": 0, "id": "next" }));
}

#[tokio::test]
async fn calls_with_positional_parameters() {
    let mut peer = peer().await;
    let answer = peer.ask(r#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#).await;
    assert_eq!(answer, json!({"jsonrpc": "2.0", "result": 19, "id": 1}));
    let answer = peer.ask(r#"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#).await;
    assert_eq!(answer, json!({"jsonrpc": "2.0", "result": -19, "id": 2}));
}

#[tokio::test]
async fn calls_with_named_parameters() {
    let mut peer = peer().await;
    let text =
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#;
    assert_eq!(peer.ask(text).await, json!({"jsonrpc": "2.0", "result": 19, "id": 3}));
    let text =
        r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#;
    assert_eq!(peer.ask(text).await, json!({"jsonrpc": "2.0", "result": 19, "id": 4}));
}

#[tokio::test]
async fn notifications_are_not_answered() {
    let mut peer = peer().await;
    answers_nothing(&mut peer, r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#).await;
    answers_nothing(&mut peer, r#"{"jsonrpc": "2.0", "method": "foobar"}"#).await;
}

#[tokio::test]
async fn a_call_of_a_method_that_is_not_there() {
    let answer = peer().await.ask(r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#).await;
    assert_eq!(fixed(answer), error(-32601, &json!("1")));
}

#[tokio::test]
async fn a_call_that_is_not_json() {
    let answer = peer().await.ask(r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#).await;
    assert_eq!(fixed(answer), error(-32700, &Value::Null));
}

#[tokio::test]
async fn a_call_that_is_no_request() {
    let answer = peer().await.ask(r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#).await;
    assert_eq!(fixed(answer), error(-32600, &Value::Null));
}

#[tokio::test]
async fn a_batch_that_is_not_json() {
    let text = r#"[
  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
  {"jsonrpc": "2.0", "method"
]"#;
    assert_eq!(fixed(peer().await.ask(text).await), error(-32700, &Value::Null));
}

#[tokio::test]
async fn an_empty_batch() {
    assert_eq!(fixed(peer().await.ask("[]").await), error(-32600, &Value::Null));
}

#[tokio::test]
async fn batches_of_what_is_no_request() {
    let mut peer = peer().await;
    assert_eq!(fixed(peer.ask("[1]").await), json!([error(-32600, &Value::Null)]));
    let invalid = error(-32600, &Value::Null);
    assert_eq!(fixed(peer.ask("[1,2,3]").await), json!([invalid, invalid, invalid]));
}

#[tokio::test]
async fn a_batch_of_everything() {
    let text = r#"[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]"#;
    let expected = json!([
        {"jsonrpc": "2.0", "result": 7, "id": "1"},
        {"jsonrpc": "2.0", "result": 19, "id": "2"},
        error(-32600, &Value::Null),
        error(-32601, &json!("5")),
        {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
    ]);
    assert_eq!(fixed(peer().await.ask(text).await), expected);
}

#[tokio::test]
async fn a_batch_of_notifications_is_not_answered() {
    let text = r#"[
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
    ]"#;
    answers_nothing(&mut peer().await, text).await;
}
