//! The service: one call for each kind of message that must survive.

use wirecall::{Events, Service};

use crate::tally::ServerTally;

/// What became of an upload.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Summed {
    /// How many numbers came.
    pub items: u64,
    /// The largest of them.
    pub last: u64,
}

/// A number that was counted.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Added {
    /// The number.
    pub number: u64,
}

/// Items of a stream down.
pub const ITEMS_DOWN: u64 = 500;
/// Items of a stream up.
pub const ITEMS_UP: u64 = 200;

/// The user of the run's own client, which serves nothing: its sessions are neither told nor asked anything.
pub const CONTROL: &str = "control";

/// Counts what it is asked.
#[allow(clippy::large_enum_variant, reason = "the macro reads the enum; nobody makes one")]
#[derive(Debug, Service)]
#[rpc(name = "chaos", events = ChaosEvent, peer = Probe)]
pub enum Chaos {
    /// Counts a number; not to be run twice.
    #[rpc(returns = Added, timeout = "2m")]
    Add {
        /// The number, from 1.
        number: u64,
    },
    /// Counts a number that may be sent again.
    #[rpc(returns = Added, idempotent, timeout = "2m")]
    Look {
        /// The number, from 1.
        number: u64,
    },
    /// Counts a number without an answer.
    #[rpc(notification)]
    Note {
        /// The number, from 1.
        number: u64,
    },
    /// Sends 1, 2, 3 … up to there.
    #[rpc(stream = u64, returns = u64)]
    Count {
        /// The stream's own number, from 1.
        number: u64,
        /// The last number.
        to: u64,
    },
    /// Takes 1, 2, 3 ….
    #[rpc(upload = u64, returns = Summed)]
    Sum {
        /// The stream's own number, from 1.
        number: u64,
    },
    /// Emits no events and asks nothing any more.
    Hush {},
    /// What was seen of a user.
    #[rpc(returns = ServerTally)]
    Tally {
        /// The user.
        user: String,
    },
}

/// What the server tells.
#[derive(Debug, Events)]
pub enum ChaosEvent {
    /// The next number of that session.
    Tick {
        /// The session.
        session: String,
        /// From 1.
        number: u64,
    },
}

/// What the server asks its clients.
#[derive(Debug, Service)]
#[rpc(name = "probe", side = "client")]
pub enum Probe {
    /// Gives the number back.
    #[rpc(returns = u64, timeout = "2m")]
    Ask {
        /// The session.
        session: String,
        /// From 1.
        number: u64,
    },
}
