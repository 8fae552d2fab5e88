//! Sessions over several connections, on the wire as it is: nothing is lost and nothing comes twice.

use std::time::Duration;

use serde_json::json;
use wirecall::server::Server;
use wirecall::{Session, UserId};

use crate::lab::{Bench, Fate, LabEvent, UiClient};
use crate::numbered::Numbered;
use crate::proxy::Proxy;
use crate::support::{RawPeer, call, error_of, notification, serve, soon};

fn tick(n: u32) -> LabEvent {
    LabEvent::Tick { n, filling: String::new() }
}

fn session_of(server: &Server, peer: &Numbered) -> Session {
    server.handle().session(&peer.session).expect("a session")
}

/// Waits until the session's client is away.
async fn away(session: &Session) {
    soon(async {
        while session.is_connected() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_is_resumed_when_nothing_was_received_yet() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.cut_and_resumed().await;
    peer.call(1, "lab.echo", &json!(["x"])).await;
    assert_eq!(peer.tracked().await["result"], "x");
    assert_eq!(server.handle().session_count(), 1);
}

#[tokio::test]
async fn twenty_resumes_in_a_row_lose_nothing_and_double_nothing() {
    let bench = Bench::default();
    let (server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    let session = session_of(&server, &peer);
    peer.call("held", "lab.hold", &json!([7])).await;
    assert_eq!(bench.fate().await, Fate::Started(7));
    for n in 0..20 {
        session.emit(tick(n)).expect("encodes");
        peer.cut_and_resumed().await;
        let event = peer.tracked().await;
        assert_eq!((&event["method"], &event["params"]["n"]), (&json!("lab.tick"), &json!(n)));
        peer.call(n, "lab.echo", &json!([n.to_string()])).await;
        let answer = peer.tracked().await;
        assert_eq!((&answer["id"], &answer["result"]), (&json!(n), &json!(n.to_string())));
    }
    bench.release(1);
    assert_eq!(peer.tracked().await["result"], 7);
    assert_eq!(bench.fate().await, Fate::Done(7), "it ran once");
}

#[tokio::test]
async fn a_call_runs_on_while_its_caller_is_away_and_its_answer_waits() {
    let bench = Bench::default();
    let (server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    let session = session_of(&server, &peer);
    peer.call(1, "lab.hold", &json!([1])).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    drop(std::mem::replace(&mut peer.peer, RawPeer::plain(address).await));
    away(&session).await;
    assert!(session.connection().is_none());
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(1));
    peer.resumed().await;
    assert!(session.is_connected());
    assert_eq!(peer.tracked().await, json!({ "jsonrpc": "2.0", "id": 1, "result": 1 }));
}

#[tokio::test]
async fn an_answer_that_was_sent_but_not_received_comes_again_and_the_call_runs_once() {
    let bench = Bench::default();
    let (_server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    peer.send(&notification("lab.note", &json!([1]))).await;
    peer.call(2, "lab.echo", &json!(["x"])).await;
    assert_eq!(peer.tracked().await["id"], 2);
    // As if it had not arrived.
    peer.received = 0;
    for _ in 0..3 {
        peer.cut_and_resumed().await;
        assert_eq!(peer.tracked().await["id"], 2);
        peer.received = 0;
    }
    assert_eq!(bench.fate().await, Fate::Done(1));
    assert!(bench.is_quiet().await);
}

#[tokio::test]
async fn what_the_client_sends_again_is_not_taken_again() {
    let bench = Bench::default();
    let (_server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    let note = |n: u32| notification("lab.note", &json!([n]));
    peer.send(&note(1)).await;
    peer.send(&note(2)).await;
    assert_eq!(bench.fates(2).await, [Fate::Done(1), Fate::Done(2)]);
    peer.cut_and_resumed().await;
    peer.send_as(1, &note(1)).await;
    peer.send_as(2, &note(2)).await;
    peer.send(&note(3)).await;
    assert_eq!(bench.fate().await, Fate::Done(3));
    assert!(bench.is_quiet().await);
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_replay_goes_on_where_the_client_stands() {
    let (server, address) = serve(Bench::default().server()).await;
    let proxy = Proxy::before(address).await;
    let mut peer = Numbered::open(proxy.address()).await;
    let session = session_of(&server, &peer);
    proxy.cut();
    away(&session).await;
    for n in 0..100 {
        session.emit(tick(n)).expect("encodes");
    }
    let mut next = 0;
    for bytes in [300, 700, 2000, 3000] {
        proxy.cut_after(bytes);
        let claim = peer.claim();
        let Ok(mut again) = tokio::time::timeout(Duration::from_secs(5), async {
            let mut raw = RawPeer::quiet(proxy.address()).await;
            raw.send(&call(0, "rpc.hello", &json!({ "resume": claim }))).await;
            raw
        })
        .await
        else {
            panic!("no connection")
        };
        let (_, texts) = again.end().await;
        for text in texts {
            if let Some(seq) = text["seq"].as_u64() {
                assert_eq!((seq, &text["params"]["n"]), (peer.received + 1, &json!(next)));
                peer.received = seq;
                next += 1;
            }
        }
        away(&session).await;
    }
    assert!((1..100).contains(&next), "{next}");
    peer.resumed().await;
    for n in next..100 {
        assert_eq!(peer.tracked().await["params"]["n"], n);
    }
}

#[tokio::test]
async fn events_to_a_user_reach_suspended_sessions_too_each_once() {
    let builder =
        Bench::default().server().authenticate(|request: wirecall::server::AuthRequest| async move {
            Ok(request.token().map(UserId::from))
        });
    let (server, address) = serve(builder).await;
    let hello = json!({ "token": "ada" });
    let mut here = Numbered::open_with(address, hello.clone()).await;
    let (peer, answer) = RawPeer::hello(address, hello.clone()).await;
    let mut gone = Numbered::of(peer, address, &answer);
    let session = session_of(&server, &gone);
    drop(std::mem::replace(&mut gone.peer, RawPeer::quiet(address).await));
    away(&session).await;
    assert_eq!(server.handle().suspended_count(), 1);
    assert_eq!(server.handle().user("ada").emit(tick(5)).expect("encodes"), 2);
    assert_eq!(here.tracked().await["params"]["n"], 5);
    let mut params = hello;
    params["resume"] = gone.claim();
    let (peer, answer) = RawPeer::hello(address, params).await;
    assert_eq!((&answer["resumed"], &answer["sent"]), (&json!(true), &json!(1)));
    gone.peer = peer;
    assert_eq!(gone.tracked().await["params"]["n"], 5);
}

#[tokio::test]
async fn a_call_of_the_server_s_lives_on_through_cuts() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    let ui: UiClient = session_of(&server, &peer).peer();
    let asking = tokio::spawn(async move { ui.confirm("sure?").await });
    assert_eq!(peer.tracked().await["method"], "ui.confirm");
    // The answer is on its way when the connection is lost, and nobody knows whether it arrived.
    peer.cut_and_resumed().await;
    peer.send(&json!({ "jsonrpc": "2.0", "id": 1, "result": true }).to_string()).await;
    assert!(soon(asking).await.expect("no panic").expect("an answer"));
    peer.cut_and_resumed().await;
    peer.call(1, "lab.echo", &json!(["x"])).await;
    assert_eq!(peer.tracked().await["result"], "x");
}

#[tokio::test]
async fn a_notification_that_found_no_room_is_brought_again_by_the_resume() {
    let bench = Bench::default();
    let change = |limits: &mut wirecall::server::Limits| {
        limits.max_calls = 1;
        limits.max_waiting = 1;
    };
    let (_server, address) = serve(bench.server_with(change)).await;
    let mut peer = Numbered::open(address).await;
    for n in 0..3 {
        peer.send(&notification("lab.linger", &json!([n]))).await;
    }
    assert_eq!(peer.peer.closed().await, 4013);
    assert_eq!(bench.fate().await, Fate::Started(0));
    bench.release(3);
    let hello = peer.resume().await;
    assert_eq!((&hello["resumed"], &hello["received"]), (&json!(true), &json!(2)));
    peer.send_as(3, &notification("lab.linger", &json!([2]))).await;
    let expected: Vec<_> = (0..3).flat_map(|n| [Fate::Started(n), Fate::Done(n)]).skip(1).collect();
    let mut seen = Vec::new();
    for _ in &expected {
        seen.push(bench.fate().await);
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn messages_are_acknowledged_in_time_and_never_when_nothing_is_new() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    for n in 0..64 {
        peer.send(&notification("lab.note", &json!([n]))).await;
    }
    assert_eq!(
        peer.receive().await,
        json!({ "jsonrpc": "2.0", "method": "rpc.ack", "params": { "seq": 64 } })
    );
    let start = std::time::Instant::now();
    peer.send(&notification("lab.note", &json!([64]))).await;
    assert_eq!(peer.receive().await["params"]["seq"], 65);
    assert!(start.elapsed() >= Duration::from_millis(900), "{:?}", start.elapsed());
    peer.peer.nothing_more().await;
}

#[tokio::test]
async fn what_is_acknowledged_is_not_kept() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.call(1, "lab.large", &json!([100_000])).await;
    peer.tracked().await;
    assert!(server.handle().kept_bytes() > 100_000);
    peer.ack().await;
    peer.peer.nothing_more().await;
    assert_eq!(server.handle().kept_bytes(), 0);
    peer.cut_and_resumed().await;
}

#[tokio::test]
async fn a_plain_peer_has_no_numbers_and_its_session_ends_with_its_connection() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut peer = RawPeer::plain(address).await;
    peer.send(&call(1, "lab.echo", &json!(["x"]))).await;
    assert_eq!(peer.text().await, r#"{"jsonrpc":"2.0","id":1,"result":"x"}"#);
    // It may send what it likes: to it `seq` is just another member, and an ack a notification of no method.
    peer.send(r#"{"jsonrpc":"2.0","id":2,"method":"lab.echo","params":["y"],"seq":-7}"#).await;
    assert_eq!(peer.text().await, r#"{"jsonrpc":"2.0","id":2,"result":"y"}"#);
    peer.send(&notification("rpc.ack", &json!({ "seq": 99 }))).await;
    peer.nothing_more().await;
    drop(peer);
    soon(async {
        while server.handle().session_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(server.handle().suspended_count(), 0);
}

#[tokio::test]
async fn what_the_client_takes_is_told_anew_by_a_hello_that_resumes() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open_with(address, json!({ "limits": { "max_message_bytes": 100_000 } })).await;
    let large = |id| call(id, "lab.large", &json!([10_000]));
    peer.send(&large(1)).await;
    assert!(peer.tracked().await.get("result").is_some());
    peer.resumed_with(json!({ "max_message_bytes": 5_000 })).await;
    peer.send(&large(2)).await;
    assert_eq!(error_of(&peer.tracked().await), (-32008, "too_large"));
    peer.resumed_with(json!({ "max_message_bytes": 50_000 })).await;
    peer.send(&large(3)).await;
    assert!(peer.tracked().await.get("result").is_some());
}

#[tokio::test]
async fn what_has_a_number_is_sent_again_although_its_client_takes_less_now() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    let session = session_of(&server, &peer);
    session.emit(LabEvent::Tick { n: 0, filling: "x".repeat(10_000) }).expect("encodes");
    peer.resumed_with(json!({ "max_message_bytes": 5_000 })).await;
    assert_eq!(peer.tracked().await["method"], "lab.tick", "it has its number");
    session.emit(LabEvent::Tick { n: 1, filling: "x".repeat(10_000) }).expect("encodes");
    session.emit(LabEvent::Tick { n: 2, filling: String::new() }).expect("encodes");
    assert_eq!(peer.tracked().await["params"]["n"], 2, "the larger one has none");
}

#[tokio::test]
async fn what_the_client_keeps_is_told_anew_by_a_hello_that_resumes() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.resumed_with(json!({ "buffer_bytes": 2_000 })).await;
    peer.send(&notification("lab.note", &json!({ "n": 1, "more": "x".repeat(600) }))).await;
    peer.peer.send(&call("behind", "rpc.ping", &json!({}))).await;
    assert_eq!(peer.receive().await["params"], json!({ "seq": 1 }), "an ack, although only one message came");
}
