//! Events as they arrive at a client.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::broadcast;

use super::Peer;
use super::traits::{EventInput, Events};
use crate::codec::Payload;

/// An event that arrived, not decoded yet.
#[derive(Debug, Clone)]
pub(crate) struct RawEvent {
    pub(crate) method: Arc<str>,
    pub(crate) params: Payload,
    /// The services whose listeners are not told, whatever the event is called.
    pub(crate) untold: Arc<[String]>,
}

/// Events kept for a listener that does not keep up; older ones are skipped, and that is logged.
#[cfg(feature = "client")]
pub(crate) const KEPT: usize = 1024;

/// The events of one service from the moment it was asked for. Ends when the client is closed.
///
/// Nothing waits for a listener: one that falls more than 1,024 events behind misses the oldest, which the log tells and
/// [`missed`](Self::missed) counts. Who must have them all reads them in a task of its own. Events that this program does not
/// know, from a newer server, are skipped.
pub struct EventStream<E> {
    events: Pin<Box<dyn Stream<Item = RawEvent> + Send>>,
    missed: Arc<AtomicU64>,
    service: &'static str,
    kind: PhantomData<fn() -> E>,
}

impl<E> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Peer {
    /// The events that the other end emits. Generated clients use it.
    #[doc(hidden)]
    pub fn __events<E: Events>(&self, service: &'static str) -> EventStream<E> {
        let receiver = self.0.events().unwrap_or_else(|| broadcast::channel(1).1);
        let missed = Arc::new(AtomicU64::new(0));
        let events = futures_util::stream::unfold(
            (receiver, Arc::clone(&missed)),
            async |(mut receiver, missed)| {
                loop {
                    match receiver.recv().await {
                        Ok(event) => return Some((event, (receiver, missed))),
                        Err(broadcast::error::RecvError::Lagged(count)) => {
                            missed.fetch_add(count, Ordering::Relaxed);
                            tracing::warn!(target: "wirecall", missed = count, "a listener to events does not keep up");
                        }
                        Err(broadcast::error::RecvError::Closed) => return None,
                    }
                }
            },
        );
        EventStream { events: Box::pin(events), missed, service, kind: PhantomData }
    }
}

impl<E: Events> EventStream<E> {
    /// The next event; `None` when the client is closed.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no event.
    pub async fn next(&mut self) -> Option<E> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// How many events came and were skipped, since this listener was more than 1,024 behind: of any service of the
    /// connection. It is counted when the next one is taken.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    fn decode(&self, event: &RawEvent) -> Option<E> {
        if event.untold.iter().any(|service| service == self.service) {
            return None;
        }
        let name = event.method.strip_prefix(self.service).and_then(|rest| rest.strip_prefix('.'));
        let name = name.unwrap_or(&event.method);
        match E::decode(name, EventInput { params: event.params.as_raw() })? {
            Ok(event) => Some(event),
            Err(error) => {
                tracing::warn!(target: "wirecall", method = %event.method, %error, "an event does not fit its type");
                None
            }
        }
    }
}

impl<E: Events> Stream for EventStream<E> {
    type Item = E;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<E>> {
        loop {
            match std::task::ready!(self.events.as_mut().poll_next(cx)) {
                None => return Poll::Ready(None),
                Some(event) => {
                    if let Some(event) = self.decode(&event) {
                        return Poll::Ready(Some(event));
                    }
                }
            }
        }
    }
}
