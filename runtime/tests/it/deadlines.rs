//! Time limits: the declaration's, the caller's, the server's default.

use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::{Bench, Fate};
use crate::numbered::Numbered;
use crate::support::{RawPeer, call, error_of, serve};

fn with_timeout(id: u32, method: &str, n: u32, timeout_ms: u64) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": [n], "meta": { "timeout_ms": timeout_ms } }).to_string()
}

async fn lab() -> (Bench, RawPeer) {
    let bench = Bench::default();
    let (_, address) = serve(bench.server_with(|limits| limits.max_calls = 1)).await;
    (bench, RawPeer::any(address).await)
}

fn assert_late(answer: &Value, id: u32) {
    assert_eq!((error_of(answer), &answer["id"]), ((-32004, "deadline_exceeded"), &json!(id)));
}

#[tokio::test]
async fn the_caller_s_time_limit_ends_the_handler() {
    let (bench, mut peer) = lab().await;
    let answer = peer.ask(&with_timeout(1, "lab.hold", 1, 30)).await;
    assert_late(&answer, 1);
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Dropped(1)]);
    peer.nothing_more().await;
}

#[tokio::test]
async fn the_declaration_s_time_limit_counts_without_one_of_the_caller_s() {
    let (bench, mut peer) = lab().await;
    assert_late(&peer.ask(&call(1, "lab.brief", &json!([1]))).await, 1);
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Dropped(1)]);
}

#[tokio::test]
async fn the_server_s_default_counts_where_nobody_says_anything() {
    let bench = Bench::default();
    let (_, address) =
        serve(bench.server_with(|limits| limits.call_timeout = Duration::from_millis(30))).await;
    assert_late(&RawPeer::any(address).await.ask(&call(1, "lab.hold", &json!([1]))).await, 1);
}

#[tokio::test]
async fn a_call_that_waits_for_its_turn_has_its_time_limit_too() {
    let (bench, mut peer) = lab().await;
    peer.send(&call(1, "lab.hold", &json!([1]))).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    assert_late(&peer.ask(&with_timeout(2, "lab.hold", 2, 30)).await, 2);
    bench.release(2);
    assert_eq!(peer.receive().await["id"], 1);
    assert_eq!(bench.fate().await, Fate::Done(1));
    peer.nothing_more().await;
    assert!(bench.is_quiet().await);
}

#[tokio::test]
async fn a_no_cancel_call_is_answered_at_its_limit_and_runs_to_its_end_in_its_slot() {
    let (bench, mut peer) = lab().await;
    assert_late(&peer.ask(&with_timeout(1, "lab.keep", 1, 30)).await, 1);
    assert_eq!(bench.fate().await, Fate::Started(1));
    peer.send(&call(2, "lab.hold", &json!([2]))).await;
    peer.nothing_more().await;
    assert!(bench.is_quiet().await);
    bench.release(2);
    assert_eq!([bench.fate().await, bench.fate().await], [Fate::Done(1), Fate::Started(2)]);
    assert_eq!(peer.receive().await["result"], 2);
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_time_limit_of_zero_is_over_at_once_and_a_huge_one_is_none() {
    let (bench, mut peer) = lab().await;
    assert_late(&peer.ask(&with_timeout(1, "lab.hold", 1, 0)).await, 1);
    assert_eq!(bench.fates(2).await.len(), 2);
    bench.release(2);
    for huge in [1 << 53, u64::MAX] {
        assert_eq!(peer.ask(&with_timeout(2, "lab.hold", 2, huge)).await["result"], 2);
    }
}

#[tokio::test]
async fn a_late_entry_completes_its_batch() {
    let (_, mut peer) = lab().await;
    let batch = format!("[{},{}]", with_timeout(1, "lab.hold", 1, 30), call(2, "lab.note", &json!([7])));
    let answers = peer.ask(&batch).await;
    assert_late(&answers[0], 1);
    assert_eq!(answers[1]["result"], Value::Null);
}

/// A session whose buffer is full until something is acknowledged.
async fn full() -> (Bench, Numbered) {
    let bench = Bench::default();
    let (_, address) = serve(bench.server_with(|limits| limits.buffer_bytes = Some(10_000))).await;
    let mut peer = Numbered::open(address).await;
    peer.call("large", "lab.large", &json!([9_930])).await;
    assert_eq!(peer.tracked().await["id"], "large");
    (bench, peer)
}

#[tokio::test]
async fn a_late_handler_is_dropped_although_its_answer_finds_no_room() {
    let (bench, mut peer) = full().await;
    peer.send(&with_timeout(1, "lab.hold", 1, 30)).await;
    assert_eq!([bench.fate().await, bench.fate().await], [Fate::Started(1), Fate::Dropped(1)]);
    peer.ack().await;
    assert_late(&peer.tracked().await, 1);
}

#[tokio::test]
async fn a_late_no_cancel_handler_goes_on_although_its_answer_finds_no_room() {
    let (bench, mut peer) = full().await;
    peer.send(&with_timeout(1, "lab.keep", 1, 30)).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    // The deadline of a call that came later has passed, too.
    peer.send(&with_timeout(2, "lab.hold", 2, 30)).await;
    assert_eq!([bench.fate().await, bench.fate().await], [Fate::Started(2), Fate::Dropped(2)]);
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(1));
    peer.ack().await;
    for id in [1, 2] {
        assert_late(&peer.tracked().await, id);
    }
}
