//! jsonrpsee's WebSocket client calls a wirecall server.
#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use interop::{Desk, FrontDesk};
use jsonrpsee_core::ClientError;
use jsonrpsee_core::client::{BatchResponse, Client, ClientT, Subscription, SubscriptionClientT};
use jsonrpsee_core::params::{ArrayParams, BatchRequestBuilder, ObjectParams};
use jsonrpsee_core::rpc_params;
use jsonrpsee_ws_client::WsClientBuilder;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wirecall::Server;

async fn client() -> Client {
    let server =
        Server::builder().service(Desk::serve(FrontDesk::default())).build().expect("the server builds");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { server.serve_listener(listener).await });
    WsClientBuilder::default().build(format!("ws://{address}")).await.expect("a connection")
}

fn named(params: &Value) -> ObjectParams {
    let mut named = ObjectParams::new();
    for (name, value) in params.as_object().expect("an object") {
        named.insert(name, value).expect("JSON");
    }
    named
}

/// The error object that the server answered.
async fn refusal(client: &Client, method: &str, params: ArrayParams) -> (i64, Value) {
    match client.request::<Value, _>(method, params).await {
        Err(ClientError::Call(error)) => {
            let data =
                error.data().map_or(Value::Null, |data| serde_json::from_str(data.get()).expect("JSON"));
            (error.code().into(), data)
        }
        other => panic!("expected an error of the call, got {other:?}"),
    }
}

#[tokio::test]
async fn it_calls_by_name() {
    let params = named(&json!({ "subtrahend": 23, "minuend": 42 }));
    let difference: i64 = client().await.request("desk.subtract", params).await.expect("a result");
    assert_eq!(difference, 19);
}

#[tokio::test]
async fn it_calls_by_position() {
    let client = client().await;
    let difference: i64 = client.request("desk.subtract", rpc_params![42, 23]).await.expect("a result");
    assert_eq!(difference, 19);
    let half: f64 = client.request("desk.divide", rpc_params![5]).await.expect("a result");
    assert!((half - 2.5).abs() < f64::EPSILON);
}

#[tokio::test]
async fn it_sends_a_notification() {
    let client = client().await;
    client.notification("desk.note", named(&json!({ "line": "from jsonrpsee" }))).await.expect("sent");
    let noted: bool = client.request("desk.noted", rpc_params!["from jsonrpsee"]).await.expect("a result");
    assert!(noted);
}

#[tokio::test]
async fn it_reads_a_typed_error() {
    let (code, data) = refusal(&client().await, "desk.divide", rpc_params![1.5, 0]).await;
    assert_eq!(code, 1001);
    assert_eq!(
        data,
        json!({ "kind": "division_by_zero", "retryable": false, "details": { "dividend": 1.5 } })
    );
}

#[tokio::test]
async fn it_reads_the_protocol_s_errors() {
    let client = client().await;
    let (code, data) = refusal(&client, "desk.multiply", rpc_params![2, 3]).await;
    assert_eq!((code, &data["kind"]), (-32601, &json!("method_not_found")));
    let (code, data) = refusal(&client, "desk.subtract", rpc_params![2, "three"]).await;
    assert_eq!((code, &data["kind"]), (-32602, &json!("validation_error")));
    let error = json!({ "path": "/subtrahend", "rule": "type", "message": "expected i64, found string" });
    assert_eq!(data["details"]["errors"], json!([error]));
}

#[tokio::test]
async fn it_sends_a_batch() {
    let client = client().await;
    let mut batch = BatchRequestBuilder::new();
    batch.insert("desk.subtract", rpc_params![42, 23]).expect("JSON");
    batch.insert("desk.divide", rpc_params![1, 0]).expect("JSON");
    batch.insert("desk.subtract", named(&json!({ "minuend": 1, "subtrahend": 2 }))).expect("JSON");
    let answers: BatchResponse<'_, i64> = client.batch_request(batch).await.expect("answers");
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|error| error.code())).collect();
    assert_eq!(answers, [Ok(19), Err(1001), Ok(-1)]);
}

#[tokio::test]
async fn it_receives_an_event() {
    let client = client().await;
    let mut events: Subscription<Value> =
        client.subscribe_to_method("desk.announced").await.expect("registered");
    client.request::<(), _>("desk.announce", rpc_params!["closing soon"]).await.expect("a result");
    let event = events.next().await.expect("an open connection").expect("JSON");
    assert_eq!(event, json!({ "text": "closing soon" }));
}
