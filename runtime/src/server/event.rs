//! What happens on a server, as a stream that never holds it up.

use futures_util::Stream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

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
        /// The field of [`Limits`](super::Limits).
        limit: &'static str,
        /// The session that met it, if it was one.
        session: Option<SessionId>,
    },
    /// A shutdown is over: every session has ended.
    Drained,
}

/// Events kept for a listener that does not keep up; older ones are skipped.
pub(crate) const KEPT: usize = 1024;

/// The events of a server from now on.
///
/// A listener that falls more than 1,024 events behind misses the oldest; the server never waits for it.
pub(crate) fn stream(receiver: broadcast::Receiver<ServerEvent>) -> impl Stream<Item = ServerEvent> + Send + 'static {
    futures_util::stream::unfold(receiver, |mut receiver| async {
        loop {
            match receiver.recv().await {
                Ok(event) => return Some((event, receiver)),
                Err(RecvError::Lagged(missed)) => {
                    tracing::debug!(target: "wirecall", missed, "a listener to server events does not keep up");
                }
                Err(RecvError::Closed) => return None,
            }
        }
    })
}
