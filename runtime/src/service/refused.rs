//! Calls that this end answers to others, and not to this peer.

use std::sync::Arc;

use super::endpoint::Endpoint;
use super::open::Sink;
use crate::codec::{Input, Raw};
#[cfg(any(feature = "client", feature = "server"))]
use crate::message::ErrorKind;
use crate::message::RpcError;
use crate::session::Disconnect;

/// The error of a call to a service whose contract the two ends do not share.
///
/// It is `method_not_found`: the method that the caller means is not here, whatever is here under its name, and trying
/// again does not help.
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) fn incompatible(service: &str) -> RpcError {
    let text = format!(
        "the client was generated from an older, incompatible contract of `{service}`; generate it again"
    );
    RpcError::new(ErrorKind::MethodNotFound, text)
        .with_details(serde_json::json!({ "service": service, "contract": "incompatible" }))
}

impl Endpoint {
    /// Answers a call with that error, unread. A notification is not taken.
    #[cold]
    pub(super) fn receive_refused(
        self: &Arc<Self>,
        input: &mut Input<'_>,
        message: Raw<'_>,
        error: &RpcError,
        sink: &Sink,
    ) -> Result<(), Disconnect> {
        if input.skip().is_err() {
            return self.refuse_unreadable(sink, message);
        }
        input.id.take().map_or_else(|| sink.pass(self), |id| self.refuse(sink, &id, error))
    }
}
