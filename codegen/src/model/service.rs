//! A service of the contract as a [`Service`] of the model, still without the names that depend on others.

use serde_json::Value;
use wirecall_contract::{self as contract, CallKind, Contract, ErrorSet, Side};

use super::lower::{Hint, Lower};
use super::{ErrorClass, Event, Form, Method, Params, Peer, Record, Service, Type};
use crate::print::names::{Scope, pascal};

impl Service {
    /// Reads a service. One that the client answers has no calls of its own: it is its own peer.
    pub(super) fn build(contract: &Contract, service: &contract::Service) -> Self {
        let fingerprint = contract.fingerprint(&service.name).unwrap_or_default();
        let is_client_side = service.side == Side::Client;
        let mut errors = Errors { contract, classes: Vec::new(), sets: Vec::new() };
        let default_errors = errors.add(service.error.as_ref());
        let calls: &[contract::Call] = if is_client_side { &[] } else { &service.calls };
        // A call in the form of publish/subscribe is an ordinary stream to who calls it with credit, as clients do.
        let methods =
            calls.iter().map(|call| method(call, Side::Server, &default_errors, &mut errors)).collect();
        let peer = if is_client_side { Some(service) } else { service.peer.as_deref() };
        let peer = peer.map(|peer| {
            let peer_errors = errors.add(peer.error.as_ref());
            Peer {
                name: peer.name.clone(),
                rust_name: peer.rust_name.clone(),
                docs: peer.docs.clone(),
                handler: String::new(),
                methods: peer
                    .calls
                    .iter()
                    .map(|call| method(call, Side::Client, &peer_errors, &mut errors))
                    .collect(),
            }
        });
        Self {
            name: service.name.clone(),
            docs: service.docs.clone(),
            fingerprint,
            client: pascal(&service.rust_name),
            methods,
            events: service
                .events
                .iter()
                .flat_map(|set| &set.events)
                .map(|known| event(contract, known))
                .collect(),
            errors: errors.classes,
            default_errors: if is_client_side { Vec::new() } else { default_errors },
            peer,
            names: Scope::default(),
        }
    }
}

fn method(call: &contract::Call, side: Side, default_errors: &[usize], errors: &mut Errors<'_>) -> Method {
    let contract = errors.contract;
    let (reads, writes) = match side {
        Side::Server => (Form::Read, Form::Written),
        Side::Client => (Form::Written, Form::Read),
    };
    let own = call.error.as_ref().map(|set| errors.add(Some(set)));
    let lower = |schema: &Option<Value>, form: Form| {
        schema.as_ref().map(|schema| Lower { contract, form }.schema(schema, Hint::default()))
    };
    let result = lower(&call.returns, writes);
    Method {
        wire: call.method.clone(),
        rust_name: call.rust_name.clone(),
        docs: call.docs.clone(),
        deprecated: call.deprecated.clone(),
        kind: call.kind,
        params: params(contract, &call.params, &call.rust_name, reads),
        result: result.filter(|body| *body != Type::Null && call.kind == CallKind::Call),
        stream: lower(&call.stream, writes),
        upload: lower(&call.upload, reads),
        has_own_errors: own.as_deref().is_some_and(|own| own != default_errors),
        errors: own.unwrap_or_else(|| default_errors.to_vec()),
        timeout_ms: call.timeout_ms,
        idempotent: call.idempotent,
        positional: call.params.positional,
    }
}

fn event(contract: &Contract, event: &contract::Event) -> Event {
    Event {
        wire: event.method.clone(),
        rust_name: event.rust_name.clone(),
        docs: event.docs.clone(),
        deprecated: event.deprecated.clone(),
        params: params(contract, &event.params, &event.rust_name, Form::Written),
    }
}

/// Parameters as they are declared: members of their own have no name yet but that of their variant.
fn params(contract: &Contract, params: &contract::Params, rust_name: &str, form: Form) -> Params {
    match (Lower { contract, form }).schema(&params.schema, Hint::fields(&params.fields)) {
        Type::Record(Record { fields, rest: None }) if fields.is_empty() => Params::None,
        Type::Null => Params::None,
        Type::Unknown if params.fields.is_empty() && is_silent(&params.schema) => Params::None,
        Type::Record(record) => Params::Own { name: pascal(rust_name), record },
        body => Params::Type(body),
    }
}

fn is_silent(schema: &Value) -> bool {
    schema.as_object().is_none_or(serde_json::Map::is_empty)
}

/// The error classes of a file: a set that several calls name is there once.
struct Errors<'c> {
    contract: &'c Contract,
    classes: Vec<ErrorClass>,
    /// Where each set's classes are.
    sets: Vec<(ErrorSet, Vec<usize>)>,
}

impl Errors<'_> {
    fn add(&mut self, set: Option<&ErrorSet>) -> Vec<usize> {
        let Some(set) = set else { return Vec::new() };
        if let Some((_, places)) = self.sets.iter().find(|(known, _)| known == set) {
            return places.clone();
        }
        let first = self.classes.len();
        let prefix = set.rust_name.trim_end_matches("Error").to_owned();
        self.classes.extend(set.variants.iter().map(|variant| error(self.contract, variant, &prefix)));
        let places: Vec<usize> = (first..self.classes.len()).collect();
        self.sets.push((set.clone(), places.clone()));
        places
    }
}

fn error(contract: &Contract, variant: &contract::ErrorVariant, prefix: &str) -> ErrorClass {
    let details = variant
        .details
        .as_ref()
        .map(|schema| Lower { contract, form: Form::Written }.schema(schema, Hint::fields(&variant.fields)));
    ErrorClass {
        // The name of its set stands before it until names are given: it is used where two sets share a name.
        class: format!("{prefix}.{}", variant.rust_name),
        code: variant.code,
        kind: variant.kind.clone(),
        docs: variant.docs.clone(),
        retryable: variant.retryable,
        details: details.filter(|body| *body != Type::Record(Record::default()) && *body != Type::Null),
    }
}
