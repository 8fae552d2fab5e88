//! MessagePack on the wire: how it is chosen, how it goes along with JSON, and what is no message in it.

use std::net::SocketAddr;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wirecall::Codec;

use crate::lab::{Bench, LabEvent};
use crate::support::{RawPeer, error_of, serve, soon};

fn packed(message: &Value) -> Vec<u8> {
    rmp_serde::to_vec(message).expect("it is written")
}

/// A peer that speaks MessagePack.
async fn session(address: SocketAddr) -> RawPeer {
    let url = format!("ws://{address}/");
    let mut peer = RawPeer::connect(&url, Some(Codec::MsgPack.subprotocol())).await.expect("a connection");
    let answer = peer.call("rpc.hello", json!({})).await;
    assert!(answer["result"]["session"].is_string(), "{answer}");
    peer
}

/// Sends bytes as they are and awaits one answer.
async fn ask(peer: &mut RawPeer, bytes: &[u8]) -> Value {
    peer.0.send(Message::binary(bytes.to_vec())).await.expect("sent");
    peer.receive().await
}

fn add(id: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "lab.add", "params": { "a": 1, "b": 2 } })
}

async fn chosen(offer: &str) -> Option<String> {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut request = tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(
        format!("ws://{address}/"),
    )
    .expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", offer.parse().expect("a header"));
    let (_, response) = soon(Box::pin(tokio_tungstenite::connect_async(request))).await.ok()?;
    let chosen = response.headers().get("sec-websocket-protocol")?;
    chosen.to_str().ok().map(str::to_owned)
}

#[tokio::test]
async fn the_first_codec_that_the_client_offers_is_chosen() {
    for (offer, expected) in [
        ("wirecall.1.msgpack, wirecall.1.json", "wirecall.1.msgpack"),
        ("wirecall.1.json,wirecall.1.msgpack", "wirecall.1.json"),
        ("wirecall.9.cbor, wirecall.1.msgpack", "wirecall.1.msgpack"),
    ] {
        assert_eq!(Box::pin(chosen(offer)).await.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn a_call_is_answered_in_the_codec_that_it_came_in() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = session(address).await;
    let answer = peer.ask(&add(&json!(7)).to_string()).await;
    assert_eq!(answer, json!({ "jsonrpc": "2.0", "id": 7, "result": 3 }));
}

#[tokio::test]
async fn every_id_is_echoed_exactly_as_it_came() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = session(address).await;
    for id in [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(7.0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("£seq\u{5}"),
        json!("x".repeat(300)),
        json!(null),
    ] {
        let answer = ask(&mut peer, &packed(&add(&id))).await;
        assert_eq!(answer, json!({ "jsonrpc": "2.0", "id": id, "result": 3 }));
    }
}

#[tokio::test]
async fn an_event_reaches_both_codecs() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut packed = session(address).await;
    let (mut text, _) = RawPeer::session(address).await;
    let reached = server.handle().broadcast(LabEvent::Tick { n: 7, filling: "é".to_owned() });
    assert_eq!(reached.expect("it is encoded"), 2);
    let event = json!({ "jsonrpc": "2.0", "method": "lab.tick", "params": { "n": 7, "filling": "é" } });
    assert_eq!(packed.receive().await, event);
    assert_eq!(text.receive().await, event);
}

#[tokio::test]
async fn a_text_frame_is_not_for_messagepack() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = session(address).await;
    peer.0.send(Message::text(add(&json!(1)).to_string())).await.expect("sent");
    assert_eq!(peer.closed().await, 1003);
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_harms_nobody() {
    let (_server, address) = serve(Bench::default().server()).await;
    let mut peer = session(address).await;
    let call = packed(&add(&json!(7)));
    let whole =
        |params: &[u8]| [b"\x84\xa7jsonrpc\xa32.0\xa2id\x07\xa6method\xa7lab.add\xa6params", params].concat();
    let a_b = |a: &[u8]| whole(&[b"\x82\xa1b\x02\xa1a", a].concat());
    assert_eq!(ask(&mut peer, &a_b(b"\x01")).await["result"], 3);
    let parse = (-32700, "parse_error");
    let invalid = (-32600, "invalid_request");
    let misfit = (-32602, "validation_error");
    for (what, bytes, expected) in [
        ("nothing", Vec::new(), parse),
        ("half a message", call[..call.len() / 2].to_vec(), parse),
        ("bytes behind it", [&call[..], b"\xc0"].concat(), parse),
        ("an extension", a_b(b"\xd4\x01\x00"), parse),
        ("the byte that stands for nothing", a_b(b"\xc1"), parse),
        ("a huge map", b"\xdf\xff\xff\xff\xff".to_vec(), parse),
        ("a huge array", b"\xdd\xff\xff\xff\xff".to_vec(), parse),
        ("a huge text", a_b(b"\xdb\xff\xff\xff\xff"), parse),
        ("nesting", a_b(&[vec![0x91; 200], vec![0xc0]].concat()), parse),
        ("a text that is none", whole(b"\x81\xa1a\xa2\xc3\x28"), parse),
        ("a key that is a number", whole(b"\x81\x01\x01"), parse),
        ("a number", b"\x07".to_vec(), invalid),
        ("bytes", b"\xc4\x01\x07".to_vec(), invalid),
        ("an empty map", b"\x80".to_vec(), invalid),
        ("an empty batch", b"\x90".to_vec(), invalid),
        (
            "an id that is bytes",
            [&whole(b"")[..16], b"\xc4\x01\x07", &whole(b"\x80")[17..]].concat(),
            invalid,
        ),
        ("a repeated member", [&b"\x85\xa6method\xa1x"[..], &call[1..]].concat(), invalid),
        ("a repeated parameter", whole(b"\x83\xa1a\x01\xa1a\x01\xa1b\x01"), misfit),
        ("a text for a number", a_b(b"\xa11"), misfit),
        ("a fraction for a number", a_b(b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"), misfit),
        ("a number that is none", a_b(b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), misfit),
        ("too few parameters", whole(b"\x91\x01"), misfit),
        ("too many parameters", whole(b"\x94\x01\x02\x03\x04"), misfit),
    ] {
        let answer = ask(&mut peer, &bytes).await;
        assert_eq!(error_of(&answer), expected, "{what}: {answer}");
    }
    let answer = ask(&mut peer, &a_b(b"\xa11")).await;
    let errors = &answer["error"]["data"]["details"]["errors"];
    assert_eq!(*errors, json!([{ "path": "/a", "rule": "type", "message": "expected i64, found string" }]));
    assert_eq!(ask(&mut peer, &call).await["result"], 3);
}
