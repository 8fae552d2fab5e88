//! Who is calling: one async function over the upgrade request and the token.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use http::{HeaderMap, Uri};

use super::connection::UpgradeRequest;
use super::credentials::Credentials;
use crate::message::RpcError;

/// What `authenticate` decides on.
pub struct AuthRequest {
    pub(crate) request: UpgradeRequest,
    pub(crate) token: Option<String>,
}

impl std::fmt::Debug for AuthRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the token nor the headers: both hold secrets.
        f.debug_struct("AuthRequest").field("path", &self.request.uri.path()).finish_non_exhaustive()
    }
}

impl AuthRequest {
    /// The token of the client's hello, or the `Authorization: Bearer` header of the upgrade request.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref().or_else(|| {
            let header = self.headers().get(http::header::AUTHORIZATION)?.to_str().ok()?;
            let (scheme, token) = header.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        })
    }

    /// The headers of the upgrade request.
    pub fn headers(&self) -> &HeaderMap {
        &self.request.headers
    }

    /// A cookie of the upgrade request.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers().get_all(http::header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then_some(value)
        })
    }

    /// The URI of the upgrade request.
    pub fn uri(&self) -> &Uri {
        &self.request.uri
    }

    /// A parameter of the path pattern.
    pub fn path_param(&self, name: &str) -> Option<&str> {
        self.request.path_params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The address that the connection comes from, where it is known.
    pub fn address(&self) -> Option<SocketAddr> {
        self.request.address
    }
}

/// Decides who is calling. Implemented for closures
/// `Fn(AuthRequest) -> impl Future<Output = Result<C, RpcError>>`, where `C` is an `Option<UserId>`, a `UserId`, or
/// [`Credentials`], which can expire.
///
/// `Ok(None)` lets the peer in as nobody. An error refuses it: the error answers `rpc.hello` (for a plain peer: its
/// first call), and the connection is closed. `rate_limited` closes it with 4029 and another retryable error with 1013,
/// so that the client comes back; an internal error with 1011; anything else with 4501, so that it stays away.
/// Credentials that have expired close it with 4010: the client comes back with a fresh token.
///
/// A client whose credentials expire soon is asked about again, with its fresh token, on the live connection. An error
/// then changes nothing: the old credentials are good until they expire.
pub trait Authenticate: Send + Sync + 'static {
    /// Decides on one connection.
    fn authenticate(&self, request: AuthRequest) -> Authenticated;
}

/// The future of a decision.
pub type Authenticated = Pin<Box<dyn Future<Output = Result<Credentials, RpcError>> + Send>>;

impl<F, Fut, C> Authenticate for F
where
    F: Fn(AuthRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<C, RpcError>> + Send + 'static,
    C: Into<Credentials>,
{
    fn authenticate(&self, request: AuthRequest) -> Authenticated {
        let decided = self(request);
        Box::pin(async move { decided.await.map(Into::into) })
    }
}
