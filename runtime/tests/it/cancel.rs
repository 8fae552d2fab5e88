//! `rpc.cancel` and the end of a connection, as handlers meet them.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::lab::{Bench, Fate};
use crate::support::{RawPeer, call, error_of, notification, serve, soon};

fn cancel(id: impl Into<serde_json::Value>) -> String {
    notification("rpc.cancel", &json!({ "id": id.into() }))
}

async fn lab() -> (Bench, RawPeer) {
    let bench = Bench::default();
    let (_, address) = serve(bench.server_with(|limits| limits.max_calls = 2)).await;
    (bench, RawPeer::session(address).await.0)
}

#[tokio::test]
async fn a_cancelled_handler_is_dropped_within_100_ms() {
    let (bench, mut peer) = lab().await;
    let mut fastest = Duration::MAX;
    // The best of several, since the machine may be busy with something else.
    for _ in 0..5 {
        peer.send(&call(1, "lab.hold", &json!([1]))).await;
        assert_eq!(bench.fate().await, Fate::Started(1));
        let start = Instant::now();
        peer.send(&cancel(1)).await;
        assert_eq!(bench.fate().await, Fate::Dropped(1));
        fastest = fastest.min(start.elapsed());
        let answer = peer.receive().await;
        assert_eq!((error_of(&answer), &answer["id"]), ((-32005, "cancelled"), &json!(1)));
    }
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    peer.nothing_more().await;
}

#[tokio::test]
async fn ids_of_any_kind_can_be_cancelled() {
    let (bench, mut peer) = lab().await;
    for id in [json!("a"), json!(1.5), json!(-3), json!(null)] {
        peer.send(&call(id.clone(), "lab.hold", &json!([1]))).await;
        assert_eq!(bench.fate().await, Fate::Started(1));
        peer.send(&cancel(id.clone())).await;
        let answer = peer.receive().await;
        assert_eq!((error_of(&answer).1, &answer["id"]), ("cancelled", &id));
        assert_eq!(bench.fate().await, Fate::Dropped(1));
    }
}

#[tokio::test]
async fn a_waiting_call_that_is_cancelled_never_starts() {
    let (bench, mut peer) = lab().await;
    for n in 1..=4 {
        peer.send(&call(n, "lab.hold", &json!([n]))).await;
    }
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Started(2)]);
    peer.send(&cancel(3)).await;
    let answer = peer.receive().await;
    assert_eq!((error_of(&answer).1, &answer["id"]), ("cancelled", &json!(3)));
    bench.release(3);
    let mut rest = bench.fates(4).await;
    rest.retain(|fate| matches!(fate, Fate::Started(_) | Fate::Dropped(_)));
    assert_eq!(rest, [Fate::Started(4)]);
}

#[tokio::test]
async fn a_cancelled_call_makes_room_for_the_next_one_waiting() {
    let (bench, mut peer) = lab().await;
    for n in 1..=3 {
        peer.send(&call(n, "lab.hold", &json!([n]))).await;
    }
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Started(2)]);
    peer.send(&cancel(1)).await;
    assert_eq!(bench.fates(2).await, [Fate::Started(3), Fate::Dropped(1)]);
}

#[tokio::test]
async fn a_no_cancel_call_is_answered_at_once_runs_to_its_end_and_keeps_its_slot() {
    let (bench, mut peer) = lab().await;
    peer.send(&call(1, "lab.keep", &json!([1]))).await;
    peer.send(&call(2, "lab.keep", &json!([2]))).await;
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Started(2)]);
    peer.send(&cancel(1)).await;
    assert_eq!(error_of(&peer.receive().await).1, "cancelled");
    // Both slots are still taken.
    peer.send(&call(3, "lab.hold", &json!([3]))).await;
    peer.nothing_more().await;
    assert!(bench.is_quiet().await);
    bench.release(1);
    let fates = [bench.fate().await, bench.fate().await];
    assert!(matches!(fates, [Fate::Done(1 | 2), Fate::Started(3)]), "{fates:?}");
    bench.release(2);
    assert_eq!(bench.fates(2).await.len(), 2);
    // One outcome: nothing of call 1 comes a second time.
    let mut ids = vec![peer.receive().await["id"].clone(), peer.receive().await["id"].clone()];
    ids.sort_by_key(ToString::to_string);
    assert_eq!(ids, [json!(2), json!(3)]);
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_no_cancel_call_that_still_waits_can_be_cancelled() {
    let (bench, mut peer) = lab().await;
    for n in 1..=3 {
        peer.send(&call(n, "lab.keep", &json!([n]))).await;
    }
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Started(2)]);
    peer.send(&cancel(3)).await;
    assert_eq!(peer.receive().await["id"], 3);
    bench.release(3);
    assert_eq!(bench.fates(2).await, [Fate::Done(1), Fate::Done(2)]);
    assert_eq!(soon(async { [peer.receive().await, peer.receive().await] }).await.len(), 2);
    assert!(bench.is_quiet().await);
}

#[tokio::test]
async fn a_cancel_of_no_call_is_ignored() {
    let (_, mut peer) = lab().await;
    for params in [json!({ "id": 99 }), json!({}), json!([]), json!({ "id": {} }), json!({ "id": [1] })] {
        peer.send(&notification("rpc.cancel", &params)).await;
    }
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_cancelled_entry_completes_its_batch() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    let mut peer = RawPeer::any(address).await;
    let batch = [call(1, "lab.hold", &json!([1])), call(2, "lab.echo", &json!(["x"]))].join(",");
    peer.send(&format!("[{batch}]")).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    peer.send(&cancel(1)).await;
    let answers = peer.receive().await;
    assert_eq!(answers[0]["result"], "x");
    assert_eq!(error_of(&answers[1]), (-32005, "cancelled"));
}

#[tokio::test]
async fn the_end_of_a_session_drops_its_handlers_but_no_cancel_ones() {
    let (bench, mut peer) = lab().await;
    peer.send(&call(1, "lab.hold", &json!([1]))).await;
    peer.send(&call(2, "lab.keep", &json!([2]))).await;
    peer.send(&call(3, "lab.keep", &json!([3]))).await;
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Started(2)]);
    peer.bye().await;
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    bench.release(2);
    assert_eq!(bench.fate().await, Fate::Done(2));
    // The one that waited never starts.
    assert!(bench.is_quiet().await);
}
