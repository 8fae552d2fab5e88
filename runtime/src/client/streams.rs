//! The streams of a client's calls: items and credit that arrive, credit and items that leave.

use std::future::poll_fn;
use std::sync::Arc;

use super::shared::{Shared, id_on_wire};
use crate::codec::{Raw, about_frame, credit_in, item_frame, items_in};
use crate::message::{ErrorKind, Id, RpcError};
use crate::service::{Demand, EncodeError, PeerFault, UploadMessage, too_large};
use crate::session::BeyondCredit;

impl Shared {
    /// Takes `rpc.item`. *Whatever arrives for an unknown or ended id is ignored.*
    pub(crate) fn receive_items(&self, params: Raw<'_>) {
        let Some((id, items)) = items_in(params) else { return };
        let Some(id) = own_id(&id) else { return };
        let mut desk = self.desk();
        let Some(demand) = desk.outgoing.held(id).and_then(|waiting| waiting.call.demand.clone()) else {
            return;
        };
        if !items.is_empty() {
            desk.outgoing.begun(id);
        }
        let received = demand.receive(items.into_iter().map(Raw::to_payload));
        if received == Err(BeyondCredit)
            && let Some(waiting) = desk.outgoing.answered(id)
        {
            desk.cancels.push_back(id);
            desk.flush();
            drop(desk);
            let error =
                RpcError::new(ErrorKind::ResourceExhausted, "the server sent more items than it was allowed");
            waiting.tell(Err(PeerFault::Rpc(error)));
        }
    }

    /// Takes `rpc.upload_credit`.
    pub(crate) fn receive_upload_credit(&self, params: Raw<'_>) {
        let Some((id, credit)) = credit_in(params) else { return };
        let Some(id) = own_id(&id) else { return };
        let mut desk = self.desk();
        if let Some(demand) = desk.outgoing.held(id).and_then(|waiting| waiting.call.demand.as_ref()) {
            demand.grant(credit);
        }
    }

    /// The application took items of that call: so many more may come.
    pub(crate) fn grant(&self, order: u64, credit: u32) {
        let mut desk = self.desk();
        desk.grants.push_back((order, credit));
        desk.flush();
    }

    /// Sends a message of an upload, once its call was sent; ready when there was room for it, or the call is over.
    pub(crate) async fn upload(
        &self,
        demand: &Arc<Demand>,
        mut message: UploadMessage,
    ) -> Result<(), PeerFault> {
        loop {
            poll_fn(|cx| demand.poll_sent(cx)).await;
            if let UploadMessage::Item(_, spent) = &mut message
                && !demand.is_good(*spent)
            {
                // It went into another session meanwhile, where nothing is granted yet.
                let Some(again) = poll_fn(|cx| demand.poll_spend(cx)).await else { return Ok(()) };
                *spent = again;
            }
            let (endpoint, frame) = {
                let mut desk = self.desk();
                let Some(order) = demand.place().filter(|order| desk.outgoing.is_open(*order)) else {
                    return Ok(());
                };
                let (Some(id), Some(endpoint)) = (desk.outgoing.id_of(order), desk.endpoint.clone()) else {
                    // It is to be sent again, on another connection.
                    demand.wait();
                    continue;
                };
                if matches!(message, UploadMessage::Item(_, spent) if !demand.is_good(spent)) {
                    continue;
                }
                let wire_id = id_on_wire(id);
                let frame = match &message {
                    UploadMessage::Item(item, _) => item_frame(endpoint.codec, "rpc.upload", &wire_id, item),
                    UploadMessage::End => Ok(about_frame(endpoint.codec, "rpc.upload_end", &wire_id)),
                };
                let frame = frame.map_err(|error| PeerFault::Encode(EncodeError::Codec(error)))?;
                if frame.len() > desk.max_message_bytes {
                    return Err(PeerFault::Rpc(too_large("an item", frame.len(), desk.max_message_bytes)));
                }
                if matches!(message, UploadMessage::Item(..)) {
                    desk.outgoing.begun(id);
                    demand.sending();
                }
                match endpoint.outbox.try_push(frame) {
                    Ok(_) => return Ok(()),
                    Err(frame) => (endpoint, frame),
                }
            };
            // What was given up meanwhile is ignored at the other end.
            endpoint.outbox.push(frame).await;
            return Ok(());
        }
    }
}

/// The id of a call that this side made.
fn own_id(id: &Id) -> Option<u64> {
    match id {
        Id::Number(number) => u64::try_from(*number).ok(),
        Id::Raw(_) | Id::Packed(_) => None,
    }
}
