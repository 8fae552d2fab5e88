//! The pure machine of a client, as the player of its vectors sees it.

use std::time::Instant;

use serde_json::Value;

use super::client::{End, play as play_client};
use super::form;
use super::script::{Script, WORLD};
use crate::message::Id;
use crate::session::machine::{Ask, ClientMachine, ClientSettings, Handle, Outcome, Tell};

/// Plays a vector.
pub(super) fn play(script: &Script) -> Result<(), String> {
    let settings = ClientSettings {
        limits: script.limits(),
        connect_timeout: script.time("connect_timeout_ms", 10_000),
        grace: script.time("grace_ms", 10_000),
        call_silence: script.time("call_silence_ms", 10_000),
        call_grace: script.time("call_grace_ms", 5_000),
        queue: script.size("queue", 256),
    };
    play_client(script, ClientMachine::new(settings, WORLD))
}

impl End for ClientMachine {
    fn connect(&mut self, now: Instant) {
        Self::connect(self, now);
    }

    fn receive(&mut self, text: &str, now: Instant) {
        Self::receive(self, form::read(text), now);
    }

    fn lost(&mut self, code: u16, now: Instant) {
        Self::lost(self, code, now);
    }

    fn call(&mut self, call: Handle, ask: Ask, now: Instant) {
        Self::call(self, call, ask, now);
    }

    fn notify(&mut self, method: String, params: Value, now: Instant) {
        Self::notify(self, method.into(), params, now);
    }

    fn cancel(&mut self, call: Handle, now: Instant) {
        Self::cancel(self, call, now);
    }

    fn took(&mut self, call: Handle, items: u32, now: Instant) {
        Self::took(self, call, items, now);
    }

    fn push(&mut self, call: Handle, items: Vec<Value>, now: Instant) {
        Self::push(self, call, items, now);
    }

    fn end_upload(&mut self, call: Handle, now: Instant) {
        Self::end_upload(self, call, now);
    }

    fn answer(&mut self, id: &Id, outcome: Outcome, now: Instant) {
        Self::answer(self, id, outcome, now);
    }

    fn close(&mut self, now: Instant) {
        Self::close(self, now);
    }

    fn wakes_at(&mut self, now: Instant) -> Option<Instant> {
        Self::wakes_at(self, now)
    }

    fn wake(&mut self, now: Instant) {
        Self::wake(self, now);
    }

    fn arrive(&mut self, _: Instant) {}

    fn written(&mut self, now: Instant) -> Result<Vec<Value>, String> {
        let leaving = std::iter::from_fn(|| self.next(now));
        leaving.map(|leaving| form::written(&leaving)).collect()
    }

    fn told(&mut self) -> Vec<Tell> {
        std::mem::take(&mut self.half.tells).into()
    }
}
