//! The Rust client's streams: items and results, credit, cancelling, uploads, and what becomes of them without a session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use wirecall::client::{UploadError, try_upload};
use wirecall::{CallError, Client};

use crate::client_script::{Script, Scripted, client_of};
use crate::stream_lab::{FlowClient, FlowError, Number, Stage};
use crate::support::{serve, soon};

async fn flow() -> (Stage, Client, FlowClient) {
    let stage = Stage::default();
    let (_, address) = serve(stage.server_with(|limits| limits.max_streams = 2)).await;
    let client = client_of(address).await.expect("a connection");
    let flow = FlowClient::new(&client);
    (stage, client, flow)
}

/// A client of a script, and the script's end of its connection.
async fn scripted() -> (Script, FlowClient, Scripted) {
    let script = Script::listen().await;
    let (client, server) = tokio::join!(script.client().into_future(), script.session());
    (script, FlowClient::new(client.expect("a connection")), server)
}

fn numbers(
    values: impl IntoIterator<Item = u64, IntoIter: Send + 'static>,
) -> impl stream::Stream<Item = Number> + Send {
    stream::iter(values.into_iter().map(|value| Number { value }))
}

fn kind<T: std::fmt::Debug>(result: Result<T, CallError<FlowError>>) -> String {
    result.expect_err("it fails").rpc().expect("an error of the protocol").kind().to_owned()
}

#[tokio::test]
async fn items_come_in_order_and_then_the_result() {
    let (_, _client, flow) = flow().await;
    let mut items = flow.count(1000_u64).await;
    for n in 1..=1000 {
        assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), n);
    }
    assert!(soon(items.next()).await.is_none());
    assert_eq!(soon(items.finish()).await.expect("a result"), 1000);
}

#[tokio::test]
async fn the_result_can_be_had_without_the_items() {
    let (_, _client, flow) = flow().await;
    assert_eq!(soon(flow.count(500_u64).open().finish()).await.expect("a result"), 500);
}

#[tokio::test]
async fn a_stream_s_error_comes_after_its_items() {
    let (_, _client, flow) = flow().await;
    let all: Vec<_> = soon(flow.fail(2_u64).open().collect()).await;
    assert!(matches!(all.as_slice(), [Ok(1), Ok(2), Err(CallError::Service(FlowError::Broken { sent: 2 }))]));
    let error = soon(flow.fail(2_u64).open().finish()).await.expect_err("it fails");
    assert!(matches!(error, CallError::Service(FlowError::Broken { sent: 2 })));
    let mut told = flow.fail(2_u64).open();
    while let Some(Ok(_)) = soon(told.next()).await {}
    assert!(soon(told.next()).await.is_none());
    let error = soon(told.finish()).await.expect_err("it failed");
    assert!(matches!(error, CallError::Service(FlowError::Broken { sent: 2 })), "{error:?}");
}

#[tokio::test]
async fn a_stream_is_made_when_it_is_opened_not_when_the_first_item_is_asked_for() {
    let (stage, _client, flow) = flow().await;
    let _items = flow.count(10_u64).open();
    stage.moved_to(10).await;
}

#[tokio::test]
async fn dropping_the_items_drops_the_handler_at_once() {
    let (stage, _client, flow) = flow().await;
    let mut items = flow.flood(10_usize).await;
    assert!(soon(items.next()).await.expect("an item").is_ok());
    let start = Instant::now();
    drop(items);
    stage.gone().await;
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_consumer_that_pauses_holds_its_producer_and_not_the_connection() {
    let (stage, _client, flow) = flow().await;
    let mut items = flow.count(1_000_000_u64).await;
    assert!(soon(items.next()).await.expect("an item").is_ok());
    // What it may send, and the one that waits.
    stage.moved_to(65).await;
    for n in 0..100 {
        assert_eq!(soon(flow.ping(n).into_future()).await.expect("an answer"), n);
    }
    assert_eq!(stage.moved(), 65);
    for _ in 0..31 {
        assert!(soon(items.next()).await.expect("an item").is_ok());
    }
    stage.moved_to(97).await;
}

#[tokio::test]
async fn a_stream_opens_with_credit_and_grants_more_at_half() {
    let (_script, flow, mut server) = scripted().await;
    let mut items = flow.count(9_u64).credit(4).await;
    let call = server.receive().await;
    assert_eq!(call["meta"], json!({ "credit": 4 }), "and no time limit");
    let id = call["id"].clone();
    server.notify("rpc.item", json!({ "id": id, "items": [1, 2, 3] })).await;
    assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), 1);
    server.nothing_more().await;
    assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), 2);
    let grant = server.receive().await;
    assert_eq!(
        (&grant["method"], &grant["params"]),
        (&json!("rpc.credit"), &json!({ "id": id, "credit": 2 }))
    );
    // Out of credit: the last two are not even looked at.
    server.notify("rpc.item", json!({ "id": id, "items": [4, 5, 6, 7] })).await;
    let cancel = server.receive().await;
    assert_eq!((&cancel["method"], &cancel["params"]), (&json!("rpc.cancel"), &json!({ "id": id })));
    assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), 3);
    assert_eq!(kind(soon(items.next()).await.expect("an outcome")), "resource_exhausted");
    assert!(soon(items.next()).await.is_none());
    server.notify("rpc.item", json!({ "id": id, "items": [4] })).await;
    server.nothing_more().await;
}

#[tokio::test]
async fn an_item_that_does_not_fit_cancels_the_call_once() {
    let (_script, flow, mut server) = scripted().await;
    let mut items = flow.count(9_u64).await;
    let id = server.receive().await["id"].clone();
    server.notify("rpc.item", json!({ "id": id, "items": [1, "two", 3] })).await;
    assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), 1);
    assert!(matches!(soon(items.next()).await, Some(Err(CallError::Decode(_)))));
    assert!(soon(items.next()).await.is_none());
    drop(items);
    assert_eq!(server.receive().await["method"], "rpc.cancel");
    server.nothing_more().await;
}

#[tokio::test]
async fn the_time_limit_of_a_stream_is_the_declaration_s_or_the_call_s() {
    let (stage, _client, flow) = flow().await;
    assert_eq!(kind(soon(flow.brief().open().finish()).await), "deadline_exceeded");
    stage.gone().await;
    let gated = flow.gated().timeout(Duration::from_millis(50)).open();
    assert_eq!(kind(soon(gated.finish()).await), "deadline_exceeded");
    stage.gone().await;
}

#[tokio::test]
async fn streams_above_what_the_server_takes_are_held_back_and_calls_pass_them() {
    let (stage, _client, flow) = flow().await;
    let (mut first, second) = (flow.gated().open(), flow.gated().open());
    let mut third = flow.count(1_u64).open();
    assert_eq!(soon(flow.ping(1_u64).into_future()).await.expect("an answer"), 1);
    stage.gate.add_permits(1);
    drop(second);
    assert_eq!(soon(third.next()).await.expect("an item").expect("a number"), 1);
    stage.gate.add_permits(1);
    assert_eq!(soon(first.next()).await.expect("an item").expect("a number"), 1);
}

#[tokio::test]
async fn a_subscription_is_an_ordinary_stream_to_this_client() {
    let (stage, _client, flow) = flow().await;
    let mut items = flow.subscribe(7_u64).await;
    assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), 7);
    stage.gate.add_permits(1);
    assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), 8);
    drop(items);
    stage.gone().await;
}

#[tokio::test]
async fn an_upload_sends_all_items_and_gets_the_result() {
    let (stage, _client, flow) = flow().await;
    let sum = soon(flow.sum(numbers(0..1000)).into_future()).await.expect("a result");
    assert_eq!((sum, stage.moved()), ((0..1000).sum(), 1000));
    assert_eq!(soon(flow.sum(numbers([])).into_future()).await.expect("a result"), 0);
}

#[tokio::test]
async fn an_upload_takes_from_its_source_only_what_the_callee_granted() {
    let (stage, _client, flow) = flow().await;
    let taken = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&taken);
    let endless = numbers((0..).map(move |_| counter.fetch_add(1, Ordering::SeqCst) % 2));
    let upload = tokio::spawn(flow.slow(endless).into_future());
    stage.moved_to(1).await;
    for n in 0..50 {
        assert_eq!(soon(flow.ping(n).into_future()).await.expect("an answer"), n);
    }
    // The one that the handler has, what may come ahead of it, and one in the hand.
    assert!(taken.load(Ordering::SeqCst) <= 1 + 64 + 1);
    upload.abort();
    stage.gone().await;
}

#[tokio::test]
async fn an_early_answer_stops_the_upload() {
    let (_, _client, flow) = flow().await;
    let source = Arc::new(());
    let held = Arc::clone(&source);
    let endless = numbers((0..).map(move |n| n % 10 * Arc::strong_count(&held).min(1) as u64));
    assert_eq!(soon(flow.first(5_u64, endless).into_future()).await.expect("a result"), 10);
    soon(async {
        while Arc::strong_count(&source) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_item_of_an_upload_that_breaks_a_check_is_not_sent_and_cancels_the_call() {
    let (stage, _client, flow) = flow().await;
    let error = soon(flow.sum(numbers([1, 2_000_000])).into_future()).await.expect_err("it is too large");
    assert!(matches!(error, CallError::Encode(_)), "{error}");
    stage.gone().await;
}

#[tokio::test]
async fn an_upload_whose_source_fails_is_cancelled_and_tells_why() {
    let (stage, _client, flow) = flow().await;
    let number = |value| Number { value };
    let broken = stream::iter([Ok(number(1)), Err("the disk is gone"), Ok(number(2))]);
    let error = soon(try_upload(broken, |numbers| flow.sum(numbers))).await.expect_err("half a sum is none");
    assert!(matches!(error, UploadError::Source("the disk is gone")), "{error}");
    stage.gone().await;
    let whole = |values: &'static [u64]| stream::iter(values).map(move |value| Ok::<_, &str>(number(*value)));
    assert_eq!(soon(try_upload(whole(&[1, 2, 3]), |numbers| flow.sum(numbers))).await.expect("a result"), 6);
    let error = soon(try_upload(whole(&[2_000_000]), |numbers| flow.sum(numbers))).await.expect_err("too large");
    assert!(matches!(error, UploadError::Call(CallError::Encode(_))), "{error}");
}

#[tokio::test]
async fn a_call_streams_both_ways() {
    let (_, _client, flow) = flow().await;
    let mut doubled = flow.double(numbers(0..300)).await;
    for n in 0..300 {
        assert_eq!(soon(doubled.next()).await.expect("an item").expect("a number"), 2 * n);
    }
    assert_eq!(soon(doubled.finish()).await.expect("a result"), 300);
}

#[tokio::test]
async fn an_idempotent_stream_that_delivered_nothing_is_made_again_on_the_next_session() {
    let (script, flow, mut server) = scripted().await;
    let mut items = flow.count(9_u64).await;
    assert_eq!(server.receive().await["method"], "flow.count");
    server.close(1012, "restart").await;
    let mut server = script.session().await;
    let id = server.receive().await["id"].clone();
    server.notify("rpc.item", json!({ "id": id, "items": [1] })).await;
    assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), 1);
    server.close(1012, "restart").await;
    let mut server = script.session().await;
    assert!(matches!(soon(items.next()).await, Some(Err(CallError::ConnectionLost))));
    server.nothing_more().await;
}

#[tokio::test]
async fn a_stream_that_is_not_idempotent_is_not_made_again() {
    let (script, flow, mut server) = scripted().await;
    let items = flow.gated().open();
    assert_eq!(server.receive().await["method"], "flow.gated");
    server.close(1012, "restart").await;
    let mut server = script.session().await;
    assert!(matches!(soon(items.finish()).await, Err(CallError::ConnectionLost)));
    server.nothing_more().await;
}

#[tokio::test]
async fn an_upload_that_begun_is_not_made_again() {
    let (script, flow, mut server) = scripted().await;
    let upload = tokio::spawn(flow.sum(numbers([1, 2])).into_future());
    let id = server.receive().await["id"].clone();
    server.notify("rpc.upload_credit", json!({ "id": id, "credit": 1 })).await;
    let item = server.receive().await;
    assert_eq!(item["params"], json!({ "id": id, "items": [{ "value": 1 }] }));
    server.nothing_more().await;
    server.notify("rpc.upload_credit", json!({ "id": id, "credit": 1 })).await;
    assert_eq!(server.receive().await["params"]["items"], json!([{ "value": 2 }]));
    let end = server.receive().await;
    assert_eq!((&end["method"], &end["params"]), (&json!("rpc.upload_end"), &json!({ "id": id })));
    server.close(1012, "restart").await;
    let mut server = script.session().await;
    assert!(matches!(soon(upload).await.expect("it ran"), Err(CallError::ConnectionLost)));
    server.nothing_more().await;
}

#[tokio::test]
async fn an_idempotent_upload_that_ended_without_an_item_is_made_again_with_its_end() {
    let (script, flow, mut server) = scripted().await;
    let upload = tokio::spawn(flow.sum(numbers([])).into_future());
    for method in ["flow.sum", "rpc.upload_end"] {
        assert_eq!(server.receive().await["method"], method);
    }
    server.ack().await;
    server.close(1012, "restart").await;
    let mut server = script.session().await;
    let call = server.receive().await;
    assert_eq!(call["method"], "flow.sum");
    let end = server.receive().await;
    assert_eq!((&end["method"], &end["params"]["id"]), (&json!("rpc.upload_end"), &call["id"]));
    server.answer(call["id"].clone(), 0).await;
    assert_eq!(soon(upload).await.expect("it ran").expect("a result"), 0);
}

#[tokio::test]
async fn both_ends_may_use_one_id_for_streams_at_once() {
    let (_script, flow, mut server) = scripted().await;
    let mut items = flow.count(9_u64).await;
    let id = server.receive().await["id"].clone();
    // Messages that are the callee's to take name no call that the server made: they do nothing to the client's own.
    for method in ["rpc.credit", "rpc.upload", "rpc.upload_end", "rpc.cancel"] {
        server.notify(method, json!({ "id": id, "credit": 1, "items": [1] })).await;
    }
    server.notify("rpc.item", json!({ "id": id, "items": [1] })).await;
    assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), 1);
    server.answer(id, Value::from(1)).await;
    assert_eq!(soon(items.finish()).await.expect("a result"), 1);
}
