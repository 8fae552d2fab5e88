//! The server as a `tower::Service`: beside ordinary routes of axum, or under plain hyper.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response, StatusCode};

use super::shared::Shared;
use super::upgrade::{Body, plain, upgrade};

/// The server as a [`tower` service](tower_service::Service), made by [`Server::route`](super::Server::route).
///
/// It upgrades every WebSocket request that it is given, whatever its path: routing is the router's matter. Path
/// parameters are those of the server's own patterns, where one of them matches.
#[derive(Debug, Clone)]
pub struct Route {
    pub(crate) shared: Arc<Shared>,
}

impl<B> tower_service::Service<Request<B>> for Route {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let params = self.shared.path_params(request.uri().path()).unwrap_or_default();
        ready(Ok(upgrade(&self.shared, request, params)))
    }
}

/// The whole site of `serve`: the path patterns, a health check, and 404 elsewhere.
pub(crate) fn site<B>(shared: &Arc<Shared>, request: Request<B>) -> Response<Body> {
    let path = request.uri().path();
    if let Some(params) = shared.path_params(path) {
        return upgrade(shared, request, params);
    }
    if path == "/health" && matches!(*request.method(), Method::GET | Method::HEAD) {
        if shared.is_draining() {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "draining");
        }
        return plain(StatusCode::OK, "ok");
    }
    plain(
        StatusCode::NOT_FOUND,
        "nothing is here; the server's paths are those of ServerBuilder::path, by default / and /ws",
    )
}

impl Shared {
    /// The parameters of the pattern that matches, percent-decoded; `None` where none matches.
    fn path_params(&self, path: &str) -> Option<Vec<(String, String)>> {
        let found = self.paths.at(path).ok()?;
        let decoded = found.params.iter().map(|(name, value)| {
            let value = percent_encoding::percent_decode_str(value).decode_utf8().ok()?;
            Some((name.to_owned(), value.into_owned()))
        });
        decoded.collect()
    }
}
