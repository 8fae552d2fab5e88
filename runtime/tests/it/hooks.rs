//! Hooks and server events: who came, who went and why.

use std::sync::{Arc, Mutex};

use serde_json::json;
use wirecall::server::ServerEvent;
use wirecall::{Disconnect, Session};

use crate::lab::{Bench, LabEvent};
use crate::support::{RawPeer, serve, soon};

#[tokio::test]
async fn on_open_runs_before_the_client_knows_and_what_it_emits_comes_after_hello() {
    let opened = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&opened);
    let builder = Bench::default().server().on_open(move |session: &Session| {
        seen.lock().expect("a lock").push(session.id().to_string());
        session.emit(LabEvent::Tick { n: 1, filling: "welcome".to_owned() }).expect("encodes");
    });
    let (_, address) = serve(builder).await;
    let (mut peer, hello) = RawPeer::session(address).await;
    assert_eq!(*opened.lock().expect("a lock"), [hello["session"].as_str().expect("a name")]);
    assert_eq!(peer.receive().await["params"]["filling"], "welcome");
    let mut plain = RawPeer::plain(address).await;
    assert_eq!(plain.receive().await["params"]["filling"], "welcome");
}

#[tokio::test]
async fn a_session_that_on_open_closes_gets_its_hello_and_the_reason() {
    let builder = Bench::default().server().on_open(|session: &Session| session.close("banned"));
    let (_, address) = serve(builder).await;
    let mut peer = RawPeer::quiet(address).await;
    peer.send(r#"{"jsonrpc":"2.0","id":0,"method":"rpc.hello","params":{}}"#).await;
    let (code, texts) = peer.end().await;
    assert_eq!(code, 4502);
    assert!(texts.iter().any(|text| text["params"]["reason"] == "banned"), "{texts:?}");
}

#[tokio::test]
async fn on_close_and_the_events_tell_how_a_connection_ended() {
    let (tell, mut ended) = tokio::sync::mpsc::channel(8);
    let builder = Bench::default().server().on_close(move |session: &Session, disconnect: &Disconnect| {
        tell.try_send((session.id().clone(), disconnect.clone())).expect("room");
    });
    let (server, address) = serve(builder).await;
    let mut events = server.handle().events();
    for (code, close) in [(1000, Some((1000, "bye"))), (1001, Some((1001, ""))), (1005, None), (1006, None)] {
        let mut peer = RawPeer::plain(address).await;
        let opened = soon(events.next()).await;
        let Some(ServerEvent::Opened { session, user: None }) = opened else { panic!("{opened:?}") };
        let frame = close.map(|(code, reason): (u16, &str)| {
            tokio_tungstenite::tungstenite::protocol::CloseFrame { code: code.into(), reason: reason.into() }
        });
        if code == 1006 {
            drop(peer);
        } else {
            peer.0.close(frame).await.expect("closed");
            assert_eq!(peer.closed().await, code);
        }
        let (id, disconnect) = soon(ended.recv()).await.expect("told");
        assert_eq!((&id, disconnect.code), (&session, code));
        assert_eq!(disconnect.reason, close.map_or(disconnect.reason.clone(), |(_, reason)| reason.into()));
        let event = soon(events.next()).await;
        let Some(ServerEvent::Ended { session: id, disconnect: told, .. }) = event else {
            panic!("{event:?}")
        };
        assert_eq!((id, told), (session, disconnect));
    }
}

#[tokio::test]
async fn hooks_that_panic_harm_nobody() {
    let builder = Bench::default().server();
    let builder = builder.on_open(|_| panic!("in on_open")).on_close(|_, _| panic!("in on_close"));
    let (server, address) = serve(builder).await;
    let mut events = server.handle().events();
    let (mut peer, _) = RawPeer::session(address).await;
    peer.nothing_more().await;
    peer.bye().await;
    while !matches!(soon(events.next()).await, Some(ServerEvent::Ended { .. })) {}
    assert_eq!(server.handle().session_count(), 0);
}

#[tokio::test]
async fn a_listener_that_does_not_listen_holds_nothing_up() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut lazy = server.handle().events();
    let mut events = server.handle().events();
    for _ in 0..600 {
        RawPeer::plain(address).await.nothing_more().await;
        while !matches!(soon(events.next()).await, Some(ServerEvent::Ended { .. })) {}
    }
    // The oldest are gone: at most 1,024 of 1,200 are left.
    drop(server);
    let first = soon(lazy.next()).await.expect("an event");
    assert!(matches!(first, ServerEvent::Opened { .. } | ServerEvent::Ended { .. }));
}

#[tokio::test]
async fn the_events_of_a_server_that_is_gone_have_ended() {
    let (server, address) = serve(Bench::default().server()).await;
    let handle = server.handle();
    let mut peer = RawPeer::plain(address).await;
    assert_eq!(peer.call("lab.echo", json!(["x"])).await["result"], "x");
    let mut events = handle.events();
    drop(peer);
    handle.shutdown().await;
    drop(server);
    while soon(events.next()).await.is_some() {}
    assert_eq!((handle.session_count(), handle.connection_count()), (0, 0));
    assert!(soon(handle.events().next()).await.is_none());
}
