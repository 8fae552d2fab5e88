//! The server of this crate, with the client's ends of its connections.

use std::collections::HashMap;
use std::future::ready;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::AbortHandle;

use super::demo::{Client, Desk, Emit, Order, ended};
use super::line::Line;
use super::log::Log;
use super::quiet::Quiet;
use crate::codec::Codec;
use crate::conformance::form;
use crate::conformance::script::Script;
use crate::conformance::server::{End, play as play_server};
use crate::message::{ErrorKind, Id, RpcError};
use crate::server::{AuthRequest, Credentials, Limits, Server, Session};
use crate::session::machine::{Ask, Ended, Handle, Hook, Outcome, Tell};

/// Plays a vector.
pub(in crate::conformance) fn play(script: &Script, codec: Codec) -> Result<(), String> {
    play_server(script, codec, Live::new(script))
}

/// A server, with the client's ends of its connections.
struct Live {
    quiet: Quiet,
    server: Server,
    desk: Desk,
    log: Log,
    lines: Vec<Line>,
    /// The server's own calls.
    calls: HashMap<Handle, AbortHandle>,
    /// The script's time.
    now: Option<Instant>,
}

impl Live {
    fn new(script: &Script) -> Self {
        let log = Log::default();
        let desk = Desk::new(log.clone());
        let (opened, suspended, resumed, ended) = (log.clone(), log.clone(), log.clone(), log.clone());
        let first_seq = script.limits().first_seq;
        let server = Server::builder()
            .limits(limits(script))
            .service(desk.service())
            .authenticate(|request: AuthRequest| ready(authenticate(request.token())))
            .on_open(move |session| {
                if opened.session().is_none() {
                    session.endpoint().outbox.starting_after(first_seq - 1);
                }
                opened.speak_of(session);
                opened.tell(Tell::Hook(Hook::Open, 0));
            })
            .on_suspend(move |_, _| suspended.tell(Tell::Hook(Hook::Suspend, 0)))
            .on_resume(move |session| {
                resumed.speak_of(session);
                resumed.tell(Tell::Hook(Hook::Resume, 0));
            })
            .on_close(move |_, _| ended.tell(Tell::Hook(Hook::End, 0)));
        Self {
            quiet: Quiet::new(),
            server: server.build().expect("the server builds"),
            desk,
            log,
            lines: Vec::new(),
            calls: HashMap::new(),
            now: None,
        }
    }

    /// How far the script's clock is ahead of the server's. It is no more, then.
    fn behind(&mut self, now: Instant) -> Duration {
        self.now.replace(now).map_or(Duration::ZERO, |before| now.saturating_duration_since(before))
    }

    /// Does that, and what comes of it. A clock that was not looked at meanwhile goes on first.
    fn act<T>(&mut self, now: Instant, what: impl FnOnce() -> T) -> T {
        let behind = self.behind(now);
        self.quiet.leap(behind, what)
    }

    fn line(&self, connection: u64) -> Option<&Line> {
        usize::try_from(connection).ok().and_then(|at| self.lines.get(at))
    }

    fn order(&mut self, id: &Id, order: Order, now: Instant) {
        let desk = self.desk.clone();
        self.act(now, || desk.order(id, order));
    }

    fn with_session(&mut self, now: Instant, what: impl FnOnce(&Session)) {
        if let Some(session) = self.log.session() {
            self.act(now, || what(&session));
        }
    }
}

/// What the vectors set, and what they take for set.
fn limits(script: &Script) -> Limits {
    let told = script.limits();
    let step =
        |verb: &str, member: &str| script.steps.iter().find_map(|step| step.get(verb)?.get(member)?.as_u64());
    // An upload is granted what the buffer has room for, in messages of the largest size.
    let granted = step("grant", "credit").and_then(|credit| usize::try_from(credit).ok());
    let buffer = granted.map_or(told.buffer_bytes, |credit| credit * told.max_message_bytes);
    let defaults = Limits::default();
    let drain = |member: &str, default| step("drain", member).map_or(default, Duration::from_millis);
    Limits {
        max_message_bytes: told.max_message_bytes,
        max_calls: told.max_calls,
        max_streams: told.max_streams,
        max_waiting: told.max_waiting,
        max_waiting_bytes: told.max_waiting_bytes,
        max_batch: told.max_batch,
        buffer_bytes: Some(buffer),
        heartbeat_timeout: told.heartbeat_timeout,
        session_ttl: script.time("session_ttl_ms", 60_000),
        max_sessions: script.size("max_sessions", defaults.max_sessions),
        max_kept_bytes: script.size("max_bytes", defaults.max_kept_bytes),
        hello_timeout: script.time("hello_timeout_ms", 10_000),
        ping: script.time("ping_ms", 25_000),
        // The calls of the vectors have no limit but their own.
        call_timeout: Duration::MAX,
        drain: drain("in_ms", defaults.drain),
        retry_within: drain("retry_within_ms", defaults.retry_within),
        ..defaults
    }
}

/// A token is the user's name.
fn authenticate(token: Option<&str>) -> Result<Credentials, RpcError> {
    match token {
        Some("expired") => Ok(Credentials::nobody().expires_in(Duration::ZERO)),
        Some("refused") => Err(RpcError::new(ErrorKind::PermissionDenied, "not allowed")),
        Some(user) => Ok(Credentials::of(user)),
        None => Ok(Credentials::nobody()),
    }
}

impl End for Live {
    fn connect(&mut self, connection: u64, codec: Codec, now: Instant) {
        self.act(now, || ());
        let line = Line::open(connection, codec, &self.server, self.log.clone());
        self.lines.push(self.quiet.run(line));
    }

    fn receive(&mut self, connection: u64, text: &str, now: Instant) {
        if let Some(line) = self.line(connection) {
            line.write(text);
        }
        self.act(now, || ());
        // A handler is told of its upload when it looks.
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        if matches!(message["method"].as_str(), Some("rpc.upload" | "rpc.upload_end")) {
            self.order(&form::id_of(&message["params"]["id"]), Order::Look, now);
        }
    }

    fn lost(&mut self, connection: u64, code: u16, now: Instant) {
        if let Some(line) = self.line(connection) {
            line.close(code);
        }
        self.act(now, || ());
    }

    fn call(&mut self, call: Handle, ask: Ask, now: Instant) {
        let Some(session) = self.log.session() else { return };
        let pending = session.peer::<Client>().call(&ask.method, ask.params);
        let pending = match ask.timeout {
            Some(limit) => pending.timeout(limit),
            None => pending,
        };
        let log = self.log.clone();
        let calling = async move { log.tell(Tell::Outcome(call, ended(pending.await))) };
        let task = self.act(now, || tokio::spawn(calling).abort_handle());
        self.calls.insert(call, task);
    }

    fn cancel(&mut self, call: Handle, now: Instant) {
        let Some(task) = self.calls.remove(&call).filter(|task| !task.is_finished()) else { return };
        self.act(now, || task.abort());
        self.log.tell(Tell::Outcome(call, Ended::Failed("cancelled")));
    }

    fn answer(&mut self, id: &Id, outcome: Outcome, now: Instant) {
        self.order(id, Order::Answer(outcome), now);
    }

    fn offer(&mut self, id: &Id, items: Vec<Value>, now: Instant) {
        for item in items {
            self.order(id, Order::Item(item), now);
        }
    }

    fn grant(&mut self, id: &Id, _: u32, now: Instant) {
        self.order(id, Order::Grant, now);
    }

    fn emit(&mut self, method: String, params: Value, now: Instant) {
        self.with_session(now, |session| {
            session.emit(Emit { method, params }).expect("any value can be written");
        });
    }

    fn close(&mut self, now: Instant) {
        self.with_session(now, |session| session.close("as the script says"));
    }

    /// How soon, it was told when it was built.
    fn drain(&mut self, _: u64, _: u64, now: Instant) {
        let handle = self.server.handle();
        self.act(now, || drop(tokio::spawn(async move { handle.shutdown().await })));
    }

    /// The server wakes itself.
    fn wakes_at(&mut self, _: Instant) -> Option<Instant> {
        None
    }

    fn wake(&mut self, _: Instant) {}

    fn arrive(&mut self, now: Instant) {
        let behind = self.behind(now);
        self.quiet.pass(behind);
    }

    fn written(&mut self, connection: u64, _: Instant) -> Result<Vec<Value>, String> {
        self.log.written(connection)
    }

    fn told(&mut self, _: Instant) -> Vec<Tell> {
        self.log.told()
    }
}
