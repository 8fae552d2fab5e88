//! Messages of the machines as the text on the wire, with the codec that all connections use.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::codec::{Codec, Head, Input, Outcome, Raw, batch_entries, explain, seal, seq_of};
use crate::message::Id;
use crate::session::machine::{Arrival, Incoming, Leaving, Message, Meta};

/// Reads a message that arrives.
pub(super) fn read(text: &str) -> Incoming {
    let raw = Raw::Json(text);
    let seq = seq_of(raw).map(|seq| seq.map_err(|_| ()));
    Incoming { seq, bytes: text.len(), arrival: arrival(raw) }
}

fn arrival(raw: Raw<'_>) -> Arrival {
    if raw.is_batch()
        && !raw.too_deep()
        && let Some(entries) = batch_entries(raw)
    {
        return Arrival::Batch(entries.into_iter().map(arrival).collect());
    }
    message(raw).map_or_else(
        || {
            let (id, error) = explain(raw);
            Arrival::Wrong { id, error }
        },
        Arrival::Message,
    )
}

fn message(raw: Raw<'_>) -> Option<Message> {
    if raw.too_deep() {
        return None;
    }
    let mut input = Input::new(raw);
    let value = |raw: Raw<'_>| raw.read::<Value>().ok();
    Some(match input.head().ok()? {
        Head::Request(method) => {
            let method = method.into_owned().into();
            let params = value(input.skip().ok()?)?;
            match input.id.take() {
                Some(id) => Message::Call { id, method, params, meta: meta(raw) },
                None => Message::Notice { method, params },
            }
        }
        Head::Response(id, Outcome::Result(result)) => Message::Answer { id, outcome: Ok(value(result)?) },
        Head::Response(id, Outcome::Error(error)) => Message::Answer { id, outcome: Err(value(error)?) },
    })
}

fn meta(raw: Raw<'_>) -> Meta {
    let message = raw.read::<Value>().unwrap_or_default();
    let number = |name: &str| message["meta"][name].as_u64();
    Meta { timeout_ms: number("timeout_ms"), credit: number("credit") }
}

/// The size of a message without its number.
pub(super) fn size(message: &Message) -> usize {
    body(message).to_string().len()
}

/// Writes a message that leaves, and reads it back: what is on the wire, as a value without `jsonrpc`.
pub(super) fn written(leaving: &Leaving) -> Result<Value, String> {
    let body = Bytes::from(body(&leaving.message).to_string());
    let text = leaving.seq.map_or_else(|| body.clone(), |seq| seal(Codec::Json, &body, seq));
    let text = String::from_utf8(text.to_vec()).map_err(|error| error.to_string())?;
    if let Some(seq) = leaving.seq
        && !text.ends_with(&format!(",\"seq\":{seq}}}"))
    {
        return Err(format!("seq is not the last member: {text}"));
    }
    let value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    bare(value)
}

/// A message without `jsonrpc`, which must have been there.
pub(super) fn bare(value: Value) -> Result<Value, String> {
    match value {
        Value::Array(entries) => entries.into_iter().map(bare).collect::<Result<_, _>>().map(Value::Array),
        Value::Object(mut members) => match members.remove("jsonrpc") {
            Some(version) if version == "2.0" => Ok(Value::Object(members)),
            other => Err(format!("jsonrpc is {other:?}")),
        },
        other => Err(format!("no message: {other}")),
    }
}

fn body(message: &Message) -> Value {
    let mut members = Map::new();
    members.insert("jsonrpc".to_owned(), "2.0".into());
    let mut add = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    match message {
        Message::Batch(entries) => return entries.iter().map(body).collect(),
        Message::Call { id, method, params, meta } => {
            add("id", id_json(id));
            add("method", (**method).into());
            add("params", params.clone());
            let limits = [("timeout_ms", meta.timeout_ms), ("credit", meta.credit)];
            let told: Map<String, Value> =
                limits.into_iter().filter_map(|(name, told)| Some((name.to_owned(), told?.into()))).collect();
            if !told.is_empty() {
                add("meta", told.into());
            }
        }
        Message::Notice { method, params } => {
            add("method", (**method).into());
            if *params != json!({}) || !method.starts_with("rpc.") {
                add("params", params.clone());
            }
        }
        Message::Answer { id, outcome } => {
            add("id", id_json(id));
            match outcome {
                Ok(result) => add("result", result.clone()),
                Err(error) => add("error", error.clone()),
            }
        }
    }
    members.into()
}

/// An id as a value.
pub(super) fn id_json(id: &Id) -> Value {
    serde_json::from_str(&id.to_json()).unwrap_or_default()
}

/// A value as an id.
pub(super) fn id_of(value: &Value) -> Id {
    Id::from_json(&value.to_string()).unwrap_or_else(Id::null)
}
