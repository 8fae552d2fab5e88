//! How the Rust client tells a silent server from a dead one.

use std::time::{Duration, Instant};

use futures_util::SinkExt;
use serde_json::json;
use wirecall::client::{ClientState, Connect, ConnectError};
use wirecall::{CallError, Disconnect, SessionReason};

use crate::client_script::{Script, ShelfClient, is_away, until};
use crate::lab::{LabClient, LabEvent};
use crate::support::soon;
use crate::{CODEC, wire};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Why the client is away.
fn end_of(state: &ClientState) -> Disconnect {
    let ClientState::Reconnecting { error, .. } = state else { unreachable!("it is away") };
    let ConnectError::Disconnected(end) = &**error else { panic!("{error}") };
    end.clone()
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
    assert!(end_of(&away).reason.contains("silent"), "{away:?}");
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

#[tokio::test]
async fn a_server_that_stops_reading_is_left_as_4013_after_the_write_deadline_and_the_session_goes_on() {
    // More than the network between the two takes.
    const LARGE: usize = 24 << 20;
    let script = Script::listen().await;
    let limits = json!({ "limits": { "max_message_bytes": LARGE * 2, "max_calls": 64, "buffer_bytes": 1 << 20 } });
    let connect = script.client().write_deadline(ms(200)).into_future();
    let (client, (_deaf, _)) = tokio::join!(connect, script.session_with(limits.clone()));
    let client = client.expect("a connection");
    let mut states = client.states();
    let call = tokio::spawn(LabClient::new(&client).echo("x".repeat(LARGE)).into_future());
    let away = until(&mut states, is_away).await;
    assert_eq!(end_of(&away).code, 4013, "{away:?}");
    assert!(end_of(&away).reason.contains("write deadline"), "{away:?}");

    // As if it had read the call after all, so that nothing large comes again.
    let mut resumed = limits;
    (resumed["resumed"], resumed["received"]) = (json!(true), json!(1));
    let (mut server, hello) = script.session_with(resumed).await;
    assert_eq!(hello["resume"]["session"], "s", "{hello}");
    server.answer(1, "done").await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), "done");
}

#[tokio::test]
async fn a_server_that_acknowledges_nothing_for_the_heartbeat_timeout_costs_the_session() {
    let script = Script::listen().await;
    let connect = script.client().buffer_bytes(1).heartbeat_timeout(ms(200)).into_future();
    let (client, mut server) = tokio::join!(connect, script.session());
    let client = client.expect("a connection");
    let mut states = client.states();
    let shelf = ShelfClient::new(&client);
    let start = Instant::now();
    let first = tokio::spawn(shelf.put(1).into_future());
    let second = tokio::spawn(shelf.put(2).into_future());
    server.call("shelf.put", 1).await;
    assert_eq!(server.closed().await, 4013);
    assert!(start.elapsed() >= ms(200), "{:?}", start.elapsed());

    let (mut server, hello) = script.session_with(json!({ "session": "t" })).await;
    assert!(hello.get("resume").is_none(), "{hello}");
    let open = until(&mut states, ClientState::is_open).await;
    assert!(
        matches!(open, ClientState::Open { resumed: false, lost: Some(SessionReason::Overflow), .. }),
        "{open:?}"
    );
    assert!(matches!(soon(first).await.expect("no panic"), Err(CallError::ConnectionLost)));
    let id = server.call("shelf.put", 2).await;
    server.answer(id, 2).await;
    assert_eq!(soon(second).await.expect("no panic").expect("an answer"), 2);
}

#[tokio::test]
async fn what_a_dropped_connection_still_says_is_ignored() {
    let script = Script::listen().await;
    let connect = script.client().heartbeat_grace(ms(200)).into_future();
    let (client, (mut old, _)) = tokio::join!(connect, script.session_with(json!({ "ping_ms": 200 })));
    let client = client.expect("a connection");
    let (mut states, lab) = (client.states(), LabClient::new(&client));
    let mut events = lab.events();
    let call = tokio::spawn(lab.echo("hi").into_future());
    let id = old.receive().await["id"].clone();
    until(&mut states, is_away).await;
    let tick = |n: u32| json!({ "jsonrpc": "2.0", "method": "lab.tick", "params": { "n": n, "filling": "" }, "seq": 1 });
    let answer = |text: &str| json!({ "jsonrpc": "2.0", "id": id, "result": text, "seq": 2 });
    let goodbye = json!({ "jsonrpc": "2.0", "method": "rpc.close", "params": { "code": 4502, "reason": "enough" } });
    for message in [tick(1), answer("old"), goodbye] {
        // Nobody may be there to take it.
        drop(old.0.send(wire::frame(CODEC, &message.to_string())).await);
    }
    drop(old);

    let change = json!({ "resumed": true, "received": 1, "sent": 2 });
    let (mut server, hello) = script.session_with(change).await;
    assert_eq!(hello["resume"]["received"], 0, "{hello}");
    until(&mut states, ClientState::is_open).await;
    for message in [tick(2), answer("new")] {
        server.send(message).await;
    }
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), "new");
    let event = soon(events.next()).await.expect("an event");
    assert!(matches!(event, LabEvent::Tick { n: 2, .. }), "{event:?}");
    assert!(client.state().is_open());
}
