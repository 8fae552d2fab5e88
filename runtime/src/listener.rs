//! What a program hears of a server or a client from now on.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Everything that happens from now on, until the end of whoever tells it. Nobody waits for a listener: one that falls too
/// far behind misses the oldest.
///
/// It is a `Stream` too, for those who use `futures`.
#[must_use = "a listener hears only what it is asked for"]
pub struct Listener<T>(Pin<Box<dyn Stream<Item = T> + Send>>);

impl<T> fmt::Debug for Listener<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl<T: Clone + Send + 'static> Listener<T> {
    pub(crate) fn new(receiver: broadcast::Receiver<T>) -> Self {
        Self(Box::pin(futures_util::stream::unfold(receiver, |mut receiver| async {
            loop {
                match receiver.recv().await {
                    Ok(told) => return Some((told, receiver)),
                    Err(RecvError::Lagged(missed)) => {
                        tracing::debug!(target: "wirecall", missed, "a listener does not keep up");
                    }
                    Err(RecvError::Closed) => return None,
                }
            }
        })))
    }

    /// What happens next; `None` after the end.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken nothing.
    pub async fn next(&mut self) -> Option<T> {
        std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await
    }
}

impl<T> Stream for Listener<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.as_mut().poll_next(cx)
    }
}
