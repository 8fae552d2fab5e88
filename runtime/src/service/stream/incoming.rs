//! The items of an upload, as the handler takes them.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;

use super::flow::Taken;
use super::outgoing::Wire;
use crate::check::validation_error;
use crate::codec::{Payload, credit_frame, read_or_explain};
use crate::message::{ErrorKind, RpcError};
use crate::service::EncodeError;
use crate::service::traits::checked;
use crate::types::Message;

/// What the handler of a call with `upload = T` takes its items from. Also a [`Stream`].
///
/// The caller sends nothing before the handler asks for the first item, and never more than 64 items ahead of it; fewer,
/// where they are large: four of the largest.
///
/// # Examples
///
/// ```
/// use wirecall::{Incoming, Reply, Service};
///
/// #[derive(Service)]
/// enum Numbers {
///     /// Adds up what it is sent.
///     #[rpc(upload = u32, returns = u64)]
///     Sum,
/// }
///
/// struct App;
///
/// impl NumbersHandler for App {
///     type Context = ();
///
///     async fn sum(&self, (): (), mut incoming: Incoming<u32>) -> Reply<u64> {
///         let mut sum = 0;
///         while let Some(number) = incoming.next().await {
///             sum += u64::from(number?);
///         }
///         Ok(sum)
///     }
/// }
/// ```
pub struct Incoming<T> {
    wire: Arc<Wire>,
    opened: bool,
    done: bool,
    /// Granted, and not told yet.
    owed: u32,
    /// A grant that waits for room in the connection's queue.
    granting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    kind: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("method", &self.wire.call.method()).finish_non_exhaustive()
    }
}

impl<T: Message> Incoming<T> {
    pub(super) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, opened: false, done: false, owed: 0, granting: None, kind: PhantomData }
    }

    /// The next item; `None` when the caller has sent all.
    ///
    /// # Errors
    ///
    /// `validation_error`, where an item does not fit or breaks a check: it is the last, and the call does not succeed
    /// then, whatever the handler answers. `cancelled`, where the call ended before its upload, which only a `no_cancel`
    /// handler lives to see.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no item.
    pub async fn next(&mut self) -> Option<Result<T, RpcError>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, RpcError>>> {
        if self.done {
            return Poll::Ready(None);
        }
        if !self.opened {
            self.opened = true;
            self.owed = self.wire.flow.open_upload();
        }
        self.grant(cx);
        let taken = std::task::ready!(self.wire.flow.poll_take(cx));
        let item = match taken {
            Taken::Item(item, grant) => {
                self.owed += grant;
                self.grant(cx);
                self.read(&item)
            }
            Taken::End => {
                self.done = true;
                return Poll::Ready(None);
            }
            Taken::Over => Err(RpcError::new(ErrorKind::Cancelled, "the call ended before its upload")),
        };
        self.done = item.is_err();
        Poll::Ready(Some(item))
    }

    /// What waits to be taken, and whether it is all that comes: for the vectors, which know no difference.
    #[cfg(test)]
    #[cfg(feature = "client")]
    pub(crate) fn arrived(&self) -> (Vec<T>, bool) {
        let (items, all) = self.wire.flow.arrived();
        (items.iter().filter_map(|item| item.read().ok()).collect(), all)
    }

    /// Tells the caller what it may send, as soon as there is room for that.
    fn grant(&mut self, cx: &mut Context<'_>) {
        loop {
            if let Some(granting) = &mut self.granting {
                if granting.as_mut().poll(cx).is_pending() {
                    return;
                }
                self.granting = None;
            }
            let credit = std::mem::take(&mut self.owed);
            if credit == 0 {
                return;
            }
            let wire = Arc::clone(&self.wire);
            let frame = credit_frame(wire.call.codec, "rpc.upload_credit", &wire.id, credit);
            if let Err(frame) = wire.flow.leave(frame, &wire.endpoint.outbox) {
                self.granting = Some(Box::pin(async move {
                    wire.leave(frame).await;
                }));
            }
        }
    }

    fn read(&self, item: &Payload) -> Result<T, RpcError> {
        let read = read_or_explain::<T>(item.as_raw());
        let fitting = read.and_then(|item| match checked(|at| item.check(at)) {
            Ok(()) => Ok(item),
            Err(EncodeError::Invalid(violations)) => Err(violations),
            Err(EncodeError::Codec(_)) => Err(Vec::new()),
        });
        fitting.map_err(|violations| {
            let error = validation_error(violations);
            self.wire.flow.spoil(error.clone());
            error
        })
    }
}

impl<T: Message> Stream for Incoming<T> {
    type Item = Result<T, RpcError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}
