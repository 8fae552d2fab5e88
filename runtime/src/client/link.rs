//! The way of a call from a generated client to the desk, and of its answer back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, oneshot};
use tokio_util::sync::CancellationToken;

use super::layer::{ClientCall, ClientFuture, ClientLayers, ClientNext, RawResult};
use super::shared::{Shared, Waiting, closed_by_user};
use crate::clock;
use crate::codec::Codec;
use crate::message::{ErrorKind, RpcError};
use crate::service::{
    Answered, Demand, Handed, OutgoingCall as Call, PeerAnswer, PeerFault, PeerLink, RawEvent, UploadMessage,
};
use crate::session::Kind;

/// The way to the server, as generated clients hold it.
#[derive(Clone)]
pub(crate) struct Link {
    pub(super) shared: Arc<Shared>,
    /// Closes the client when the last one is dropped. The task's own way back has none.
    #[expect(dead_code, reason = "held for its drop")]
    guard: Option<Arc<CloseOnDrop>>,
}

struct CloseOnDrop(CancellationToken);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Link {
    /// A link that keeps the client open until its last clone is dropped.
    pub(crate) fn strong(shared: Arc<Shared>) -> Self {
        let guard = Some(Arc::new(CloseOnDrop(shared.closing.clone())));
        Self { shared, guard }
    }

    /// A link that does not keep the client open: for handlers of the server's calls.
    pub(crate) fn weak(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), guard: None }
    }

    pub(crate) fn layers(&self) -> &ClientLayers {
        &self.shared.options.layers
    }

    /// Sends a call past all layers. While it is open the client is, too.
    pub(crate) fn send(&self, call: Call) -> ClientFuture {
        let link = self.clone();
        Box::pin(async move { send(&link.shared, call).await.map(RawResult) })
    }

    fn through_layers(&self, call: Call) -> ClientFuture {
        if self.layers().is_empty() {
            return self.send(call);
        }
        ClientNext { link: self.clone(), index: 0 }.run(ClientCall(call))
    }
}

async fn send(shared: &Arc<Shared>, call: Call) -> PeerAnswer {
    if shared.closing.is_cancelled() {
        return Err(PeerFault::Closed(closed_by_user()));
    }
    let default = (!call.spec.streams()).then_some(shared.options.call_timeout);
    let limit = call.timeout.or(call.spec.timeout_ms.map(Duration::from_millis)).or(default);
    let kind = if call.spec.notification {
        Kind::Notification
    } else {
        Kind::Call { idempotent: call.spec.idempotent, stream: call.spec.streams() }
    };
    let (waiter, answer) = oneshot::channel();
    // A limit that the clock cannot hold is none.
    let deadline = limit.and_then(|limit| clock::now().checked_add(limit));
    let order = shared.enter(kind, Waiting { call, waiter: Some(waiter), deadline })?;
    let _open = OpenCall { shared, order };
    let late = async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        answer = answer => answer.unwrap_or(Err(PeerFault::ConnectionLost)),
        () = late => Err(PeerFault::Rpc(RpcError::new(
            ErrorKind::DeadlineExceeded,
            format!("the time limit of the call passed, {} ms", limit.unwrap_or_default().as_millis()),
        ))),
    }
}

/// Gives a call up when its future is done or dropped.
struct OpenCall<'s> {
    shared: &'s Arc<Shared>,
    order: u64,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        self.shared.leave(self.order);
    }
}

impl PeerLink for Link {
    fn codec(&self) -> Codec {
        self.shared.options.codec
    }

    fn call(&self, call: Call) -> Answered {
        let answered = self.through_layers(call);
        Box::pin(async move { answered.await.map(|result| result.0) })
    }

    fn notify(&self, call: Call) -> Handed {
        let sent = self.through_layers(call);
        Box::pin(async move { sent.await.map(drop) })
    }

    fn grant(&self, demand: &Demand, credit: u32) {
        if let Some(order) = demand.place() {
            self.shared.grant(order, credit);
        }
    }

    fn upload(&self, demand: &Arc<Demand>, message: UploadMessage) -> Handed {
        let (shared, demand) = (Arc::clone(&self.shared), Arc::clone(demand));
        Box::pin(async move { shared.upload(&demand, message).await })
    }

    fn events(&self) -> Option<broadcast::Receiver<RawEvent>> {
        Some(self.shared.events.subscribe())
    }

    fn max_message_bytes(&self) -> usize {
        self.shared.max_message_bytes()
    }
}
