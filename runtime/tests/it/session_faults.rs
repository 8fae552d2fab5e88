//! What breaks the rules of a session: each is refused as the protocol says, and harms that session only.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wirecall::Codec;
use wirecall::server::{AuthRequest, Limits, Server};
use wirecall::{Session, UserId};

use crate::{CODEC, wire};
use crate::lab::{Bench, Fate, LabEvent};
use crate::numbered::Numbered;
use crate::support::{RawPeer, call, error_of, notification, serve, soon};

fn session_of(server: &Server, peer: &Numbered) -> Session {
    server.handle().session(&peer.session).expect("a session")
}

/// The session goes on as if nothing had been.
async fn is_untouched(peer: &mut Numbered) {
    peer.call("untouched", "lab.echo", &json!(["x"])).await;
    assert_eq!(peer.tracked().await["id"], "untouched");
}

/// The answer to a hello with that claim.
async fn hello(address: std::net::SocketAddr, claim: Value) -> (RawPeer, Value) {
    RawPeer::hello(address, json!({ "resume": claim })).await
}

fn event(bytes: usize) -> LabEvent {
    LabEvent::Tick { n: 0, filling: "x".repeat(bytes) }
}

#[tokio::test]
async fn a_wrong_secret_reads_unknown_and_the_session_is_untouched() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    let mut claim = peer.claim();
    claim["secret"] = json!("0".repeat(32));
    let (_other, answer) = hello(address, claim).await;
    assert_eq!((&answer["resumed"], &answer["reason"]), (&json!(false), &json!("unknown")));
    assert_eq!((&answer["received"], answer.get("ended_received")), (&json!(0), None));
    is_untouched(&mut peer).await;
    assert_eq!(server.handle().session_count(), 2);
}

#[tokio::test]
async fn another_user_is_denied_and_the_session_is_untouched() {
    let builder = Bench::default()
        .server()
        .authenticate(|request: AuthRequest| async move { Ok(request.token().map(UserId::from)) });
    let (_server, address) = serve(builder).await;
    let mut peer = Numbered::open_with(address, json!({ "token": "ada" })).await;
    let params = json!({ "token": "eve", "resume": peer.claim() });
    let (_other, answer) = RawPeer::hello(address, params).await;
    assert_eq!((&answer["reason"], answer.get("ended_received")), (&json!("denied"), None));
    is_untouched(&mut peer).await;
}

#[tokio::test]
async fn another_subprotocol_reads_unknown() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    let other = if CODEC == Codec::Json { Codec::MsgPack } else { Codec::Json };
    let url = format!("ws://{address}/");
    let mut other = RawPeer::connect(&url, Some(other.subprotocol())).await.expect("a connection");
    let answer = other.call("rpc.hello", json!({ "resume": peer.claim() })).await;
    assert_eq!(answer["result"]["reason"], "unknown");
    is_untouched(&mut peer).await;
}

#[tokio::test]
async fn an_attempt_that_is_not_above_the_last_is_closed_with_4503_unanswered() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    let stale = peer.claim();
    peer.resumed().await;
    for claim in [stale.clone(), stale] {
        let mut late = RawPeer::quiet(address).await;
        late.send(&call(0, "rpc.hello", &json!({ "resume": claim }))).await;
        let (code, texts) = late.end().await;
        assert_eq!(code, 4503);
        assert!(texts.iter().all(|text| text["method"] == "rpc.close"), "{texts:?}");
    }
    is_untouched(&mut peer).await;
}

#[tokio::test]
async fn the_connection_that_a_resume_takes_the_session_from_is_aborted_with_4503() {
    let bench = Bench::default();
    let (_server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    let claim = peer.claim();
    let (newer, answer) = hello(address, claim).await;
    assert_eq!(answer["resumed"], true);
    let mut old = std::mem::replace(&mut peer.peer, newer);
    // What the old one still delivers changes nothing.
    let late = r#"{"jsonrpc":"2.0","method":"lab.note","params":[1],"seq":1}"#;
    drop(old.0.send(wire::frame(CODEC, late)).await);
    assert_eq!(old.closed().await, 4503);
    is_untouched(&mut peer).await;
    assert!(bench.is_quiet().await);
}

#[tokio::test]
async fn received_out_of_range_ends_the_session_and_tells_what_it_had_received() {
    let bench = Bench::default();
    let (server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    peer.call(1, "lab.hold", &json!([1])).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    let mut claim = peer.claim();
    claim["received"] = json!(1);
    let (_other, answer) = hello(address, claim).await;
    assert_eq!((&answer["reason"], &answer["ended_received"]), (&json!("sequence"), &json!(1)));
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    assert_eq!(peer.peer.closed().await, 4050);
    assert_eq!(server.handle().session_count(), 1);
}

#[tokio::test]
async fn received_below_what_was_acknowledged_is_out_of_range_too() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    is_untouched(&mut peer).await;
    peer.ack().await;
    peer.peer.nothing_more().await;
    peer.received = 0;
    let claim = peer.claim();
    assert_eq!(hello(address, claim).await.1["reason"], "sequence");
}

#[tokio::test]
async fn a_gap_closes_with_4050_and_ends_the_session() {
    let bench = Bench::default();
    let (server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    is_untouched(&mut peer).await;
    peer.send_as(3, &notification("lab.note", &json!([3]))).await;
    let (code, texts) = peer.peer.end().await;
    assert_eq!((code, &texts.last().expect("a notice")["params"]["code"]), (4050, &json!(4050)));
    assert!(bench.is_quiet().await);
    let claim = peer.claim();
    let (_other, answer) = hello(address, claim).await;
    assert_eq!((&answer["reason"], &answer["ended_received"]), (&json!("sequence"), &json!(1)));
    assert_eq!(server.handle().session_count(), 1);
}

#[tokio::test]
async fn a_numbered_message_that_cannot_be_decoded_closes_with_4050() {
    let (_server, address) = serve(Bench::default().server()).await;
    let (open, close) = ("[".repeat(130), "]".repeat(130));
    let broken = match CODEC {
        Codec::Json => vec![
            Message::text(r#"{"jsonrpc":"2.0","method":lab.note,"seq":1}"#),
            Message::text(r#"{"jsonrpc":"2.0","method":"lab.note","params":[1,,],"seq":1}"#),
            Message::text(r#"{"jsonrpc":"2.0","method":"lab.nothing","params":[1,,],"seq":1}"#),
            Message::text(r#"[{"jsonrpc":"2.0","method":"lab.note"},"seq":1}"#),
            Message::text(format!(r#"{{"jsonrpc":"2.0","method":"lab.note","params":{open}{close},"seq":1}}"#)),
        ],
        _ => vec![
            Message::binary(&b"\x82\xa1x\xa1\xff\xa3seq\x01"[..]),
            Message::binary(&b"\x92\xa1x\xc1\xa3seq\x01"[..]),
            Message::binary([b"\x82\xa1x", &[0x91; 130][..], b"\xc0\xa3seq\x01"].concat()),
        ],
    };
    for broken in broken {
        let mut peer = Numbered::open(address).await;
        peer.peer.0.send(broken.clone()).await.expect("sent");
        assert_eq!(peer.peer.closed().await, 4050, "{broken}");
    }
}

#[tokio::test]
async fn a_numbered_message_that_is_no_request_counts_and_is_answered_with_a_number() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.send(r#"{"jsonrpc":"1.0","id":1,"method":"lab.echo"}"#).await;
    let answer = peer.tracked().await;
    assert_eq!(error_of(&answer).1, "invalid_request");
    peer.cut_and_resumed().await;
}

#[tokio::test]
async fn a_seq_that_is_no_number_of_the_kind_closes_with_1002() {
    let (_server, address) = serve(Bench::default().server()).await;
    for seq in [json!(0), json!(-1), json!(1.5), json!("3"), json!(1_u64 << 53), Value::Null] {
        let mut peer = Numbered::open(address).await;
        peer.send_as(seq.clone(), &notification("lab.note", &json!([1]))).await;
        assert_eq!(peer.peer.closed().await, 1002, "{seq}");
    }
}

#[tokio::test]
async fn an_ack_from_the_future_closes_with_4050_and_a_lower_one_is_ignored() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    is_untouched(&mut peer).await;
    is_untouched(&mut peer).await;
    for seq in [2, 1, 0, 2] {
        peer.peer.send(&notification("rpc.ack", &json!({ "seq": seq }))).await;
    }
    is_untouched(&mut peer).await;
    peer.peer.send(&notification("rpc.ack", &json!({ "seq": 4 }))).await;
    assert_eq!(peer.peer.closed().await, 4050);
    let claim = peer.claim();
    assert_eq!(hello(address, claim).await.1["reason"], "sequence");
}

#[tokio::test]
async fn an_ack_without_a_number_closes_with_1002() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.peer.send(&notification("rpc.ack", &json!({ "seq": "all" }))).await;
    assert_eq!(peer.peer.closed().await, 1002);
}

#[tokio::test]
async fn a_resume_that_cannot_be_read_is_refused_and_changes_nothing() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    let mut claim = peer.claim();
    claim["received"] = json!(-1);
    let mut other = RawPeer::quiet(address).await;
    let answer = other.call("rpc.hello", json!({ "resume": claim })).await;
    assert_eq!(error_of(&answer).1, "validation_error");
    assert_eq!(other.closed().await, 1002);
    is_untouched(&mut peer).await;
}

#[tokio::test]
async fn a_call_without_a_seq_runs_and_is_answered_with_one() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.peer.send(&call(1, "lab.echo", &json!(["x"]))).await;
    assert_eq!(peer.tracked().await["result"], "x");
    // It was not received as far as numbers go.
    peer.cut_and_resumed().await;
}

#[tokio::test]
async fn an_array_in_a_session_is_answered_without_a_number() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = Numbered::open(address).await;
    peer.peer.send(&format!("[{}]", call(1, "lab.echo", &json!(["x"])))).await;
    let answer: Value = serde_json::from_str(&peer.peer.text().await).expect("JSON");
    assert_eq!(answer, json!([{ "jsonrpc": "2.0", "id": 1, "result": "x" }]));
    peer.cut_and_resumed().await;
}

fn small(limits: &mut Limits) {
    limits.buffer_bytes = Some(10_000);
}

#[tokio::test]
async fn an_event_that_finds_no_room_ends_the_session_of_an_absent_client() {
    let (server, address) = serve(Bench::default().server_with(small)).await;
    let mut peer = Numbered::open(address).await;
    let session = session_of(&server, &peer);
    is_untouched(&mut peer).await;
    drop(peer.peer);
    soon(async {
        while session.is_connected() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for _ in 0..3 {
        session.emit(event(5_000)).expect("encodes");
    }
    let (raw, _) = RawPeer::session(address).await;
    peer.peer = raw;
    let claim = peer.claim();
    let (_other, answer) = hello(address, claim).await;
    assert_eq!((&answer["reason"], &answer["ended_received"]), (&json!("overflow"), &json!(1)));
    soon(async {
        while server.handle().session(&peer.session).is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_event_that_finds_no_room_ends_the_session_of_a_connected_client_with_4013() {
    let (server, address) = serve(Bench::default().server_with(small)).await;
    let mut peer = Numbered::open(address).await;
    let session = session_of(&server, &peer);
    session.emit(event(9_000)).expect("encodes");
    peer.tracked().await;
    // It was received, but not acknowledged.
    session.emit(event(9_000)).expect("encodes");
    let (code, texts) = peer.peer.end().await;
    let notice = &texts.last().expect("a notice")["params"];
    assert_eq!((code, &notice["code"], &notice["received"]), (4013, &json!(4013), &json!(0)));
    let claim = peer.claim();
    assert_eq!(hello(address, claim).await.1["reason"], "overflow");
}

#[tokio::test]
async fn answers_wait_for_room_in_the_buffer_and_go_on_with_an_ack() {
    let (server, address) = serve(Bench::default().server_with(small)).await;
    let mut peer = Numbered::open(address).await;
    for id in 1..=4 {
        peer.call(id, "lab.large", &json!([6_000])).await;
    }
    for _ in 0..3 {
        peer.tracked().await;
        // Acks are read although answers wait, and so are pings.
        peer.peer.nothing_more().await;
        assert!(server.handle().kept_bytes() <= 10_000);
        peer.ack().await;
    }
    peer.tracked().await;
}

#[tokio::test]
async fn a_buffer_that_stays_full_without_an_ack_ends_the_session() {
    let change = |limits: &mut Limits| {
        small(limits);
        limits.ping = Duration::from_millis(50);
        limits.heartbeat_timeout = Duration::from_millis(500);
    };
    let (_server, address) = serve(Bench::default().server_with(change)).await;
    let mut peer = Numbered::open(address).await;
    for id in 1..=2 {
        peer.call(id, "lab.large", &json!([6_000])).await;
    }
    // It lives, and says so, but acknowledges nothing.
    let code = loop {
        let message = soon(peer.peer.0.next()).await;
        match message {
            Some(Ok(Message::Close(frame))) => {
                break u16::from(frame.expect("a code").code);
            }
            Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                peer.peer.send(&notification("rpc.pong", &json!({}))).await;
            }
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 4013);
    peer.received = 1;
    let claim = peer.claim();
    assert_eq!(hello(address, claim).await.1["reason"], "overflow");
}
