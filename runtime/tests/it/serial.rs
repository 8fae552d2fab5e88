//! Serial lanes: one call after the other, of one method or of one value of a field.

use serde_json::json;

use crate::lab::{Bench, Fate};
use crate::support::{RawPeer, call, notification, serve};

async fn lab() -> (Bench, RawPeer) {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    (bench, RawPeer::any(address).await)
}

#[tokio::test]
async fn a_serial_call_runs_one_at_a_time_in_the_order_of_arrival() {
    let (bench, mut peer) = lab().await;
    for n in 0..5 {
        peer.send(&call(n, "lab.queue", &json!([n]))).await;
    }
    peer.send(&call("other", "lab.hold", &json!([99]))).await;
    assert_eq!([bench.fate().await, bench.fate().await], [Fate::Started(0), Fate::Started(99)]);
    peer.nothing_more().await;
    assert!(bench.is_quiet().await);
    bench.release(6);
    let mut started = Vec::new();
    for _ in 0..10 {
        match bench.fate().await {
            Fate::Started(n) => started.push(n),
            Fate::Done(_) => {}
            Fate::Dropped(n) => panic!("{n} was dropped"),
        }
    }
    assert_eq!(started, [1, 2, 3, 4]);
}

#[tokio::test]
async fn lanes_of_different_values_run_side_by_side() {
    let (bench, mut peer) = lab().await;
    for (n, key) in ["a", "a", "b", "a", "b", "c"].into_iter().enumerate() {
        peer.send(&call(n, "lab.lane", &json!([key, n]))).await;
    }
    assert_eq!(bench.fates(3).await, [Fate::Started(0), Fate::Started(2), Fate::Started(5)]);
    peer.nothing_more().await;
    assert!(bench.is_quiet().await);
    bench.release(1);
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Done(0)]);
}

#[tokio::test]
async fn a_cancelled_call_lets_its_lane_go_on() {
    let (bench, mut peer) = lab().await;
    for n in 0..3 {
        peer.send(&call(n, "lab.queue", &json!([n]))).await;
    }
    assert_eq!(bench.fate().await, Fate::Started(0));
    for n in [1, 0] {
        peer.send(&notification("rpc.cancel", &json!({ "id": n }))).await;
    }
    assert_eq!(
        [bench.fate().await, bench.fate().await],
        [Fate::Dropped(0), Fate::Started(2)],
        "one is gone before the next begins"
    );
}

#[tokio::test]
async fn a_late_call_is_gone_before_the_next_of_its_lane_begins() {
    let (bench, mut peer) = lab().await;
    let late = json!({ "jsonrpc": "2.0", "id": 0, "method": "lab.queue", "params": [0], "meta": { "timeout_ms": 30 } });
    peer.send(&late.to_string()).await;
    peer.send(&call(1, "lab.queue", &json!([1]))).await;
    let fates = [bench.fate().await, bench.fate().await, bench.fate().await];
    assert_eq!(fates, [Fate::Started(0), Fate::Dropped(0), Fate::Started(1)]);
}

#[tokio::test]
async fn lanes_belong_to_one_session() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    let (mut one, mut two) = (RawPeer::any(address).await, RawPeer::any(address).await);
    one.send(&call(1, "lab.queue", &json!([1]))).await;
    two.send(&call(2, "lab.queue", &json!([2]))).await;
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Started(2)]);
}
