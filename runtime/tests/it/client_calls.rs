//! The Rust client's calls: results, errors, time limits, cancelling, notifications, their order and their number.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use wirecall::{CallError, Client};

use crate::client_script::{Script, ShelfClient, ShelfError, client_of};
use crate::lab::{Bench, Fate, LabClient, LabError};
use crate::support::{serve, soon};

async fn lab() -> (Bench, Client, LabClient) {
    let bench = Bench::default();
    let (_, address) = serve(bench.server_with(|limits| limits.max_calls = 8)).await;
    let client = client_of(address).await.expect("a connection");
    let lab = LabClient::new(&client);
    (bench, client, lab)
}

#[tokio::test]
async fn a_call_gives_its_typed_result() {
    let (_, _client, lab) = lab().await;
    assert_eq!(lab.echo("ä \u{1F980} \"\\").await.expect("an answer"), "ä \u{1F980} \"\\");
    assert_eq!(lab.add(1, 2, Some(3)).await.expect("an answer"), 6);
    assert_eq!(lab.add(1, 2, None).await.expect("an answer"), 3);
}

#[tokio::test]
async fn a_service_s_errors_arrive_as_their_variants_and_the_protocol_s_with_their_kind() {
    let (_, _client, lab) = lab().await;
    assert!(
        matches!(lab.fail("no_room").await, Err(CallError::Service(LabError::NoRoom { room })) if room == "attic")
    );
    assert!(matches!(lab.fail("closed").await, Err(CallError::Service(LabError::Closed))));
    for how in ["panic", "internal"] {
        let error = lab.fail(how).await.expect_err("it fails");
        let rpc = error.rpc().expect("an error of the protocol");
        assert_eq!((rpc.code(), rpc.kind()), (-32603, "internal_error"));
        assert!(!error.to_string().contains("inside"), "{error}");
    }
    assert_eq!(lab.echo("still here").await.expect("an answer"), "still here");
}

#[tokio::test]
async fn a_method_that_the_server_does_not_have_is_method_not_found() {
    let (_, client, _) = lab().await;
    let error = ShelfClient::new(&client).put(1).await.expect_err("there is no shelf");
    assert_eq!(error.rpc().expect("an error of the protocol").kind(), "method_not_found");
}

#[tokio::test]
async fn parameters_that_break_a_check_are_not_sent() {
    let script = Script::listen().await;
    let (client, mut server) = tokio::join!(script.client().into_future(), script.session());
    let shelf = ShelfClient::new(client.expect("a connection"));
    let error = shelf.label("too long").await.expect_err("it is too long");
    assert!(matches!(error, CallError::Encode(_)), "{error}");
    assert!(error.to_string().contains("/text"), "{error}");
    server.nothing_more().await;
}

#[tokio::test]
async fn the_time_limit_ends_the_call_at_both_ends() {
    let (bench, _client, lab) = lab().await;
    let error = lab.hold(1).timeout(Duration::from_millis(50)).await.expect_err("nobody lets it go");
    assert_eq!(error.rpc().expect("an error of the protocol").kind(), "deadline_exceeded");
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Dropped(1)]);
}

#[tokio::test]
async fn the_declaration_s_time_limit_counts_and_the_call_s_own_before_it() {
    let (bench, _client, lab) = lab().await;
    let error = lab.brief(1).await.expect_err("nobody lets it go");
    assert_eq!(error.rpc().expect("an error of the protocol").kind(), "deadline_exceeded");
    assert_eq!(bench.fates(2).await, [Fate::Started(1), Fate::Dropped(1)]);
    let long = tokio::spawn(lab.brief(2).timeout(Duration::from_mins(1)).into_future());
    assert_eq!(bench.fate().await, Fate::Started(2));
    // Longer than the declaration's 50 ms: the server keeps to the caller's limit, too.
    let error = lab.hold(3).timeout(Duration::from_millis(100)).await.expect_err("nobody lets it go");
    assert_eq!(error.rpc().expect("an error of the protocol").kind(), "deadline_exceeded");
    assert_eq!(bench.fates(2).await, [Fate::Started(3), Fate::Dropped(3)]);
    bench.release(1);
    assert_eq!(soon(long).await.expect("no panic").expect("an answer"), 2);
}

#[tokio::test]
async fn a_time_limit_beyond_the_clock_is_none() {
    let (_, _client, lab) = lab().await;
    assert_eq!(lab.echo("x").timeout(Duration::MAX).await.expect("an answer"), "x");
}

#[tokio::test]
async fn a_dropped_call_drops_its_handler_within_100_ms() {
    let (bench, _client, lab) = lab().await;
    let call = tokio::spawn(lab.hold(1).into_future());
    assert_eq!(bench.fate().await, Fate::Started(1));
    let start = Instant::now();
    call.abort();
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    assert_eq!(lab.echo("still here").await.expect("an answer"), "still here");
}

#[tokio::test]
async fn a_no_cancel_call_runs_to_its_end_after_its_caller_is_gone() {
    let (bench, _client, lab) = lab().await;
    let call = tokio::spawn(lab.keep(1).into_future());
    assert_eq!(bench.fate().await, Fate::Started(1));
    call.abort();
    assert_eq!(lab.echo("after the cancel").await.expect("an answer"), "after the cancel");
    assert!(bench.is_quiet().await);
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(1));
}

#[tokio::test]
async fn notifications_arrive_in_order_before_the_call_that_follows() {
    let (bench, _client, lab) = lab().await;
    for n in 0..10 {
        lab.note(n).await.expect("handed over");
    }
    lab.echo("after").await.expect("an answer");
    for n in 0..10 {
        assert_eq!(bench.fate().await, Fate::Done(n));
    }
}

#[tokio::test]
async fn a_thousand_calls_at_once_take_their_turn() {
    let (_, _client, lab) = lab().await;
    let answers = join_all((0..1000).map(|n| lab.add(n, 1, None).into_future()));
    for (n, answer) in soon(answers).await.into_iter().enumerate() {
        assert_eq!(answer.expect("an answer"), i64::try_from(n).expect("small") + 1);
    }
}

#[tokio::test]
async fn calls_above_max_calls_are_held_back_in_order() {
    let script = Script::listen().await;
    let limits = json!({ "limits": { "max_calls": 2 } });
    let (client, (mut server, _)) = tokio::join!(script.client().into_future(), script.session_with(limits));
    let shelf = ShelfClient::new(client.expect("a connection"));
    let mut calls: Vec<_> = (1..=4).map(|n| tokio::spawn(shelf.put(n).into_future())).collect();
    let first = server.call("shelf.put", 1).await;
    let second = server.call("shelf.put", 2).await;
    server.nothing_more().await;
    // One that still waits never leaves.
    let third = calls.remove(2);
    third.abort();
    assert!(third.await.expect_err("it was aborted").is_cancelled());
    server.nothing_more().await;
    server.answer(first, 1).await;
    server.call("shelf.put", 4).await;
    calls.remove(1).abort();
    assert_eq!(
        server.receive().await,
        json!({ "jsonrpc": "2.0", "method": "rpc.cancel", "params": { "id": second } })
    );
    server.nothing_more().await;
}

#[tokio::test]
async fn a_reply_that_does_not_fit_fails_only_its_call() {
    let script = Script::listen().await;
    let (client, mut server) = tokio::join!(script.client().into_future(), script.session());
    let shelf = ShelfClient::new(client.expect("a connection"));
    let (answers, ()) = tokio::join!(join_all((1..=6).map(|n| shelf.put(n).into_future())), async {
        for n in 1..=6 {
            let id = server.call("shelf.put", n).await;
            match n {
                1 => server.answer(id, "one").await,
                2 => server.send(json!({ "jsonrpc": "2.0", "id": id, "error": "no" })).await,
                3 => server.send(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": 1001, "message": "full", "data": { "kind": "full" } } })).await,
                4 => server.send(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": 7, "message": "seven" } })).await,
                5 => {
                    // Nobody asked for these.
                    server.answer(77_777, "x").await;
                    server.answer("text", "x").await;
                    server.send(json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "?" } })).await;
                    server.answer(id, 5).await;
                }
                _ => server.answer(id, 6).await,
            }
        }
    });
    let texts: Vec<String> = answers.iter().map(|answer| format!("{answer:?}")).collect();
    assert!(matches!(answers[0], Err(CallError::Decode(_))), "{texts:?}");
    assert!(matches!(answers[1], Err(CallError::Decode(_))), "{texts:?}");
    assert!(matches!(answers[2], Err(CallError::Service(ShelfError::Full))), "{texts:?}");
    assert!(matches!(&answers[3], Err(CallError::Rpc(error)) if error.code() == 7), "{texts:?}");
    assert!(matches!((&answers[4], &answers[5]), (Ok(5), Ok(6))), "{texts:?}");
}

#[tokio::test]
async fn large_messages_go_both_ways() {
    let (_, _client, lab) = lab().await;
    let large = "ü".repeat(500_000);
    assert_eq!(soon(lab.echo(large.clone()).into_future()).await.expect("an answer"), large);
    let answers = join_all((0..6).map(|_| lab.large(900_000).into_future()));
    assert!(soon(answers).await.into_iter().all(|answer| answer.is_ok_and(|text| text.len() == 900_000)));
}

#[tokio::test]
async fn a_message_that_is_too_large_fails_alone_in_either_direction() {
    let (_, client, lab) = lab().await;
    for answer in [lab.echo("x".repeat(1 << 20)).await, lab.large(1 << 20).await] {
        let error = answer.expect_err("it is too large");
        assert_eq!(error.rpc().expect("an error of the protocol").kind(), "too_large");
    }
    let error = lab.fail("at length").await.expect_err("it fails");
    assert_eq!(error.rpc().expect("an error of the protocol, in the place of its own").kind(), "too_large");
    assert_eq!(lab.echo("still here").await.expect("an answer"), "still here");
    assert!(client.state().is_open());
}

#[tokio::test]
async fn no_cancel_is_forgotten_where_the_queue_is_full() {
    let script = Script::listen().await;
    let (client, mut server) = tokio::join!(script.client().into_future(), script.session());
    let lab = LabClient::new(client.expect("a connection"));
    // Each fills the queue so far that not even a cancel fits beside it, and all together more than a socket takes.
    let mut calls: Vec<_> = (0..40).map(|_| lab.echo("x".repeat((1 << 20) - 200)).into_future()).collect();
    for call in &mut calls {
        assert!(futures_util::poll!(call).is_pending());
        tokio::task::yield_now().await;
    }
    drop(calls);
    let end = tokio::spawn(lab.echo("end").into_future());
    let (mut sent, mut cancelled) = (Vec::new(), Vec::new());
    loop {
        let message = server.receive().await;
        server.ack().await;
        match message["method"].as_str() {
            Some("rpc.cancel") => cancelled.push(message["params"]["id"].clone()),
            _ if message["params"]["text"] == "end" => break,
            _ => sent.push(message["id"].clone()),
        }
    }
    end.abort();
    assert!((1..40).contains(&sent.len()), "{} were sent", sent.len());
    assert_eq!(sent, cancelled);
}
