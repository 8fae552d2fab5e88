//! What a client is doing, as its user sees it.

use std::sync::Arc;
use std::time::Duration;

use super::ConnectError;
use crate::SessionReason;
use crate::session::Disconnect;
use crate::types::UserId;

/// What a client is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientState {
    /// It connects for the first time.
    Connecting,
    /// It is connected.
    Open {
        /// The session's id; empty with a plain peer.
        session: String,
        /// Who the server says is signed in.
        user: Option<UserId>,
        /// Whether the session of the connection before goes on: nothing was lost.
        resumed: bool,
        /// Why the session before is lost, if there was one: calls that it may have received have failed as
        /// [`CallError::ConnectionLost`](crate::CallError::ConnectionLost), the others were sent in this one. Told once.
        lost: Option<SessionReason>,
    },
    /// The connection was lost. Calls wait for the next one.
    Reconnecting {
        /// The number of the next attempt, from 1.
        attempt: u32,
        /// Why the last connection ended, or the last attempt failed.
        error: Arc<ConnectError>,
        /// How long until the next attempt.
        wait: Duration,
    },
    /// It is closed for good, and calls fail.
    Closed {
        /// Whether it gave up although it might have come back: after the last allowed attempt, or with
        /// `no_reconnect`. False where it was closed by its user, or the server said to stay away.
        gave_up: bool,
        /// How it ended.
        disconnect: Disconnect,
    },
}

impl ClientState {
    /// Whether calls are sent at once.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// Whether it is closed for good.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }
}
