//! Peers that read slowly or not at all: nothing grows without bound, and nobody else waits.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use wirecall::Disconnect;
use wirecall::server::{Limits, Server, ServerEvent};

use crate::lab::{Bench, LabEvent};
use crate::numbered::Numbered;
use crate::support::{RawPeer, call, serve, soon};
use crate::{CODEC, wire};

fn impatient(limits: &mut Limits) {
    limits.write_deadline = Duration::from_millis(200);
}

/// Long enough for a queue to be full first, also on a busy machine.
fn patient(limits: &mut Limits) {
    limits.write_deadline = Duration::from_secs(2);
}

/// How the next session ends, and which limits were met until then.
async fn end_of_session(
    events: &mut (impl futures_util::Stream<Item = ServerEvent> + Unpin),
) -> (Disconnect, Vec<&'static str>) {
    let mut limits = Vec::new();
    loop {
        match soon(events.next()).await.expect("an event") {
            ServerEvent::Ended { disconnect, .. } => return (disconnect, limits),
            ServerEvent::LimitReached { limit, .. } => limits.push(limit),
            _ => {}
        }
    }
}

async fn assert_others_are_well(server: &Server, address: std::net::SocketAddr) {
    RawPeer::any(address).await.nothing_more().await;
    assert!(server.handle().session_count() <= 1);
}

#[tokio::test]
async fn events_beyond_the_queue_end_the_session_of_a_plain_peer_with_4013_once() {
    let (server, address) = serve(Bench::default().server_with(impatient)).await;
    let mut events = server.handle().events();
    let mut peer = RawPeer::plain(address).await;
    peer.send(&call(1, "lab.emit", &json!([1000, 1]))).await;
    assert_eq!(peer.closed().await, 4013);
    let (disconnect, limits) = end_of_session(&mut events).await;
    assert_eq!((disconnect.code, limits), (4013, vec!["max_queue"]));
    assert!(disconnect.reason.contains("256 messages"), "{disconnect}");
    assert_others_are_well(&server, address).await;
}

#[tokio::test]
async fn a_thousand_events_without_a_pause_all_reach_a_client_whose_buffer_has_room_for_them() {
    let (_server, address) = serve(Bench::default().server_with(impatient)).await;
    let mut peer = Numbered::open(address).await;
    peer.call(1, "lab.emit", &json!([1000, 1])).await;
    for n in 0..1000 {
        let event = peer.tracked().await;
        assert_eq!((&event["method"], &event["params"]["n"]), (&json!("lab.tick"), &json!(n)));
    }
    assert!(peer.tracked().await.get("result").is_some(), "and the answer after them");
}

#[tokio::test]
async fn a_peer_that_never_reads_its_events_is_closed_with_4013() {
    let (server, address) = serve(Bench::default().server_with(patient)).await;
    let mut events = server.handle().events();
    let _peer = RawPeer::deaf(address, None).await;
    while server.handle().session_count() == 0 {
        tokio::task::yield_now().await;
    }
    let session = server.handle().sessions().pop().expect("a session");
    let ended = async {
        loop {
            session.emit(LabEvent::Tick { n: 0, filling: "x".repeat(100_000) }).expect("encodes");
            // The connection's task gets a turn between two of them.
            tokio::task::yield_now().await;
        }
    };
    let (disconnect, limits) = tokio::select! {
        ended = end_of_session(&mut events) => ended,
        () = ended => unreachable!(),
    };
    assert_eq!((disconnect.code, limits), (4013, vec!["max_queue"]));
    assert_others_are_well(&server, address).await;
}

#[tokio::test]
async fn a_peer_that_never_reads_its_answers_is_aborted_as_4013() {
    let (server, address) = serve(Bench::default().server_with(impatient)).await;
    let mut events = server.handle().events();
    let mut peer = RawPeer::deaf(address, None).await;
    for n in 0..30 {
        peer.send(&call(n, "lab.large", &json!([400_000]))).await;
    }
    let (disconnect, limits) = end_of_session(&mut events).await;
    assert_eq!((disconnect.code, limits), (4013, vec!["write_deadline"]), "{disconnect}");
    assert_others_are_well(&server, address).await;
}

#[tokio::test]
async fn a_peer_that_never_reads_what_the_reader_answers_is_closed_with_4013() {
    let (server, address) = serve(Bench::default().server_with(patient)).await;
    let mut events = server.handle().events();
    let mut peer = RawPeer::deaf(address, None).await;
    let message = call("x".repeat(100_000), "no.such", &json!([]));
    let sending = async {
        // The server stops taking them at some point.
        while peer.0.send(wire::frame(peer.1, &message)).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    let (disconnect, limits) = tokio::select! {
        ended = end_of_session(&mut events) => ended,
        () = sending => unreachable!(),
    };
    assert_eq!((disconnect.code, limits), (4013, vec!["max_waiting_bytes"]), "{disconnect}");
    assert_others_are_well(&server, address).await;
}

#[tokio::test]
async fn what_the_reader_would_answer_and_finds_no_room_comes_again_with_the_resume() {
    const CALLS: u64 = 60;
    let change = |limits: &mut Limits| {
        limits.buffer_bytes = Some(2000);
        limits.max_waiting_bytes = 1000;
    };
    let (_server, address) = serve(Bench::default().server_with(change)).await;
    let mut peer = Numbered::open(address).await;
    let (mut next, mut cuts) = (1, 0);
    while peer.received < CALLS {
        for n in next..=CALLS {
            peer.send_as(n, &call(n, "no.such", &json!([]))).await;
        }
        while peer.received < CALLS {
            let frame = soon(peer.peer.0.next()).await.expect("an open connection").expect("a frame");
            if let Message::Close(close) = frame {
                assert_eq!(close.map(|close| u16::from(close.code)), Some(4013));
                cuts += 1;
                break;
            }
            // An answer for each call, in order; the notice of the close has no number.
            let message = wire::message(peer.peer.1, &frame).unwrap_or_default();
            if message["seq"] != Value::Null {
                peer.received += 1;
                assert_eq!((&message["seq"], &message["id"]), (&json!(peer.received), &json!(peer.received)));
            }
        }
        if peer.received < CALLS {
            let hello = peer.resume().await;
            assert_eq!(hello["resumed"], true, "{hello}");
            next = hello["received"].as_u64().expect("a number") + 1;
        }
    }
    assert!(cuts > 0, "nothing was too much");
}

#[tokio::test]
async fn a_connection_that_is_stuck_in_writing_goes_at_once_when_another_takes_its_session() {
    let never = |limits: &mut Limits| {
        limits.write_deadline = Duration::from_hours(1);
        limits.heartbeat_timeout = Duration::from_hours(1);
    };
    let (server, address) = serve(Bench::default().server_with(never)).await;
    let mut deaf = RawPeer::deaf(address, Some(CODEC.subprotocol())).await;
    let hello = deaf.call("rpc.hello", json!({})).await;
    let mut peer = Numbered::of(deaf, address, &hello["result"]);
    let session = server.handle().session(&peer.session).expect("a session");
    for n in 0..9 {
        session.emit(LabEvent::Tick { n, filling: "x".repeat(400_000) }).expect("encodes");
    }
    // It reads nothing of that, and its socket stays open.
    let claim = peer.claim();
    let (_next, hello) = RawPeer::hello(address, json!({ "resume": claim })).await;
    assert_eq!(hello["resumed"], true);
    soon(async {
        while server.handle().connection_count() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(peer);
}

#[tokio::test]
async fn answers_wait_for_room_and_all_arrive_when_the_peer_reads() {
    let (_, address) = serve(Bench::default().server()).await;
    let mut peer = RawPeer::deaf(address, None).await;
    for n in 0..20 {
        peer.send(&call(n, "lab.large", &json!([400_000 + n * 10_000]))).await;
    }
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(peer.receive().await["id"].as_u64().expect("a number"));
    }
    ids.sort_unstable();
    assert_eq!(ids, (0..20).collect::<Vec<_>>());
}

/// Reads one frame of the server's: its first byte and its payload.
async fn frame(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.expect("a frame");
    let length = match stream.read_u8().await.expect("a length") {
        126 => u64::from(stream.read_u16().await.expect("a length")),
        127 => stream.read_u64().await.expect("a length"),
        short => u64::from(short),
    };
    let mut payload = vec![0; usize::try_from(length).expect("fits")];
    stream.read_exact(&mut payload).await.expect("a payload");
    (first, payload)
}

/// A frame of a client's, masked with zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("short");
    assert!(length < 126);
    let mut bytes = vec![first, 0x80 | length, 0, 0, 0, 0];
    bytes.extend_from_slice(payload);
    bytes
}

#[tokio::test]
async fn a_large_result_leaves_in_fragments_and_a_ping_is_answered_in_between() {
    const BYTES: usize = 12 << 20;
    let (_, address) = serve(Bench::default().server()).await;
    let peer = RawPeer::deaf(address, None).await;
    let mut stream = peer.0.into_inner();
    let text = call(1, "lab.large", &json!([BYTES]));
    stream.write_all(&masked(0x81, text.as_bytes())).await.expect("sent");
    let (first, payload) = soon(frame(&mut stream)).await;
    assert_eq!(first, 0x01, "a text that goes on");
    let mut size = payload.len();
    stream.write_all(&masked(0x89, b"between")).await.expect("sent");
    let mut ponged = false;
    loop {
        let (first, payload) = soon(frame(&mut stream)).await;
        assert!(payload.len() <= 64 * 1024);
        match first {
            0x8a => {
                assert_eq!(payload, b"between");
                ponged = true;
            }
            0x00 => size += payload.len(),
            0x80 => {
                size += payload.len();
                break;
            }
            other => panic!("frame {other:#x}"),
        }
    }
    assert!(ponged);
    assert_eq!(size, BYTES + r#"{"jsonrpc":"2.0","id":1,"result":""}"#.len());
}
