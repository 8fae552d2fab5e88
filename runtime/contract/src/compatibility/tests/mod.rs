//! Each rule as a sentence, in both directions.

use serde_json::{Value, json};

use super::{Change, Direction, compare};
use crate::Contract;

mod schemas;
mod services;

/// A contract of the service `chat`, whose members are these.
fn contract(service: &Value, definitions: &Value) -> Contract {
    let mut members = json!({ "name": "chat", "rust_name": "Chat", "side": "server", "calls": [] });
    for (name, value) in service.as_object().unwrap() {
        members[name] = value.clone();
    }
    let text = json!({ "wirecall": 1, "services": [members], "inputs": definitions, "outputs": definitions });
    Contract::from_json(&text.to_string()).unwrap()
}

/// A call with these members.
fn call(members: &Value) -> Value {
    let mut call = json!({
        "method": "chat.post", "rust_name": "Post", "kind": "call", "params": { "fields": [], "schema": {} }
    });
    for (name, value) in members.as_object().unwrap() {
        call[name] = value.clone();
    }
    call
}

/// What breaks, one sentence after the other; empty where nothing does.
fn broken(changes: &[Change]) -> String {
    let breaking = changes.iter().filter(|change| change.breaking);
    breaking.map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
