//! What the Rust client carries into its next session, down to the moment between two of them.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use serde_json::json;
use tokio::sync::Notify;
use wirecall::CallError;

use crate::client_script::{Script, ShelfClient, ShelfError};
use crate::support::soon;

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
    let shelf = ShelfClient::new(&client.expect("a connection"));
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
