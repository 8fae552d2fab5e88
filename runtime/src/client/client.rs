//! The client as its user holds it: calls that survive a lost connection as far as the protocol allows.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::link::Link;
use super::options::Connect;
use super::shared::Shared;
use super::task::{self, CLOSE_WAIT, Ending};
use super::{ClientState, ConnectError};
use crate::listener::Listener;
use crate::service::{Environment, Peer};
use crate::session::Disconnect;
use crate::types::UserId;

/// A connection to a server that comes back when it is lost. Cheap to clone.
///
/// Generated clients are made from it: `ChatClient::new(&client)`. When the last clone and the last generated client
/// are dropped and no call is open, the connection is closed.
///
/// # When the connection is lost
///
/// The client comes back and takes its session up again: what did not arrive is sent again, once and in order, in both
/// directions. Calls, streams and the server's calls only take longer, and time limits run on. Calls made meanwhile enter
/// the session as far as [`buffer_bytes`](Connect::buffer_bytes) have room; others wait, see [`Connect::queue`].
///
/// A session that is away for too long is lost, and so is one of a server that was started anew:
/// [`ClientState::Open`] says so once. What the server never received is sent in the new session, in the order of making,
/// and so are calls declared `idempotent`, at most three times (a stream only before its first item). Every other open call
/// fails with [`CallError::ConnectionLost`](crate::CallError::ConnectionLost).
///
/// [A plain server](Connect::plain) has no sessions: there every lost connection is such a loss, and what no byte was
/// written of counts as never received.
#[derive(Clone)]
pub struct Client(Link);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.0.shared.options.shown_url()).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) async fn connect(connect: Connect) -> Result<Self, ConnectError> {
        let (options, methods, on_error) = connect.into_parts()?;
        let lazy = options.lazy;
        let environment =
            Environment { layers: Arc::new([]), on_error, default_timeout: options.call_timeout };
        let shared = Arc::new(Shared::new(options, methods, environment));
        let link = Link::strong(Arc::clone(&shared));
        let (first, connected) = oneshot::channel();
        // The task ends by itself when the last handle is dropped, since that cancels `closing`.
        tokio::spawn(task::run(Ending::of(shared), first));
        if !lazy {
            let ended = || ConnectError::Disconnected(Disconnect::lost("the client's task was stopped"));
            connected.await.unwrap_or_else(|_| Err(ended()))?;
        }
        Ok(Self(link))
    }

    /// What it is doing now.
    pub fn state(&self) -> ClientState {
        self.0.shared.state()
    }

    /// What it does from now on, each change once; ends after [`ClientState::Closed`]. A listener that falls 256 changes
    /// behind misses the oldest.
    pub fn states(&self) -> Listener<ClientState> {
        Listener::new(self.0.shared.states.subscribe())
    }

    /// Who the server says is signed in; `None` while it is not connected.
    pub fn user(&self) -> Option<UserId> {
        match self.state() {
            ClientState::Open { user, .. } => user,
            _ => None,
        }
    }

    /// Closes it: the server has 3 s to acknowledge what was sent, then the connection ends with 1000, all within 5 s.
    /// Calls that the server may have received and has not answered fail with
    /// [`CallError::ConnectionLost`](crate::CallError::ConnectionLost), the others, and new ones, with
    /// [`CallError::Closed`](crate::CallError::Closed).
    ///
    /// # Cancel safety
    ///
    /// The client is closed even if the future is dropped, once it was polled.
    pub async fn close(&self) {
        let shared = &self.0.shared;
        shared.closing.cancel();
        // The task's own limit is a little shorter.
        drop(tokio::time::timeout(CLOSE_WAIT, shared.ended.cancelled()).await);
    }
}

impl From<&Client> for Peer {
    fn from(client: &Client) -> Self {
        Self(Arc::new(client.0.clone()))
    }
}

impl From<Client> for Peer {
    fn from(client: Client) -> Self {
        Self(Arc::new(client.0))
    }
}
