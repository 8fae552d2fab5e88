//! Pings, pongs, and peers that fall silent.

use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use wirecall::Session;
use wirecall::server::{Limits, ServerBuilder, ServerEvent};

use crate::lab::Bench;
use crate::support::{RawPeer, call, notification, serve, soon};

fn quick(limits: &mut Limits) {
    limits.ping = Duration::from_millis(30);
    limits.heartbeat_timeout = Duration::from_millis(300);
}

/// A server that tells every round trip.
fn beating() -> (ServerBuilder, mpsc::Receiver<Duration>) {
    let (tell, beats) = mpsc::channel(64);
    // Whoever answers is not to be taken for dead on a busy machine.
    let change = |limits: &mut Limits| limits.ping = Duration::from_millis(30);
    let builder = Bench::default().server_with(change).on_heartbeat(move |session: &Session, time| {
        assert!(session.round_trip().is_some());
        // Whoever no longer looks is not told.
        tell.try_send(time).unwrap_or_default();
    });
    (builder, beats)
}

#[tokio::test]
async fn a_session_is_pinged_and_its_pong_tells_the_round_trip() {
    let (builder, mut beats) = beating();
    let (_, address) = serve(builder).await;
    let (mut peer, _) = RawPeer::session(address).await;
    for _ in 0..3 {
        assert_eq!(peer.receive().await, json!({ "jsonrpc": "2.0", "method": "rpc.ping" }));
        peer.send(&notification("rpc.pong", &json!({}))).await;
        assert!(soon(beats.recv()).await.expect("a beat") < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_plain_peer_is_pinged_with_frames() {
    let (builder, mut beats) = beating();
    let (_, address) = serve(builder).await;
    let mut peer = RawPeer::plain(address).await;
    for _ in 0..3 {
        assert!(matches!(peer.next().await, Message::Ping(_)));
        // The library answers while it reads.
        peer.call("lab.echo", json!(["x"])).await;
        soon(beats.recv()).await.expect("a beat");
    }
}

#[tokio::test]
async fn a_peer_that_never_answers_a_ping_is_closed_with_4008() {
    let (server, address) = serve(Bench::default().server_with(quick)).await;
    let mut events = server.handle().events();
    let (mut peer, _) = RawPeer::session(address).await;
    let (code, texts) = peer.end().await;
    assert_eq!(code, 4008);
    let (pings, rest) = texts.split_at(texts.len() - 1);
    assert!(!pings.is_empty() && pings.iter().all(|ping| ping["method"] == "rpc.ping"), "{texts:?}");
    assert_eq!((&rest[0]["method"], &rest[0]["params"]["code"]), (&json!("rpc.close"), &json!(4008)));
    assert!(rest[0]["params"]["reason"].as_str().expect("text").contains("heartbeat_timeout"), "{texts:?}");
    loop {
        if let ServerEvent::Ended { disconnect, .. } = soon(events.next()).await.expect("an event") {
            assert_eq!(disconnect.code, 4008);
            break;
        }
    }
}

#[tokio::test]
async fn a_plain_peer_that_does_not_even_read_is_taken_for_dead() {
    let (server, address) = serve(Bench::default().server_with(quick)).await;
    let mut events = server.handle().events();
    let _peer = RawPeer::plain(address).await;
    loop {
        if let ServerEvent::Ended { disconnect, .. } = soon(events.next()).await.expect("an event") {
            assert_eq!(disconnect.code, 4008);
            break;
        }
    }
}

#[tokio::test]
async fn either_side_may_ping() {
    let (_, address) = serve(Bench::default().server()).await;
    let pong = json!({ "jsonrpc": "2.0", "method": "rpc.pong" });
    let (mut peer, _) = RawPeer::session(address).await;
    assert_eq!(peer.ask(&notification("rpc.ping", &json!({}))).await, pong);
    assert_eq!(peer.ask(r#"{"jsonrpc":"2.0","method":"rpc.ping"}"#).await, pong);
    assert_eq!(
        peer.ask(&call(1, "rpc.ping", &json!({}))).await,
        json!({ "jsonrpc": "2.0", "id": 1, "result": null })
    );
    peer.send(&notification("rpc.pong", &json!({}))).await;
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_ping_behind_a_burst_is_answered() {
    let (server, address) = serve(Bench::default().server()).await;
    let (mut peer, _) = RawPeer::session(address).await;
    peer.send(&call(1, "lab.emit", &json!([20, 10]))).await;
    peer.send(&notification("rpc.ping", &json!({}))).await;
    let mut pong_at = None;
    for index in 0..22 {
        if peer.receive().await["method"] == "rpc.pong" {
            pong_at = Some(index);
        }
    }
    assert!(pong_at.is_some());
    assert_eq!(server.handle().session_count(), 1);
}
