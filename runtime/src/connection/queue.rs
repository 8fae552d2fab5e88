//! The messages of a queue: forgotten when they are written, or, in a session, kept until they are acknowledged.

use std::sync::Arc;
use std::time::Instant;

use super::budget::{Budget, Buffer, LEAST_KEPT, Queued};
use super::lane::Lane;
use super::outbox::OutboxLimits;
use crate::codec::Frame;
use crate::session::{Body, Exhausted, OutOfRange};

/// The messages of a queue.
#[derive(Debug)]
pub(super) enum Queue {
    /// Of a plain peer.
    Plain {
        lane: Lane,
        /// Messages that ever entered, and left for the socket.
        pushed: u64,
        popped: u64,
    },
    /// Of a session: numbered, and kept for the next connection.
    Session(Tracked),
}

/// The messages of a session.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) replay: Buffer,
    /// Messages up to here entered before the current connection did: the buffer alone bounds them.
    before: u64,
    /// Later ones that are not written yet.
    waiting: usize,
    waiting_bytes: usize,
    /// What all sessions keep together, on a server.
    budget: Option<Arc<Budget>>,
}

impl Drop for Tracked {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.remove(self.replay.own_bytes());
        }
    }
}

impl Tracked {
    pub(super) fn new(replay: Buffer, budget: Option<Arc<Budget>>) -> Self {
        Self { replay, before: 0, waiting: 0, waiting_bytes: 0, budget }
    }

    /// Whether the buffer has room. Where all sessions together keep too much, each has less.
    fn keeps(&self, bytes: usize) -> bool {
        let kept = self.replay.bytes();
        let scarce = || self.budget.as_ref().is_some_and(|budget| budget.is_exceeded());
        self.replay.fits(bytes) && (kept == 0 || kept.saturating_add(bytes) <= LEAST_KEPT || !scarce())
    }

    /// The other end has received everything up to `seq`. Gives whether room appeared.
    pub(super) fn acked(&mut self, seq: u64) -> Result<bool, OutOfRange> {
        let before = self.replay.own_bytes();
        let room = self.replay.acked(seq);
        self.give_back(before);
        room
    }

    fn give_back(&self, before: usize) {
        if let Some(budget) = &self.budget {
            budget.remove(before - self.replay.own_bytes());
        }
    }

    /// A connection takes the session up, which sets back what is to be written.
    pub(super) fn set_back<T, E>(
        &mut self,
        resume: impl FnOnce(&mut Buffer) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.replay.own_bytes();
        let resumed = resume(&mut self.replay)?;
        self.give_back(before);
        self.before = self.replay.numbered();
        (self.waiting, self.waiting_bytes) = (0, 0);
        Ok(resumed)
    }
}

impl Queue {
    pub(super) fn plain() -> Self {
        Self::Plain { lane: Lane::default(), pushed: 0, popped: 0 }
    }

    /// Whether there is room for a message that can wait. `away`: nothing is written now, and the buffer alone bounds.
    pub(super) fn fits(&self, bytes: usize, limits: &OutboxLimits, away: bool) -> bool {
        match self {
            Self::Plain { lane, .. } => lane.fits(bytes, limits.messages, limits.bytes),
            Self::Session(tracked) => {
                let written_soon = away
                    || tracked.waiting == 0
                    || (tracked.waiting < limits.messages
                        && tracked.waiting_bytes.saturating_add(bytes) <= limits.bytes);
                written_soon && tracked.keeps(bytes)
            }
        }
    }

    /// Whether a session's buffer is what has no room.
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        matches!(self, Self::Session(tracked) if !tracked.keeps(bytes))
    }

    /// Adds a message, room or not. Gives its number.
    pub(super) fn push(&mut self, message: Queued, away: bool) -> Result<u64, Exhausted> {
        match self {
            Self::Plain { lane, pushed, .. } => {
                lane.push(message.frame);
                *pushed += 1;
                Ok(*pushed)
            }
            Self::Session(tracked) => {
                let (bytes, own) = (message.bytes(), message.own_bytes());
                let seq = tracked.replay.push(message)?;
                if let Some(budget) = &tracked.budget {
                    budget.add(own);
                }
                if !away {
                    tracked.waiting += 1;
                    tracked.waiting_bytes += bytes;
                }
                Ok(seq)
            }
        }
    }

    /// What is to be written next, and with which `seq`.
    pub(super) fn next(&mut self) -> Option<(Frame, Option<u64>)> {
        match self {
            Self::Plain { lane, popped, .. } => {
                let frame = lane.pop()?;
                *popped += 1;
                Some((frame, None))
            }
            Self::Session(tracked) => {
                let (seq, Queued { frame, .. }) = tracked.replay.next()?;
                if seq > tracked.before {
                    tracked.waiting = tracked.waiting.saturating_sub(1);
                    tracked.waiting_bytes = tracked.waiting_bytes.saturating_sub(frame.len());
                }
                Some((frame, Some(seq)))
            }
        }
    }

    /// Whether nothing is left to be written.
    pub(super) fn is_written(&self) -> bool {
        match self {
            Self::Plain { lane, .. } => lane.is_empty(),
            Self::Session(tracked) => !tracked.replay.pending(),
        }
    }

    /// More than half full.
    pub(super) fn is_busy(&self, limits: &OutboxLimits) -> bool {
        match self {
            Self::Plain { lane, .. } => lane.is_busy(limits.messages, limits.bytes),
            Self::Session(tracked) => {
                tracked.waiting > limits.messages / 2
                    || tracked.waiting_bytes > limits.bytes / 2
                    || tracked.replay.bytes() > limits.buffer_bytes / 2
            }
        }
    }

    /// How many messages sockets got: those of this number and below.
    pub(super) fn taken(&self) -> u64 {
        match self {
            Self::Plain { popped, .. } => *popped,
            Self::Session(tracked) => tracked.replay.sent(),
        }
    }

    /// When an ack is due.
    pub(super) fn ack_at(&self) -> Option<Instant> {
        match self {
            Self::Plain { .. } => None,
            Self::Session(tracked) => tracked.replay.ack_at(),
        }
    }

    pub(super) fn tracked(&mut self) -> Option<&mut Tracked> {
        match self {
            Self::Plain { .. } => None,
            Self::Session(tracked) => Some(tracked),
        }
    }
}
