//! One live WebSocket, and the HTTP request that it came from.

use std::net::SocketAddr;
use std::time::Instant;

use http::{HeaderMap, Uri};

/// One live WebSocket: where it comes from and what its upgrade request said.
///
/// As an extractor it is the connection of the call.
#[derive(Debug)]
pub struct Connection {
    pub(crate) id: u64,
    pub(crate) request: UpgradeRequest,
    pub(crate) plain: bool,
    pub(crate) opened: Instant,
}

/// The request that became a connection.
#[derive(Debug, Clone)]
pub(crate) struct UpgradeRequest {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) path_params: Vec<(String, String)>,
    pub(crate) address: Option<SocketAddr>,
}

impl Connection {
    /// Its number in this process, from 1.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The address it comes from; `None` where the server it is mounted in does not tell. Behind a proxy it is the
    /// proxy's.
    pub fn address(&self) -> Option<SocketAddr> {
        self.request.address
    }

    /// The URI of the upgrade request.
    pub fn uri(&self) -> &Uri {
        &self.request.uri
    }

    /// The headers of the upgrade request.
    pub fn headers(&self) -> &HeaderMap {
        &self.request.headers
    }

    /// A parameter of the path pattern: `room` of `/rooms/{room}/chat`, percent-decoded.
    pub fn path_param(&self, name: &str) -> Option<&str> {
        self.request.path_params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether the other end is a plain JSON-RPC 2.0 peer, without a session of wirecall's.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// When it was opened.
    pub fn opened(&self) -> Instant {
        self.opened
    }
}
