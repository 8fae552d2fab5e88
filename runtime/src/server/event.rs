//! What happens on a server, as a stream that never holds it up.

use super::session::SessionId;
use crate::session::Disconnect;
use crate::types::UserId;

/// Something that happened on the server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A session was opened.
    Opened {
        /// The session.
        session: SessionId,
        /// Its user.
        user: Option<UserId>,
    },
    /// A session's connection is lost, and the session waits for its client.
    Suspended {
        /// The session.
        session: SessionId,
        /// Its user.
        user: Option<UserId>,
        /// How its connection ended.
        disconnect: Disconnect,
    },
    /// A suspended session's client is back.
    Resumed {
        /// The session.
        session: SessionId,
        /// Its user.
        user: Option<UserId>,
    },
    /// A session ended.
    Ended {
        /// The session.
        session: SessionId,
        /// Its user.
        user: Option<UserId>,
        /// How its connection ended.
        disconnect: Disconnect,
    },
    /// A limit was met.
    LimitReached {
        /// The field of [`Limits`](super::Limits); `max_message_bytes` for an event that is larger than this session's client
        /// takes, whose own limit that is.
        limit: &'static str,
        /// The session that met it, if it was one.
        session: Option<SessionId>,
    },
    /// A shutdown is over: every session has ended.
    Drained,
}

/// Events kept for a listener that does not keep up; older ones are skipped.
pub(crate) const KEPT: usize = 1024;
