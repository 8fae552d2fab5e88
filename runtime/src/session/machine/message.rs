//! Messages as values, whichever codec carries them.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::message::{ErrorKind, Id, RpcError};
use crate::session::replay::Body;

/// The name of a method: mostly one that stands in the program.
pub(crate) type Name = Cow<'static, str>;

/// One message, without its number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    Call {
        id: Id,
        method: Name,
        params: Value,
        meta: Meta,
    },
    /// A notification, an event, or one of the protocol's own.
    Notice {
        method: Name,
        params: Value,
    },
    Answer {
        id: Id,
        outcome: Outcome,
    },
    Batch(Vec<Self>),
}

/// A result, or an error as the wire shows it.
pub(crate) type Outcome = Result<Value, Value>;

/// What a session looks at in `meta`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) credit: Option<u64>,
}

/// What arrives, as the codec read it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Arrival {
    Message(Message),
    Batch(Vec<Self>),
    /// It is no message: what it is answered.
    Wrong {
        id: Id,
        error: RpcError,
    },
}

/// A message that arrives.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// Its number; an error for one that is none.
    pub(crate) seq: Option<Result<u64, ()>>,
    /// Its size on the wire.
    pub(crate) bytes: usize,
    pub(crate) arrival: Arrival,
}

/// A message that leaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Leaving {
    pub(crate) seq: Option<u64>,
    pub(crate) message: Arc<Message>,
}

/// A message in a replay buffer.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) message: Arc<Message>,
    pub(crate) bytes: usize,
}

impl Body for Kept {
    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Message {
    /// A message of the protocol's own.
    pub(crate) fn notice(method: &'static str, params: Value) -> Self {
        Self::Notice { method: method.into(), params }
    }

    pub(crate) fn ack(seq: u64) -> Self {
        Self::notice("rpc.ack", json!({ "seq": seq }))
    }

    pub(crate) fn answer(id: &Id, outcome: Outcome) -> Self {
        Self::Answer { id: id.clone(), outcome }
    }

    pub(crate) fn error(id: &Id, kind: ErrorKind, text: &'static str) -> Self {
        Self::answer(id, Err(error(&RpcError::new(kind, text))))
    }
}

/// An error as the wire shows it.
pub(crate) fn error(error: &RpcError) -> Value {
    serde_json::to_value(error).unwrap_or_default()
}

/// The kind of an error on the wire.
pub(crate) fn kind_of(error: &Value) -> String {
    error["data"]["kind"].as_str().unwrap_or_default().to_owned()
}

/// The id as a value of params.
pub(crate) fn id_value(id: &Id) -> Value {
    serde_json::from_str(&id.to_json()).unwrap_or_default()
}

/// The id that params name.
pub(crate) fn id_in(params: &Value) -> Option<Id> {
    match params.get("id")? {
        Value::Number(number) if number.as_i64().is_some() => number.as_i64().map(Id::Number),
        value => Id::from_json(&value.to_string()),
    }
}
