//! One half of a session, whichever side it is on: what is numbered, what is acknowledged, and the calls of the other end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::message::{Arrival, Incoming, Kept, Leaving, Message, Name, error, id_in};
use super::serving::{Serving, Spec};
use super::tell::Tell;
use crate::message::{ErrorKind, Id, RpcError};
use crate::session::calls::Key;
use crate::session::disconnect::code;
use crate::session::replay::{Receipt, Replay};
use crate::session::{Calls, Reason};

/// The bounds of a machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) buffer_bytes: usize,
    pub(crate) max_message_bytes: usize,
    pub(crate) max_calls: usize,
    pub(crate) max_streams: usize,
    pub(crate) max_waiting: usize,
    pub(crate) max_waiting_bytes: usize,
    pub(crate) max_batch: usize,
    pub(crate) heartbeat_timeout: Duration,
    /// The first number that is given in the first session.
    pub(crate) first_seq: u64,
}

/// What a machine does not know itself: its services, and the size of messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    pub(crate) service: fn(&str) -> Option<Spec>,
    pub(crate) size: fn(&Message) -> usize,
}

/// The connection is to be closed, and perhaps the session ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) ends: Option<Reason>,
}

impl Close {
    pub(crate) const PROTOCOL: Self = Self { code: code::PROTOCOL, ends: None };
    pub(crate) const SEQUENCE: Self = Self { code: code::SEQUENCE, ends: Some(Reason::Sequence) };
    /// The session goes on, and the resume brings again what was not taken.
    pub(crate) const TOO_SLOW: Self = Self { code: code::TOO_SLOW, ends: None };
    pub(crate) const OVERFLOW: Self = Self { code: code::TOO_SLOW, ends: Some(Reason::Overflow) };
}

/// What is left to the side that the half is on.
#[derive(Debug)]
pub(crate) enum Left {
    /// Nothing.
    Done,
    /// A message that only that side knows.
    Own(Message),
}

/// What a `seq` adds to a message at most.
const SEAL_BYTES: usize = 23;

/// One half of a session.
#[derive(Debug)]
pub(crate) struct Half {
    pub(crate) limits: Limits,
    pub(crate) world: World,
    pub(crate) replay: Replay<Kept>,
    pub(crate) calls: Calls<Serving>,
    /// What overtakes on the current connection.
    pub(crate) urgent: VecDeque<Message>,
    pub(crate) tells: VecDeque<Tell>,
    /// The largest message that the other end takes.
    pub(crate) peer_bytes: usize,
    /// Cancels and credits that found no room yet: they wait at their source like all else.
    pub(super) notices: VecDeque<Message>,
    /// Calls of the other end whose answer or items wait for room, or credit.
    pub(super) parked: VecDeque<Key>,
    /// Since when something waits for room and no ack has come.
    pub(crate) starved: Option<Instant>,
    /// Calls are refused: the server shuts down.
    pub(crate) drains: bool,
    /// The session cannot go on, as came out in the middle of something.
    pub(crate) fault: Option<Close>,
}

impl Half {
    pub(crate) fn new(
        limits: Limits,
        world: World,
        peer_bytes: usize,
        peer_buffer: usize,
        first: bool,
    ) -> Self {
        let sent = if first { limits.first_seq - 1 } else { 0 };
        let mut replay = Replay::starting_after(limits.buffer_bytes, sent, 0);
        replay.peer_keeps(peer_buffer);
        let calls =
            Calls::new(limits.max_calls, limits.max_streams, limits.max_waiting, limits.max_waiting_bytes);
        Self {
            limits,
            world,
            replay,
            calls,
            urgent: VecDeque::new(),
            tells: VecDeque::new(),
            peer_bytes,
            notices: VecDeque::new(),
            parked: VecDeque::new(),
            starved: None,
            drains: false,
            fault: None,
        }
    }

    /// A message arrives on the current connection. *The receiver checks `seq` before the content.*
    pub(crate) fn receive(&mut self, incoming: Incoming, now: Instant) -> Result<Left, Close> {
        let tracked = match incoming.seq {
            None => false,
            Some(Err(())) => return Err(Close::PROTOCOL),
            Some(Ok(seq)) => {
                let undecodable = matches!(&incoming.arrival, Arrival::Wrong { error, .. }
                    if error.code() == ErrorKind::ParseError.code());
                if undecodable {
                    return Err(Close::SEQUENCE);
                }
                match self.replay.receive(seq, incoming.bytes, now) {
                    Receipt::New => true,
                    Receipt::Repeated => return Ok(Left::Done),
                    Receipt::Gap => return Err(Close::SEQUENCE),
                }
            }
        };
        let left = self.take(incoming.arrival, incoming.bytes, now);
        if tracked && left.as_ref().is_err_and(|close| *close == Close::TOO_SLOW) {
            self.replay.not_taken();
        }
        let left = left?;
        self.acknowledge(now);
        Ok(left)
    }

    pub(super) fn take(&mut self, arrival: Arrival, bytes: usize, now: Instant) -> Result<Left, Close> {
        match arrival {
            Arrival::Wrong { id, error: wrong } => {
                self.reply(Message::answer(&id, Err(error(&wrong))))?;
                Ok(Left::Done)
            }
            Arrival::Batch(entries) => self.take_batch(entries, now).map(|()| Left::Done),
            Arrival::Message(message) => self.take_message(message, bytes, now),
        }
    }

    fn take_message(&mut self, message: Message, bytes: usize, now: Instant) -> Result<Left, Close> {
        match message {
            Message::Call { id, method, params, meta } => {
                if let Some(spec) = (self.world.service)(&method).filter(|spec| !spec.notification) {
                    let serving = Serving::call(id, method, params, meta, spec, now);
                    self.admit(serving, bytes)?;
                    return Ok(Left::Done);
                }
                if &*method == "rpc.hello" {
                    return Ok(Left::Own(Message::Call { id, method, params, meta }));
                }
                self.refuse(&id, ErrorKind::MethodNotFound, "the method does not exist")?;
            }
            Message::Notice { method, params } => return self.take_notice(method, params, bytes, now),
            answer @ Message::Answer { .. } => return Ok(Left::Own(answer)),
            Message::Batch(_) => {}
        }
        Ok(Left::Done)
    }

    fn take_notice(
        &mut self,
        method: Name,
        params: serde_json::Value,
        bytes: usize,
        now: Instant,
    ) -> Result<Left, Close> {
        match &*method {
            "rpc.ack" => {
                let seq = params["seq"].as_u64().ok_or(Close::PROTOCOL)?;
                if self.replay.acked(seq).map_err(|_| Close::SEQUENCE)? {
                    self.starved = None;
                }
            }
            "rpc.ping" => self.urgent.push_back(Message::notice("rpc.pong", json!({}))),
            "rpc.cancel" => self.cancelled(id_in(&params).as_ref())?,
            "rpc.credit" => self.credited(&params),
            "rpc.upload" => self.uploaded(&params)?,
            "rpc.upload_end" => self.upload_ended(&params),
            _ if method.starts_with("rpc.") => return Ok(Left::Own(Message::Notice { method, params })),
            _ => self.admit(Serving::notification(method, params, now), bytes)?,
        }
        self.progress(now);
        Ok(Left::Done)
    }

    /// Tells the other end what has arrived, if that is due.
    pub(crate) fn acknowledge(&mut self, now: Instant) {
        if let Some(seq) = self.replay.take_ack(now) {
            self.urgent.push_back(Message::ack(seq));
        }
    }

    /// Whether a message would find room.
    pub(crate) fn fits(&self, message: &Message) -> bool {
        self.replay.fits((self.world.size)(message))
    }

    /// *Size is checked against the peer's limit before the `seq` is given.*
    pub(crate) fn is_too_large(&self, message: &Message) -> bool {
        (self.world.size)(message).saturating_add(SEAL_BYTES) > self.peer_bytes
    }

    /// Numbers a message: it enters the session.
    pub(crate) fn enter(&mut self, message: Message) -> Result<u64, Close> {
        let bytes = (self.world.size)(&message);
        let kept = Kept { message: Arc::new(message), bytes };
        let numbered = self.replay.push(kept).map_err(|_| Close::SEQUENCE);
        self.fault = self.fault.or(numbered.err());
        numbered
    }

    /// A cancel or credit is to enter, behind those that wait already.
    pub(crate) fn say(&mut self, notice: Message, now: Instant) {
        self.notices.push_back(notice);
        self.say_on(now);
    }

    /// Lets cancels and credits enter that waited for room.
    pub(super) fn say_on(&mut self, now: Instant) {
        while let Some(notice) = self.notices.front() {
            if !self.fits(notice) {
                return self.wait_for_room(now);
            }
            if let Some(notice) = self.notices.pop_front()
                && self.enter(notice).is_err()
            {
                return;
            }
        }
    }

    /// Something waits for room.
    pub(crate) fn wait_for_room(&mut self, now: Instant) {
        self.starved.get_or_insert(now);
    }

    /// What the reader itself answers. *It enters without waiting, above the bound by at most 1 MiB; above that the
    /// connection is closed 4013.*
    pub(crate) fn reply(&mut self, message: Message) -> Result<(), Close> {
        let bound = self.limits.buffer_bytes.max(self.replay.first_bytes());
        if self.replay.bytes() > bound.saturating_add(self.limits.max_waiting_bytes) {
            return Err(Close::TOO_SLOW);
        }
        self.enter(message).map(drop)
    }

    pub(crate) fn refuse(&mut self, id: &Id, kind: ErrorKind, text: &'static str) -> Result<(), Close> {
        self.reply(Message::error(id, kind, text))
    }

    /// What is to be written next on the current connection: *tracked messages leave in `seq` order; only untracked ones
    /// overtake.*
    pub(crate) fn next(&mut self) -> Option<Leaving> {
        if let Some(message) = self.urgent.pop_front() {
            return Some(Leaving { seq: None, message: Arc::new(message) });
        }
        let (seq, kept) = self.replay.next()?;
        Some(Leaving { seq: Some(seq), message: kept.message })
    }

    /// The session goes on without this connection.
    pub(crate) fn detach(&mut self) {
        self.urgent.clear();
        self.starved = None;
    }

    /// When the time is to be looked at next.
    pub(crate) fn wakes_at(&self, connected: bool) -> Option<Instant> {
        let starved = self.starved.map(|since| since + self.limits.heartbeat_timeout);
        let on_connection = [self.replay.ack_at(), starved].into_iter().flatten().filter(|_| connected).min();
        on_connection.into_iter().chain(self.next_deadline()).min()
    }

    /// The time has come.
    pub(crate) fn wake(&mut self, connected: bool, now: Instant) -> Result<(), Close> {
        self.expire_calls(now)?;
        if !connected {
            return Ok(());
        }
        // *Full and no ack for `heartbeat_timeout`: the session ends (`overflow`).*
        if self.starved.is_some_and(|since| now >= since + self.limits.heartbeat_timeout) {
            return Err(Close::OVERFLOW);
        }
        self.acknowledge(now);
        Ok(())
    }

    fn take_batch(&mut self, entries: Vec<Arrival>, now: Instant) -> Result<(), Close> {
        if entries.is_empty() || entries.len() > self.limits.max_batch {
            let error = RpcError::new(ErrorKind::InvalidRequest, "a batch has from 1 to max_batch entries");
            self.urgent.push_back(Message::answer(&Id::null(), Err(super::message::error(&error))));
            return Ok(());
        }
        let batch = super::serving::Batch::new(entries.len());
        for entry in entries {
            self.take_entry(entry, &batch, now)?;
        }
        Ok(())
    }
}
