//! How the Rust client tells a silent server from a dead one.

use std::time::{Duration, Instant};

use serde_json::json;
use wirecall::CallError;
use wirecall::client::{ClientState, Connect, ConnectError};

use crate::client_script::{Script, ShelfClient, is_away, until};
use crate::support::soon;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn brisk(script: &Script) -> Connect {
    script.client().heartbeat_grace(ms(50)).call_silence(ms(40), ms(30))
}

#[tokio::test]
async fn a_server_that_is_silent_beyond_ping_and_grace_is_left_and_met_again() {
    let script = Script::listen().await;
    let ping = json!({ "ping_ms": 50 });
    let start = Instant::now();
    let (client, (_silent, _)) = tokio::join!(brisk(&script).into_future(), script.session_with(ping));
    let client = client.expect("a connection");
    let mut states = client.states();
    let away = until(&mut states, is_away).await;
    assert!(start.elapsed() >= ms(100), "{:?}", start.elapsed());
    let ClientState::Reconnecting { error, .. } = away else { unreachable!("just matched") };
    assert!(matches!(&*error, ConnectError::Disconnected(end) if end.reason.contains("silent")), "{error}");
    let _again = script.session().await;
    until(&mut states, ClientState::is_open).await;
}

#[tokio::test]
async fn pings_are_answered_and_keep_the_connection() {
    let script = Script::listen().await;
    let connect = script.client().heartbeat_grace(ms(300)).into_future();
    let (client, (mut server, _)) = tokio::join!(connect, script.session_with(json!({ "ping_ms": 300 })));
    let client = client.expect("a connection");
    // Well beyond ping and grace together, and each far below them: the machine may be busy.
    let mut beat = tokio::time::interval(ms(60));
    for _ in 0..15 {
        beat.tick().await;
        server.notify("rpc.ping", json!({})).await;
        assert_eq!(server.receive().await["method"], "rpc.pong");
    }
    assert!(client.state().is_open());
}

#[tokio::test]
async fn a_call_that_meets_silence_makes_it_ping_and_drop_the_connection_soon_after() {
    let script = Script::listen().await;
    let (client, mut server) = tokio::join!(brisk(&script).into_future(), script.session());
    let client = client.expect("a connection");
    let call = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    server.call("shelf.put", 1).await;
    assert_eq!(server.receive().await["method"], "rpc.ping");
    let mut states = client.states();
    until(&mut states, is_away).await;
    // Being away fails no call; that the server has another session for it does.
    assert!(!call.is_finished());
    let _server = script.session().await;
    assert!(matches!(soon(call).await.expect("no panic"), Err(CallError::ConnectionLost)));
}

#[tokio::test]
async fn a_pong_tells_a_slow_call_from_a_dead_server() {
    let script = Script::listen().await;
    let grace = ms(500);
    let connect = script.client().call_silence(ms(40), grace).into_future();
    let (client, mut server) = tokio::join!(connect, script.session());
    let client = client.expect("a connection");
    let call = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    let id = server.call("shelf.put", 1).await;
    assert_eq!(server.receive().await["method"], "rpc.ping");
    let pinged = Instant::now();
    server.notify("rpc.pong", json!({})).await;
    let mut beat = tokio::time::interval(ms(100));
    while pinged.elapsed() < grace * 2 {
        beat.tick().await;
    }
    server.answer(id, 1).await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), 1);
    assert!(client.state().is_open());
}

#[tokio::test]
async fn while_a_call_is_open_only_calls_are_followed_by_a_ping() {
    let script = Script::listen().await;
    let connect = script.client().call_silence(ms(40), ms(5_000)).into_future();
    let (client, mut server) = tokio::join!(connect, script.session());
    let client = client.expect("a connection");
    let call = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    let id = server.call("shelf.put", 1).await;
    assert_eq!(server.receive().await["method"], "rpc.ping");
    server.notify("rpc.pong", json!({})).await;
    // The answer to this is written, and is no call.
    server.notify("rpc.ping", json!({})).await;
    assert_eq!(server.receive().await["method"], "rpc.pong");
    let more = tokio::time::timeout(ms(200), server.receive()).await;
    assert!(more.is_err(), "{more:?}");
    // The next call is one.
    let second = tokio::spawn(ShelfClient::new(&client).put(2).into_future());
    let second_id = server.call("shelf.put", 2).await;
    assert_eq!(server.receive().await["method"], "rpc.ping");
    server.notify("rpc.pong", json!({})).await;
    server.answer(id, 1).await;
    server.answer(second_id, 2).await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), 1);
    assert_eq!(soon(second).await.expect("no panic").expect("an answer"), 2);
}
