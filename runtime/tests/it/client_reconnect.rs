//! What the Rust client does when its connection is lost: which calls go on, when it comes back, and when it gives up.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use wirecall::client::{ClientState, ConnectError};
use wirecall::{CallError, Client};

use crate::client_script::{Script, Scripted, ShelfClient, client_of, is_away, quick, until};
use crate::lab::{Bench, LabClient};
use crate::support::{serve, soon};

async fn pair() -> (Script, Client, Scripted) {
    let script = Script::listen().await;
    let (client, server) = tokio::join!(script.client().into_future(), script.session());
    let client = client.expect("a connection");
    (script, client, server)
}

#[tokio::test]
async fn it_comes_back_to_a_server_that_was_gone_and_its_states_tell_so() {
    let bench = Bench::default();
    let (server, address) = serve(bench.server()).await;
    let client = client_of(address).await.expect("a connection");
    let lab = LabClient::new(&client);
    let mut states = client.states();
    server.handle().shutdown().await;
    let away = until(&mut states, is_away).await;
    let ClientState::Reconnecting { attempt, error, .. } = away else { unreachable!("just matched") };
    assert_eq!(attempt, 1);
    assert!(matches!(&*error, ConnectError::Disconnected(end) if end.code == 4000), "{error}");
    let call = tokio::spawn(lab.echo("made while away").into_future());
    let again = bench.server().build().expect("a server");
    let listener = tokio::net::TcpListener::bind(address).await.expect("the same port");
    tokio::spawn(async move { again.serve_listener(listener).await });
    until(&mut states, ClientState::is_open).await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), "made while away");
    assert!(client.state().is_open());
}

#[tokio::test]
async fn attempts_are_counted_with_their_error_and_a_wait_under_the_cap() {
    let (script, client, server) = pair().await;
    let mut states = client.states();
    drop(script);
    drop(server);
    for expected in 1..=5 {
        let away = until(&mut states, is_away).await;
        let ClientState::Reconnecting { attempt, error, wait } = away else { unreachable!("just matched") };
        assert_eq!(attempt, expected);
        assert!(wait <= quick().cap, "{wait:?}");
        assert_eq!(matches!(&*error, ConnectError::Unreachable { .. }), expected > 1, "{error}");
    }
}

#[tokio::test]
async fn it_gives_up_after_the_allowed_attempts() {
    let script = Script::listen().await;
    let mut backoff = quick();
    backoff.attempts = Some(3);
    let (client, server) = tokio::join!(script.client().backoff(backoff).into_future(), script.session());
    let client = client.expect("a connection");
    let mut states = client.states();
    drop(script);
    drop(server);
    let waiting = tokio::spawn(ShelfClient::new(&client).put(1).into_future());
    for expected in 1..=3 {
        let away = soon(states.next()).await;
        assert!(
            matches!(away, Some(ClientState::Reconnecting { attempt, .. }) if attempt == expected),
            "{away:?}"
        );
    }
    let end = soon(states.next()).await;
    assert!(matches!(end, Some(ClientState::Closed { gave_up: true, .. })), "{end:?}");
    assert!(soon(states.next()).await.is_none(), "nothing follows the end");
    let waited = soon(waiting).await.expect("no panic");
    assert!(matches!(waited, Err(CallError::Closed(_) | CallError::ConnectionLost)), "{waited:?}");
    assert!(matches!(ShelfClient::new(&client).put(2).await, Err(CallError::Closed(_))));
}

#[tokio::test]
async fn without_reconnect_the_first_lost_connection_is_the_end() {
    let script = Script::listen().await;
    let (client, server) = tokio::join!(script.client().no_reconnect().into_future(), script.session());
    let client = client.expect("a connection");
    let mut states = client.states();
    drop(server);
    let end = until(&mut states, |_| true).await;
    assert!(matches!(end, ClientState::Closed { gave_up: true, .. }), "{end:?}");
}

#[tokio::test]
async fn calls_made_before_there_is_a_session_are_sent_in_order_and_bounded_in_number() {
    let script = Script::listen().await;
    let client = script.client().queue(5).lazy().await.expect("no wait");
    let shelf = ShelfClient::new(&client);
    // All are entered before the first of them can be answered.
    let calls = tokio::spawn(join_all((1..=6).map(|n| shelf.put(n).into_future())));
    let mut server = script.session().await;
    for n in 1..=5 {
        let id = server.call("shelf.put", n).await;
        server.answer(id, n).await;
    }
    let answers = soon(calls).await.expect("no panic");
    for (n, answer) in (1..=5).zip(&answers) {
        assert!(matches!(answer, Ok(result) if *result == n), "{answer:?}");
    }
    let error = answers[5].as_ref().expect_err("one too many");
    assert_eq!(error.rpc().expect("an error of the protocol").kind(), "resource_exhausted");
    assert!(error.to_string().contains("`queue`"), "{error}");
}

#[tokio::test]
async fn written_calls_end_as_connection_lost_and_unwritten_ones_go_on_in_order() {
    let script = Script::listen().await;
    let limits = json!({ "limits": { "max_calls": 1 } });
    let (client, (mut server, _)) = tokio::join!(script.client().into_future(), script.session_with(limits));
    let client = client.expect("a connection");
    let shelf = ShelfClient::new(&client);
    let calls = tokio::spawn(join_all((1..=4).map(|n| shelf.put(n).into_future())));
    server.call("shelf.put", 1).await;
    drop(server);
    let mut server = script.session().await;
    for n in 2..=4 {
        let id = server.call("shelf.put", n).await;
        server.answer(id, n).await;
    }
    let answers = soon(calls).await.expect("no panic");
    assert!(matches!(answers[0], Err(CallError::ConnectionLost)), "{answers:?}");
    assert!(matches!(answers[1..], [Ok(2), Ok(3), Ok(4)]), "{answers:?}");
}

#[tokio::test]
async fn a_notification_that_was_held_back_goes_with_the_next_connection() {
    let script = Script::listen().await;
    let limits = json!({ "limits": { "max_calls": 1 } });
    let (client, (mut server, _)) = tokio::join!(script.client().into_future(), script.session_with(limits));
    let client = client.expect("a connection");
    let shelf = ShelfClient::new(&client);
    let one = tokio::spawn(shelf.put(1).into_future());
    server.call("shelf.put", 1).await;
    let two = tokio::spawn(shelf.put(2).into_future());
    tokio::task::yield_now().await;
    let knock = tokio::spawn(shelf.knock(3).into_future());
    tokio::task::yield_now().await;
    drop(server);
    let mut server = script.session().await;
    server.call("shelf.put", 2).await;
    server.call("shelf.knock", 3).await;
    soon(knock).await.expect("no panic").expect("handed over");
    assert!(matches!(soon(one).await, Ok(Err(CallError::ConnectionLost))));
    two.abort();
}

#[tokio::test]
async fn an_idempotent_call_is_sent_again_at_most_three_times() {
    let (script, client, mut server) = pair().await;
    let shelf = ShelfClient::new(&client);
    let call = tokio::spawn(shelf.look(7).into_future());
    for _ in 0..3 {
        server.call("shelf.look", 7).await;
        drop(server);
        server = script.session().await;
    }
    let id = server.call("shelf.look", 7).await;
    server.answer(id, 7).await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), 7);
    let call = tokio::spawn(shelf.look(8).into_future());
    for _ in 0..4 {
        server.call("shelf.look", 8).await;
        drop(server);
        server = script.session().await;
    }
    assert!(matches!(soon(call).await.expect("no panic"), Err(CallError::ConnectionLost)));
    server.nothing_more().await;
}

#[tokio::test]
async fn the_time_limit_of_a_call_runs_on_while_away() {
    let (script, client, server) = pair().await;
    let mut states = client.states();
    drop(script);
    drop(server);
    until(&mut states, is_away).await;
    let call = ShelfClient::new(&client).put(1).timeout(Duration::from_millis(50));
    let error = soon(call.into_future()).await.expect_err("nobody is there");
    assert_eq!(error.rpc().expect("an error of the protocol").kind(), "deadline_exceeded");
}

#[tokio::test]
async fn a_call_that_is_carried_over_tells_the_server_what_is_left_of_its_limit() {
    let (script, client, server) = pair().await;
    let mut states = client.states();
    drop(server);
    until(&mut states, is_away).await;
    let shelf = ShelfClient::new(&client);
    let call = tokio::spawn(shelf.put(1).timeout(Duration::from_mins(1)).into_future());
    let mut server = script.session().await;
    let message = server.receive().await;
    let left = message["meta"]["timeout_ms"].as_u64().expect("a limit");
    assert!(left < 60_000, "{left}");
    call.abort();
}

#[tokio::test]
async fn the_close_code_says_whether_it_comes_back() {
    for (code, back) in [
        (1000, false),
        (1001, true),
        (1011, true),
        (1008, false),
        (4001, true),
        (4010, true),
        (4502, false),
        (4999, false),
    ] {
        let (script, client, server) = pair().await;
        let mut states = client.states();
        server.close(code, "said the server").await;
        let state = until(&mut states, |_| true).await;
        match state {
            ClientState::Reconnecting { error, .. } => {
                assert!(back && error.to_string().contains("said the server"), "{code}: {error}");
                script.session().await;
            }
            ClientState::Closed { gave_up, disconnect } => {
                assert!(!back && !gave_up, "{code}");
                assert_eq!((disconnect.code, &*disconnect.reason), (code, "said the server"));
            }
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_the_server_says_before_closing_counts_more_than_the_close_code() {
    let (_script, client, mut server) = pair().await;
    let mut states = client.states();
    server.notify("rpc.close", json!({ "code": 4502, "reason": "revoked" })).await;
    server.close(1001, "").await;
    let end = until(&mut states, |_| true).await;
    assert!(
        matches!(&end, ClientState::Closed { gave_up: false, disconnect } if disconnect.code == 4502),
        "{end:?}"
    );

    let (script, client, mut server) = pair().await;
    let mut states = client.states();
    server.notify("rpc.close", json!({ "code": 4013, "reason": "too slow" })).await;
    server.close(1000, "").await;
    let away = until(&mut states, |_| true).await;
    assert!(is_away(&away), "{away:?}");
    script.session().await;
    until(&mut states, ClientState::is_open).await;
}

#[tokio::test]
async fn a_frame_of_the_wrong_kind_is_a_fault_that_ends_the_client() {
    let (_script, client, mut server) = pair().await;
    let mut states = client.states();
    futures_util::SinkExt::send(&mut server.0, crate::wire::wrong_frame(crate::CODEC))
        .await
        .expect("sent");
    assert_eq!(server.closed().await, 1003);
    let end = until(&mut states, |_| true).await;
    assert!(matches!(&end, ClientState::Closed { disconnect, .. } if disconnect.code == 1003), "{end:?}");
}

#[tokio::test]
async fn while_the_server_drains_no_call_starts_and_open_ones_are_answered() {
    let (script, client, mut server) = pair().await;
    let shelf = ShelfClient::new(&client);
    let mut states = client.states();
    let open = tokio::spawn(shelf.put(1).into_future());
    let id = server.call("shelf.put", 1).await;
    let notice = json!({ "code": 4000, "reason": "a new version", "in_ms": 10_000, "retry_within_ms": 50 });
    server.notify("rpc.close", notice).await;
    server.nothing_more().await;
    let late = tokio::spawn(shelf.put(2).into_future());
    tokio::task::yield_now().await;
    server.nothing_more().await;
    server.answer(id, 1).await;
    assert_eq!(soon(open).await.expect("no panic").expect("an answer"), 1);
    server
        .notify("rpc.close", json!({ "code": 4000, "reason": "a new version", "retry_within_ms": 50 }))
        .await;
    server.close(4000, "").await;
    let away = until(&mut states, |_| true).await;
    let ClientState::Reconnecting { wait, .. } = away else { panic!("{away:?}") };
    assert!(wait <= Duration::from_millis(50), "{wait:?}");
    let mut server = script.session().await;
    let id = server.call("shelf.put", 2).await;
    server.answer(id, 2).await;
    assert_eq!(soon(late).await.expect("no panic").expect("an answer"), 2);
}

#[tokio::test]
async fn its_return_is_spread_over_the_span_that_the_server_gives() {
    // By its own backoff it would be back within 20 ms; ten times in a row is no chance.
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let (_script, client, mut server) = pair().await;
        let mut states = client.states();
        server.notify("rpc.close", json!({ "code": 4000, "retry_within_ms": 60_000 })).await;
        server.close(4000, "").await;
        let away = until(&mut states, is_away).await;
        let ClientState::Reconnecting { wait, .. } = away else { unreachable!("just matched") };
        longest = longest.max(wait);
    }
    assert!(longest > Duration::from_secs(1) && longest <= Duration::from_mins(1), "{longest:?}");
}

#[tokio::test]
async fn what_this_side_found_wrong_counts_more_than_the_notice_of_a_drain_before_it() {
    let (script, client, mut server) = pair().await;
    let mut states = client.states();
    server.notify("rpc.close", json!({ "code": 4000, "in_ms": 10_000, "retry_within_ms": 60_000 })).await;
    server.send(json!({ "jsonrpc": "2.0", "method": "shelf.none", "params": {}, "seq": 5 })).await;
    assert_eq!(server.closed().await, 4050);
    let (_server, hello) = script.session_with(json!({})).await;
    assert!(hello["resume"].is_null(), "{hello}");
    let back = until(&mut states, ClientState::is_open).await;
    let ClientState::Open { lost, .. } = back else { unreachable!("just matched") };
    assert_eq!(lost, Some(wirecall::SessionReason::Sequence));
}
