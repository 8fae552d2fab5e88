//! What a machine tells its application and its driver.

use serde_json::Value;

use super::message::{Name, Outcome};
use crate::message::Id;
use crate::session::Reason;

/// The number that the application gives to a call of its own.
pub(crate) type Handle = u64;

/// What a machine tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tell {
    /// A call of this side has ended.
    Outcome(Handle, Ended),
    /// An item of a stream, for its consumer.
    Item(Handle, Value),
    /// An event, or a notification.
    Event { method: Name, params: Value },
    /// A call of the other end starts.
    Serve { id: Id, method: Name, params: Value },
    /// Its handler is dropped.
    Abort(Id),
    /// An item of an upload, for its handler.
    Chunk(Id, Value),
    /// The upload has no more.
    ChunksEnd(Id),
    /// This side ends that connection.
    Drop { connection: u64, code: u16 },
    /// Hello was answered; with a reason where a session before was lost.
    Opened { resumed: bool, reason: Option<Reason> },
    /// The client stays away.
    Stays(u16),
    /// A transition of a session.
    Hook(Hook, u64),
}

/// How a call of this side ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    Answered(Outcome),
    /// An error of this side, by its kind.
    Failed(&'static str),
}

/// *Connection lost, outcome unknown.*
pub(crate) const UNKNOWN: Ended = Ended::Failed("connection_lost");
/// It was never received.
pub(crate) const NEVER: Ended = Ended::Failed("closed");

/// The transitions of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hook {
    Open,
    Suspend,
    Resume,
    End,
}
