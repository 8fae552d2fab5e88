//! Calls from the server to a client, whose part a raw peer plays.

use std::time::Duration;

use serde_json::{Value, json};
use wirecall::CallError;

use crate::lab::{Bench, Fate, UiClient};
use crate::support::{RawPeer, call, error_of, serve, soon};

/// A server, a peer, and a typed client from the one to the other.
async fn joined() -> (Bench, RawPeer, UiClient) {
    let bench = Bench::default();
    let (server, address) = serve(bench.server_with(|limits| limits.max_peer_calls = 3)).await;
    let (peer, hello) = RawPeer::session(address).await;
    let session = server.handle().session(hello["session"].as_str().expect("a name")).expect("a session");
    (bench, peer, session.peer())
}

fn result(id: &Value, result: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()
}

#[tokio::test]
async fn a_client_is_called_by_name_with_a_time_limit() {
    let (_, mut peer, ui) = joined().await;
    let asking = tokio::spawn(async move { ui.confirm("sure?").timeout(Duration::from_secs(5)).await });
    let asked = peer.receive().await;
    let expected = json!({
        "jsonrpc": "2.0", "id": asked["id"], "method": "ui.confirm", "params": { "prompt": "sure?" }, "meta": { "timeout_ms": 5000 }
    });
    assert_eq!(asked, expected);
    peer.send(&result(&asked["id"], &json!(true))).await;
    assert!(soon(asking).await.expect("no panic").expect("an answer"));
}

#[tokio::test]
async fn a_notification_to_a_client_has_no_id() {
    let (_, mut peer, ui) = joined().await;
    ui.flash("look").await.expect("handed over");
    assert_eq!(
        peer.receive().await,
        json!({ "jsonrpc": "2.0", "method": "ui.flash", "params": { "prompt": "look" } })
    );
}

#[tokio::test]
async fn sixty_four_handlers_blocked_in_a_call_to_the_client_and_a_65th_call_all_answer() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    let (mut peer, _) = RawPeer::session(address).await;
    for n in 0..65 {
        peer.send(&call(n, "lab.ask", &json!([n]))).await;
    }
    let mut asked = Vec::new();
    for _ in 0..64 {
        let question = peer.receive().await;
        assert_eq!(question["method"], "ui.confirm");
        asked.push(question);
    }
    assert_eq!(bench.fates(64).await, (0..64).map(Fate::Started).collect::<Vec<_>>());
    // The 65th call waits, and the reader still reads.
    peer.nothing_more().await;
    assert!(bench.is_quiet().await);
    for question in asked {
        peer.send(&result(&question["id"], &json!(true))).await;
    }
    let mut answered = Vec::new();
    while answered.len() < 65 {
        let message = peer.receive().await;
        if message["method"] == "ui.confirm" {
            peer.send(&result(&message["id"], &json!(true))).await;
        } else {
            assert_eq!(message["result"], true, "{message}");
            answered.push(message["id"].as_u64().expect("a number"));
        }
    }
    answered.sort_unstable();
    assert_eq!(answered, (0..65).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_way_in_which_a_client_can_fail_is_told_apart() {
    let (_, mut peer, ui) = joined().await;
    for (answer, expected) in [
        (json!({ "error": { "code": -32601, "message": "no" } }), "rpc -32601"),
        (
            json!({ "error": { "code": -32002, "message": "no", "data": { "kind": "permission_denied" } } }),
            "rpc -32002",
        ),
        (json!({ "error": "no" }), "decode"),
        (json!({ "result": "yes" }), "decode"),
        (json!({ "result": null }), "decode"),
        (json!({ "result": true, "error": null }), "true"),
        (json!({ "result": false, "more": 1 }), "false"),
    ] {
        let asking = tokio::spawn({
            let ui = ui.clone();
            async move { ui.confirm("sure?").await }
        });
        let mut text = answer.clone();
        text["jsonrpc"] = json!("2.0");
        text["id"] = peer.receive().await["id"].clone();
        peer.send(&text.to_string()).await;
        let got = match soon(asking).await.expect("no panic") {
            Ok(answer) => answer.to_string(),
            Err(CallError::Rpc(error)) => format!("rpc {}", error.code()),
            Err(CallError::Decode(_)) => "decode".to_owned(),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(got, expected, "{answer}");
    }
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_in_time_is_told_to_stop() {
    let (_, mut peer, ui) = joined().await;
    let late =
        soon(async { ui.confirm("sure?").timeout(Duration::from_millis(30)).await }).await.expect_err("late");
    assert_eq!(late.rpc().expect("an error").kind(), "deadline_exceeded");
    let asked = peer.receive().await;
    assert_eq!(
        peer.receive().await,
        json!({ "jsonrpc": "2.0", "method": "rpc.cancel", "params": { "id": asked["id"] } })
    );
    // Whatever arrives for an ended call is ignored.
    peer.send(&result(&asked["id"], &json!(true))).await;
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_at_the_client_and_never_before_it() {
    let (_, mut peer, ui) = joined().await;
    for _ in 0..20 {
        {
            let mut asking = std::pin::pin!(ui.confirm("sure?").into_future());
            assert!(futures_util::poll!(&mut asking).is_pending());
        }
        let asked = peer.receive().await;
        assert_eq!(asked["method"], "ui.confirm", "{asked}");
        let cancel = peer.receive().await;
        assert_eq!((&cancel["method"], &cancel["params"]["id"]), (&json!("rpc.cancel"), &asked["id"]));
    }
}

#[tokio::test]
async fn a_cancelled_handler_cancels_the_call_that_it_made() {
    let (bench, mut peer, _) = joined().await;
    peer.send(&call(1, "lab.ask", &json!([1]))).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    let asked = peer.receive().await;
    peer.send(r#"{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":1}}"#).await;
    let mut messages = [peer.receive().await, peer.receive().await];
    messages.sort_by_key(|message| message["id"].is_null());
    assert_eq!(error_of(&messages[0]).1, "cancelled");
    assert_eq!(
        messages[1],
        json!({ "jsonrpc": "2.0", "method": "rpc.cancel", "params": { "id": asked["id"] } })
    );
}

#[tokio::test]
async fn calls_to_one_client_are_bounded() {
    let (_, mut peer, ui) = joined().await;
    let mut asking = Vec::new();
    for _ in 0..3 {
        let ui = ui.clone();
        asking.push(tokio::spawn(async move { ui.confirm("sure?").await }));
        peer.receive().await;
    }
    let refused = ui.confirm("one more?").await.expect_err("refused");
    let refused = refused.rpc().expect("an error");
    assert_eq!(refused.kind(), "resource_exhausted");
    assert!(refused.message().contains("max_peer_calls"), "{refused}");
}

#[tokio::test]
async fn a_call_to_a_client_that_says_goodbye_is_lost_and_the_next_is_not_sent() {
    let (_, mut peer, ui) = joined().await;
    let asking = tokio::spawn({
        let ui = ui.clone();
        async move { ui.confirm("sure?").await }
    });
    peer.receive().await;
    peer.bye().await;
    assert!(matches!(soon(asking).await.expect("no panic"), Err(CallError::ConnectionLost)));
    assert!(matches!(ui.confirm("still there?").await, Err(CallError::Closed(_))));
    assert!(matches!(ui.flash("still there?").await, Err(CallError::Closed(_))));
}

#[tokio::test]
async fn a_call_larger_than_the_client_takes_is_not_sent() {
    let (server, address) = serve(Bench::default().server()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "limits": { "max_message_bytes": 1000 } })).await;
    let ui: UiClient = server.handle().sessions().pop().expect("a session").peer();
    let refused = ui.confirm("x".repeat(2000)).await.expect_err("too large");
    assert_eq!(refused.rpc().expect("an error").kind(), "too_large");
    let refused = ui.flash("x".repeat(2000)).await.expect_err("too large");
    assert_eq!(refused.rpc().expect("an error").kind(), "too_large");
    ui.flash("small").await.expect("handed over");
    // Of the call that was never made the peer is not told either.
    assert_eq!(peer.receive().await["params"]["prompt"], "small");
}

#[tokio::test]
async fn a_plain_peer_answers_calls_too() {
    let bench = Bench::default();
    let mut peer = RawPeer::any(serve(bench.server()).await.1).await;
    peer.send(&call(1, "lab.ask", &json!([1]))).await;
    let asked = peer.receive().await;
    peer.send(&result(&asked["id"], &json!(false))).await;
    assert_eq!(peer.receive().await["result"], false);
}
