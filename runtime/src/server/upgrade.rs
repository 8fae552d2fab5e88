//! The HTTP side: which requests become connections, and what the others are answered.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CONNECTION, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
};
use http::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::accept;
use super::connection::UpgradeRequest;
use super::shared::Shared;
use crate::codec::Codec;

/// The address at the other end of a connection. `serve` adds it to the extensions of every request; in a server of
/// your own, add it in a middleware, so that [`Connection::address`](super::Connection::address) knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub std::net::SocketAddr);

/// The body of an answer.
pub(crate) type Body = Full<Bytes>;

/// Answers an upgrade request, and starts the connection's task when it may become one.
pub(crate) fn upgrade<B>(
    shared: &Arc<Shared>,
    mut request: Request<B>,
    params: Vec<(String, String)>,
) -> Response<Body> {
    if shared.is_draining() {
        return unavailable("the server is shutting down");
    }
    let accepted = match accept_key(&request) {
        Ok(key) => derive_accept_key(key.as_bytes()),
        Err((status, text)) => return no_upgrade(status, text),
    };
    // A wrong origin is an attack on a user's cookies, and its page learns nothing.
    if !shared.origin.allows(request.headers(), request.uri()) {
        tracing::info!(target: "wirecall", origin = ?request.headers().get(http::header::ORIGIN), "an origin is refused");
        return plain(
            StatusCode::FORBIDDEN,
            "this origin may not connect; the server allows others with allow_origins",
        );
    }
    let Some(place) = shared.take_place() else {
        return unavailable("the server has max_connections connections");
    };
    let codec = negotiated(request.headers());
    let upgrading = hyper::upgrade::on(&mut request);
    let address = request.extensions().get::<PeerAddress>().map(|address| address.0);
    let origin = UpgradeRequest::keep(request.uri(), request.headers(), params, address);
    let server = Arc::clone(shared);
    shared.tasks.spawn(async move {
        // A peer that goes away in the middle of it is no news.
        let Ok(Ok(upgraded)) = tokio::time::timeout(server.limits.hello_timeout, upgrading).await else {
            return;
        };
        Box::pin(accept::run(TokioIo::new(upgraded), origin, codec, server, place)).await;
    });
    switching(&accepted, codec)
}

fn switching(accepted: &str, codec: Option<Codec>) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Ok(accepted) = HeaderValue::from_str(accepted) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    }
    if let Some(codec) = codec {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(codec.subprotocol()));
    }
    response
}

/// The key of a well-formed upgrade request of RFC 6455, section 4.2.1.
fn accept_key<B>(request: &Request<B>) -> Result<String, (StatusCode, &'static str)> {
    let headers = request.headers();
    if request.method() != Method::GET
        || !lists(headers, &UPGRADE, "websocket")
        || !lists(headers, &CONNECTION, "upgrade")
    {
        return Err((
            StatusCode::UPGRADE_REQUIRED,
            "this is a WebSocket endpoint; connect with a wirecall client",
        ));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes) != Some(b"13") {
        return Err((StatusCode::UPGRADE_REQUIRED, "Sec-WebSocket-Version must be 13"));
    }
    match headers.get(SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok()) {
        Some(key) if is_key(key) => Ok(key.to_owned()),
        _ => Err((StatusCode::BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64")),
    }
}

/// The answer to what is no upgrade, with what an upgrade needs.
fn no_upgrade(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = plain(status, text);
    if status == StatusCode::UPGRADE_REQUIRED {
        response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

/// Whether a text is 16 bytes in base64.
fn is_key(text: &str) -> bool {
    let digits = text.strip_suffix("==").unwrap_or_default();
    digits.len() == 22
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// Whether a comma-separated header names `wanted`, in any case.
fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    items(headers, name).any(|item| item.eq_ignore_ascii_case(wanted))
}

/// The items of a comma-separated header, in their order.
fn items<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// The first subprotocol of those that the client offers, in its order. *A client that offers none of them speaks JSON
/// and is a plain peer.*
fn negotiated(headers: &HeaderMap) -> Option<Codec> {
    items(headers, &SEC_WEBSOCKET_PROTOCOL).find_map(Codec::of_subprotocol)
}

/// An answer of one line.
pub(crate) fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

fn unavailable(text: &'static str) -> Response<Body> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
