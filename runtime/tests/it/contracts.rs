//! What becomes of clients that were generated from an older contract.

use std::net::SocketAddr;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wirecall::Codec;
use wirecall::contract::Contract;
use wirecall::server::Error;

use crate::CODEC;
use crate::lab::{Bench, Fate, Lab};
use crate::stream_lab::{Flow, Stage};
use crate::support::{RawPeer, call, error_of, notification, serve};

/// A contract of `lab` as it may have been before, and its fingerprint.
fn released(change: impl FnOnce(&mut Value)) -> (String, String) {
    let mut contract: Value = serde_json::from_str(&Lab::contract().to_json()).expect("JSON");
    change(&mut contract["services"][0]);
    let text = contract.to_string();
    let fingerprint = Contract::from_json(&text).expect("a contract").fingerprint("lab").expect("a service");
    (text, fingerprint)
}

/// Before `lab.add` had its optional parameter, and `lab.large` was there.
fn older() -> (String, String) {
    released(|lab| {
        let calls = lab["calls"].as_array_mut().expect("calls");
        calls.retain(|call| call["method"] != "lab.large");
        let add = calls.iter_mut().find(|call| call["method"] == "lab.add").expect("lab.add");
        add["params"]["fields"].as_array_mut().expect("fields").truncate(2);
        add["params"]["schema"]["properties"].as_object_mut().expect("properties").remove("c");
    })
}

/// When `lab.echo` had another name.
fn outdated() -> (String, String) {
    released(|lab| lab["calls"][0]["method"] = json!("lab.say"))
}

/// A server that knows both, and their fingerprints.
async fn server(bench: &Bench) -> (SocketAddr, String, String) {
    let ((older, fits), (outdated, fails)) = (older(), outdated());
    let builder = bench.server().service(Flow::serve(Stage::default())).released(older).released(outdated);
    (serve(builder).await.1, fits, fails)
}

async fn hello(address: SocketAddr, lab: &str) -> (RawPeer, Value) {
    RawPeer::hello(address, json!({ "contract": { "lab": lab, "flow": "0000", "other": "0000" } })).await
}

/// The answer to a call that is not served.
fn refusal(answer: &Value) {
    let text = "the client was generated from an older, incompatible contract of `lab`; generate it again";
    assert_eq!(error_of(answer), (-32601, "method_not_found"), "{answer}");
    assert_eq!(answer["error"]["message"], text);
    let data = &answer["error"]["data"];
    assert_eq!((&data["retryable"], &data["details"]["contract"]), (&json!(false), &json!("incompatible")));
}

#[tokio::test]
async fn hello_tells_whether_a_released_contract_is_still_served() {
    let (address, fits, fails) = server(&Bench::default()).await;
    let current = Lab::contract().fingerprint("lab").expect("a fingerprint");
    for (fingerprint, word) in
        [(&*current, "same"), (&*fits, "compatible"), (&*fails, "incompatible"), ("0000", "unknown")]
    {
        let (_, hello) = hello(address, fingerprint).await;
        assert_eq!(hello["contract"], json!({ "lab": word, "flow": "unknown", "other": "unknown" }));
    }
}

#[tokio::test]
async fn calls_of_an_incompatible_service_fail_and_the_connection_and_other_services_do_not() {
    let bench = Bench::default();
    let (address, _, fails) = server(&bench).await;
    let (mut peer, _) = hello(address, &fails).await;
    refusal(&peer.call("lab.echo", json!(["x"])).await);
    refusal(&peer.call("lab.echo", json!({ "what": "does not fit" })).await);
    refusal(&peer.call("lab.hold", json!([1])).await);
    peer.send(&notification("lab.note", &json!([1]))).await;
    assert_eq!(error_of(&peer.call("lab.say", json!(["x"])).await).1, "method_not_found");
    assert_eq!(peer.call("flow.ping", json!([7])).await["result"], 7);
    let batch = format!("[{},{}]", call("a", "lab.echo", &json!(["x"])), call("b", "flow.ping", &json!([8])));
    let answers = peer.ask(&batch).await;
    let answer = |id: &str| {
        answers.as_array().expect("answers").iter().find(|one| one["id"] == id).cloned().expect("an answer")
    };
    refusal(&answer("a"));
    assert_eq!(answer("b")["result"], 8);
    assert!(bench.is_quiet().await, "no handler ran");
}

#[tokio::test]
async fn what_does_not_stand_in_an_incompatible_contract_s_message_is_still_told() {
    let (address, _, fails) = server(&Bench::default()).await;
    let (mut peer, _) = hello(address, &fails).await;
    let answer = peer.ask(r#"{"jsonrpc":"2.0","id":[],"method":"lab.echo","params":["x"]}"#).await;
    assert_eq!(error_of(&answer), (-32600, "invalid_request"));
    refusal(&peer.call("lab.echo", json!(["x"])).await);
}

#[tokio::test]
async fn compatible_unknown_and_plain_peers_are_served() {
    let (address, fits, _) = server(&Bench::default()).await;
    let (compatible, _) = hello(address, &fits).await;
    let (unknown, _) = hello(address, "0000").await;
    for mut peer in [compatible, unknown, RawPeer::plain(address).await] {
        assert_eq!(peer.call("lab.add", json!({ "a": 1, "b": 2 })).await["result"], 3);
    }
}

#[tokio::test]
async fn on_resume_the_verdict_of_the_new_hello_counts_and_open_calls_go_on() {
    let bench = Bench::default();
    let (address, fits, fails) = server(&bench).await;
    let (mut peer, first) = hello(address, &fits).await;
    peer.send(&call("held", "lab.hold", &json!([7]))).await;
    assert_eq!(bench.fate().await, Fate::Started(7));
    let resume = |attempt: u64, lab: &str| {
        let claim = json!({ "session": first["session"], "secret": first["secret"], "attempt": attempt, "received": 0 });
        json!({ "resume": claim, "contract": { "lab": lab } })
    };
    let (mut peer, again) = RawPeer::hello(address, resume(1, &fails)).await;
    assert_eq!((&again["resumed"], &again["contract"]["lab"]), (&json!(true), &json!("incompatible")));
    refusal(&peer.call("lab.echo", json!(["x"])).await);
    bench.release(1);
    assert_eq!(peer.answer("held").await["result"], 7);
    let (mut peer, again) = RawPeer::hello(address, resume(2, &fits)).await;
    assert_eq!((&again["resumed"], &again["contract"]["lab"]), (&json!(true), &json!("compatible")));
    peer.send(&call("anew", "lab.echo", &json!(["x"]))).await;
    assert_eq!(peer.answer("anew").await["result"], "x");
}

#[test]
fn a_released_contract_that_cannot_be_read_is_told_with_what_to_do() {
    for text in ["", "{}", r#"{ "wirecall": 99, "services": [] }"#] {
        let error = Bench::default().server().released(text).build().expect_err("no contract");
        assert!(matches!(error, Error::Released(_)), "{error:?}");
        assert!(error.to_string().contains("`wirecall contract`"), "{error}");
    }
}

#[test]
fn a_released_contract_of_a_service_that_is_not_mounted_is_refused_by_name() {
    let text = Flow::contract().to_json();
    let error = Bench::default().server().released(text).build().expect_err("no such service");
    assert!(matches!(&error, Error::ReleasedService { service } if service == "flow"), "{error:?}");
    assert!(error.to_string().contains("mount it"), "{error}");
}

#[test]
fn the_same_contract_may_be_released_again_and_again() {
    let text = Lab::contract().to_json();
    let (older, _) = older();
    let builder = Bench::default().server().released(text.clone()).released(text).released(older.clone());
    builder.released(older).build().expect("the server builds");
}

#[tokio::test]
async fn what_cannot_be_decoded_closes_with_4050_whatever_service_it_is_for() {
    let (address, _, fails) = server(&Bench::default()).await;
    let (mut peer, _) = hello(address, &fails).await;
    let broken = match CODEC {
        Codec::Json => Message::text(r#"{"jsonrpc":"2.0","method":"lab.note","params":[1,,],"seq":1}"#),
        _ => Message::binary(&b"\x83\xa6method\xa8lab.note\xa6params\x91\xc1\xa3seq\x01"[..]),
    };
    peer.0.send(broken).await.expect("sent");
    assert_eq!(peer.closed().await, 4050);
}
