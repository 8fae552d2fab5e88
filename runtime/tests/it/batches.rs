//! Batches where there is no room, and in sessions: their answers leave whole and once.

use serde_json::json;

use crate::lab::{Bench, Fate};
use crate::numbered::Numbered;
use crate::support::{call, serve};

fn batch(entries: &[String]) -> String {
    format!("[{}]", entries.join(","))
}

#[tokio::test]
async fn the_answer_to_a_batch_of_a_lost_connection_does_not_come_on_the_next() {
    let bench = Bench::default();
    let (_server, address) = serve(bench.server()).await;
    let mut peer = Numbered::open(address).await;
    peer.peer.send(&batch(&[call(1, "lab.hold", &json!([1]))])).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    peer.cut_and_resumed().await;
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(1));
    peer.peer.nothing_more().await;
}
