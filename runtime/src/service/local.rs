//! What only one side knows of the protocol: a server's methods and a client's.

use std::future::Future;
use std::pin::Pin;

use super::asking::Answer;
use crate::codec::{Payload, Raw};
use crate::connection::LineId;
use crate::message::RpcError;
use crate::session::Disconnect;

/// What only this side knows: the protocol's methods beyond those of both, and what to do with events.
pub(crate) trait Local {
    /// A call or notification of the protocol (`rpc.…`). `None`: there is no such method here.
    fn protocol(&self, call: ProtocolCall<'_>) -> Result<Option<Reaction>, Disconnect>;
    /// A notification that no method takes.
    fn notification(&self, method: &str, params: Raw<'_>);
    /// Why calls to that service are not served here, if they are not.
    fn refuses(&self, _service: &'static str) -> Option<RpcError> {
        None
    }
    /// A call was refused since a bound was met.
    fn limit_reached(&self, limit: &'static str) {
        let _ = limit;
    }
    /// The number of the connection that the message came over.
    fn line(&self) -> LineId {
        0
    }
    /// The answer to a call, given back where the endpoint itself made the call.
    fn response(&self, id: u64, answer: Answer) -> Option<Answer> {
        let _ = id;
        Some(answer)
    }
}

/// A message of the protocol's own.
#[derive(Debug)]
pub(crate) struct ProtocolCall<'a> {
    pub(crate) method: &'a str,
    pub(crate) params: Raw<'a>,
}

/// What a message of the protocol is answered; dropped for notifications.
pub(crate) enum Reaction {
    /// `null`.
    Done,
    Result(Payload),
    Error(RpcError),
    /// What it comes to, once that is known; nothing, where nobody waits for it any more.
    Later(Later),
    /// The error, then the end of the connection.
    Fatal(RpcError, Disconnect),
}

/// What a call of the protocol's own comes to.
pub(crate) type Later = Pin<Box<dyn Future<Output = Option<Result<Payload, RpcError>>> + Send>>;
