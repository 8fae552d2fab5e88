//! The bounds of a session and of a server, each named in the error that hits it.

use std::collections::BTreeSet;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use wirecall::server::ServerEvent;

use crate::lab::{Bench, Fate};
use crate::support::{RawPeer, call, error_of, notification, serve, soon};
use crate::{CODEC, wire};

#[tokio::test]
async fn of_many_calls_at_once_64_run_256_wait_and_the_rest_is_refused() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    let mut peer = RawPeer::any(address).await;
    for n in 0..330 {
        peer.send(&call(n, "lab.hold", &json!([n]))).await;
    }
    let mut refused = BTreeSet::new();
    for _ in 0..10 {
        let answer = peer.receive().await;
        assert_eq!(error_of(&answer), (-32009, "resource_exhausted"));
        let message = answer["error"]["message"].as_str().expect("text");
        assert!(message.contains("max_calls") && message.contains("max_waiting"), "{message}");
        refused.insert(answer["id"].as_u64().expect("a number"));
    }
    assert_eq!(refused, (320..330).collect());
    assert_eq!(bench.fates(64).await, (0..64).map(Fate::Started).collect::<Vec<_>>());
    assert!(bench.is_quiet().await);
    bench.release(320);
    let mut answered = BTreeSet::new();
    for _ in 0..320 {
        answered.insert(peer.receive().await["result"].as_u64().expect("a number"));
    }
    assert_eq!(answered, (0..320).collect());
    peer.nothing_more().await;
}

#[tokio::test]
async fn waiting_calls_are_bounded_in_bytes_too() {
    let bench = Bench::default();
    let change = |limits: &mut wirecall::server::Limits| {
        limits.max_calls = 1;
        limits.max_waiting_bytes = 10_000;
    };
    let (_, address) = serve(bench.server_with(change)).await;
    let mut peer = RawPeer::any(address).await;
    let padded = |id: u32, bytes: usize| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "lab.hold", "params": [id], "padding": "x".repeat(bytes) }).to_string()
    };
    peer.send(&padded(1, 0)).await;
    // An empty line takes any one message.
    peer.send(&padded(2, 50_000)).await;
    let answer = peer.ask(&padded(3, 0)).await;
    assert_eq!((error_of(&answer).1, &answer["id"]), ("resource_exhausted", &json!(3)));
    bench.release(2);
    peer.answer(2).await;
    bench.release(4);
    for id in 4..=5 {
        peer.send(&padded(id, 6_000)).await;
        peer.answer(id).await;
    }
}

#[tokio::test]
async fn a_notification_that_finds_no_room_closes_the_connection_with_4013() {
    let bench = Bench::default();
    let change = |limits: &mut wirecall::server::Limits| {
        limits.max_calls = 1;
        limits.max_waiting = 1;
    };
    let (_, address) = serve(bench.server_with(change)).await;
    let (mut peer, _) = RawPeer::session(address).await;
    for n in 0..3 {
        peer.send(&notification("lab.linger", &json!([n]))).await;
    }
    let (code, texts) = peer.end().await;
    assert_eq!(
        (code, &texts[0]["method"], &texts[0]["params"]["code"]),
        (4013, &json!("rpc.close"), &json!(4013))
    );
    assert!(texts[0]["params"]["reason"].as_str().expect("text").contains("max_waiting"), "{texts:?}");
    // The session waits for its client, and its handlers run on.
    assert_eq!(bench.fate().await, Fate::Started(0));
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(0));
}

#[tokio::test]
async fn a_message_of_exactly_the_limit_arrives_and_one_byte_more_is_closed_with_1009() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server_with(|limits| limits.max_message_bytes = 100_000)).await;
    let sized = |bytes: usize| {
        let of = |filling| call(1, "lab.echo", &json!(["x".repeat(filling)]));
        // With a length that takes as many bytes as that of the filling.
        let around = wire::frame(CODEC, &of(80_000)).len() - 80_000;
        let text = of(bytes - around);
        assert_eq!(wire::frame(CODEC, &text).len(), bytes);
        text
    };
    let (mut peer, hello) = RawPeer::session(address).await;
    assert_eq!(hello["limits"]["max_message_bytes"], 100_000);
    assert!(peer.ask(&sized(100_000)).await["result"].is_string());
    peer.send(&sized(100_001)).await;
    let (code, texts) = peer.end().await;
    assert_eq!((code, &texts[0]["params"]["code"]), (1009, &json!(1009)));
    assert!(texts[0]["params"]["reason"].as_str().expect("text").contains("max_message_bytes"), "{texts:?}");

    // In fragments, and in one that only says that it is large.
    let mut peer = RawPeer::plain(address).await;
    for kind in [Data::Text, Data::Continue] {
        let fragment = Frame::message("x".repeat(60_000), OpCode::Data(kind), false);
        peer.0.send(Message::Frame(fragment)).await.expect("sent");
    }
    assert_eq!(peer.closed().await, 1009);
}

#[tokio::test]
async fn one_connection_too_many_is_refused_with_503_and_told() {
    let bench = Bench::default();
    let (server, address) = serve(bench.server_with(|limits| limits.max_connections = 2)).await;
    let mut events = server.handle().events();
    let first = RawPeer::any(address).await;
    let _second = RawPeer::quiet(address).await;
    let refused = RawPeer::connect(&format!("ws://{address}/"), None).await.err().expect("refused");
    let Error::Http(response) = refused else { panic!("{refused}") };
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert!(
        String::from_utf8_lossy(response.body().as_deref().unwrap_or_default()).contains("max_connections")
    );
    drop(first);
    loop {
        match soon(events.next()).await.expect("an event") {
            ServerEvent::LimitReached { limit, session } => {
                assert_eq!((limit, session), ("max_connections", None));
            }
            ServerEvent::Ended { .. } => break,
            _ => {}
        }
    }
    // Its place is free as soon as its task is done.
    while server.handle().connection_count() > 1 {
        tokio::task::yield_now().await;
    }
    RawPeer::any(address).await.nothing_more().await;
}

#[tokio::test]
async fn a_limit_that_a_call_meets_is_told_to_who_listens() {
    let bench = Bench::default();
    let change = |limits: &mut wirecall::server::Limits| {
        limits.max_calls = 1;
        limits.max_waiting = 0;
    };
    let (server, address) = serve(bench.server_with(change)).await;
    let mut events = server.handle().events();
    let (mut peer, hello) = RawPeer::session(address).await;
    peer.send(&call(1, "lab.hold", &json!([1]))).await;
    peer.send(&call(2, "lab.hold", &json!([2]))).await;
    assert_eq!(error_of(&peer.receive().await).1, "resource_exhausted");
    loop {
        if let ServerEvent::LimitReached { limit, session } = soon(events.next()).await.expect("an event") {
            assert_eq!(
                (limit, session.expect("a session").as_str()),
                ("max_waiting", hello["session"].as_str().expect("a name"))
            );
            break;
        }
    }
}

#[tokio::test]
async fn a_full_line_of_one_session_is_no_matter_to_another() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    let (mut one, mut two) = (RawPeer::any(address).await, RawPeer::any(address).await);
    for n in 0..321 {
        one.send(&call(n, "lab.hold", &json!([n]))).await;
    }
    assert_eq!(error_of(&one.receive().await).1, "resource_exhausted");
    assert_eq!(two.call("lab.echo", json!(["x"])).await["result"], Value::from("x"));
}
