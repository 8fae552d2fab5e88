//! Connections as an unreliable network has them: two streams of messages in order, whose tails may be lost, and whose ends
//! learn late, or never, that the other is gone.

use std::collections::VecDeque;

use super::random::Random;
use crate::session::machine::Leaving;

/// One direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    /// What is on its way.
    pub(super) flying: VecDeque<Leaving>,
    /// What was delivered last, for an other end that sends again what it need not.
    pub(super) delivered: Option<Leaving>,
    /// Behind that the reader sees the end, with that code of the WebSocket.
    pub(super) end: Option<u16>,
    /// The reader has seen the end, or left.
    pub(super) closed: bool,
}

/// A connection.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// From the client to the server.
    pub(super) up: Pipe,
    /// From the server to the client.
    pub(super) down: Pipe,
    /// Whatever is sent from here on vanishes, and nobody is told.
    pub(super) swallows: bool,
}

impl Pipe {
    /// Something is sent.
    pub(super) fn send(&mut self, leaving: Leaving, swallows: bool) {
        if !swallows && !self.closed && self.end.is_none() {
            self.flying.push_back(leaving);
        }
    }

    /// The tail of what is on its way is lost, and then comes the end.
    pub(super) fn cut(&mut self, random: &mut Random, code: u16) {
        let kept = random.below(self.flying.len() + 1);
        self.flying.truncate(kept);
        self.end.get_or_insert(code);
    }

    /// The reader is told no more, and reads no more.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.flying.clear();
    }

    /// Whether there is something for the reader.
    pub(super) fn has_news(&self) -> bool {
        !self.closed && (!self.flying.is_empty() || self.end.is_some())
    }
}

impl Link {
    /// The connection breaks, in both directions.
    pub(super) fn cut(&mut self, random: &mut Random, code: u16) {
        self.up.cut(random, code);
        self.down.cut(random, code);
    }

    /// It goes silent: what is on its way vanishes too, and nobody is told.
    pub(super) fn swallow(&mut self) {
        self.swallows = true;
        self.up.flying.clear();
        self.down.flying.clear();
    }

    /// Whether all that is sent from here on arrives, as far as anybody knows.
    pub(super) fn is_alive(&self) -> bool {
        let open = |pipe: &Pipe| !pipe.closed && pipe.end.is_none();
        !self.swallows && open(&self.up) && open(&self.down)
    }

    /// Nobody is interested any more.
    pub(super) fn is_over(&self) -> bool {
        self.up.closed && self.down.closed
    }
}
