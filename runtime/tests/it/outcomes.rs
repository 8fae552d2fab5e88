//! One outcome: on several threads, with cancels, time limits and panics crossing answers, every call is answered exactly
//! once, and nothing is left open.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::lab::Bench;
use crate::support::{RawPeer, error_of, notification, serve};

/// The call of that id, what it may meet, and whether it is cancelled.
fn plan(id: u64) -> (Value, &'static [&'static str], bool) {
    let call = |method: &str, params: Value, meta: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params, "meta": meta });
    match id % 7 {
        0 => (call("lab.echo", json!(["x"]), json!({})), &["ok"], false),
        1 => (call("lab.hold", json!([id]), json!({})), &["ok", "cancelled"], true),
        2 => (
            call("lab.hold", json!([id]), json!({ "timeout_ms": id % 5 })),
            &["ok", "deadline_exceeded"],
            false,
        ),
        3 => (call("lab.keep", json!([id]), json!({})), &["ok", "cancelled"], true),
        4 => (
            call("lab.lane", json!([format!("{}", id % 3), id]), json!({})),
            &["ok", "cancelled"],
            id.is_multiple_of(2),
        ),
        5 => (call("lab.fail", json!(["internal"]), json!({})), &["internal_error"], false),
        _ => (call("lab.large", json!([id * 100]), json!({})), &["ok"], false),
    }
}

async fn caller(address: std::net::SocketAddr, bench: Bench, calls: u64) {
    let mut peer = RawPeer::any(address).await;
    let mut seen: HashMap<u64, String> = HashMap::new();
    for burst in (0..calls).collect::<Vec<_>>().chunks(100) {
        for id in burst {
            let (call, _, cancelled) = plan(*id);
            peer.send(&call.to_string()).await;
            if cancelled {
                peer.send(&notification("rpc.cancel", &json!({ "id": id }))).await;
            }
        }
        bench.release(burst.len());
        for _ in burst {
            let answer = peer.receive().await;
            let id = answer["id"].as_u64().expect("a number");
            let kind = if answer.get("error").is_some() { error_of(&answer).1 } else { "ok" };
            assert!(plan(id).1.contains(&kind), "{answer}");
            assert!(seen.insert(id, kind.to_owned()).is_none(), "{id} is answered twice");
        }
    }
    peer.nothing_more().await;
    assert_eq!(seen.len(), usize::try_from(calls).expect("fits"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_is_answered_exactly_once_whatever_crosses_it() {
    let bench = Bench::default();
    let (server, address) = serve(bench.server()).await;
    let callers: Vec<_> = (0..8).map(|_| tokio::spawn(caller(address, bench.clone(), 400))).collect();
    for caller in callers {
        caller.await.expect("no fault");
    }
    // Whatever is still running may end, so that the drain finds nothing open.
    bench.release(10_000);
    server.handle().shutdown().await;
    assert_eq!((server.handle().session_count(), server.handle().connection_count()), (0, 0));
}
