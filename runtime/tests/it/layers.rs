//! Layers: the first is the outermost, each may look, wait, answer in its own words.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use wirecall::{Answer, CallContext, ErrorKind, Layer, Next, RpcError};

use crate::lab::{Bench, Fate};
use crate::support::{RawPeer, call, error_of, serve};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().expect("a lock").push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("a lock"))
    }

    /// Notes the way in and the way out.
    fn around(&self, name: &'static str) -> impl Layer {
        let log = self.clone();
        move |call: CallContext, next: Next| {
            let log = log.clone();
            async move {
                log.add(format!("{name} in {}", call.method()));
                let answer = next.run().await;
                let how = answer.error().map_or("well", |_| "badly");
                log.add(format!("{name} out {how}"));
                answer
            }
        }
    }
}

#[tokio::test]
async fn the_first_layer_is_the_outermost() {
    let log = Log::default();
    let builder = Bench::default().server().layer(log.around("first")).layer(log.around("second"));
    let mut peer = RawPeer::any(serve(builder).await.1).await;
    peer.call("lab.echo", json!(["x"])).await;
    assert_eq!(log.take(), ["first in lab.echo", "second in lab.echo", "second out well", "first out well"]);
    peer.call("lab.fail", json!(["closed"])).await;
    assert_eq!(
        log.take(),
        ["first in lab.fail", "second in lab.fail", "second out badly", "first out badly"]
    );
    // What does not fit is no call yet, and what is the protocol's is none.
    peer.call("lab.echo", json!([1])).await;
    peer.call("lab.nothing", json!([1])).await;
    peer.nothing_more().await;
    assert!(log.take().is_empty());
}

#[tokio::test]
async fn a_layer_may_answer_in_the_handler_s_place() {
    let bench = Bench::default();
    let builder = bench.server().layer(|call: CallContext, next: Next| async move {
        if call.method() == "lab.hold" {
            return Answer::from(
                RpcError::new(ErrorKind::PermissionDenied, "not here").with_details(json!({ "why": 1 })),
            );
        }
        next.run().await
    });
    let mut peer = RawPeer::any(serve(builder).await.1).await;
    let answer = peer.call("lab.hold", json!([1])).await;
    assert_eq!(
        (error_of(&answer), &answer["error"]["data"]["details"]["why"]),
        ((-32002, "permission_denied"), &json!(1))
    );
    assert_eq!(peer.call("lab.echo", json!(["x"])).await["result"], "x");
    assert!(bench.is_quiet().await);
}

#[tokio::test]
async fn a_layer_may_put_another_error_in_place_of_the_handler_s() {
    let builder = Bench::default().server().layer(|_: CallContext, next: Next| async move {
        let answer = next.run().await;
        match answer.error().map(RpcError::code) {
            Some(1002) => Answer::from(RpcError::new(ErrorKind::Unavailable, "come back later")),
            _ => answer,
        }
    });
    let mut peer = RawPeer::any(serve(builder).await.1).await;
    assert_eq!(error_of(&peer.call("lab.fail", json!(["closed"])).await), (-32006, "unavailable"));
    assert_eq!(error_of(&peer.call("lab.fail", json!(["no_room"])).await).0, 1001);
}

#[tokio::test]
async fn a_layer_knows_the_call_its_session_its_time_and_its_trace() {
    let log = Log::default();
    let seen = log.clone();
    let builder = Bench::default().server().layer(move |call: CallContext, next: Next| {
        let left = call.time_left().expect("a limit");
        assert!(left <= Duration::from_secs(5) && left > Duration::from_secs(3), "{left:?}");
        let session = call.session().expect("a session").client_name();
        let trace = (call.traceparent().unwrap_or_default(), call.tracestate().unwrap_or_default());
        seen.add(format!("{} {} {} {trace:?}", call.method(), call.is_notification(), session));
        next.run()
    });
    let (_, address) = serve(builder).await;
    let (mut peer, _) = RawPeer::session(address).await;
    let meta = json!({ "timeout_ms": 5000, "traceparent": "00-a-b-01", "tracestate": "x=y", "more": [1] });
    for id in [json!({ "id": 1 }), json!({})] {
        let mut text = json!({ "jsonrpc": "2.0", "method": "lab.echo", "params": ["x"], "meta": meta });
        text.as_object_mut().expect("an object").extend(id.as_object().expect("an object").clone());
        peer.send(&text.to_string()).await;
    }
    peer.answer(1).await;
    peer.nothing_more().await;
    let expected =
        [r#"lab.echo false raw ("00-a-b-01", "x=y")"#, r#"lab.echo true raw ("00-a-b-01", "x=y")"#];
    assert_eq!(log.take(), expected);
}

/// Counts without waiting to be polled.
struct Counting(Arc<AtomicUsize>);

impl Layer for Counting {
    fn call(&self, _: CallContext, next: Next) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        next.run()
    }
}

#[tokio::test]
async fn a_layer_runs_when_its_call_s_turn_comes_and_not_before() {
    let (bench, count) = (Bench::default(), Arc::new(AtomicUsize::new(0)));
    let builder = bench.server_with(|limits| limits.max_calls = 1).layer(Counting(Arc::clone(&count)));
    let mut peer = RawPeer::any(serve(builder).await.1).await;
    peer.send(&call(1, "lab.hold", &json!([1]))).await;
    peer.send(&call(2, "lab.hold", &json!([2]))).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    peer.nothing_more().await;
    assert_eq!(count.load(Ordering::Relaxed), 1);
    bench.release(2);
    peer.answer(2).await;
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_cancel_drops_what_a_layer_awaits() {
    let bench = Bench::default();
    let log = Log::default();
    let mut peer = RawPeer::any(serve(bench.server().layer(log.around("only"))).await.1).await;
    peer.send(&call(1, "lab.hold", &json!([1]))).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    peer.send(r#"{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":1}}"#).await;
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    assert_eq!(error_of(&peer.receive().await).1, "cancelled");
    assert_eq!(log.take(), ["only in lab.hold"]);
}
