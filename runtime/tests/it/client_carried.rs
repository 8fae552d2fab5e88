//! What the Rust client carries into its next session, down to the moment between two of them.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::{Stream, stream};
use serde_json::json;
use tokio::sync::Notify;
use wirecall::{CallError, Service};

use crate::client_script::{Script, Scripted, ShelfClient, ShelfError};
use crate::stream_lab::Number;
use crate::support::soon;

#[derive(Service)]
#[rpc(name = "depot")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Depot {
    #[rpc(upload = Number, returns = u64, idempotent)]
    Store,
    #[rpc(stream = u64, idempotent)]
    Watch,
}

async fn depot() -> (Script, DepotClient, Scripted) {
    let script = Script::listen().await;
    let (client, server) = tokio::join!(script.client().into_future(), script.session());
    (script, DepotClient::new(client.expect("a connection")), server)
}

type Putting = Pin<Box<dyn Future<Output = Result<u32, CallError<ShelfError>>> + Send>>;

/// A call that is made at the very moment at which another one is told its outcome, by whoever tells it.
struct MadeThen {
    call: Mutex<Putting>,
    made: Notify,
}

impl MadeThen {
    fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<u32, CallError<ShelfError>>> {
        self.call.lock().expect("no panic").as_mut().poll(cx)
    }
}

impl Wake for MadeThen {
    fn wake(self: Arc<Self>) {
        assert!(self.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        self.made.notify_one();
    }
}

#[tokio::test]
async fn a_call_that_is_made_while_others_are_told_that_their_session_is_lost_goes_into_the_next_one() {
    let script = Script::listen().await;
    let limits = json!({ "limits": { "max_calls": 1 } });
    let (client, (mut server, _)) = tokio::join!(script.client().into_future(), script.session_with(limits));
    let shelf = ShelfClient::new(client.expect("a connection"));
    let call = Mutex::new(Box::pin(shelf.put(3).into_future()) as Putting);
    let made_then = Arc::new(MadeThen { call, made: Notify::new() });
    let mut first = Box::pin(shelf.put(1).into_future());
    let waker = Waker::from(Arc::clone(&made_then));
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    server.call("shelf.put", 1).await;
    // It waits for its turn, which whoever enters then would give it.
    let second = tokio::spawn(shelf.put(2).into_future());
    let knocked = tokio::spawn(shelf.knock(7).into_future());
    server.nothing_more().await;
    server.close(1012, "restart").await;
    let mut server = script.session().await;
    soon(made_then.made.notified()).await;
    assert!(matches!(soon(first).await, Err(CallError::ConnectionLost)));
    let id = server.call("shelf.put", 2).await;
    server.answer(id, 2).await;
    assert_eq!(server.receive().await["method"], "shelf.knock");
    let id = server.call("shelf.put", 3).await;
    server.answer(id, 3).await;
    assert_eq!(soon(second).await.expect("no panic").expect("an answer"), 2);
    soon(knocked).await.expect("no panic").expect("it left");
    let third = soon(std::future::poll_fn(|cx| made_then.poll(cx)));
    assert_eq!(third.await.expect("an answer"), 3);
}

#[tokio::test]
async fn an_upload_of_no_items_that_goes_into_the_next_session_is_ended_there_too() {
    let (script, depot, mut server) = depot().await;
    let stored = tokio::spawn(depot.store(stream::iter([])).into_future());
    for method in ["depot.store", "rpc.upload_end"] {
        assert_eq!(server.receive().await["method"], method);
    }
    server.close(1012, "restart").await;
    for _ in 0..2 {
        let (mut server, _) = script.session_with(json!({ "ended_received": 0 })).await;
        let call = server.receive().await;
        assert_eq!(call["method"], "depot.store");
        let end = server.receive().await;
        assert_eq!((&end["method"], &end["params"]["id"]), (&json!("rpc.upload_end"), &call["id"]));
        server.nothing_more().await;
        server.close(1012, "restart").await;
    }
    let (mut server, _) = script.session_with(json!({ "ended_received": 0 })).await;
    let id = server.receive().await["id"].clone();
    server.answer(id, 0).await;
    assert_eq!(soon(stored).await.expect("no panic").expect("a result"), 0);
}

/// Items that come when they are sent.
fn items() -> (tokio::sync::mpsc::UnboundedSender<Number>, impl Stream<Item = Number> + Send) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let next = |mut receiver: tokio::sync::mpsc::UnboundedReceiver<Number>| async move {
        receiver.recv().await.map(|item| (item, receiver))
    };
    (sender, Box::pin(stream::unfold(receiver, next)))
}

#[tokio::test]
async fn the_credit_of_a_lost_session_is_not_spent_in_the_next_one() {
    let (script, depot, mut server) = depot().await;
    let watched = depot.watch().open();
    assert_eq!(server.receive().await["method"], "depot.watch");
    let (sender, numbers) = items();
    let stored = tokio::spawn(depot.store(numbers).into_future());
    let store = server.receive().await["id"].clone();
    server.notify("rpc.upload_credit", json!({ "id": store, "credit": 1 })).await;
    server.nothing_more().await;
    server.close(1012, "restart").await;
    // Its call waits for the other one, while it takes an item and spends for it what was granted in the session before.
    let one = json!({ "limits": { "max_streams": 1 } });
    let (mut server, _) = script.session_with(one).await;
    let again = server.receive().await;
    assert_eq!(again["method"], "depot.watch");
    sender.send(Number { value: 5 }).expect("it is awaited");
    server.nothing_more().await;
    server.answer(again["id"].clone(), json!(null)).await;
    assert!(soon(watched.finish()).await.is_ok());
    let call = server.receive().await;
    assert_eq!(call["method"], "depot.store");
    server.nothing_more().await;
    server.notify("rpc.upload_credit", json!({ "id": call["id"], "credit": 1 })).await;
    let item = server.receive().await;
    assert_eq!((&item["method"], &item["params"]["items"]), (&json!("rpc.upload"), &json!([{ "value": 5 }])));
    drop(sender);
    assert_eq!(server.receive().await["method"], "rpc.upload_end");
    server.answer(call["id"].clone(), 1).await;
    assert_eq!(soon(stored).await.expect("no panic").expect("a result"), 1);
}
