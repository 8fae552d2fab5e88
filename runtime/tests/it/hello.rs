//! The first exchange of a session, and everything that may not stand in its place.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::lab::{Bench, Lab};
use crate::numbered::Numbered;
use crate::support::{RawPeer, call, error_of, notification, serve, soon};
use crate::{CODEC, wire};

async fn quiet() -> RawPeer {
    RawPeer::quiet(serve(Bench::default().server()).await.1).await
}

#[tokio::test]
async fn hello_tells_the_session_and_its_limits() {
    let (server, address) = serve(Bench::default().server()).await;
    let fingerprint = server.contract().fingerprint("lab").expect("a fingerprint");
    let contract = json!({ "lab": fingerprint, "old": "0000" });
    let (_, hello) =
        RawPeer::hello(address, json!({ "client": { "name": "raw", "version": "1" }, "contract": contract }))
            .await;
    let session = server.handle().session(hello["session"].as_str().expect("a name")).expect("a session");
    assert_eq!((session.client_name(), session.client_version()), ("raw", "1"));
    let secret = hello["secret"].as_str().expect("a secret");
    assert!(secret.len() == 32 && secret != session.id().as_str());
    let expected = json!({
        "session": session.id().as_str(), "secret": secret, "resumed": false, "received": 0,
        "contract": { "lab": "same", "old": "unknown" }, "channels": {}, "ping_ms": 25000, "session_ttl_ms": 60000,
        "limits": { "max_message_bytes": 1 << 20, "max_calls": 64, "max_waiting": 256, "max_streams": 128, "max_batch": 32,
            "buffer_bytes": 4 << 20 },
    });
    assert_eq!(hello, expected);
}

#[tokio::test]
async fn an_old_fingerprint_is_unknown_and_a_resume_too() {
    let (server, address) = serve(Bench::default().server()).await;
    let params = json!({
        "contract": { "lab": "0000" }, "channels": { "rooms/lobby": {} },
        "resume": { "session": "x", "secret": "y", "attempt": 1, "received": 7 }
    });
    let (_, hello) = RawPeer::hello(address, params).await;
    assert_eq!((&hello["resumed"], &hello["reason"]), (&json!(false), &json!("unknown")));
    assert_eq!((&hello["contract"], &hello["channels"]), (&json!({ "lab": "unknown" }), &json!({})));
    assert_eq!(Lab::contract().fingerprint("lab"), server.contract().fingerprint("lab"));
}

#[tokio::test]
async fn hello_needs_no_parameters_and_takes_unknown_ones() {
    let (_, address) = serve(Bench::default().server()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({})).await;
    peer.nothing_more().await;
    RawPeer::hello(address, json!({ "client": { "name": "a", "colour": 1 }, "later": [1] })).await;
}

#[tokio::test]
async fn what_a_client_tells_of_itself_is_cut_to_what_a_list_can_show() {
    let (server, address) = serve(Bench::default().server()).await;
    let client = json!({ "name": format!("evil\n\u{1b}[31m{}", "x".repeat(1000)), "version": "" });
    let (_peer, hello) = RawPeer::hello(address, json!({ "client": client })).await;
    let session = server.handle().session(hello["session"].as_str().expect("a name")).expect("a session");
    assert_eq!(session.client_name(), format!("evil[31m{}", "x".repeat(56)));
}

/// A first message that is refused with an error, told again in `rpc.close`, and closed with 1002.
async fn refused(text: &str) -> Value {
    let mut peer = quiet().await;
    peer.send(text).await;
    let (code, texts) = peer.end().await;
    assert_eq!(code, 1002, "{text}");
    let [answer, close] = texts.as_slice() else { panic!("an answer and rpc.close, not {texts:?}") };
    assert_eq!((&close["method"], &close["params"]["code"]), (&json!("rpc.close"), &json!(1002)));
    answer.clone()
}

#[tokio::test]
async fn a_first_message_that_is_no_hello_is_closed_with_1002() {
    assert_eq!(error_of(&refused(&call(5, "lab.echo", &json!(["x"]))).await), (-32600, "invalid_request"));
    assert_eq!(refused(&call(5, "lab.echo", &json!(["x"]))).await["id"], 5);
    assert_eq!(error_of(&refused("hello").await), (-32700, "parse_error"));
    assert_eq!(error_of(&refused("[]").await), (-32600, "invalid_request"));
    assert_eq!(
        error_of(&refused(&call(1, "rpc.hello", &json!({ "client": 5 }))).await),
        (-32602, "validation_error")
    );
    assert_eq!(
        error_of(&refused(&call(1, "rpc.hello", &json!({ "token": 5 }))).await),
        (-32602, "validation_error")
    );
    assert_eq!(error_of(&refused(&notification("rpc.hello", &json!({}))).await), (-32600, "invalid_request"));
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"rpc.hello","params":{{"x":{}{}}}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    assert_eq!(error_of(&refused(&deep).await), (-32700, "parse_error"));
}

#[tokio::test]
async fn a_second_hello_is_closed_with_1002() {
    let (_, address) = serve(Bench::default().server()).await;
    let (mut peer, _) = RawPeer::session(address).await;
    let answer = peer.call("rpc.hello", json!({})).await;
    assert_eq!(error_of(&answer), (-32600, "invalid_request"));
    assert_eq!(peer.closed().await, 1002);
}

#[tokio::test]
async fn a_plain_peer_s_hello_is_an_error_and_the_connection_lives_on() {
    let mut peer = RawPeer::plain(serve(Bench::default().server()).await.1).await;
    assert_eq!(error_of(&peer.call("rpc.hello", json!({})).await), (-32600, "invalid_request"));
    peer.nothing_more().await;
}

#[tokio::test]
async fn no_hello_in_time_is_closed_with_4001() {
    let bench = Bench::default();
    let (server, address) =
        serve(bench.server_with(|limits| limits.hello_timeout = Duration::from_millis(300))).await;
    let (code, texts) = RawPeer::quiet(address).await.end().await;
    assert_eq!(code, 4001);
    assert_eq!((&texts[0]["method"], &texts[0]["params"]["code"]), (&json!("rpc.close"), &json!(4001)));
    assert_eq!(server.handle().session_count(), 0);
}

#[tokio::test]
async fn faults_of_the_frames_before_hello_have_their_own_codes() {
    let mut peer = quiet().await;
    peer.0.send(wire::wrong_frame(CODEC)).await.expect("sent");
    assert_eq!(peer.closed().await, 1003);

    let mut peer = quiet().await;
    peer.0
        .send(Message::Frame(Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true)))
        .await
        .expect("sent");
    assert_eq!(peer.closed().await, 1007);

    let mut peer = quiet().await;
    let large = "x".repeat((1 << 20) + 1);
    // The server may close before all of it has left.
    drop(peer.0.send(Message::text(large)).await);
    assert_eq!(peer.closed().await, 1009);

    let mut peer = quiet().await;
    peer.0.send(Message::Frame(Frame::message("x", OpCode::Data(Data::Continue), true))).await.expect("sent");
    assert_eq!(peer.closed().await, 1002);
}

#[tokio::test]
async fn a_message_before_hello_s_answer_is_closed_with_1002_but_a_pong_is_not() {
    let entered = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let (entering, waiting) = (entered.clone(), gate.clone());
    let builder = Bench::default().server().authenticate(move |_| {
        let (entering, waiting) = (entering.clone(), waiting.clone());
        async move {
            entering.add_permits(1);
            waiting.acquire().await.expect("the gate stays").forget();
            Ok(None)
        }
    });
    let (_, address) = serve(builder).await;

    let mut peer = RawPeer::quiet(address).await;
    peer.send(&call(1, "rpc.hello", &json!({}))).await;
    soon(entered.acquire()).await.expect("the gate stays").forget();
    peer.send(&call(2, "lab.echo", &json!(["x"]))).await;
    let (code, texts) = peer.end().await;
    assert_eq!((code, error_of(&texts[0]), &texts[0]["id"]), (1002, (-32600, "invalid_request"), &json!(2)));

    let mut peer = RawPeer::quiet(address).await;
    peer.send(&call(1, "rpc.hello", &json!({}))).await;
    soon(entered.acquire()).await.expect("the gate stays").forget();
    peer.send(&notification("rpc.pong", &json!({}))).await;
    gate.add_permits(1);
    assert_eq!(peer.receive().await["result"]["resumed"], false);
}

#[tokio::test]
async fn two_sessions_have_two_names_and_end_with_their_connections() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut ended = server.handle().events();
    let (first, one) = RawPeer::session(address).await;
    let (_second, two) = RawPeer::session(address).await;
    assert_ne!(one["session"], two["session"]);
    assert_ne!(one["secret"], two["secret"]);
    assert_eq!(server.handle().session_count(), 2);
    drop(first);
    while !matches!(
        soon(futures_util::StreamExt::next(&mut ended)).await,
        Some(wirecall::server::ServerEvent::Ended { .. })
    ) {}
    assert_eq!(server.handle().session_count(), 1);
}

#[tokio::test]
async fn session_and_secret_stay_the_same_over_resumes() {
    let (_, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    for _ in 0..2 {
        let hello = peer.resume().await;
        assert_eq!(hello["resumed"], true, "{hello}");
        assert_eq!((&hello["session"], &hello["secret"]), (&json!(peer.session), &json!(peer.secret)));
    }
}
