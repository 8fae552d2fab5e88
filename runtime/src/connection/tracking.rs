//! The part of a queue that only sessions have: what arrived, what was acknowledged, and the change of connections.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

#[cfg(feature = "client")]
use super::budget::Buffer;
use super::line::{Line, LineId};
use super::outbox::{Outbox, Overflow, State};
use crate::clock;
use crate::codec::Frame;
use crate::session::{Disconnect, OutOfRange, Reason, Receipt, code};

/// What is to be done with a message that arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// It is to be taken. Afterwards an ack is `due`, perhaps.
    Take { due: bool },
    /// It was taken before, or comes over a connection that is not the session's any more.
    Drop,
}

impl Outbox {
    /// As if so many messages had been numbered before, and received: for the vectors.
    #[cfg(test)]
    #[cfg(feature = "client")]
    pub(crate) fn starting_after(&self, sent: u64) {
        if let Some(tracked) = self.lock().queue.tracked() {
            tracked.replay.sent_before(sent);
        }
    }

    /// Notes a message that arrived on that connection. *The receiver checks `seq` before the content.*
    pub(crate) fn receive(
        &self,
        line: LineId,
        seq: Option<u64>,
        bytes: usize,
        now: Instant,
    ) -> Result<Arrived, Disconnect> {
        let mut state = self.lock();
        if state.deaf || state.line.id != line || state.line.away {
            return Ok(Arrived::Drop);
        }
        state.line.heard = true;
        let (Some(seq), Some(tracked)) = (seq, state.queue.tracked()) else {
            return Ok(Arrived::Take { due: false });
        };
        match tracked.replay.receive(seq, bytes, now) {
            Receipt::New => {
                let due = tracked.replay.ack_at().is_some_and(|at| at <= now);
                Ok(Arrived::Take { due })
            }
            Receipt::Repeated => Ok(Arrived::Drop),
            Receipt::Gap => {
                let text = format!("seq {seq} came after {}", tracked.replay.received());
                Err(Disconnect::new(code::SEQUENCE, text).ending(Reason::Sequence))
            }
        }
    }

    /// The message that arrived last was not taken: *the resume brings it again.*
    pub(crate) fn not_taken(&self, line: LineId) {
        let mut state = self.lock();
        if state.deaf || state.line.id != line {
            return;
        }
        if let Some(tracked) = state.queue.tracked() {
            tracked.replay.not_taken();
        }
    }

    /// Acknowledges on that connection what has arrived, if that is due. What counts as told is on its way: no other
    /// connection comes in between.
    pub(crate) fn push_ack(
        &self,
        line: LineId,
        now: Instant,
        ack: impl FnOnce(u64) -> Frame,
    ) -> Result<(), Overflow> {
        let mut state = self.lock();
        if state.deaf || state.line.id != line || state.line.closing.is_some() {
            return Ok(());
        }
        let Some(tracked) = state.queue.tracked() else { return Ok(()) };
        match tracked.replay.take_ack(now) {
            Some(seq) => self.overtake(state, ack(seq)),
            None => Ok(()),
        }
    }

    /// The other end has received all messages up to `seq`.
    pub(crate) fn acked(&self, line: LineId, seq: u64) -> Result<(), Disconnect> {
        let mut state = self.lock();
        if state.ended || state.line.id != line {
            return Ok(());
        }
        let Some(tracked) = state.queue.tracked() else { return Ok(()) };
        match tracked.acked(seq) {
            Ok(false) => {}
            Ok(true) => {
                let full = state.full_since.is_some() && self.keeps_waiting(&state);
                state.full_since = full.then(clock::now);
                self.tell_room(state);
            }
            Err(OutOfRange) => {
                let text =
                    format!("an ack of {seq}, and {} is the last that was sent", tracked.replay.sent());
                return Err(Disconnect::new(code::SEQUENCE, text).ending(Reason::Sequence));
            }
        }
        Ok(())
    }

    /// *Full and no ack for `heartbeat_timeout`: the session ends (`overflow`).* Since when it is so.
    pub(crate) fn full_since(&self, line: LineId) -> Option<Instant> {
        let state = self.lock();
        if state.line.id == line { state.full_since } else { None }
    }

    /// A new connection takes the session up: what the other end has not received is written again, and the old
    /// connection writes and reads nothing from here on. Gives what this side has received.
    ///
    /// To be called while nothing is read; see [`Outbox::reading`].
    pub(crate) fn attach(&self, line: LineId, peer_received: u64) -> Result<u64, OutOfRange> {
        let mut state = self.lock();
        let Some(tracked) = state.queue.tracked() else { return Err(OutOfRange) };
        tracked.set_back(|replay| replay.resume(peer_received))?;
        let received = tracked.replay.received();
        self.change_line(state, line);
        Ok(received)
    }

    /// Whether somebody waits for room who is not told of any now: the time without an ack starts over.
    fn keeps_waiting(&self, state: &State) -> bool {
        state.starved && state.queue.is_busy(&self.limits)
    }

    fn change_line(&self, mut state: MutexGuard<'_, State>, line: LineId) {
        let old = std::mem::replace(&mut state.line, Line::new(line));
        state.full_since = self.keeps_waiting(&state).then(clock::now);
        self.tell_room(state);
        Line::wake_all(old.waker, old.stuck);
        if old.batches.starved {
            self.tell_all();
        }
    }

    /// Looks at what was sent and received; `None` where nothing is numbered, or the session has ended.
    #[cfg(feature = "client")]
    pub(crate) fn with_replay<T>(&self, look: impl FnOnce(&Buffer) -> T) -> Option<T> {
        self.lock().queue.tracked().map(|tracked| look(&tracked.replay))
    }

    /// A new connection of this side's begins, and `decide` says whether the session goes on there, which sets back
    /// what is to be written.
    ///
    /// To be called while nothing is read; see [`Outbox::reading`].
    #[cfg(feature = "client")]
    pub(crate) fn take_up<E>(
        &self,
        line: LineId,
        decide: impl FnOnce(&mut Buffer) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut state = self.lock();
        let Some(tracked) = state.queue.tracked() else { return decide(&mut Buffer::new(0)).map(drop) };
        if tracked.set_back(|replay| decide(replay))? {
            self.change_line(state, line);
        }
        Ok(())
    }

    /// The last number that a socket got, and the last that the other end is known to have; of a queue that is not
    /// numbered both are what the socket got.
    #[cfg(feature = "client")]
    pub(crate) fn progress(&self) -> (u64, u64) {
        let mut state = self.lock();
        let taken = state.queue.taken();
        (taken, state.queue.tracked().map_or(taken, |tracked| tracked.replay.peer_received()))
    }

    /// Whether the other end has everything; `known` is what it is known to have beside what it acknowledged.
    #[cfg(feature = "client")]
    pub(crate) fn is_settled(&self, known: u64) -> bool {
        let mut state = self.lock();
        let Some(tracked) = state.queue.tracked() else { return true };
        tracked.replay.peer_received().max(known) >= tracked.replay.numbered()
    }

    /// The connection is gone, and the session waits for another one. Gives whether the other end was ever heard of on
    /// it, or sent anything.
    pub(crate) fn detach(&self, line: LineId) -> bool {
        let mut state = self.lock();
        if state.line.id != line {
            return true;
        }
        let waits = state.line.batches.starved;
        state.line.leave();
        state.full_since = None;
        let proven = state.line.heard || state.queue.taken() > 0;
        // *When the buffer is not full, they enter, connected or not*: nothing is written now, and it alone bounds.
        let starved = std::mem::take(&mut state.starved) | waits;
        drop(state);
        if starved {
            self.tell_all();
        }
        proven
    }

    /// Whether that connection is the one of now.
    pub(crate) fn is_on(&self, line: LineId) -> bool {
        let state = self.lock();
        !state.ended && !state.line.away && state.line.id == line
    }

    /// Receives nothing any more. Gives the last number that was received.
    pub(crate) fn deafen(&self) -> u64 {
        let mut state = self.lock();
        state.deaf = true;
        state.queue.tracked().map_or(0, |tracked| tracked.replay.received())
    }

    /// The other end keeps so many bytes until this one acknowledges, as the hello of now tells.
    #[cfg(feature = "server")]
    pub(crate) fn peer_keeps(&self, bytes: usize) {
        if let Some(tracked) = self.lock().queue.tracked() {
            tracked.replay.peer_keeps(bytes);
        }
    }

    /// The last number that was given.
    pub(crate) fn numbered_so_far(&self) -> u64 {
        self.lock().queue.tracked().map_or(0, |tracked| tracked.replay.numbered())
    }

    /// Bytes that are kept until they are acknowledged.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.lock().queue.tracked().map_or(0, |tracked| tracked.replay.bytes())
    }
}

/// How long a full buffer may wait for an ack.
pub(crate) fn full_too_long(timeout: Duration) -> Disconnect {
    let text = format!("the buffer is full, and nothing was acknowledged for {} ms", timeout.as_millis());
    Disconnect::over("buffer_bytes", code::TOO_SLOW, text).ending(Reason::Overflow)
}
