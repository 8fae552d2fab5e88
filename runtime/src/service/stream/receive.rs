//! The messages of streams as the reader takes them: they take effect at once, also on a call that still waits.

use std::sync::Arc;

use super::Flow;
use super::flow::Refused;
use crate::codec::{Raw, credit_in, id_of, items_in};
use crate::message::{ErrorKind, Id, RpcError};
use crate::service::Endpoint;
use crate::session::{Disconnect, STREAM_CREDIT};

impl Endpoint {
    /// Takes `rpc.credit`, `rpc.upload` or `rpc.upload_end`; `false` where it is none of them. *Whatever arrives for an
    /// unknown or ended id is ignored.*
    pub(in crate::service) fn receive_flow(
        self: &Arc<Self>,
        method: &str,
        params: Raw<'_>,
    ) -> Result<bool, Disconnect> {
        match method {
            "rpc.credit" => {
                if let Some((id, credit)) = credit_in(params)
                    && let Some(flow) = self.flow(&id)
                {
                    flow.grant(credit);
                }
            }
            "rpc.upload" => {
                if let Some((id, items)) = items_in(params)
                    && let Some(flow) = self.flow(&id)
                    && let Err(refused) = flow.receive(&items)
                {
                    let text = match refused {
                        Refused::Credit => {
                            format!("more items than were granted: at most {STREAM_CREDIT} are taken ahead")
                        }
                        Refused::Room => format!(
                            "the uploads of the session keep {STREAM_CREDIT} times max_message_bytes already"
                        ),
                    };
                    self.end_call(&id, &RpcError::new(ErrorKind::ResourceExhausted, text))?;
                }
            }
            "rpc.upload_end" => {
                if let Some(flow) = id_of(params).and_then(|id| self.flow(&id)) {
                    flow.finish_upload();
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The streams of an open call that the other end made.
    fn flow(&self, id: &Id) -> Option<Arc<Flow>> {
        self.calls().find(id)?.flow.as_ref().map(Arc::clone)
    }
}
