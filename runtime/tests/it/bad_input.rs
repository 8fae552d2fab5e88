//! What no client of ours would send: each meets its error or its close code, and nobody else notices.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use wirecall::server::Server;

use crate::lab::Bench;
use crate::support::{RawPeer, error_of, serve, soon};
use crate::{CODEC, wire};

async fn lab() -> (Server, SocketAddr) {
    serve(Bench::default().server()).await
}

#[tokio::test]
async fn what_is_not_json_is_a_parse_error() {
    let mut peer = RawPeer::plain(lab().await.1).await;
    for text in [
        "",
        " ",
        "{",
        "}",
        "[",
        "nul",
        "nulll",
        "{\"jsonrpc\":\"2.0\"",
        "'single'",
        "{\"a\":1,}",
        "[1,]",
        "\"\u{1}\"",
        "01",
        "1.",
        "+1",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lab.echo\",\"params\":[\"x\"]} more",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lab.echo\",\"params\":[\"x\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lab.echo\",\"params\":[\"x\"],\"id\":}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lab.echo\",\"params\":[tru]}",
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lab.echo\",\"params\":[\"x\"]},]",
    ] {
        let answer = peer.ask(text).await;
        assert_eq!((error_of(&answer), &answer["id"]), ((-32700, "parse_error"), &Value::Null), "{text}");
    }
    peer.nothing_more().await;
}

#[tokio::test]
async fn what_is_json_but_no_message_is_an_invalid_request() {
    let mut peer = RawPeer::any(lab().await.1).await;
    let echo = r#""jsonrpc":"2.0","id":1,"method":"lab.echo","params":["x"]"#;
    for (text, id) in [
        ("1".to_owned(), Value::Null),
        ("null".to_owned(), Value::Null),
        ("\"text\"".to_owned(), Value::Null),
        ("{}".to_owned(), Value::Null),
        (r#"{"jsonrpc":"2.0","id":1}"#.to_owned(), json!(1)),
        (r#"{"jsonrpc":"2.0"}"#.to_owned(), Value::Null),
        (r#"{"id":1,"method":"lab.echo","params":["x"]}"#.to_owned(), json!(1)),
        (r#"{"jsonrpc":"1.0","id":1,"method":"lab.echo","params":["x"]}"#.to_owned(), json!(1)),
        (r#"{"jsonrpc":2.0,"id":1,"method":"lab.echo","params":["x"]}"#.to_owned(), json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#.to_owned(), json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":null}"#.to_owned(), json!(1)),
        (r#"{"jsonrpc":"2.0","id":[],"method":"lab.echo"}"#.to_owned(), Value::Null),
        (r#"{"jsonrpc":"2.0","id":true,"method":"lab.echo"}"#.to_owned(), Value::Null),
        (r#"{"jsonrpc":"2.0","id":{"a":1},"method":"lab.echo"}"#.to_owned(), Value::Null),
        (r#"{"jsonrpc":"2.0","id":1,"method":"lab.echo","params":"x"}"#.to_owned(), json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"lab.echo","params":5}"#.to_owned(), json!(1)),
        (format!(r#"{{{echo},"meta":5}}"#), json!(1)),
        (format!(r#"{{{echo},"meta":[]}}"#), json!(1)),
        (format!(r#"{{{echo},"meta":[5]}}"#), json!(1)),
        (format!(r#"{{{echo},"meta":"x"}}"#), json!(1)),
        (format!(r#"{{{echo},"meta":{{"timeout_ms":"5"}}}}"#), json!(1)),
        (format!(r#"{{{echo},"meta":{{"timeout_ms":-5}}}}"#), json!(1)),
        (format!(r#"{{{echo},"meta":{{"timeout_ms":1.5}}}}"#), json!(1)),
        (format!(r#"{{{echo},"meta":{{"timeout_ms":1e400}}}}"#), json!(1)),
        (format!(r#"{{{echo},"meta":{{"traceparent":5}}}}"#), json!(1)),
        (format!(r#"{{{echo},"jsonrpc":"2.0"}}"#), json!(1)),
        (format!(r#"{{{echo},"id":1}}"#), Value::Null),
        (format!(r#"{{{echo},"method":"lab.echo"}}"#), json!(1)),
        (format!(r#"{{{echo},"params":["x"]}}"#), json!(1)),
        (format!(r#"{{"meta":{{}},{echo},"meta":{{}}}}"#), json!(1)),
        (format!(r#"{{{echo},"result":1}}"#), json!(1)),
        (format!(r#"{{{echo},"error":{{}}}}"#), json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#.to_owned(), json!(1)),
        (r#"{"jsonrpc":"2.0","result":1}"#.to_owned(), Value::Null),
    ] {
        if !wire::can_say(CODEC, &text) {
            continue;
        }
        let answer = peer.ask(&text).await;
        assert_eq!(
            (error_of(&answer), &answer["id"]),
            ((-32600, "invalid_request"), &id),
            "{text}: {answer}"
        );
        assert!(answer["error"]["message"].as_str().is_some_and(|message| message.len() > 10), "{answer}");
    }
    peer.nothing_more().await;
}

#[tokio::test]
async fn unknown_methods_are_not_found_and_unknown_notifications_ignored() {
    let mut peer = RawPeer::any(lab().await.1).await;
    for method in [
        "",
        "lab",
        "lab.",
        "lab.Echo",
        "lab.echo ",
        "echo",
        "rpc.",
        "rpc.subscribe",
        "rpc.contract",
        "😀",
        &"x".repeat(10_000),
    ] {
        let answer = peer.call(method, json!({})).await;
        assert_eq!(error_of(&answer), (-32601, "method_not_found"), "{method}");
        assert!(answer.to_string().len() < 1000, "{answer}");
        peer.send(&json!({ "jsonrpc": "2.0", "method": method }).to_string()).await;
    }
    peer.nothing_more().await;
}

#[tokio::test]
async fn frames_that_break_the_rules_have_their_close_codes() {
    let (_, address) = lab().await;
    let data =
        |bytes: &[u8], kind, last| Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(kind), last));
    for (message, session, expected) in [
        (wire::wrong_frame(CODEC), true, 1003),
        (Message::binary(vec![0xff, 0xfe]), false, 1007),
        (data(&[0xff, 0xfe], Data::Text, true), true, 1007),
        (data(&[0xff, 0xfe], Data::Text, true), false, 1007),
        (data(b"x", Data::Continue, true), true, 1002),
    ] {
        let mut peer =
            if session { RawPeer::session(address).await.0 } else { RawPeer::plain(address).await };
        peer.0.send(message.clone()).await.expect("sent");
        let (code, texts) = peer.end().await;
        assert_eq!(code, expected, "{message:?}");
        assert_eq!(texts.len(), usize::from(session), "{texts:?}");
        assert!(texts.iter().all(|text| text["params"]["code"] == expected), "{texts:?}");
    }
    RawPeer::any(address).await.nothing_more().await;
}

#[tokio::test]
async fn frames_that_no_library_sends_are_closed_with_1002() {
    let (_, address) = lab().await;
    for bytes in [
        &[0x83, 0x80, 0, 0, 0, 0][..], // a reserved kind of data
        &[0x8b, 0x80, 0, 0, 0, 0],     // a reserved kind of control
        &[0xc1, 0x80, 0, 0, 0, 0],     // a reserved bit
        &[0x81, 0x02, b'{', b'}'],     // not masked
        &[0x09, 0x80, 0, 0, 0, 0],     // a ping in fragments
        &[0x89, 0xfe, 0, 126],         // a ping that is too long
        &[0x88, 0x81, 0, 0, 0, 0, 3],  // half of a close code
    ] {
        let mut peer = RawPeer::any(address).await;
        let stream = peer.0.get_mut();
        stream.write_all(bytes).await.expect("sent");
        if bytes.len() == 4 {
            // Its mask and what it carries.
            stream.write_all(&[0; 130]).await.expect("sent");
        }
        assert_eq!(peer.closed().await, 1002, "{bytes:x?}");
    }
    RawPeer::any(address).await.nothing_more().await;
}

#[tokio::test]
async fn a_message_split_inside_a_character_arrives() {
    let mut peer = RawPeer::plain(lab().await.1).await;
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"lab.echo","params":["😀"]}"#.as_bytes();
    let cut = text.iter().position(|byte| *byte > 127).expect("one") + 2;
    let (head, tail) = text.split_at(cut);
    peer.0
        .send(Message::Frame(Frame::message(head.to_vec(), OpCode::Data(Data::Text), false)))
        .await
        .expect("sent");
    peer.0.send(Message::Ping(b"between".to_vec().into())).await.expect("sent");
    peer.0
        .send(Message::Frame(Frame::message(tail.to_vec(), OpCode::Data(Data::Continue), true)))
        .await
        .expect("sent");
    assert_eq!(peer.receive().await["result"], "😀");
}

/// What comes back for these bytes, until the server ends the connection.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    // A reset is an end, too.
    drop(soon(stream.read_to_end(&mut answer)).await);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn half_of_an_upgrade_is_given_up_on_in_time() {
    let bench = Bench::default();
    let (server, address) =
        serve(bench.server_with(|limits| limits.hello_timeout = Duration::from_millis(500))).await;
    for half in ["", "G", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: webso"] {
        let answer = raw(address, half.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert_eq!(server.handle().connection_count(), 0);
    RawPeer::any(address).await.nothing_more().await;
}

#[tokio::test]
async fn requests_that_are_no_upgrades_are_told_why() {
    let bench = Bench::default();
    let (_, address) =
        serve(bench.server_with(|limits| limits.hello_timeout = Duration::from_millis(500))).await;
    let upgrade = "Host: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(), 426),
        ("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned(), 426),
        (
            format!(
                "GET / HTTP/1.1\r\n{upgrade}Connection: close\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            ),
            426,
        ),
        (
            format!(
                "GET / HTTP/1.1\r\n{upgrade}Connection: close\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            ),
            426,
        ),
        (format!("GET / HTTP/1.1\r\n{upgrade}Connection: close\r\nSec-WebSocket-Version: 13\r\n\r\n"), 400),
        (
            format!(
                "GET / HTTP/1.1\r\n{upgrade}Connection: close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n"
            ),
            400,
        ),
        ("BLAH\r\n\r\n".to_owned(), 400),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".to_owned(), 400),
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(100_000)), 414),
    ] {
        let answer = raw(address, request.as_bytes()).await;
        let found = answer.split(' ').nth(1).unwrap_or_default();
        assert!(found == status.to_string() || (status == 414 && found == "431"), "{status}: {answer}");
    }
    RawPeer::any(address).await.nothing_more().await;
}

#[tokio::test]
async fn bytes_that_are_no_frames_end_their_connection_only() {
    let (server, address) = lab().await;
    let mut other = RawPeer::any(address).await;
    let mut random = Random(7);
    for _ in 0..50 {
        let mut stream = RawPeer::any(address).await.0.into_inner();
        let bytes: Vec<u8> = (0..random.below(400) + 20).map(|_| random.byte()).collect();
        // The server may have closed before all of it has left.
        drop(stream.write_all(&bytes).await);
        drop(stream);
    }
    other.nothing_more().await;
    while server.handle().session_count() > 1 {
        tokio::task::yield_now().await;
    }
}

/// A sequence that is the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).expect("fits")).expect("fits")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

const SEEDS: [&str; 9] = [
    r#"{"jsonrpc":"2.0","id":1,"method":"lab.echo","params":{"text":"hello"}}"#,
    r#"{"jsonrpc":"2.0","id":"a","method":"lab.add","params":[1,2,3],"meta":{"timeout_ms":1000,"traceparent":"x"}}"#,
    r#"{"params":{"b":-2,"a":1e2},"method":"lab.add","id":null,"jsonrpc":"2.0"}"#,
    r#"{"jsonrpc":"2.0","method":"lab.note","params":[7]}"#,
    r#"[{"jsonrpc":"2.0","id":1,"method":"lab.echo","params":["x"]},{"jsonrpc":"2.0","method":"lab.note","params":[1]},5]"#,
    r#"{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":1}}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":"rpc.ping","params":{}}"#,
    r#"{"jsonrpc":"2.0","id":1,"result":{"a":[1,2,{"b":null}]}}"#,
    r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"\ud83d\ude00","data":{"kind":"x"}}}"#,
];

/// A few wrong turns from a message that is right.
fn mutated(random: &mut Random) -> String {
    let mut bytes = SEEDS[random.below(SEEDS.len())].as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len().max(1)).min(bytes.len());
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] = random.byte(),
            1 => bytes.insert(at, b"{}[]\",:0-e\\ n"[random.below(13)]),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            3 => bytes.truncate(at),
            4 => {
                let until = (at + random.below(20)).min(bytes.len());
                let copy = bytes[at..until].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            5 => {
                let other = SEEDS[random.below(SEEDS.len())].as_bytes();
                let (from, until) = (random.below(other.len()), random.below(other.len()));
                bytes.splice(at..at, other[from.min(until)..from.max(until)].iter().copied());
            }
            _ => {
                let many = [&b"["[..], b"{\"a\":", b"9", b"\"", b"\\u0000"][random.below(5)]
                    .repeat(random.below(200));
                bytes.splice(at..at, many);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn assert_answer(answer: &Value, text: &str) {
    assert_eq!(answer["jsonrpc"], "2.0", "{text}: {answer}");
    assert!(answer.get("id").is_some(), "{text}: {answer}");
    assert!(answer.get("result").is_some() != answer.get("error").is_some(), "{text}: {answer}");
    if answer.get("error").is_some() {
        assert!([-32700, -32600, -32601, -32602, -32004].contains(&error_of(answer).0), "{text}: {answer}");
    }
}

#[tokio::test]
async fn thousands_of_mutated_messages_are_each_answered_as_the_table_says() {
    let (server, address) = lab().await;
    let mut other = RawPeer::plain(address).await;
    let mut peer = RawPeer::plain(address).await;
    let mut random = Random(20_260_101);
    for turn in 0..3000 {
        let text = mutated(&mut random);
        peer.0.feed(Message::text(text.as_str())).await.expect("sent");
        let fence = format!("fence {turn}");
        peer.send(&crate::support::call(fence.clone(), "lab.echo", &json!([fence]))).await;
        let mut answers = Vec::new();
        loop {
            let answer = peer.receive().await;
            if answer["id"] == fence.as_str() {
                break;
            }
            answers.push(answer);
        }
        // What a ping is answered has no id.
        answers.retain(|answer| answer["method"] != "rpc.pong");
        for answer in &answers {
            for answer in answer.as_array().map_or_else(|| std::slice::from_ref(answer), Vec::as_slice) {
                assert_answer(answer, &text);
            }
        }
        let json: Result<serde::de::IgnoredAny, _> = serde_json::from_str(&text);
        match json {
            Err(_) => {
                assert_eq!(answers.len(), 1, "{text}");
                assert_eq!(error_of(&answers[0]), (-32700, "parse_error"), "{text}");
            }
            Ok(_) => assert!(answers.len() <= 1, "{text}: {answers:?}"),
        }
    }
    other.nothing_more().await;
    assert_eq!(server.handle().session_count(), 2);
}
