//! The life of a session as the server's program sees it: hooks, events, how long it waits, who goes first.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use wirecall::server::{Limits, Server, ServerBuilder, ServerEvent};
use wirecall::{Disconnect, Session};

use crate::lab::{Bench, Fate, LabEvent};
use crate::numbered::Numbered;
use crate::support::{RawPeer, serve, soon};

/// What the hooks have told, in order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn add(&self, what: impl Into<String>) {
        self.0.lock().expect("not poisoned").push(what.into());
    }

    fn hooked(&self, builder: ServerBuilder) -> ServerBuilder {
        let told = || self.clone();
        let (open, suspend, resume, end) = (told(), told(), told(), told());
        builder
            .on_open(move |_| open.add("open"))
            .on_suspend(move |session: &Session, disconnect: &Disconnect| {
                assert!(session.connection().is_none());
                suspend.add(format!("suspend {}", disconnect.code));
            })
            .on_resume(move |session| {
                assert!(session.connection().is_some());
                resume.add("resume");
            })
            .on_close(move |_, disconnect| end.add(format!("end {}", disconnect.code)))
    }

    async fn until(&self, count: usize) -> Vec<String> {
        soon(async {
            while self.0.lock().expect("not poisoned").len() < count {
                tokio::task::yield_now().await;
            }
        })
        .await;
        self.0.lock().expect("not poisoned").clone()
    }
}

/// Waits until so many sessions are suspended.
async fn suspended(server: &Server, count: usize) {
    soon(async {
        while server.handle().suspended_count() != count {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Closes with that code, without waiting for more.
async fn close(peer: &mut RawPeer, code: u16) {
    let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
    peer.0.close(Some(frame)).await.expect("closed");
    peer.closed().await;
}

#[tokio::test]
async fn each_transition_is_told_once_and_in_order() {
    let told = Told::default();
    let (server, address) = serve(told.hooked(Bench::default().server())).await;
    let mut events = server.handle().events();
    let mut peer = Numbered::open(address).await;
    close(&mut peer.peer, 1001).await;
    suspended(&server, 1).await;
    assert_eq!(server.handle().session_count(), 1);
    assert!(server.handle().connections().is_empty());
    peer.resumed().await;
    // Taken from a connection that still stands, it is suspended in between.
    peer.resumed().await;
    peer.peer.bye().await;
    let expected = ["open", "suspend 1001", "resume", "suspend 4503", "resume", "end 1000"];
    assert_eq!(told.until(6).await, expected);
    let mut kinds = Vec::new();
    for _ in 0..6 {
        kinds.push(match soon(events.next()).await.expect("an event") {
            ServerEvent::Opened { .. } => "open".to_owned(),
            ServerEvent::Suspended { disconnect, .. } => format!("suspend {}", disconnect.code),
            ServerEvent::Resumed { .. } => "resume".to_owned(),
            ServerEvent::Ended { disconnect, .. } => format!("end {}", disconnect.code),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(kinds, expected);
    assert_eq!(server.handle().session_count(), 0);
}

#[tokio::test]
async fn only_a_clients_1000_ends_its_session_at_once() {
    let (server, address) = serve(Bench::default().server()).await;
    for code in [1001, 1011, 4000, 4500] {
        let mut peer = Numbered::open(address).await;
        close(&mut peer.peer, code).await;
        suspended(&server, 1).await;
        peer.resumed().await;
        peer.peer.bye().await;
        let claim = peer_claim(&peer.session, &peer.secret);
        let (again, answer) = RawPeer::hello(address, json!({ "resume": claim })).await;
        assert_eq!(answer["reason"], "unknown");
        again.bye().await;
    }
}

fn peer_claim(session: &str, secret: &str) -> serde_json::Value {
    json!({ "session": session, "secret": secret, "attempt": 99, "received": 0 })
}

#[tokio::test]
async fn a_session_whose_client_does_not_come_back_ends_and_its_handlers_with_it() {
    let bench = Bench::default();
    let told = Told::default();
    let builder = told.hooked(bench.server()).session_ttl(Duration::from_millis(100));
    let (_server, address) = serve(builder).await;
    let mut peer = Numbered::open(address).await;
    peer.call(1, "lab.hold", &json!([1])).await;
    peer.call(2, "lab.keep", &json!([2])).await;
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Started(2)]);
    drop(peer.peer);
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    assert_eq!(told.until(3).await, ["open", "suspend 1006", "end 1006"]);
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(2), "a no_cancel call runs on");
    let claim = peer_claim(&peer.session, &peer.secret);
    let (_other, answer) = RawPeer::hello(address, json!({ "resume": claim })).await;
    assert_eq!((&answer["reason"], &answer["ended_received"]), (&json!("expired"), &json!(2)));
}

#[tokio::test]
async fn a_session_that_was_never_used_waits_less_long() {
    let change = |limits: &mut Limits| limits.unproven_ttl = Duration::from_millis(50);
    let (server, address) = serve(Bench::default().server_with(change)).await;
    let (unused, _) = RawPeer::session(address).await;
    let mut used = Numbered::open(address).await;
    used.peer.nothing_more().await;
    drop(unused);
    drop(used.peer);
    suspended(&server, 2).await;
    suspended(&server, 1).await;
    assert!(server.handle().session(&used.session).is_some());
}

#[tokio::test]
async fn where_there_are_too_many_sessions_the_one_suspended_for_longest_goes() {
    let change = |limits: &mut Limits| limits.max_sessions = 3;
    let (server, address) = serve(Bench::default().server_with(change)).await;
    let mut events = server.handle().events();
    let connected = Numbered::open(address).await;
    let mut waiting = Vec::new();
    for count in 1..=2 {
        let mut peer = Numbered::open(address).await;
        peer.peer.nothing_more().await;
        let Numbered { peer, session, secret, .. } = peer;
        drop(peer);
        suspended(&server, count).await;
        waiting.push((session, secret));
    }
    let _another = Numbered::open(address).await;
    suspended(&server, 1).await;
    assert_eq!(server.handle().evicted_count(), 1);
    assert!(server.handle().session(&connected.session).is_some());
    let limit = loop {
        if let ServerEvent::LimitReached { limit, session } = soon(events.next()).await.expect("an event") {
            assert_eq!(session.expect("a session").as_str(), waiting[0].0);
            break limit;
        }
    };
    assert_eq!(limit, "max_sessions");
    let (_other, answer) =
        RawPeer::hello(address, json!({ "resume": peer_claim(&waiting[0].0, &waiting[0].1) })).await;
    assert_eq!(answer["reason"], "overflow");
}

#[tokio::test]
async fn where_too_much_is_kept_the_one_that_keeps_something_and_is_suspended_for_longest_goes() {
    let change = |limits: &mut Limits| limits.max_kept_bytes = 100_000;
    let (server, address) = serve(Bench::default().server_with(change)).await;
    let mut sessions = Vec::new();
    for count in 1..=3 {
        let peer = Numbered::open(address).await;
        let session = server.handle().session(&peer.session).expect("a session");
        drop(peer.peer);
        suspended(&server, count).await;
        sessions.push(session);
    }
    // The first has nothing to keep, so that its end would make no room.
    for session in &sessions[1..] {
        session.emit(LabEvent::Tick { n: 0, filling: "x".repeat(60_000) }).expect("encodes");
    }
    suspended(&server, 2).await;
    soon(async {
        while server.handle().session(sessions[1].id()).is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for kept in [0, 2] {
        assert!(server.handle().session(sessions[kept].id()).is_some(), "{kept}");
    }
    assert!(server.handle().kept_bytes() <= 100_000);
}

#[tokio::test]
async fn an_event_to_many_sessions_is_counted_once_for_all_of_them_and_in_full_for_each() {
    let change = |limits: &mut Limits| {
        limits.max_kept_bytes = 120_000;
        limits.buffer_bytes = Some(100_000);
    };
    let (server, address) = serve(Bench::default().server_with(change)).await;
    let handle = server.handle();
    for count in 1..=3 {
        drop(Numbered::open(address).await.peer);
        suspended(&server, count).await;
    }
    let event = |bytes| LabEvent::Tick { n: 0, filling: "x".repeat(bytes) };
    assert_eq!(handle.broadcast(event(60_000)).expect("encodes"), 3);
    assert_eq!((handle.evicted_count(), handle.suspended_count()), (0, 3));
    assert!((60_000..61_000).contains(&handle.kept_bytes()), "{}", handle.kept_bytes());
    // What one of them gives back is still kept for the others.
    handle.sessions()[0].close("enough");
    suspended(&server, 2).await;
    assert!((60_000..61_000).contains(&handle.kept_bytes()), "{}", handle.kept_bytes());
    // The bound of each counts all of it.
    handle.broadcast(event(50_000)).expect("encodes");
    suspended(&server, 0).await;
    assert_eq!(handle.evicted_count(), 0);
    soon(async {
        while handle.kept_bytes() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_that_the_application_ends_is_gone_connected_or_not() {
    let told = Told::default();
    let (server, address) = serve(told.hooked(Bench::default().server())).await;
    let mut here = Numbered::open(address).await;
    let away = Numbered::open(address).await;
    let sessions = [&here, &away].map(|peer| server.handle().session(&peer.session).expect("a session"));
    drop(away.peer);
    suspended(&server, 1).await;
    for session in &sessions {
        session.close("banned");
    }
    assert_eq!(here.peer.closed().await, 4502);
    let mut all = told.until(5).await;
    all.sort_unstable();
    assert_eq!(all, ["end 4502", "end 4502", "open", "open", "suspend 1006"]);
    let claim = peer_claim(&away.session, &away.secret);
    let (_other, answer) = RawPeer::hello(address, json!({ "resume": claim })).await;
    assert_eq!(answer["reason"], "unknown");
}

#[tokio::test]
async fn a_connection_that_the_application_closes_for_now_leaves_its_session_waiting() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    let session = server.handle().session(&peer.session).expect("a session");
    session.close_with(Disconnect::new(4000, "later"));
    assert_eq!(peer.peer.closed().await, 4000);
    suspended(&server, 1).await;
    peer.resumed().await;
    peer.call(1, "lab.echo", &json!(["x"])).await;
    assert_eq!(peer.tracked().await["result"], "x");
}

#[tokio::test]
async fn a_connection_that_the_application_closes_for_a_gap_takes_its_session_along() {
    let told = Told::default();
    let (server, address) = serve(told.hooked(Bench::default().server())).await;
    let mut peer = Numbered::open(address).await;
    let session = server.handle().session(&peer.session).expect("a session");
    session.close_with(Disconnect::new(4050, "out of step"));
    assert_eq!(peer.peer.closed().await, 4050);
    assert_eq!(told.until(2).await, ["open", "end 4050"]);
    let claim = peer_claim(&peer.session, &peer.secret);
    let (_other, answer) = RawPeer::hello(address, json!({ "resume": claim })).await;
    assert_eq!(answer["reason"], "sequence");
}

#[tokio::test]
async fn a_shutdown_ends_suspended_sessions_and_tells_the_others_what_it_received() {
    let bench = Bench::default();
    let told = Told::default();
    let (server, address) = serve(told.hooked(bench.server())).await;
    let mut away = Numbered::open(address).await;
    away.call(1, "lab.hold", &json!([1])).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    drop(away.peer);
    suspended(&server, 1).await;
    let mut here = Numbered::open(address).await;
    here.call(1, "lab.echo", &json!(["x"])).await;
    here.tracked().await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shutdown().await });
    assert_eq!(bench.fate().await, Fate::Dropped(1), "nobody comes back to a server that is gone");
    let (code, texts) = here.peer.end().await;
    let last = texts.last().expect("a notice");
    assert_eq!((code, &last["params"]["received"]), (4000, &json!(1)));
    soon(down).await.expect("no panic");
    assert_eq!(server.handle().session_count(), 0);
    assert_eq!(told.until(5).await.iter().filter(|what| what.starts_with("end")).count(), 2);
}
