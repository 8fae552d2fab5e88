//! When the Rust client asks for a token, and what becomes of the one before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use wirecall::client::{ClientState, ConnectError};

use crate::client_script::{Script, ShelfClient, until};
use crate::support::soon;

#[tokio::test]
async fn the_token_is_asked_for_before_each_attempt() {
    let script = Script::listen().await;
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let provider = move || {
        let n = counter.fetch_add(1, Ordering::SeqCst);
        async move { if n == 1 { Err("the token service is away") } else { Ok(Some(format!("token {n}"))) } }
    };
    let connect = script.client().token_provider(provider).into_future();
    let (client, (server, hello)) = tokio::join!(connect, script.session_with(json!({})));
    let client = client.expect("a connection");
    assert_eq!(hello["token"], "token 0");
    let mut states = client.states();
    drop(server);
    let (_server, hello) = script.session_with(json!({})).await;
    assert_eq!(hello["token"], "token 2");
    let failed =
        until(&mut states, |state| matches!(state, ClientState::Reconnecting { attempt: 2, .. })).await;
    let ClientState::Reconnecting { error, .. } = failed else { unreachable!("just matched") };
    assert!(
        matches!(&*error, ConnectError::Token(_)) && error.to_string().contains("the token service is away"),
        "{error}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

/// Gives `token 0`, `token 1`, …
fn counted(asked: &Arc<AtomicU32>) -> impl Fn() -> std::future::Ready<std::io::Result<Option<String>>> + use<> {
    let counter = Arc::clone(asked);
    move || {
        let n = counter.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(Some(format!("token {n}"))))
    }
}

#[tokio::test]
async fn a_fresh_token_is_given_to_the_server_before_the_old_one_expires() {
    let script = Script::listen().await;
    let asked = Arc::default();
    let connect = script.client().token_provider(counted(&asked)).into_future();
    let (client, (mut server, hello)) =
        tokio::join!(connect, script.session_with(json!({ "auth_expires_in_ms": 400 })));
    let client = client.expect("a connection");
    assert_eq!(hello["token"], "token 0");
    for n in 1..=2 {
        let auth = server.receive().await;
        assert_eq!((&auth["method"], &auth["params"]["token"]), (&json!("rpc.auth"), &json!(format!("token {n}"))));
        assert_eq!(auth.get("seq"), None, "it is not numbered");
        server.answer(auth["id"].clone(), if n == 1 { json!({ "auth_expires_in_ms": 400 }) } else { json!({}) }).await;
    }
    // The last one does not expire: nothing more is asked, and calls go on.
    let call = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    let id = server.call("shelf.put", 1).await;
    server.answer(id, 1).await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), 1);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_fresh_token_that_cannot_be_had_is_asked_for_again_while_the_old_one_lasts() {
    let script = Script::listen().await;
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let connect = script.client().token_provider(move || {
        let times = counter.fetch_add(1, Ordering::SeqCst);
        async move { if times == 1 { Err("no tokens now") } else { Ok((times != 2).then(|| format!("token {times}"))) } }
    });
    let expires = json!({ "auth_expires_in_ms": 4_000 });
    let (client, (mut server, _)) = tokio::join!(connect.into_future(), script.session_with(expires));
    let client = client.expect("a connection");
    let auth = server.receive().await;
    assert_eq!((&auth["method"], &auth["params"]["token"]), (&json!("rpc.auth"), &json!("token 3")));
    assert!(client.state().is_open());
}

#[tokio::test]
async fn a_fresh_token_that_the_server_cannot_judge_now_is_asked_for_and_shown_again() {
    let script = Script::listen().await;
    let connect = script.client().token_provider(counted(&Arc::default())).into_future();
    let (client, (mut server, _)) =
        tokio::join!(connect, script.session_with(json!({ "auth_expires_in_ms": 4_000 })));
    let client = client.expect("a connection");
    let passing = [(-32006, "unavailable"), (-32009, "resource_exhausted")];
    for (n, (code, kind)) in passing.into_iter().enumerate() {
        let auth = server.receive().await;
        let token = json!(format!("token {}", n + 1));
        assert_eq!((&auth["method"], &auth["params"]["token"]), (&json!("rpc.auth"), &token));
        let error = json!({ "code": code, "message": "not now", "data": { "kind": kind } });
        server.send(json!({ "jsonrpc": "2.0", "id": auth["id"], "error": error })).await;
    }
    let auth = server.receive().await;
    assert_eq!(auth["params"]["token"], "token 3");
    server.answer(auth["id"].clone(), json!({})).await;
    assert!(client.state().is_open());
}

#[tokio::test]
async fn a_token_that_is_refused_changes_nothing_until_the_server_closes() {
    let script = Script::listen().await;
    let connect = script.client().token_provider(counted(&Arc::default())).into_future();
    let (client, (mut server, _)) =
        tokio::join!(connect, script.session_with(json!({ "auth_expires_in_ms": 400 })));
    let client = client.expect("a connection");
    let auth = server.receive().await;
    let error = json!({ "code": -32001, "message": "no", "data": { "kind": "unauthenticated" } });
    server.send(json!({ "jsonrpc": "2.0", "id": auth["id"], "error": error })).await;
    let call = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    let id = server.call("shelf.put", 1).await;
    server.answer(id, 1).await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), 1);
    server.close(4010, "the credentials have expired").await;
    let (_server, hello) = script.session_with(json!({})).await;
    assert_eq!(hello["token"], "token 2", "it comes back with another one");
    assert!(hello["resume"].is_object(), "and to its session");
}
