//! What reaches the Rust client from its server: events, calls that it answers, cancels of them.

use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use wirecall::{CallError, ErrorKind, Failure, Reply, RpcError};

use crate::client_script::{Script, client_of};
use crate::lab::{Bench, Fate, Lab, LabClient, LabEvent, Ui, UiHandler};
use crate::support::{error_of, serve, soon};

/// Answers when it is let go, and tells what it is asked.
struct Screen {
    gate: Arc<Semaphore>,
    asked: mpsc::UnboundedSender<String>,
}

struct Gone(mpsc::UnboundedSender<String>);

impl Drop for Gone {
    fn drop(&mut self) {
        // Who does not listen does not care.
        let _sent = self.0.send("gone".to_owned());
    }
}

impl UiHandler for Screen {
    type Context = ();

    async fn confirm(&self, (): (), prompt: String) -> Reply<bool, wirecall::NoError> {
        self.asked.send(prompt.clone()).expect("the test listens");
        match prompt.as_str() {
            "panic" => panic!("the inside of the client"),
            "at length" => {
                let error = RpcError::new(ErrorKind::NotFound, "not here").with_details(json!("x".repeat(1000)));
                return Err(error.into());
            }
            "fail" => return Err(Failure::internal("the inside of the client")),
            "wait" => {
                let _gone = Gone(self.asked.clone());
                std::future::pending::<()>().await;
            }
            _ => self.gate.acquire().await.expect("the gate stays").forget(),
        }
        Ok(true)
    }

    async fn flash(&self, (): (), prompt: String) -> Reply<(), wirecall::NoError> {
        self.asked.send(prompt).expect("the test listens");
        Ok(())
    }
}

fn screen(answers: usize) -> (Screen, Arc<Semaphore>, mpsc::UnboundedReceiver<String>) {
    // Unbounded: handlers tell from `drop`, and a test asks little.
    let (asked, prompts) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(answers));
    (Screen { gate: Arc::clone(&gate), asked }, gate, prompts)
}

#[tokio::test]
async fn events_arrive_typed_and_in_order_at_every_listener() {
    let (_, address) = serve(Bench::default().server()).await;
    let client = client_of(address).await.expect("a connection");
    let lab = LabClient::new(&client);
    let mut listeners = [lab.events(), lab.events()];
    lab.emit(50, 3).await.expect("an answer");
    for events in &mut listeners {
        for expected in 0..50 {
            let event = soon(events.next()).await.expect("an event");
            assert!(matches!(event, LabEvent::Tick { n, filling } if n == expected && filling == "xxx"));
        }
    }
}

#[tokio::test]
async fn a_listener_that_is_far_behind_can_tell_how_much_it_missed() {
    let (_, address) = serve(Bench::default().server()).await;
    let client = client_of(address).await.expect("a connection");
    let lab = LabClient::new(&client);
    let mut events = lab.events();
    lab.emit(2000, 1).await.expect("an answer");
    assert_eq!(events.missed(), 0);
    assert!(soon(events.next()).await.is_some());
    assert_eq!(events.missed(), 2000 - 1024);
}

#[tokio::test]
async fn events_that_are_unknown_or_do_not_fit_are_skipped() {
    let script = Script::listen().await;
    let (client, mut server) = tokio::join!(script.client().into_future(), script.session());
    let lab = LabClient::new(client.expect("a connection"));
    let mut events = lab.events();
    server.notify("lab.of_a_later_version", json!({ "n": 1 })).await;
    server.notify("lab.tick", json!({ "n": "one" })).await;
    server.notify("elsewhere.tick", json!({ "n": 1, "filling": "" })).await;
    server.send(json!({ "jsonrpc": "2.0", "method": "lab.tick" })).await;
    server.notify("lab.tick", json!({ "n": 2, "filling": "", "later": true })).await;
    assert!(matches!(soon(events.next()).await, Some(LabEvent::Tick { n: 2, .. })));
}

#[tokio::test]
async fn the_server_s_calls_are_answered_also_inside_a_call_of_the_client_s() {
    let (_, address) = serve(Bench::default().server()).await;
    let (screen, _, mut prompts) = screen(1);
    let client = client_of(address).serve(Ui::serve(screen)).await.expect("a connection");
    assert!(LabClient::new(&client).ask(7).await.expect("an answer"));
    assert_eq!(prompts.recv().await.as_deref(), Some("7?"));
}

#[tokio::test]
async fn of_an_incompatible_service_no_event_is_told_and_no_call_is_run() {
    let script = Script::listen().await;
    let (screen, _, mut prompts) = screen(1);
    let connect = script.client().service::<Lab>().serve(Ui::serve(screen)).into_future();
    let words = json!({ "contract": { "lab": "incompatible" } });
    let (client, (mut server, _)) = tokio::join!(connect, script.session_with(words));
    let lab = LabClient::new(client.expect("a connection"));
    let mut events = lab.events();
    let confirm = |id| json!({ "jsonrpc": "2.0", "id": id, "method": "ui.confirm", "params": { "prompt": "sure?" } });
    server.notify("lab.tick", json!({ "n": 1, "filling": "" })).await;
    server.notify("ui.flash", json!({ "prompt": "look" })).await;
    server.send(confirm(1)).await;
    let answer = server.receive().await;
    assert_eq!(error_of(&answer), (-32601, "method_not_found"), "{answer}");
    assert_eq!(answer["error"]["data"]["details"], json!({ "service": "lab", "contract": "incompatible" }));
    drop(server);
    // The word of the last hello counts.
    let mut server = script.session().await;
    server.notify("lab.tick", json!({ "n": 2, "filling": "" })).await;
    server.send(confirm(2)).await;
    assert!(matches!(soon(events.next()).await, Some(LabEvent::Tick { n: 2, .. })));
    assert_eq!(soon(prompts.recv()).await.as_deref(), Some("sure?"));
}

#[tokio::test]
async fn sixty_four_of_the_server_s_calls_at_once_are_answered() {
    let bench = Bench::default();
    let (_, address) = serve(bench.server()).await;
    let (screen, gate, mut prompts) = screen(0);
    let client = client_of(address).serve(Ui::serve(screen)).await.expect("a connection");
    let lab = LabClient::new(&client);
    let asking = tokio::spawn(join_all((0..64).map(|n| lab.ask(n).into_future())));
    for _ in 0..64 {
        soon(prompts.recv()).await.expect("a prompt");
    }
    assert_eq!(bench.fates(64).await.len(), 64);
    gate.add_permits(64);
    assert!(soon(asking).await.expect("no panic").into_iter().all(|answer| answer.is_ok_and(|yes| yes)));
    assert!(!bench.fates(0).await.contains(&Fate::Dropped(0)));
}

#[tokio::test]
async fn a_client_that_answers_no_calls_says_so() {
    let (_, address) = serve(Bench::default().server()).await;
    let client = client_of(address).await.expect("a connection");
    // The server's handler takes it for a failure of its own.
    let error = LabClient::new(&client).ask(1).await.expect_err("nobody answers");
    assert_eq!(error.rpc().expect("an error of the protocol").kind(), "internal_error");
}

#[tokio::test]
async fn a_handler_that_fails_tells_the_hook_the_cause_and_the_server_an_incident() {
    let script = Script::listen().await;
    let (screen, _, _prompts) = screen(0);
    let causes = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&causes);
    let connect = script.client().serve(Ui::serve(screen)).on_error(move |incident| {
        told.lock().expect("no panic").push((incident.id.to_owned(), incident.cause.to_string()));
    });
    let (client, mut server) = tokio::join!(connect.into_future(), script.session());
    let _client = client.expect("a connection");
    for prompt in ["panic", "fail"] {
        server.send(json!({ "jsonrpc": "2.0", "id": prompt, "method": "ui.confirm", "params": { "prompt": prompt } })).await;
        let answer = server.receive().await;
        assert_eq!((&answer["id"], error_of(&answer)), (&json!(prompt), (-32603, "internal_error")));
        let incident =
            answer["error"]["data"]["details"]["incident"].as_str().expect("an incident").to_owned();
        let (id, cause) = causes.lock().expect("no panic").pop().expect("a cause");
        assert_eq!(id, incident);
        assert!(
            cause.contains("the inside of the client") && !answer.to_string().contains("inside"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_server_s_cancel_drops_the_handler() {
    let script = Script::listen().await;
    let (screen, _, mut prompts) = screen(0);
    let (client, mut server) =
        tokio::join!(script.client().serve(Ui::serve(screen)).into_future(), script.session());
    let _client = client.expect("a connection");
    server
        .send(json!({ "jsonrpc": "2.0", "id": 1, "method": "ui.confirm", "params": { "prompt": "wait" } }))
        .await;
    assert_eq!(soon(prompts.recv()).await.as_deref(), Some("wait"));
    server.notify("rpc.cancel", json!({ "id": 1 })).await;
    assert_eq!(error_of(&server.receive().await).1, "cancelled");
    assert_eq!(soon(prompts.recv()).await.as_deref(), Some("gone"));
}

#[tokio::test]
async fn a_lost_session_drops_the_handlers_of_the_server_s_calls() {
    let script = Script::listen().await;
    let (screen, _, mut prompts) = screen(0);
    let (client, mut server) =
        tokio::join!(script.client().serve(Ui::serve(screen)).into_future(), script.session());
    let _client = client.expect("a connection");
    server
        .send(json!({ "jsonrpc": "2.0", "id": 1, "method": "ui.confirm", "params": { "prompt": "wait" } }))
        .await;
    assert_eq!(soon(prompts.recv()).await.as_deref(), Some("wait"));
    drop(server);
    let _another = script.session().await;
    assert_eq!(soon(prompts.recv()).await.as_deref(), Some("gone"));
}

#[tokio::test]
async fn notifications_of_the_server_s_reach_the_handler() {
    let script = Script::listen().await;
    let (screen, _, mut prompts) = screen(0);
    let (client, mut server) =
        tokio::join!(script.client().serve(Ui::serve(screen)).into_future(), script.session());
    let _client = client.expect("a connection");
    server.notify("ui.flash", json!({ "prompt": "look" })).await;
    assert_eq!(soon(prompts.recv()).await.as_deref(), Some("look"));
}

#[tokio::test]
async fn an_answer_that_the_server_does_not_take_is_too_large_and_the_connection_stays() {
    let script = Script::listen().await;
    let limits = json!({ "limits": { "max_message_bytes": 20 } });
    let (screen, _, _prompts) = screen(1);
    let connect = script.client().serve(Ui::serve(screen)).into_future();
    let (client, (mut server, _)) = tokio::join!(connect, script.session_with(limits));
    let client = client.expect("a connection");
    server
        .send(json!({ "jsonrpc": "2.0", "id": 1, "method": "ui.confirm", "params": { "prompt": "?" } }))
        .await;
    assert_eq!(error_of(&server.receive().await).1, "too_large");
    let error = LabClient::new(&client).echo("x").await.expect_err("it is larger than 20 bytes");
    assert!(matches!(&error, CallError::Rpc(error) if error.kind() == "too_large"), "{error}");
    server.nothing_more().await;
}

#[tokio::test]
async fn an_error_that_the_server_does_not_take_is_another_too_large_and_the_connection_stays() {
    let script = Script::listen().await;
    let limits = json!({ "limits": { "max_message_bytes": 1000 } });
    let (screen, _, _prompts) = screen(1);
    let connect = script.client().serve(Ui::serve(screen)).into_future();
    let (client, (mut server, _)) = tokio::join!(connect, script.session_with(limits));
    let _client = client.expect("a connection");
    for (id, prompt) in [(1, "at length"), (2, "?")] {
        let params = json!({ "prompt": prompt });
        server.send(json!({ "jsonrpc": "2.0", "id": id, "method": "ui.confirm", "params": params })).await;
    }
    assert_eq!(error_of(&server.receive().await).1, "too_large");
    assert_eq!(server.receive().await["result"], true);
}
