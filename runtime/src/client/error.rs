//! Why a client could not connect.

use std::io;
use std::time::Duration;

use crate::message::RpcError;
use crate::session::Disconnect;

/// Why a client could not connect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL cannot be used. It looks like `ws://127.0.0.1:3000/ws`.
    #[error("{url:?} is no WebSocket URL ({reason}); it looks like ws://127.0.0.1:3000/ws")]
    Url {
        /// What was given, without its user and its query.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header that was given cannot be sent.
    #[error("the header {name:?} cannot be sent: only visible ASCII, and none that belongs to the upgrade")]
    Header {
        /// Its name.
        name: String,
    },
    /// A token for a plain server, which is told none.
    #[error("a plain peer says no hello that could carry a token: send it with `.header(…)`, or in the URL")]
    PlainToken,
    /// A time cannot be used.
    #[error("`.{setting}(…)` cannot be used: it has to be {expected}")]
    Setting {
        /// The method of [`Connect`](super::Connect).
        setting: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// A service cannot be mounted on this client; the message says where it belongs.
    #[error("{0}")]
    Service(String),
    /// Nobody answers at that address. Is the server running?
    #[error("cannot connect to {url}: {source}; is the server running there?")]
    Unreachable {
        /// The URL, without its user and its query.
        url: String,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody answers, but the connection does not become a WebSocket.
    #[error("{url} does not take the WebSocket: {reason}")]
    Upgrade {
        /// The URL, without its user and its query.
        url: String,
        /// What the server said.
        reason: String,
    },
    /// The server speaks WebSocket, but not wirecall.
    #[error(
        "{url} chose no wirecall subprotocol: it is another kind of server; for a plain JSON-RPC 2.0 server use `.plain()`"
    )]
    NotWirecall {
        /// The URL, without its user and its query.
        url: String,
    },
    /// The server refused hello: who is calling may not connect.
    #[error("{url} refused the connection: {error}")]
    Refused {
        /// The URL, without its user and its query.
        url: String,
        /// What the server answered.
        error: RpcError,
        /// How it closed the connection then.
        disconnect: Disconnect,
    },
    /// Connecting, the token and hello's answer together took longer than `connect_timeout`.
    #[error("{url} did not answer within connect_timeout, {} ms", .limit.as_millis())]
    Timeout {
        /// The URL, without its user and its query.
        url: String,
        /// The limit.
        limit: Duration,
    },
    /// The token provider failed.
    #[error("the token provider failed: {0}")]
    Token(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection ended.
    #[error("{0}")]
    Disconnected(Disconnect),
}

impl ConnectError {
    /// Whether trying again can help.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Url { .. }
            | Self::Header { .. }
            | Self::PlainToken
            | Self::Setting { .. }
            | Self::Service(_)
            | Self::NotWirecall { .. } => true,
            // *The range of the close code says what to do.*
            Self::Disconnected(disconnect) | Self::Refused { disconnect, .. } => !disconnect.reconnects(),
            Self::Unreachable { .. } | Self::Upgrade { .. } | Self::Timeout { .. } | Self::Token(_) => false,
        }
    }

    /// The end of the client that this error causes, where it is final.
    pub(crate) fn to_disconnect(&self) -> Disconnect {
        match self {
            Self::Disconnected(disconnect) | Self::Refused { disconnect, .. } => disconnect.clone(),
            other => Disconnect::lost(other.to_string()),
        }
    }
}
