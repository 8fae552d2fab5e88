//! What a call streams, beside its parameters and its result: how it is said, and what would contradict itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Call, CallKind, Contract, Service, Side};

/// The names that existing publish/subscribe clients know a stream by (ethers, web3, jsonrpsee).
///
/// The call answers first, with an id; items come as notifications that carry it; another call ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The method of the notifications that carry the items, `eth_subscription`.
    pub notification: String,
    /// The method of the call that ends it, `eth_unsubscribe`.
    pub unsubscribe: String,
}

impl Call {
    /// Answers with items of this schema, one by one, before its result.
    #[must_use]
    pub fn stream_of(mut self, item: Value) -> Self {
        self.stream = Some(item);
        self
    }

    /// Takes items of this schema, one by one, beside its parameters.
    #[must_use]
    pub fn upload_of(mut self, item: Value) -> Self {
        self.upload = Some(item);
        self
    }

    /// Streams in the form of publish/subscribe: by this notification, until this call.
    #[must_use]
    pub fn in_subscription(
        mut self,
        notification: impl Into<String>,
        unsubscribe: impl Into<String>,
    ) -> Self {
        let (notification, unsubscribe) = (notification.into(), unsubscribe.into());
        self.subscription = Some(Subscription { notification, unsubscribe });
        self
    }

    /// Whether more crosses the wire than its parameters and its result.
    pub fn streams(&self) -> bool {
        self.stream.is_some() || self.upload.is_some()
    }

    /// What this call says that cannot be, where it is answered by `side`.
    fn contradiction(&self, side: Side) -> Option<&'static str> {
        if self.subscription.is_some() && self.stream.is_none() {
            Some("has a subscription and no stream; a subscription is the form of a stream")
        } else if self.subscription.is_some() && self.upload.is_some() {
            Some("has a subscription and an upload; publish/subscribe goes one way")
        } else if self.subscription.is_some() && self.returns.is_some() {
            Some("has a subscription and a result; a subscription ends without one")
        } else if self.streams() && self.kind == CallKind::Notification {
            Some("is a notification and streams; only a call has an id to stream under")
        } else if self.streams() && side == Side::Client {
            Some("is answered by the client and streams; streams are answered by the server so far")
        } else {
            None
        }
    }
}

impl Contract {
    /// The first call that contradicts itself, and how.
    pub(crate) fn contradiction(&self) -> Option<(String, &'static str)> {
        self.services.iter().find_map(of_service)
    }
}

fn of_service(service: &Service) -> Option<(String, &'static str)> {
    let own = service.calls.iter().find_map(|call| {
        call.contradiction(service.side).map(|contradiction| (call.method.clone(), contradiction))
    });
    own.or_else(|| service.peer.as_deref().and_then(of_service))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SERVICE: &str = r#"{ "wirecall": 1, "services": [{ "name": "files", "rust_name": "Files", "side": "server", "calls": [
        { "method": "files.list", "rust_name": "List", "kind": "call", "params": { "fields": [], "schema": {} } }
    ] }] }"#;

    fn with(change: impl FnOnce(Call) -> Call) -> Contract {
        let mut contract = Contract::from_json(SERVICE).unwrap();
        let call = contract.services[0].calls.remove(0);
        contract.services[0].calls.push(change(call));
        contract
    }

    fn refusal(contract: &Contract) -> String {
        Contract::from_json(&contract.to_json()).unwrap_err().to_string()
    }

    #[test]
    fn what_a_call_streams_survives_the_json_form() {
        let contract =
            with(|call| call.stream_of(json!({ "type": "string" })).upload_of(json!({ "type": "integer" })));
        assert_eq!(Contract::from_json(&contract.to_json()).unwrap(), contract);
        let subscription = with(|call| call.stream_of(json!({})).in_subscription("told", "stop"));
        assert_eq!(Contract::from_json(&subscription.to_json()).unwrap(), subscription);
    }

    #[test]
    fn a_call_that_streams_nothing_says_nothing_of_it() {
        let text = with(|call| call).to_json();
        assert!(["stream", "upload", "subscription"].iter().all(|word| !text.contains(word)), "{text}");
    }

    #[test]
    fn items_and_their_form_are_part_of_the_wire_shape() {
        let text = || json!({ "type": "string" });
        let shapes = [
            with(|call| call),
            with(|call| call.stream_of(text())),
            with(|call| call.stream_of(json!({ "type": "integer" }))),
            with(|call| call.upload_of(text())),
            with(|call| call.stream_of(text()).upload_of(text())),
            with(|call| call.stream_of(text()).in_subscription("told", "stop")),
            with(|call| call.stream_of(text()).in_subscription("told", "end")),
        ];
        let prints: Vec<Option<String>> =
            shapes.iter().map(|contract| contract.fingerprint("files")).collect();
        for (place, print) in prints.iter().enumerate() {
            assert!(!prints[..place].contains(print), "shape {place}");
        }
    }

    #[test]
    fn the_docs_of_items_are_no_part_of_the_wire_shape() {
        let plain = with(|call| call.stream_of(json!({ "type": "string" })));
        let told = with(|call| call.stream_of(json!({ "type": "string", "description": "A line." })));
        assert_eq!(plain.fingerprint("files"), told.fingerprint("files"));
    }

    #[test]
    fn a_notification_cannot_stream() {
        let contract = with(|call| Call { kind: CallKind::Notification, ..call }.stream_of(json!({})));
        assert!(refusal(&contract).contains("`files.list` is a notification and streams"));
    }

    #[test]
    fn a_subscription_is_the_form_of_a_stream_alone() {
        let without = with(|call| call.in_subscription("told", "stop"));
        assert!(refusal(&without).contains("no stream"));
        let both =
            with(|call| call.stream_of(json!({})).upload_of(json!({})).in_subscription("told", "stop"));
        assert!(refusal(&both).contains("an upload"));
        let result = with(|call| {
            Call { returns: Some(json!({})), ..call }.stream_of(json!({})).in_subscription("told", "stop")
        });
        assert!(refusal(&result).contains("a result"));
    }

    #[test]
    fn what_the_client_answers_cannot_stream_yet() {
        let mut contract = with(|call| call.upload_of(json!({})));
        contract.services[0].side = Side::Client;
        assert!(refusal(&contract).contains("answered by the client"));
    }
}
