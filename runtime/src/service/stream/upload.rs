//! What a caller sends beside the parameters of its call: taken from the application's stream as the callee grants it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use tokio::task::AbortHandle;

use super::demand::{Demand, Spent};
use crate::codec::{Codec, Payload};
use crate::service::peer::Peer;
use crate::service::traits::checked;
use crate::service::{CallError, EncodeError, PeerFault};
use crate::types::Message;

/// A message of an upload.
#[derive(Debug, Clone)]
pub(crate) enum UploadMessage {
    Item(
        #[cfg_attr(
            not(feature = "client"),
            expect(dead_code, reason = "only a client makes calls that stream")
        )]
        Payload,
        #[cfg_attr(
            not(feature = "client"),
            expect(dead_code, reason = "only a client makes calls that stream")
        )]
        Spent,
    ),
    End,
}

/// What is still to be sent, each item encoded when it is taken.
pub(crate) type Source = Pin<Box<dyn Stream<Item = Result<Payload, EncodeError>> + Send>>;

/// The application's items as a [`Source`].
pub(super) fn source<U: Message>(codec: Codec, items: impl Stream<Item = U> + Send + 'static) -> Source {
    Box::pin(items.map(move |item| {
        checked(|at| item.check(at))?;
        Ok(Payload::of(codec, &item)?)
    }))
}

/// The task of an upload. Stops when it is dropped.
#[derive(Debug)]
pub(super) struct Upload(AbortHandle);

impl Drop for Upload {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Upload {
    /// Sends what `source` gives, for the call of `demand`.
    pub(super) fn start(peer: Peer, demand: Arc<Demand>, source: Source) -> Self {
        let task = tokio::spawn(async move {
            if let Err(fault) = send_all(&peer, &demand, source).await {
                demand.fail(fault);
            }
        });
        Self(task.abort_handle())
    }
}

async fn send_all(peer: &Peer, demand: &Arc<Demand>, mut source: Source) -> Result<(), PeerFault> {
    loop {
        let next = tokio::select! {
            biased;
            () = poll_fn(|cx| demand.poll_over(cx)) => return Ok(()),
            next = source.next() => next,
        };
        let Some(item) = next else { break };
        let item = item.map_err(CallError::Encode)?;
        let Some(spent) = poll_fn(|cx| demand.poll_spend(cx)).await else { return Ok(()) };
        peer.0.upload(demand, UploadMessage::Item(item, spent)).await?;
    }
    // A call that goes into another session takes its end along.
    while poll_fn(|cx| demand.poll_end(cx)).await {
        peer.0.upload(demand, UploadMessage::End).await?;
    }
    Ok(())
}
