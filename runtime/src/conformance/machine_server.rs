//! The pure machine of a server, as the player of its vectors sees it.

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::form;
use super::script::{Script, WORLD};
use super::server::{End, play as play_server};
use crate::codec::Codec;
use crate::message::Id;
use crate::session::StoreLimits;
use crate::session::machine::{Ask, Handle, Outcome, Refused, ServerMachine, ServerSettings, Tell, User};

/// Plays a vector.
pub(super) fn play(script: &Script) -> Result<(), String> {
    let defaults = StoreLimits::default();
    let settings = ServerSettings {
        limits: script.limits(),
        store: StoreLimits {
            ttl: script.time("session_ttl_ms", 60_000),
            max_sessions: script.size("max_sessions", defaults.max_sessions),
            max_bytes: script.size("max_bytes", defaults.max_bytes),
            ..defaults
        },
        hello_timeout: script.time("hello_timeout_ms", 10_000),
        ping: script.time("ping_ms", 25_000),
    };
    let machine = ServerMachine::new(settings, WORLD, authenticate);
    play_server(script, Codec::Json, Machine { machine, session: "".into() })
}

/// A token is the user's name.
fn authenticate(token: Option<&str>) -> Result<User, Refused> {
    match token {
        Some("expired") => Err(Refused::Expired),
        Some("refused") => Err(Refused::Forbidden),
        token => Ok(token.map(str::to_owned)),
    }
}

struct Machine {
    machine: ServerMachine,
    /// The session that the application's verbs are about.
    session: Arc<str>,
}

impl End for Machine {
    fn connect(&mut self, connection: u64, codec: Codec, now: Instant) {
        self.machine.connect(connection, codec.subprotocol(), now);
    }

    fn receive(&mut self, connection: u64, text: &str, now: Instant) {
        self.machine.receive(connection, form::read(text), now);
        if let Some(session) = self.machine.session_of(connection) {
            self.session = session;
        }
    }

    fn lost(&mut self, connection: u64, code: u16, now: Instant) {
        self.machine.lost(connection, code, now);
    }

    fn call(&mut self, call: Handle, ask: Ask, now: Instant) {
        self.machine.call(&self.session, call, ask.method, ask.params, ask.timeout, now);
    }

    fn cancel(&mut self, call: Handle, now: Instant) {
        self.machine.cancel(&self.session, call, now);
    }

    fn answer(&mut self, id: &Id, outcome: Outcome, now: Instant) {
        self.machine.answer(&self.session, id, outcome, now);
    }

    fn offer(&mut self, id: &Id, items: Vec<Value>, now: Instant) {
        self.machine.offer(&self.session, id, items, now);
    }

    fn grant(&mut self, id: &Id, credit: u32, now: Instant) {
        self.machine.grant(&self.session, id, credit, now);
    }

    fn emit(&mut self, method: String, params: Value, now: Instant) {
        self.machine.emit(&self.session, method.into(), params, now);
    }

    fn close(&mut self, now: Instant) {
        self.machine.close(&self.session, now);
    }

    fn drain(&mut self, in_ms: u64, retry_within_ms: u64, now: Instant) {
        self.machine.drain(in_ms, retry_within_ms, now);
    }

    fn wakes_at(&mut self, now: Instant) -> Option<Instant> {
        self.machine.wakes_at(now)
    }

    fn wake(&mut self, now: Instant) {
        self.machine.wake(now);
    }

    fn arrive(&mut self, _: Instant) {}

    fn written(&mut self, connection: u64, now: Instant) -> Result<Vec<Value>, String> {
        let leaving = std::iter::from_fn(|| self.machine.next(connection, now));
        leaving.map(|leaving| form::written(&leaving)).collect()
    }

    fn told(&mut self, _: Instant) -> Vec<Tell> {
        self.machine.tells().collect()
    }
}
