//! The calls that the client makes: how they enter the session, and what streams with them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::ClientMachine;
use super::half::Close;
use super::message::{Message, Meta, Name, Outcome, id_in};
use super::tell::{Ended, Handle, NEVER, Tell};
use crate::message::Id;
use crate::session::mutant::{self, Mutant};
use crate::session::outgoing::{Kind, Order};
use crate::session::streams::{Credit, Window};

/// What the application asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) method: Name,
    pub(crate) params: Value,
    pub(crate) idempotent: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) stream: Demand,
    /// It takes items.
    pub(crate) upload: bool,
}

/// Whether items are wanted, and how many ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Demand {
    /// It answers no items.
    #[default]
    None,
    Credit(u32),
    /// Without `meta.credit`.
    Unlimited,
}

impl Demand {
    const fn credit(self) -> Option<u32> {
        if let Self::Credit(credit) = self { Some(credit) } else { None }
    }
}

/// What is kept of a message that is not done.
#[derive(Debug)]
pub(crate) struct Made {
    /// `None` for a notification.
    pub(crate) call: Option<Handle>,
    ask: Ask,
    deadline: Option<Instant>,
    window: Option<Window>,
    credit: Credit,
    upload: VecDeque<Value>,
    /// The producer has no more.
    upload_ends: bool,
    end_sent: bool,
}

impl Made {
    fn new(call: Option<Handle>, ask: Ask, now: Instant) -> Self {
        let deadline = ask.timeout.map(|limit| now + limit);
        Self {
            call,
            ask,
            deadline,
            window: None,
            credit: Credit::upload(),
            upload: VecDeque::new(),
            upload_ends: false,
            end_sent: false,
        }
    }

    /// Enters a session, for the first time or again: its credit starts over.
    fn begin(&mut self) {
        self.window = self.ask.stream.credit().map(Window::download);
        self.credit = Credit::upload();
        self.end_sent = false;
    }

    fn message(&self, id: Option<u64>, now: Instant) -> Message {
        let (method, params) = (self.ask.method.clone(), self.ask.params.clone());
        let Some(id) = id else { return Message::Notice { method, params } };
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(now));
        let timeout_ms = left.and_then(|left| u64::try_from(left.as_millis()).ok());
        let credit = self.ask.stream.credit().map(u64::from);
        let id = Id::Number(i64::try_from(id).unwrap_or_default());
        Message::Call { id, method, params, meta: Meta { timeout_ms, credit } }
    }
}

/// The number of a call of this side.
fn number(id: &Id) -> Option<u64> {
    if let Id::Number(number) = id { u64::try_from(*number).ok() } else { None }
}

impl ClientMachine {
    /// The application makes a call.
    pub(crate) fn call(&mut self, call: Handle, ask: Ask, now: Instant) {
        let kind =
            Kind::Call { idempotent: ask.idempotent, stream: ask.stream != Demand::None || ask.upload };
        self.enter(kind, Made::new(Some(call), ask, now), now);
    }

    /// The application sends a notification.
    pub(crate) fn notify(&mut self, method: Name, params: Value, now: Instant) {
        let ask = Ask { method, params, ..Ask::default() };
        self.enter(Kind::Notification, Made::new(None, ask, now), now);
    }

    fn enter(&mut self, kind: Kind, made: Made, now: Instant) {
        let call = made.call;
        if self.stays_away() {
            return self.tell(call, NEVER);
        }
        self.look_alive(now);
        if self.outgoing.enter(kind, made).is_err() {
            return self.tell(call, Ended::Failed("resource_exhausted"));
        }
        self.after(Ok(()), now);
    }

    /// The application ends a call.
    pub(crate) fn cancel(&mut self, call: Handle, now: Instant) {
        if let Some(order) = self.order_of(call) {
            self.give_up(order, Ended::Failed("cancelled"), now);
            self.after(Ok(()), now);
        }
    }

    /// Ends a call from this side; the server is told if it was sent there.
    fn give_up(&mut self, order: Order, ended: Ended, now: Instant) {
        let Some((made, id)) = self.outgoing.leave(order) else { return };
        if let Some(id) = id {
            self.say(Message::notice("rpc.cancel", json!({ "id": id })), now);
        }
        self.tell(made.call, ended);
    }

    fn order_of(&self, call: Handle) -> Option<Order> {
        self.outgoing.iter().find(|(_, _, made)| made.call == Some(call)).map(|(order, _, _)| order)
    }

    fn open_id(&self, call: Handle) -> Option<u64> {
        self.outgoing.iter().find(|(_, _, made)| made.call == Some(call)).and_then(|(_, id, _)| id)
    }

    /// The consumer of a stream took items.
    pub(crate) fn took(&mut self, call: Handle, items: u32, now: Instant) {
        if mutant::is(Mutant::CreditLost) && !self.is_open() {
            return;
        }
        let Some(id) = self.open_id(call) else { return };
        let Some(window) = self.outgoing.held(id).and_then(|made| made.window.as_mut()) else { return };
        let grants: Vec<u32> = (0..items).filter_map(|_| window.take()).collect();
        for credit in grants {
            self.say(Message::notice("rpc.credit", json!({ "id": id, "credit": credit })), now);
        }
        self.after(Ok(()), now);
    }

    /// The producer of an upload has items.
    pub(crate) fn push(&mut self, call: Handle, items: Vec<Value>, now: Instant) {
        if let Some(made) = self.made(call) {
            made.upload.extend(items);
            self.after(Ok(()), now);
        }
    }

    /// The producer of an upload has no more.
    pub(crate) fn end_upload(&mut self, call: Handle, now: Instant) {
        if let Some(made) = self.made(call) {
            made.upload_ends = true;
            self.after(Ok(()), now);
        }
    }

    fn made(&mut self, call: Handle) -> Option<&mut Made> {
        self.outgoing.iter_mut().find(|made| made.call == Some(call))
    }

    /// An answer arrived.
    pub(super) fn outcome(&mut self, id: &Id, outcome: Outcome) {
        let id = number(id);
        self.known = self.known.max(id.and_then(|id| self.outgoing.number_of(id)).unwrap_or(0));
        if let Some(made) = id.and_then(|id| self.outgoing.answered(id)) {
            self.tell(made.call, Ended::Answered(outcome));
        }
    }

    /// Items arrived.
    pub(super) fn items(&mut self, params: &Value, now: Instant) {
        let Some(id) = id_in(params).as_ref().and_then(number) else { return };
        let items = params["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(made) = self.outgoing.held(id) else { return };
        let Some(call) = made.call.filter(|_| made.ask.stream != Demand::None) else { return };
        if made.window.as_mut().is_some_and(|window| window.receive(items.len()).is_err()) {
            // *Items beyond the credit cancel the call with `resource_exhausted`.*
            if let Some(order) = self.order_of(call) {
                self.give_up(order, Ended::Failed("resource_exhausted"), now);
            }
            return;
        }
        if !items.is_empty() {
            self.outgoing.begun(id);
        }
        self.half.tells.extend(items.iter().map(|item| Tell::Item(call, item.clone())));
    }

    /// The callee allows more items of an upload.
    pub(super) fn upload_credit(&mut self, params: &Value) {
        let id = id_in(params).as_ref().and_then(number);
        if let (Some(id), Some(credit)) = (id, params["credit"].as_u64())
            && let Some(made) = self.outgoing.held(id)
        {
            made.credit.grant(credit);
        }
    }

    /// Lets everything that may enter the session do so.
    pub(super) fn flush(&mut self, now: Instant) {
        self.half.progress(now);
        if self.recovery.is_open() {
            let flushed = self.flush_calls(now).and_then(|()| self.flush_uploads(now));
            self.half.fault = self.half.fault.or(flushed.err());
        }
    }

    /// Says something of the session that there is; of one that is given up nothing is said.
    fn say(&mut self, notice: Message, now: Instant) {
        if self.recovery.is_open() {
            self.half.say(notice, now);
        }
    }

    fn flush_calls(&mut self, now: Instant) -> Result<(), Close> {
        while let Some(turn) = self.outgoing.turn() {
            let (order, id) = (turn.order, turn.id);
            turn.held.begin();
            let message = turn.held.message(id, now);
            if self.half.is_too_large(&message) {
                // *A call fails `too_large`; no number is used up.*
                if let Some((made, _)) = self.outgoing.leave(order) {
                    self.tell(made.call, Ended::Failed("too_large"));
                }
                continue;
            }
            if !self.half.fits(&message) {
                self.outgoing.no_room();
                self.half.wait_for_room(now);
                break;
            }
            let number = self.half.enter(message)?;
            self.outgoing.sent(order, id, number);
        }
        // What was given to a connection may have been received; what the server has acknowledged was.
        self.outgoing.received(self.half.replay.peer_received());
        Ok(())
    }

    fn flush_uploads(&mut self, now: Instant) -> Result<(), Close> {
        let open: Vec<(Order, u64)> =
            self.outgoing.iter().filter_map(|(order, id, _)| Some((order, id?))).collect();
        for (order, id) in open {
            self.flush_upload(order, id, now)?;
        }
        Ok(())
    }

    fn flush_upload(&mut self, order: Order, id: u64, now: Instant) -> Result<(), Close> {
        while let Some(made) = self.outgoing.held(id)
            && made.credit.allows(1) > 0
            && let Some(item) = made.upload.front()
        {
            let message = Message::notice("rpc.upload", json!({ "id": id, "items": [item] }));
            if self.half.is_too_large(&message) {
                // *An upload whose item is too large ends with it.*
                self.give_up(order, Ended::Failed("too_large"), now);
                return Ok(());
            }
            if !self.half.fits(&message) {
                self.half.wait_for_room(now);
                return Ok(());
            }
            if let Some(made) = self.outgoing.held(id) {
                made.credit.spend();
                made.upload.pop_front();
            }
            self.outgoing.begun(id);
            self.half.enter(message)?;
        }
        let ends = |made: &Made| made.upload.is_empty() && made.upload_ends && !made.end_sent;
        if self.outgoing.held(id).is_some_and(|made| ends(made)) {
            let end = Message::notice("rpc.upload_end", json!({ "id": id }));
            if !self.half.fits(&end) {
                self.half.wait_for_room(now);
                return Ok(());
            }
            if let Some(made) = self.outgoing.held(id) {
                made.end_sent = true;
            }
            self.half.enter(end)?;
        }
        Ok(())
    }

    /// The first time limit of this side's calls.
    pub(super) fn next_limit(&self) -> Option<Instant> {
        self.outgoing.iter().filter_map(|(_, _, made)| made.deadline).min()
    }

    pub(super) fn expire_limits(&mut self, now: Instant) {
        let late = |made: &Made| made.deadline.is_some_and(|deadline| deadline <= now);
        let orders: Vec<Order> =
            self.outgoing.iter().filter(|(_, _, made)| late(made)).map(|(order, _, _)| order).collect();
        for order in orders {
            self.give_up(order, Ended::Failed("deadline_exceeded"), now);
        }
    }
}
