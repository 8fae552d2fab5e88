//! What a stream costs, measured on a running server over real sockets: memory, while it runs or its consumer has paused,
//! and the time of the calls beside it.

use std::time::{Duration, Instant};

use wirecall::Client;

use crate::client_script::client_of;
use crate::stream_lab::{FlowClient, Stage};
use crate::support::{serve, soon};

async fn flow() -> (Stage, Client, FlowClient) {
    let stage = Stage::default();
    let (_, address) = serve(stage.server()).await;
    let client = client_of(address).await.expect("a connection");
    let flow = FlowClient::new(&client);
    (stage, client, flow)
}

/// What this process has in memory, where the system tells.
fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn median<T: Ord + Copy>(values: &mut [T]) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

/// Calls one after another, on a connection whose other calls may be anything.
async fn time_calls(flow: &FlowClient, times: &mut Vec<Duration>) {
    for n in 0..CALLS {
        let start = Instant::now();
        assert_eq!(flow.ping(n).await.expect("an answer"), n);
        times.push(start.elapsed());
    }
}

/// Calls in a block, and blocks of each kind: 2,000 calls without the stream and as many beside it, in turns, so that
/// whatever else this machine does meets both alike.
const CALLS: u64 = 200;
const BLOCKS: u32 = 10;

/// Items of 1 KiB that the consumer takes before it pauses: by then the stream runs as fast as it can.
const TAKEN: u32 = 1000;

/// What the producer has made when it is held: the 64 items that the call opened with, 32 for each 32 that were taken, and
/// the one in its hand.
const MADE: u64 = 64 + (TAKEN / 32 * 32) as u64 + 1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn a_paused_consumer_costs_no_more_memory_and_calls_beside_it_take_at_most_half_as_long_again() {
    let (stage, _client, flow) = flow().await;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let (mut grown, mut streamed) = (Vec::new(), Duration::ZERO);
    time_calls(&flow, &mut Vec::new()).await;
    for _ in 0..BLOCKS {
        time_calls(&flow, &mut without).await;

        let made_before = stage.moved();
        let start = Instant::now();
        let mut items = flow.flood(1024_usize).await;
        for _ in 0..TAKEN {
            assert!(soon(items.next()).await.expect("an item").is_ok());
        }
        streamed += start.elapsed();
        stage.moved_to(made_before + MADE).await;

        let resident = resident_kib();
        time_calls(&flow, &mut with).await;
        grown.push(resident_kib() - resident);
        assert_eq!(stage.moved(), made_before + MADE, "it makes nothing while its consumer pauses");

        drop(items);
        stage.gone().await;
    }
    let (without, with, grown) = (median(&mut without), median(&mut with), median(&mut grown));
    println!(
        "a call: {without:?} without a stream, {with:?} beside a paused one, {:.2} times that; \
         memory while it pauses: {grown} KiB more; an item of 1 KiB: {:?} until then",
        with.as_secs_f64() / without.as_secs_f64(),
        streamed / (BLOCKS * TAKEN)
    );
    assert!(with <= without.mul_f64(1.5), "{with:?} beside a paused stream, {without:?} without");
    assert!(grown <= 256, "{grown} KiB more after {CALLS} calls beside a paused stream");
}

/// Streams so many items through one call; gives how much more memory this process has in use after the last than after
/// the first tenth.
async fn stream_of(count: u64) -> i64 {
    let (_, _client, flow) = flow().await;
    let mut items = flow.count(count).await;
    let (mut next, mut early) = (0, 0);
    while let Some(item) = items.next().await {
        next += 1;
        assert_eq!(item.expect("a number"), next);
        if next == count / 10 {
            early = resident_kib();
        }
    }
    assert_eq!((next, items.finish().await.expect("a result")), (count, count));
    resident_kib() - early
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_items_take_no_more_memory_than_a_few() {
    let grown = tokio::time::timeout(Duration::from_mins(2), stream_of(1_000_000)).await.expect("in time");
    assert!(grown < 8 * 1024, "{grown} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the long form, which `cargo xtask full` runs: minutes, more than a runner of tests may allow"]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn ten_million_items_take_no_more_memory_than_a_few() {
    let start = Instant::now();
    let grown = stream_of(10_000_000).await;
    println!("ten million items: {:?}, {grown} KiB more after the last than after the first million", start.elapsed());
    assert!(grown < 8 * 1024, "{grown} KiB");
}
