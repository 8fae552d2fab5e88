//! The fingerprint of a service: a hash of its wire shape. Docs, Rust names and the names of types are no part of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{Call, Contract, ErrorSet, EventSet, Params, Service, Side};

impl Contract {
    /// The fingerprint of the service of that name: 16 hexadecimal digits, equal when the wire shape is equal.
    ///
    /// `None` where the contract has no such service.
    pub fn fingerprint(&self, service: &str) -> Option<String> {
        let shape = Shape::new(self).service(self.service(service)?);
        let digest = Sha256::digest(shape.to_string().as_bytes());
        digest.first_chunk().map(|first| format!("{:016x}", u64::from_be_bytes(*first)))
    }
}

/// The wire shape of one schema, with the definitions that it reaches: equal where nothing but docs and names differ.
pub(crate) fn shape_of(contract: &Contract, schema: &Value, read: bool) -> Value {
    let mut shape = Shape::new(contract);
    let body = shape.schema(schema, read);
    json!([body, shape.bodies])
}

/// Prints the wire shape of a service as JSON, with definitions numbered in the order in which they are met.
struct Shape<'c> {
    contract: &'c Contract,
    /// Definitions met so far, by direction and name.
    numbers: BTreeMap<(bool, String), usize>,
    bodies: Vec<Value>,
}

impl<'c> Shape<'c> {
    fn new(contract: &'c Contract) -> Self {
        Self { contract, numbers: BTreeMap::new(), bodies: Vec::new() }
    }

    fn service(mut self, service: &Service) -> Value {
        let body = self.service_body(service);
        json!({ "service": body, "definitions": self.bodies })
    }

    fn service_body(&mut self, service: &Service) -> Value {
        let read = service.side == Side::Server;
        let mut calls: Vec<Value> = service.calls.iter().map(|call| self.call(call, read)).collect();
        calls.sort_by_key(ToString::to_string);
        let events = service.events.as_ref().map(|events| self.events(events));
        let error = service.error.as_ref().map(|error| self.error(error));
        let peer = service.peer.as_ref().map(|peer| self.service_body(peer));
        json!({ "name": service.name, "side": service.side, "calls": calls, "events": events, "error": error, "peer": peer })
    }

    fn call(&mut self, call: &Call, read: bool) -> Value {
        let params = self.params(&call.params, read);
        let returns = call.returns.as_ref().map(|schema| self.schema(schema, !read));
        let error = call.error.as_ref().map(|error| self.error(error));
        let mut shape = json!({
            "method": call.method, "kind": call.kind, "params": params, "returns": returns, "error": error,
            "idempotent": call.idempotent,
        });
        // Only where they are there: what streams nothing keeps the fingerprint that it always had.
        let stream = call.stream.as_ref().map(|schema| self.schema(schema, !read));
        let upload = call.upload.as_ref().map(|schema| self.schema(schema, read));
        let subscription =
            call.subscription.as_ref().map(|form| json!([form.notification, form.unsubscribe]));
        let given = [("stream", stream), ("upload", upload), ("subscription", subscription)];
        let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        if let Value::Object(members) = &mut shape {
            members.extend(given);
        }
        shape
    }

    fn events(&mut self, set: &EventSet) -> Value {
        let events = set.events.iter().map(|event| json!([event.method, self.params(&event.params, false)]));
        Value::Array(events.collect())
    }

    fn error(&mut self, set: &ErrorSet) -> Value {
        let variants = set.variants.iter().map(|variant| {
            let details = variant.details.as_ref().map(|schema| self.schema(schema, false));
            json!([variant.code, variant.kind, details])
        });
        Value::Array(variants.collect())
    }

    fn params(&mut self, params: &Params, read: bool) -> Value {
        let order: Vec<&str> = params.fields.iter().map(|field| field.name.as_str()).collect();
        json!([order, self.schema(&params.schema, read)])
    }

    /// A schema without its annotations, its references replaced by numbers.
    fn schema(&mut self, schema: &Value, read: bool) -> Value {
        let Value::Object(members) = schema else { return schema.clone() };
        let mut out = Map::new();
        for (key, value) in members {
            let kept = match key.as_str() {
                "title" | "description" | "examples" | "deprecated" | "$schema" | "x-check" => continue,
                "$ref" => json!(self.reference(value, read)),
                "properties" | "patternProperties" | "$defs" => self.each_member(value, read),
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => self.each_item(value, read),
                "items" | "additionalProperties" | "not" | "propertyNames" | "unevaluatedProperties" => {
                    self.schema(value, read)
                }
                "required" => sorted(value),
                _ => value.clone(),
            };
            out.insert(key.clone(), kept);
        }
        Value::Object(out)
    }

    fn each_member(&mut self, value: &Value, read: bool) -> Value {
        let Value::Object(members) = value else { return value.clone() };
        let schemas = members.iter().map(|(name, schema)| (name.clone(), self.schema(schema, read)));
        Value::Object(schemas.collect())
    }

    fn each_item(&mut self, value: &Value, read: bool) -> Value {
        let Value::Array(items) = value else { return value.clone() };
        Value::Array(items.iter().map(|schema| self.schema(schema, read)).collect())
    }

    fn reference(&mut self, value: &Value, read: bool) -> usize {
        let name = value.as_str().unwrap_or_default().trim_start_matches("#/$defs/").to_owned();
        if let Some(number) = self.numbers.get(&(read, name.clone())) {
            return *number;
        }
        let number = self.bodies.len();
        self.numbers.insert((read, name.clone()), number);
        self.bodies.push(Value::Null);
        let contract = self.contract;
        let body = if read { contract.inputs.get(&name) } else { contract.outputs.get(&name) };
        let body = body.map_or(Value::Null, |schema| self.schema(schema, read));
        if let Some(place) = self.bodies.get_mut(number) {
            *place = body;
        }
        number
    }
}

fn sorted(value: &Value) -> Value {
    let Value::Array(items) = value else { return value.clone() };
    let mut items = items.clone();
    items.sort_by_key(ToString::to_string);
    Value::Array(items)
}
