//! The items of a stream, as they leave the handler.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;

use super::flow::Flow;
use crate::codec::{CodecError, Frame, item_frame, notification_frame};
use crate::message::{ErrorKind, Id, RpcError};
use crate::service::size::sealed;
use crate::service::traits::checked;
use crate::service::{CallContext, EncodeError, Endpoint, Failure};
use crate::types::Message;

/// Where the handler of a call with `stream = T` puts its items.
///
/// # Examples
///
/// ```
/// use wirecall::{Outgoing, Reply, Service};
///
/// #[derive(Service)]
/// enum Numbers {
///     /// Counts to a number, and tells the sum.
///     #[rpc(stream = u32, returns = u32)]
///     Count { to: u32 },
/// }
///
/// struct App;
///
/// impl NumbersHandler for App {
///     type Context = ();
///
///     async fn count(&self, (): (), to: u32, mut out: Outgoing<u32>) -> Reply<u32> {
///         for number in 1..=to {
///             // Waits while the caller does not keep up. Once it leaves, this future is dropped.
///             out.send(number).await?;
///         }
///         Ok((1..=to).sum())
///     }
/// }
/// ```
pub struct Outgoing<T> {
    wire: Arc<Wire>,
    sent: u64,
    kind: PhantomData<fn(T)>,
}

/// How the items of one call get on the wire.
pub(super) struct Wire {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) flow: Arc<Flow>,
    pub(super) call: CallContext,
    pub(super) id: Id,
}

impl<T> fmt::Debug for Outgoing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.wire.call.method())
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

/// Why an item was not sent. In a handler `?` ends the call with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The call has ended: it was cancelled, or answered. Stop producing.
    #[error("the call has ended")]
    Ended,
    /// The item is larger than a message that the caller takes. Send smaller pieces; `?` answers `too_large`.
    #[error("the item is {bytes} bytes, and the other end takes {limit} (its `max_message_bytes`)")]
    TooLarge {
        /// The size of its message.
        bytes: usize,
        /// The largest that the caller takes.
        limit: usize,
    },
    /// The item breaks a check of its type, or does not serialize; `?` answers `internal_error`.
    #[error("the item cannot be sent: {0}")]
    Encode(#[from] EncodeError),
}

impl<E> From<SendError> for Failure<E> {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Ended => Self::Rpc(RpcError::new(ErrorKind::Cancelled, error.to_string())),
            SendError::TooLarge { .. } => Self::Rpc(RpcError::new(ErrorKind::TooLarge, error.to_string())),
            SendError::Encode(error) => Self::internal(error),
        }
    }
}

impl<T: Message> Outgoing<T> {
    pub(super) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, sent: 0, kind: PhantomData }
    }

    /// Sends an item; ready when it is queued for the caller. Waits while the caller has allowed no more items, and while
    /// its connection does not keep up.
    ///
    /// Once a `no_cancel` call was cancelled its items go nowhere, and this succeeds: see [`Outgoing::is_over`].
    ///
    /// # Errors
    ///
    /// [`SendError`], where the item cannot be sent, or never will be.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has sent nothing.
    pub async fn send(&mut self, item: T) -> Result<(), SendError> {
        let wire = &*self.wire;
        let frame = wire.frame(&item)?;
        if !std::future::poll_fn(|cx| wire.flow.poll_spend(cx)).await {
            return wire.over().await;
        }
        let mut spent = Spent { flow: &wire.flow, left: false };
        if !wire.leave(frame).await {
            return wire.over().await;
        }
        spent.left = true;
        self.sent += 1;
        if self.sent == 1 {
            // *The first item leaves before the second is produced*, also where one thread does both.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// How many items were sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether the call has ended, so that no item leaves any more. Its future was dropped then, unless the call is
    /// `no_cancel`.
    pub fn is_over(&self) -> bool {
        self.wire.flow.is_over()
    }
}

impl Wire {
    /// Lets a message of the call leave when there is room; `false` where the call is over before that.
    ///
    /// Cancel safe: a dropped future has added nothing.
    pub(super) async fn leave(&self, mut frame: Frame) -> bool {
        loop {
            let room = self.endpoint.outbox.room();
            match self.flow.leave(frame, &self.endpoint.outbox) {
                Ok(left) => return left,
                Err(full) => frame = full,
            }
            room.await;
        }
    }

    /// What becomes of an item of a call that is over.
    async fn over(&self) -> Result<(), SendError> {
        if !self.call.spec.no_cancel {
            return Err(SendError::Ended);
        }
        // A handler that only sends must let others run, too.
        tokio::task::yield_now().await;
        Ok(())
    }

    fn frame<T: Message>(&self, item: &T) -> Result<Frame, SendError> {
        checked(|at| item.check(at))?;
        let frame = self.encode(item).map_err(EncodeError::from)?;
        let limit = self.call.max_message_bytes();
        if frame.len() > limit {
            return Err(SendError::TooLarge { bytes: sealed(frame.len()), limit: sealed(limit) });
        }
        Ok(frame)
    }

    fn encode<T: Message>(&self, item: &T) -> Result<Frame, CodecError> {
        #[derive(Serialize)]
        struct Told<'t, T> {
            subscription: &'t str,
            result: &'t T,
        }
        let codec = self.call.codec;
        match (&self.flow.subscription, self.call.spec.subscription) {
            (Some(name), Some(form)) => {
                notification_frame(codec, form.notification, &Told { subscription: name, result: item })
            }
            _ => item_frame(codec, "rpc.item", &self.id, item),
        }
    }
}

/// Credit for an item that has not left yet.
struct Spent<'f> {
    flow: &'f Flow,
    left: bool,
}

impl Drop for Spent<'_> {
    fn drop(&mut self) {
        if !self.left {
            self.flow.refund();
        }
    }
}
