//! One live WebSocket, and the HTTP request that it came from.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::clock;
use crate::codec::Codec;
use crate::connection::Framing;

/// One live WebSocket: where it comes from and what its upgrade request said. Cheap to clone.
///
/// As an extractor it is the connection of the call.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    id: u64,
    request: UpgradeRequest,
    codec: Codec,
    plain: bool,
    opened: Instant,
    /// The services whose calls fail on it, once its hello was judged and there are any.
    incompatible: OnceLock<Vec<&'static str>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the headers: they hold secrets.
        let mut shown = f.debug_struct("Connection");
        shown.field("id", &self.id()).field("address", &self.address()).field("path", &self.uri().path());
        shown.finish_non_exhaustive()
    }
}

/// The request that became a connection.
#[derive(Clone)]
pub(crate) struct UpgradeRequest {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) path_params: Vec<(String, String)>,
    pub(crate) address: Option<SocketAddr>,
}

impl UpgradeRequest {
    /// Copies what is worth keeping for the life of a connection. The request itself points into the buffer that it was
    /// read into, and would pin all of that; the headers of the upgrade say nothing that is not known.
    pub(crate) fn keep(
        uri: &Uri,
        headers: &HeaderMap,
        path_params: Vec<(String, String)>,
        address: Option<SocketAddr>,
    ) -> Self {
        let wanted = |name: &HeaderName| {
            !(*name == CONNECTION || *name == UPGRADE || name.as_str().starts_with("sec-websocket-"))
        };
        let kept = || headers.iter().filter(|(name, _)| wanted(name));
        let mut copied = HeaderMap::with_capacity(kept().count());
        for (name, value) in kept() {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                copied.append(name.clone(), value);
            }
        }
        let uri = uri.to_string().parse().unwrap_or_default();
        Self { uri, headers: copied, path_params, address }
    }
}

impl Connection {
    /// With the codec that was negotiated; `None` makes it a plain peer's.
    pub(crate) fn new(id: u64, request: UpgradeRequest, negotiated: Option<Codec>) -> Self {
        let (codec, plain) = (negotiated.unwrap_or_default(), negotiated.is_none());
        Self(Arc::new(Inner {
            id,
            request,
            codec,
            plain,
            opened: clock::now(),
            incompatible: OnceLock::new(),
        }))
    }

    pub(crate) fn request(&self) -> &UpgradeRequest {
        &self.0.request
    }

    /// Services that this client was generated from too old a contract of.
    pub(crate) fn set_incompatible(&self, services: Vec<&'static str>) {
        // There is one hello on a connection, so that it is empty.
        self.0.incompatible.set(services).unwrap_or_default();
    }

    pub(crate) fn incompatible(&self) -> &[&'static str] {
        self.0.incompatible.get().map_or(&[], Vec::as_slice)
    }

    /// Its number in this process, from 1.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The address it comes from; `None` where the server it is mounted in does not tell. Behind a proxy it is the
    /// proxy's.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.request.address
    }

    /// The URI of the upgrade request.
    pub fn uri(&self) -> &Uri {
        &self.0.request.uri
    }

    /// The headers of the upgrade request.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.request.headers
    }

    /// A parameter of the path pattern: `room` of `/rooms/{room}/chat`, percent-decoded.
    pub fn path_param(&self, name: &str) -> Option<&str> {
        self.0.request.path_params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn framing(&self) -> Framing {
        if self.0.plain { Framing::plain() } else { Framing::session(self.0.codec) }
    }

    /// What its messages are written in.
    pub fn codec(&self) -> Codec {
        self.0.codec
    }

    /// Whether the other end is a plain JSON-RPC 2.0 peer, without a session of wirecall's.
    pub fn is_plain(&self) -> bool {
        self.0.plain
    }

    /// When it was opened.
    pub fn opened(&self) -> Instant {
        self.0.opened
    }
}
