//! Layers around the Rust client's calls: their order, and what they may do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use wirecall::CallError;
use wirecall::client::{ClientCall, ClientNext};

use crate::client_script::{Script, ShelfClient, ShelfError};
use crate::support::soon;

#[tokio::test]
async fn the_layer_that_was_added_first_is_the_outermost() {
    let script = Script::listen().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let seen = Arc::clone(&seen);
        move |call: ClientCall, next: ClientNext| {
            let seen = Arc::clone(&seen);
            async move {
                seen.lock().expect("no panic").push(format!("{name} before {}", call.method()));
                let answer = next.run(call).await;
                seen.lock().expect("no panic").push(format!("{name} after"));
                answer
            }
        }
    };
    let connect = script.client().layer(note("outer")).layer(note("inner")).into_future();
    let (client, mut server) = tokio::join!(connect, script.session());
    let shelf = ShelfClient::new(client.expect("a connection"));
    let (answer, ()) = tokio::join!(shelf.put(1).into_future(), async {
        let id = server.call("shelf.put", 1).await;
        server.answer(id, 1).await;
    });
    answer.expect("an answer");
    let expected = ["outer before shelf.put", "inner before shelf.put", "inner after", "outer after"];
    assert_eq!(*seen.lock().expect("no panic"), expected);
    shelf.knock(1).await.expect("handed over");
    assert_eq!(seen.lock().expect("no panic").len(), 8, "notifications pass the layers, too");
}

#[tokio::test]
async fn a_layer_may_call_again_and_the_error_is_typed_after_it() {
    let script = Script::listen().await;
    let retry = |call: ClientCall, next: ClientNext| async move {
        let answer = next.run(call.clone()).await;
        match answer {
            Err(_) if call.is_idempotent() => next.run(call).await,
            answer => answer,
        }
    };
    let (client, mut server) = tokio::join!(script.client().layer(retry).into_future(), script.session());
    let shelf = ShelfClient::new(client.expect("a connection"));
    let full = |id| json!({ "jsonrpc": "2.0", "id": id, "error": { "code": 1001, "message": "full", "data": { "kind": "full" } } });
    let (answer, ()) = tokio::join!(shelf.look(1).into_future(), async {
        let id = server.call("shelf.look", 1).await;
        server.send(full(id)).await;
        let id = server.call("shelf.look", 1).await;
        server.answer(id, 1).await;
    });
    assert_eq!(answer.expect("an answer"), 1);
    let (answer, ()) = tokio::join!(shelf.put(1).into_future(), async {
        let id = server.call("shelf.put", 1).await;
        server.send(full(id)).await;
    });
    assert!(matches!(answer, Err(CallError::Service(ShelfError::Full))), "{answer:?}");
}

#[tokio::test]
async fn a_layer_may_send_meta_and_bound_the_call() {
    let script = Script::listen().await;
    let layer = |mut call: ClientCall, next: ClientNext| {
        call.set_meta("tracestate", "a=b");
        call.set_timeout(Duration::from_millis(50));
        next.run(call)
    };
    let (client, mut server) = tokio::join!(script.client().layer(layer).into_future(), script.session());
    let shelf = ShelfClient::new(client.expect("a connection"));
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (answer, meta) = tokio::join!(shelf.put(1).traceparent(trace).into_future(), async {
        let meta = server.receive().await["meta"].clone();
        assert_eq!(server.receive().await["method"], "rpc.cancel");
        meta
    });
    assert_eq!((&meta["tracestate"], &meta["traceparent"]), (&json!("a=b"), &json!(trace)));
    assert!(meta["timeout_ms"].as_u64().is_some_and(|limit| (1..=50).contains(&limit)), "{meta}");
    assert_eq!(
        answer.expect_err("nobody answers").rpc().expect("an error of the protocol").kind(),
        "deadline_exceeded"
    );
}

#[tokio::test]
async fn a_layer_that_is_dropped_with_its_call_cancels_it() {
    let script = Script::listen().await;
    let pass = |call: ClientCall, next: ClientNext| async move { next.run(call).await };
    let (client, mut server) = tokio::join!(script.client().layer(pass).into_future(), script.session());
    let shelf = ShelfClient::new(client.expect("a connection"));
    let call = tokio::spawn(shelf.put(1).into_future());
    let id = server.call("shelf.put", 1).await;
    call.abort();
    assert_eq!(soon(server.receive()).await["params"], json!({ "id": id }));
}
