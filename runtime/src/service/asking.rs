//! Calls that this side makes: sent, answered, given up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::endpoint::Endpoint;
use super::local::Local;
use super::peer::{Fault as CallFault, OutgoingCall};
use super::size::too_large;
use crate::codec::{Frame, Outcome, Payload, notification_frame, request_frame};
use crate::message::{ErrorKind, Id, RpcError};
use crate::session::{Disconnect, code};

/// The answer to a call that this side made.
pub(crate) type Answer = Result<Payload, CallFault>;

/// Who awaits an answer.
pub(super) type Waiter = oneshot::Sender<Answer>;

impl Endpoint {
    /// Takes the answer to a call of this side.
    pub(super) fn receive_response(&self, id: &Id, outcome: &Outcome<'_>, local: &dyn Local) {
        let Id::Number(number) = id else { return };
        let Ok(number) = u64::try_from(*number) else { return };
        let answer = match outcome {
            Outcome::Result(result) => Ok(result.to_payload()),
            Outcome::Error(error) => Err(match error.read::<RpcError>() {
                Ok(error) => CallFault::Rpc(error),
                Err(error) => CallFault::Decode(error),
            }),
        };
        let Some(answer) = local.response(number, answer) else { return };
        let waiter = self.pending().as_mut().and_then(|pending| pending.close(number));
        let Some(waiter) = waiter else {
            tracing::debug!(target: "wirecall", ?id, "a response to no open call is ignored");
            return;
        };
        // Who no longer waits needs no answer.
        drop(waiter.send(answer));
    }

    /// Calls the other end.
    ///
    /// Cancel safe: a dropped future sends `rpc.cancel`.
    pub(crate) async fn call(self: Arc<Self>, call: OutgoingCall) -> Result<Payload, CallFault> {
        let limit = call.timeout.or(call.spec.timeout_ms.map(Duration::from_millis));
        let limit = limit.unwrap_or(self.environment.default_timeout);
        let (waiter, answer) = oneshot::channel();
        let opened = match &mut *self.pending() {
            None => Err(CallFault::Closed(Disconnect::new(code::GOING_AWAY, "the session has ended"))),
            Some(pending) if pending.len() >= self.config.peer_calls => Err(CallFault::Rpc(RpcError::new(
                ErrorKind::ResourceExhausted,
                format!("{} calls to this peer are open: max_peer_calls is reached", self.config.peer_calls),
            ))),
            Some(pending) => Ok(pending.open(waiter)),
        };
        let mut open = OpenCall { endpoint: &self, id: opened?, entered: false };
        let meta = call.meta(Some(limit));
        let frame = request_frame(self.codec, Some(open.id), call.spec.method, &call.params, meta.as_ref());
        let frame = self.fitting(frame.map_err(CallFault::Decode)?)?;
        let answered = async {
            self.outbox.push(frame).await;
            open.entered = true;
            answer.await.unwrap_or(Err(CallFault::ConnectionLost))
        };
        tokio::time::timeout(limit, answered).await.unwrap_or_else(|_| Err(CallFault::deadline()))
    }

    /// Sends a notification to the other end.
    pub(crate) async fn notify(self: Arc<Self>, call: OutgoingCall) -> Result<(), CallFault> {
        let frame =
            notification_frame(self.codec, call.spec.method, &call.params).map_err(CallFault::Decode)?;
        let frame = self.fitting(frame)?;
        if self.pending().is_none() {
            return Err(CallFault::Closed(Disconnect::new(code::GOING_AWAY, "the session has ended")));
        }
        self.outbox.push(frame).await;
        Ok(())
    }

    /// A message that the other end takes.
    fn fitting(&self, frame: Frame) -> Result<Frame, CallFault> {
        let most = self.max_message_bytes();
        if frame.len() <= most {
            return Ok(frame);
        }
        Err(CallFault::Rpc(too_large("the call", frame.len(), most)))
    }
}

/// Closes a call when its future is done or dropped.
struct OpenCall<'e> {
    endpoint: &'e Endpoint,
    id: u64,
    /// It has entered the session; else there is nothing to cancel at the other end.
    entered: bool,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let open = self.endpoint.pending().as_mut().is_some_and(|pending| pending.close(self.id).is_some());
        let codec = self.endpoint.codec;
        if open
            && self.entered
            && let Ok(frame) = notification_frame(codec, "rpc.cancel", &serde_json::json!({ "id": self.id }))
        {
            // It must not overtake its own call, so it takes the queue; where that is full the time limit at the other
            // end does the same.
            drop(self.endpoint.outbox.try_push(frame));
        }
    }
}
