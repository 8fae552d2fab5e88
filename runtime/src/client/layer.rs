//! Interceptors around every call that a client makes.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::link::Link;
use crate::codec::Payload;
use crate::service::{CallError, OutgoingCall};

/// The result of a call, not decoded yet.
#[derive(Debug, Clone)]
pub struct RawResult(pub(crate) Payload);

/// What a call through the layers gives. A service's own error is [`CallError::Rpc`] here; it becomes typed after the
/// outermost layer.
pub type ClientResult = Result<RawResult, CallError<Infallible>>;

/// The future of a call through the layers.
pub type ClientFuture = Pin<Box<dyn Future<Output = ClientResult> + Send>>;

/// A call that is about to be made.
#[derive(Debug, Clone)]
pub struct ClientCall(pub(crate) OutgoingCall);

impl ClientCall {
    /// The method as on the wire.
    pub fn method(&self) -> &'static str {
        self.0.spec.method
    }

    /// Whether running it twice does the same as once, so that a layer may retry it.
    pub fn is_idempotent(&self) -> bool {
        self.0.spec.idempotent
    }

    /// Whether nobody awaits an answer.
    pub fn is_notification(&self) -> bool {
        self.0.spec.notification
    }

    /// Bounds the call.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.0.timeout = Some(limit);
    }

    /// Sends a member of `meta` along, such as `traceparent`.
    pub fn set_meta(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.meta.push((name.into(), value.into()));
    }
}

/// Something that runs around every call of a client.
///
/// Implemented for closures `Fn(ClientCall, ClientNext) -> impl Future<Output = ClientResult>`. The layer that was
/// added first is the outermost.
pub trait ClientLayer: Send + Sync + 'static {
    /// Surrounds one call.
    fn call(&self, call: ClientCall, next: ClientNext) -> ClientFuture;
}

impl<F, Fut> ClientLayer for F
where
    F: Fn(ClientCall, ClientNext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ClientResult> + Send + 'static,
{
    fn call(&self, call: ClientCall, next: ClientNext) -> ClientFuture {
        Box::pin(self(call, next))
    }
}

/// All layers, outermost first.
pub(crate) type ClientLayers = Arc<[Box<dyn ClientLayer>]>;

/// The rest of the way to the server. A layer may go it more than once.
#[derive(Clone)]
pub struct ClientNext {
    pub(crate) link: Link,
    pub(crate) index: usize,
}

impl fmt::Debug for ClientNext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientNext").field("index", &self.index).finish_non_exhaustive()
    }
}

impl ClientNext {
    /// Goes on to the next layer, and after the last to the server.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the call.
    pub fn run(&self, call: ClientCall) -> ClientFuture {
        let layers = self.link.layers();
        match layers.get(self.index) {
            Some(layer) => layer.call(call, Self { link: self.link.clone(), index: self.index + 1 }),
            None => self.link.send(call.0),
        }
    }
}
