//! How the Rust client ends: by `close`, and when nobody holds it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::Notify;
use wirecall::client::ClientState;
use wirecall::{CallError, Client};

use crate::client_script::{Script, Scripted, ShelfClient, client_of};
use crate::lab::{Bench, LabClient};
use crate::support::{serve, soon};
use crate::CODEC;

async fn pair() -> (Script, Client, Scripted) {
    let script = Script::listen().await;
    let (client, server) = tokio::join!(script.client().into_future(), script.session());
    let client = client.expect("a connection");
    (script, client, server)
}

#[tokio::test]
async fn close_ends_the_connection_with_1000_and_is_the_last_state() {
    let (_script, client, server) = pair().await;
    let mut states = client.states();
    let ((), code) = tokio::join!(client.close(), server.closed());
    assert_eq!(code, 1000);
    assert!(client.state().is_closed());
    let end = soon(states.next()).await;
    assert!(matches!(end, Some(ClientState::Closed { gave_up: false, .. })), "{end:?}");
    assert!(soon(states.next()).await.is_none());
    assert!(soon(client.states().next()).await.is_none(), "nothing follows the end for latecomers either");
}

#[tokio::test]
async fn calls_fail_after_close_and_open_ones_with_it() {
    let (_script, client, mut server) = pair().await;
    let shelf = ShelfClient::new(&client);
    let open = tokio::spawn(shelf.put(1).into_future());
    server.call("shelf.put", 1).await;
    tokio::join!(client.close(), server.closed());
    assert!(matches!(soon(open).await.expect("no panic"), Err(CallError::ConnectionLost)));
    assert!(matches!(shelf.put(2).await, Err(CallError::Closed(end)) if end.code == 1000));
    assert!(matches!(shelf.knock(2).await, Err(CallError::Closed(_))));
}

#[tokio::test]
async fn what_was_held_back_fails_with_close_and_is_not_sent() {
    let script = Script::listen().await;
    let limits = json!({ "limits": { "max_calls": 1 } });
    let (client, (mut server, _)) = tokio::join!(script.client().into_future(), script.session_with(limits));
    let client = client.expect("a connection");
    let shelf = ShelfClient::new(&client);
    let open = tokio::spawn(shelf.put(1).into_future());
    server.call("shelf.put", 1).await;
    let held = tokio::spawn(shelf.put(2).into_future());
    tokio::task::yield_now().await;
    let closing = tokio::spawn(async move { client.close().await });
    let (code, texts) = server.receive_until_close().await;
    assert_eq!((code, texts.len(), &texts[0]["method"]), (1000, 1, &json!("rpc.ping")));
    soon(closing).await.expect("no panic");
    assert!(matches!(soon(open).await.expect("no panic"), Err(CallError::ConnectionLost)));
    assert!(matches!(soon(held).await.expect("no panic"), Err(CallError::Closed(_))));
}

#[tokio::test]
async fn close_while_away_ends_it_at_once() {
    let (script, client, server) = pair().await;
    drop(script);
    drop(server);
    let call = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    tokio::task::yield_now().await;
    soon(client.close()).await;
    let waited = soon(call).await.expect("no panic");
    assert!(matches!(waited, Err(CallError::Closed(_) | CallError::ConnectionLost)), "{waited:?}");
}

#[tokio::test]
async fn close_is_bounded_where_the_server_does_not_answer_it() {
    let (_script, client, _server) = pair().await;
    let start = Instant::now();
    client.close().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(client.state().is_closed());
}

#[tokio::test]
async fn a_token_that_is_awaited_when_the_client_closes_is_still_given_to_the_server() {
    let script = Script::listen().await;
    let (asked, have) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let (counter, waits) = (Arc::clone(&asked), Arc::clone(&have));
    let connect = script.client().token_provider(move || {
        let (again, waits) = (counter.fetch_add(1, Ordering::SeqCst) > 0, Arc::clone(&waits));
        async move {
            if again {
                waits.notified().await;
            }
            Ok::<_, std::io::Error>(Some("a token".to_owned()))
        }
    });
    let expires = json!({ "auth_expires_in_ms": 1 });
    let (client, (mut server, _)) = tokio::join!(connect.into_future(), script.session_with(expires));
    let client = client.expect("a connection");
    let call = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    server.call("shelf.put", 1).await;
    while asked.load(Ordering::SeqCst) < 2 {
        server.nothing_more().await;
    }
    let mut closing = Box::pin(client.close());
    assert!(closing.as_mut().now_or_never().is_none(), "the call is not acknowledged");
    assert_eq!(server.receive().await["method"], "rpc.ping");
    have.notify_one();
    assert_eq!(server.receive().await["method"], "rpc.auth");
    server.ack().await;
    let ((), code) = tokio::join!(closing, server.closed());
    assert_eq!(code, 1000, "which ends the session");
    assert!(matches!(soon(call).await.expect("no panic"), Err(CallError::ConnectionLost)));
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_connection() {
    let (_script, client, server) = pair().await;
    let shelf = ShelfClient::new(&client);
    let states = client.states();
    drop(client);
    drop((shelf, states));
    assert_eq!(server.closed().await, 1000);
}

#[tokio::test]
async fn a_generated_client_and_an_open_call_keep_the_connection() {
    let (_script, client, mut server) = pair().await;
    let shelf = ShelfClient::new(&client);
    drop(client);
    let call = tokio::spawn(shelf.put(1).into_future());
    drop(shelf);
    let id = server.call("shelf.put", 1).await;
    server.answer(id, 1).await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), 1);
    assert_eq!(server.closed().await, 1000);
}

#[tokio::test]
async fn a_dropped_connect_leaves_nothing_behind() {
    let script = Script::listen().await;
    let connecting = tokio::spawn(script.client().into_future());
    let (server, _) = script.upgrade(Some(CODEC.subprotocol())).await;
    connecting.abort();
    assert_eq!(server.closed().await, 1006);
}

#[tokio::test]
async fn notifications_that_were_handed_over_arrive_before_the_end() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    let client = client_of(address).await.expect("a connection");
    let lab = LabClient::new(&client);
    for n in 0..20 {
        lab.note(n).await.expect("handed over");
    }
    client.close().await;
    assert_eq!(bench.fates(20).await.len(), 20);
}

#[tokio::test]
async fn event_streams_end_with_the_client() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    let client = client_of(address).await.expect("a connection");
    let lab = LabClient::new(&client);
    let mut events = lab.events();
    lab.emit(2, 1).await.expect("an answer");
    client.close().await;
    let mut count = 0;
    while soon(events.next()).await.is_some() {
        count += 1;
    }
    assert_eq!(count, 2);
    assert!(soon(lab.events().next()).await.is_none());
}

#[tokio::test]
async fn close_waits_until_what_was_written_is_acknowledged() {
    let (_script, client, mut server) = pair().await;
    ShelfClient::new(&client).knock(1).await.expect("it left");
    assert_eq!(server.receive().await["method"], "shelf.knock");
    let start = tokio::time::Instant::now();
    let mut closing = Box::pin(client.close());
    assert!(futures_util::poll!(&mut closing).is_pending());
    assert_eq!(server.receive().await["method"], "rpc.ping");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    server.nothing_more().await;
    server.ack().await;
    let ((), code) = tokio::join!(closing, server.closed());
    assert_eq!(code, 1000);
    assert!(start.elapsed() < Duration::from_millis(2900), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_pong_to_the_ping_after_all_that_was_written_ends_the_wait() {
    let script = Script::listen().await;
    // Waits for no ack: this server gives none.
    let connect = script.client().call_silence(Duration::from_millis(40), Duration::from_mins(1));
    let (client, mut server) = tokio::join!(connect.into_future(), script.session());
    let client = client.expect("a connection");
    let shelf = ShelfClient::new(&client);
    let call = tokio::spawn(shelf.put(1).into_future());
    server.call("shelf.put", 1).await;
    assert_eq!(server.receive().await["method"], "rpc.ping");
    shelf.knock(1).await.expect("it left");
    assert_eq!(server.receive().await["method"], "shelf.knock");
    let start = Instant::now();
    let mut closing = Box::pin(client.close());
    assert!(futures_util::poll!(&mut closing).is_pending());
    assert_eq!(server.receive().await["method"], "rpc.ping");
    // This one answers the ping before: it says nothing of the knock.
    server.notify("rpc.pong", json!({})).await;
    server.notify("rpc.ping", json!({})).await;
    assert_eq!(server.receive().await["method"], "rpc.pong");
    server.notify("rpc.pong", json!({})).await;
    let ((), code) = tokio::join!(closing, server.closed());
    assert_eq!(code, 1000);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(soon(call).await.expect("no panic").is_err());
}

#[tokio::test]
async fn close_waits_for_no_late_ack_of_the_server() {
    let (_, address) = serve(Bench::default().server()).await;
    let client = client_of(address).await.expect("a connection");
    LabClient::new(&client).note(1).await.expect("handed over");
    let start = Instant::now();
    client.close().await;
    assert!(start.elapsed() < Duration::from_millis(950), "{:?}", start.elapsed());
}

#[tokio::test]
async fn close_waits_for_an_acknowledgement_no_longer_than_3_seconds() {
    let (_script, client, mut server) = pair().await;
    ShelfClient::new(&client).knock(1).await.expect("it left");
    assert_eq!(server.receive().await["method"], "shelf.knock");
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let ended = async { (server.closed().await, start.elapsed()) };
    let ((), (code, waited)) = tokio::join!(client.close(), ended);
    assert_eq!(code, 1000);
    // A loaded machine may let the clock jump over the close, to the next bound.
    assert!((Duration::from_secs(3)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn close_is_over_in_time_where_the_server_takes_nothing_any_more() {
    let (_script, client, mut server) = pair().await;
    let call = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    server.call("shelf.put", 1).await;
    tokio::time::pause();
    client.close().await;
    assert!(client.state().is_closed(), "{:?}", client.state());
    assert!(matches!(call.await.expect("no panic"), Err(CallError::ConnectionLost)));
}

#[tokio::test]
async fn a_client_whose_task_is_gone_with_its_runtime_leaves_nobody_waiting() {
    let script = Script::listen().await;
    let mut other = tokio::runtime::Builder::new_multi_thread();
    let other = other.worker_threads(1).enable_all().build().expect("a runtime");
    let connecting = other.spawn(script.client().into_future());
    let (client, mut server) = tokio::join!(connecting, script.session());
    let client = client.expect("no panic").expect("a connection");
    let shelf = ShelfClient::new(&client);
    let call = tokio::spawn(shelf.put(1).into_future());
    server.call("shelf.put", 1).await;
    other.shutdown_background();
    assert!(matches!(soon(call).await.expect("no panic"), Err(CallError::ConnectionLost)));
    assert!(matches!(soon(shelf.put(2).into_future()).await, Err(CallError::Closed(_))));
    soon(client.close()).await;
}
