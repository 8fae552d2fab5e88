//! What a queue knows of the connection that it is written to now, and forgets with it.

use std::task::Waker;

use super::lane::Lane;
use super::outbox::OutboxLimits;
use crate::codec::Frame;
use crate::session::Disconnect;

/// The number of a connection, inside this process. A plain peer, and whoever is refused, has only one.
pub(crate) type LineId = u64;

/// The connection that a queue is written to.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) id: LineId,
    /// The connection is gone, and no other has come.
    pub(super) away: bool,
    /// Something arrived on it.
    pub(super) heard: bool,
    /// Acks, pings, pongs, notices, and what a plain peer's reader answers: they overtake the rest.
    pub(super) urgent: Lane,
    pub(super) batches: Batches,
    /// The connection's task, where it waits for something to write.
    pub(super) waker: Option<Waker>,
    /// The same, where it waits for its socket: only what makes it leave wakes it.
    pub(super) stuck: Option<Waker>,
    /// While the task reads it need not be woken: it looks here right after.
    pub(super) reading: bool,
    pub(super) closing: Option<Closing>,
    /// The session cannot go on, which the connection's task does not know yet.
    pub(super) failed: Option<Disconnect>,
}

/// What answers batches in a session, where no number says to keep it: bounded as a plain peer's queue is.
#[derive(Debug, Default)]
pub(super) struct Batches {
    lane: Lane,
    /// Somebody found no room since room was last told of.
    pub(super) starved: bool,
    /// The last message that left was one of these.
    left: bool,
}

impl Batches {
    pub(super) fn try_push(&mut self, frame: Frame, limits: &OutboxLimits) -> Result<(), Frame> {
        if !self.lane.fits(frame.len(), limits.messages, limits.bytes) {
            self.starved = true;
            return Err(frame);
        }
        self.lane.push(frame);
        Ok(())
    }

    /// The next one, and whether who waits for room is to be told.
    pub(super) fn pop(&mut self, limits: &OutboxLimits) -> Option<(Frame, bool)> {
        let frame = self.lane.pop()?;
        let told = self.starved && !self.lane.is_busy(limits.messages, limits.bytes);
        self.starved &= !told;
        self.left = true;
        Some((frame, told))
    }

    /// Whether the queue goes first now, since the last message was one of these.
    pub(super) fn gives_way(&mut self) -> bool {
        std::mem::take(&mut self.left)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lane.is_empty()
    }
}

/// The connection is to end, once the urgent messages are written, or all.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) disconnect: Disconnect,
    pub(super) all: bool,
}

impl Line {
    pub(super) fn new(id: LineId) -> Self {
        Self { id, ..Self::default() }
    }

    /// Wakes the connection's task, whatever it waits for.
    pub(super) fn wake_all(waker: Option<Waker>, stuck: Option<Waker>) {
        waker.into_iter().chain(stuck).for_each(Waker::wake);
    }

    /// Whether that end takes the place of what is decided.
    pub(super) fn takes(&self, disconnect: &Disconnect) -> bool {
        self.closing.as_ref().is_none_or(|pending| disconnect.is_final() && !pending.disconnect.is_final())
    }

    /// The connection is gone, and what only it could carry with it. How it was to end is still known.
    pub(super) fn leave(&mut self) {
        self.away = true;
        self.urgent = Lane::default();
        self.batches = Batches::default();
        self.waker = None;
        self.stuck = None;
        self.reading = false;
    }
}
