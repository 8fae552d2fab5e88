//! Calls that this end answers to others, and not to this peer.

use super::endpoint::Endpoint;
use super::open::Sink;
use crate::codec::{Input, Raw};
use crate::message::RpcError;
use crate::session::Disconnect;

impl Endpoint {
    /// Answers a call with that error, unread. A notification is not taken.
    #[cold]
    pub(super) fn receive_refused(
        &self,
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
