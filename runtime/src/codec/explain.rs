//! The slow path: what is wrong with a message that is no JSON-RPC message.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::Raw;
use super::msgpack::{Malformed, Tokens, to_value};
use crate::message::{ErrorKind, Id, RpcError};

/// The answer to a message that could not be read: the error, and the id if it can be told.
#[cold]
pub(crate) fn explain(message: Raw<'_>) -> (Id, RpcError) {
    match message {
        Raw::Json(text) => explain_json(text),
        Raw::MsgPack(bytes) => match to_value(bytes) {
            Ok(value) => {
                let error = RpcError::new(ErrorKind::InvalidRequest, what_is_wrong(&value));
                (id_of(message).unwrap_or_else(Id::null), error)
            }
            Err(Malformed::TooDeep) => (Id::null(), too_deep()),
            Err(malformed) => {
                let text = format!("not MessagePack: {malformed}");
                (Id::null(), RpcError::new(ErrorKind::ParseError, text))
            }
        },
    }
}

/// The id of a message that was not read to its end.
#[cold]
pub(crate) fn id_of(message: Raw<'_>) -> Option<Id> {
    match message {
        Raw::Json(text) => id_in_json(text),
        Raw::MsgPack(bytes) => id_in_msgpack(bytes),
    }
}

fn explain_json(text: &str) -> (Id, RpcError) {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let place = format!("not JSON, at line {} column {}", error.line(), error.column());
        return (Id::null(), RpcError::new(ErrorKind::ParseError, place));
    }
    if Raw::Json(text).too_deep() {
        return (Id::null(), too_deep());
    }
    (
        id_in_json(text).unwrap_or_else(Id::null),
        RpcError::new(ErrorKind::InvalidRequest, what_is_wrong_in_json(text)),
    )
}

fn too_deep() -> RpcError {
    RpcError::new(ErrorKind::ParseError, "nested deeper than 128")
}

fn id_in_json(text: &str) -> Option<Id> {
    let with = serde_json::from_str::<WithId<'_>>(text).ok()?;
    Id::from_json(with.id.get())
}

/// Only for reading the id: a repeated one does not decode.
#[derive(serde::Deserialize)]
struct WithId<'a> {
    #[serde(borrow)]
    id: &'a serde_json::value::RawValue,
}

fn id_in_msgpack(bytes: &[u8]) -> Option<Id> {
    let mut tokens = Tokens::new(bytes);
    if let Some(members) = Tokens::new(bytes).map() {
        tokens.map()?;
        let mut found = None;
        for _ in 0..members {
            let name = tokens.key().ok()?;
            let value = tokens.span().ok()?;
            // A repeated one says nothing.
            if name == "id" && found.replace(value).is_some() {
                return None;
            }
        }
        return Raw::MsgPack(found?).to_id();
    }
    // By position, where it is all that there is.
    (tokens.array()? == 1).then(|| tokens.span().ok()).flatten().and_then(|id| Raw::MsgPack(id).to_id())
}

fn what_is_wrong_in_json(text: &str) -> &'static str {
    serde_json::from_str::<Value>(text).map_or("the message cannot be read", |value| what_is_wrong(&value))
}

fn what_is_wrong(value: &Value) -> &'static str {
    let Some(object) = value.as_object() else { return "a message is a JSON object" };
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return "the member \"jsonrpc\" must be \"2.0\"";
    }
    match object.get("method") {
        None if object.contains_key("result") || object.contains_key("error") => {
            return "a response needs an \"id\" and one of \"result\" and \"error\"";
        }
        None => return "the member \"method\" is missing",
        Some(Value::String(_)) => {}
        Some(_) => return "the member \"method\" must be a string",
    }
    if object.get("id").is_some_and(|id| !(id.is_string() || id.is_number() || id.is_null())) {
        return "the member \"id\" must be a string, a number or null";
    }
    if object
        .get("params")
        .is_some_and(|params| !(params.is_object() || params.is_array() || params.is_null()))
    {
        return "the member \"params\" must be an object or an array";
    }
    if object.get("meta").is_some_and(|meta| {
        meta.is_array() || serde_json::from_value::<Option<super::Meta>>(meta.clone()).is_err()
    }) {
        return "the member \"meta\" must be an object, its \"timeout_ms\" and \"credit\" whole numbers";
    }
    "a member is repeated, or a request carries a result"
}
