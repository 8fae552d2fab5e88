//! Interceptors around every call that this side answers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::CallContext;
use crate::codec::Frame;
use crate::message::RpcError;

/// The future of one call, boxed once.
pub(crate) type Run = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What a call is answered. A layer may pass it on, look at its error, or answer something else in its place.
pub struct Answer(Content);

enum Content {
    Result(Frame),
    Error(RpcError),
    Nothing,
}

impl Answer {
    pub(crate) fn result(frame: Frame) -> Self {
        Self(Content::Result(frame))
    }

    /// The answer to a notification that went well: none.
    pub(crate) fn nothing() -> Self {
        Self(Content::Nothing)
    }

    /// The error, if it is one.
    pub fn error(&self) -> Option<&RpcError> {
        match &self.0 {
            Content::Error(error) => Some(error),
            _ => None,
        }
    }

    pub(crate) fn into_frame(self, frame_of: impl FnOnce(&RpcError) -> Frame) -> Option<Frame> {
        match self.0 {
            Content::Result(frame) => Some(frame),
            Content::Error(error) => Some(frame_of(&error)),
            Content::Nothing => None,
        }
    }
}

impl From<RpcError> for Answer {
    fn from(error: RpcError) -> Self {
        Self(Content::Error(error))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Result(frame) => write!(f, "Answer(result, {} bytes)", frame.len()),
            Content::Error(error) => f.debug_tuple("Answer").field(error).finish(),
            Content::Nothing => f.write_str("Answer(nothing)"),
        }
    }
}

/// Something that runs around every call.
///
/// Implemented for closures `Fn(CallContext, Next) -> impl Future<Output = Answer>`. The layer that was added first is the
/// outermost. A layer sees a call after its parameters were decoded and checked, and before its context is extracted.
///
/// # Examples
///
/// ```
/// use std::time::Instant;
/// use wirecall::{CallContext, Next, Server};
///
/// let builder = Server::builder().layer(|call: CallContext, next: Next| async move {
///     let start = Instant::now();
///     let answer = next.run().await;
///     println!("{} took {:?}", call.method(), start.elapsed());
///     answer
/// });
/// ```
pub trait Layer: Send + Sync + 'static {
    /// Surrounds one call.
    fn call(&self, call: CallContext, next: Next) -> Pin<Box<dyn Future<Output = Answer> + Send>>;
}

impl<F, Fut> Layer for F
where
    F: Fn(CallContext, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    fn call(&self, call: CallContext, next: Next) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(self(call, next))
    }
}

/// All layers, outermost first.
pub(crate) type Layers = Arc<[Box<dyn Layer>]>;

/// The rest of the way to the handler.
pub struct Next {
    layers: Layers,
    index: usize,
    call: CallContext,
    run: Run,
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Next {
    pub(crate) fn new(layers: Layers, call: CallContext, run: Run) -> Self {
        Self { layers, index: 0, call, run }
    }

    /// Goes on to the next layer, and after the last to the handler.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the handler's.
    pub fn run(mut self) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let layers = Arc::clone(&self.layers);
        match layers.get(self.index) {
            None => self.run,
            Some(layer) => {
                self.index += 1;
                layer.call(self.call.clone(), self)
            }
        }
    }
}
