//! What the application of a server does: it calls, emits, answers, and ends sessions.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::half::Close;
use super::message::{Message, Name, Outcome, id_value};
use super::server::{Asked, ServerMachine, asked_message};
use super::tell::{Ended, Handle, Tell, UNKNOWN};
use crate::message::Id;
use crate::session::disconnect::code;

impl ServerMachine {
    /// Calls the session's client.
    pub(crate) fn call(
        &mut self,
        session: &str,
        call: Handle,
        method: Name,
        params: Value,
        timeout: Option<Duration>,
        now: Instant,
    ) {
        let Some(held) = self.store.held(session) else {
            return self.tells.push_back(Tell::Outcome(call, UNKNOWN));
        };
        let asked = Asked { call, method, params, deadline: timeout.map(|limit| now + limit) };
        if held.half.is_too_large(&asked_message(held.pending.next_id(), &asked, now)) {
            return self.tells.push_back(Tell::Outcome(call, Ended::Failed("too_large")));
        }
        held.waiting.push_back(asked);
        self.after(session, Ok(()), now);
    }

    /// Gives a call up.
    pub(crate) fn cancel(&mut self, session: &str, call: Handle, now: Instant) {
        self.give_up(session, call, "cancelled", now);
    }

    pub(super) fn give_up(&mut self, session: &str, call: Handle, kind: &'static str, now: Instant) {
        let Some(held) = self.store.held(session) else { return };
        let open = held.pending.iter().find(|(_, asked)| asked.call == call).map(|(id, _)| id);
        let waited = held.waiting.len();
        held.waiting.retain(|asked| asked.call != call);
        if let Some(id) = open {
            held.pending.close(id);
            let id = id_value(&Id::Number(i64::try_from(id).unwrap_or_default()));
            held.half.say(Message::notice("rpc.cancel", json!({ "id": id })), now);
        }
        if open.is_some() || waited > held.waiting.len() {
            held.half.tells.push_back(Tell::Outcome(call, Ended::Failed(kind)));
        }
        self.after(session, Ok(()), now);
    }

    /// Sends an event. *An event cannot wait: where it finds no room, the session ends (`overflow`).*
    pub(crate) fn emit(&mut self, session: &str, method: Name, params: Value, now: Instant) {
        let Some(held) = self.store.held(session) else { return };
        let message = Message::Notice { method, params };
        let result = if held.half.is_too_large(&message) {
            Ok(())
        } else if held.half.fits(&message) {
            held.half.enter(message).map(drop)
        } else {
            Err(Close::OVERFLOW)
        };
        self.after(session, result, now);
    }

    /// A handler ends.
    pub(crate) fn answer(&mut self, session: &str, id: &Id, outcome: Outcome, now: Instant) {
        if let Some(held) = self.store.held(session) {
            held.half.answer(id, outcome, now);
            self.after(session, Ok(()), now);
        }
    }

    /// The handler of a stream has items.
    pub(crate) fn offer(&mut self, session: &str, id: &Id, items: Vec<Value>, now: Instant) {
        if let Some(held) = self.store.held(session) {
            held.half.offer(id, items, now);
            self.after(session, Ok(()), now);
        }
    }

    /// The handler of an upload can take more.
    pub(crate) fn grant(&mut self, session: &str, id: &Id, credit: u32, now: Instant) {
        if let Some(held) = self.store.held(session) {
            held.half.grant(id, credit, now);
            self.after(session, Ok(()), now);
        }
    }

    /// The application ends a session, as revoked.
    pub(crate) fn close(&mut self, session: &str, now: Instant) {
        self.close_session(session, Close { code: code::REVOKED, ends: None }, now);
    }
}
