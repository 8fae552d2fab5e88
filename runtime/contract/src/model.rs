//! The contract's data types, which are also its JSON form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Subscription;

/// Everything that a server (or a part of it) offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Contract {
    /// The version of this form: [`crate::FORMAT`].
    pub wirecall: u32,
    /// The services, in the order in which they were mounted.
    pub services: Vec<Service>,
    /// What the server reads: JSON Schema of each named type as it is deserialized there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Value>,
    /// What the server writes: JSON Schema of each named type as it is serialized there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, Value>,
    /// What JSON Schema does not keep about a named type: Rust names and the order of fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, NamedType>,
}

/// One annotated enum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The name on the wire: the part of a method before the dot.
    pub name: String,
    /// The enum's name.
    pub rust_name: String,
    /// The enum's doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Who answers its calls.
    pub side: Side,
    /// Its calls and notifications, in the order of declaration.
    pub calls: Vec<Call>,
    /// What the server emits in its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<EventSet>,
    /// The errors that every call of the service may answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorSet>,
    /// The service that the client answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Box<Self>>,
}

/// Who answers a service's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The server answers, clients call.
    Server,
    /// The client answers, the server calls.
    Client,
}

/// Whether a call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// A request that awaits a response.
    Call,
    /// A message without an id, never answered.
    Notification,
}

/// In which order calls of a session run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Serial {
    /// One after the other, over all calls of this name.
    Call,
    /// One after the other for equal values of the named parameter.
    Field(String),
}

/// One variant of a service: a call or a notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The whole method as on the wire, `chat.post`.
    pub method: String,
    /// The variant's name, `Post`.
    pub rust_name: String,
    /// The variant's doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// The note of `#[deprecated]`, which may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// Whether it is answered.
    pub kind: CallKind,
    /// The parameters.
    pub params: Params,
    /// JSON Schema of the result; absent where it is `null` or there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Value>,
    /// JSON Schema of the items that it answers with, one by one, before its result; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Value>,
    /// JSON Schema of the items that it takes, one by one, beside its parameters; absent where it takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Value>,
    /// The names of its stream in the form of publish/subscribe; absent where it streams as `rpc.item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Subscription>,
    /// The errors of this call alone, instead of the service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorSet>,
    /// The time limit that the declaration gives, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Whether running it twice does the same as once, so that clients may send it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// Whether its handler runs to the end once it was started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_cancel: bool,
    /// Its serial lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
}

/// The parameters of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// The parameters in the order of declaration, which is the order by position.
    pub fields: Vec<Field>,
    /// JSON Schema of the object that carries them by name.
    pub schema: Value,
    /// Whether clients send them by position.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub positional: bool,
}

/// A field, by both of its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name on the wire.
    pub name: String,
    /// The name in Rust, without `r#`.
    pub rust_name: String,
}

/// A set of events: one enum with `#[derive(wirecall::Events)]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventSet {
    /// The enum's name.
    pub rust_name: String,
    /// The enum's doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Its events, in the order of declaration.
    pub events: Vec<Event>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The whole method as on the wire, `chat.announcement`.
    pub method: String,
    /// The variant's name.
    pub rust_name: String,
    /// The variant's doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// The note of `#[deprecated]`, which may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// What it carries.
    pub params: Params,
}

/// A set of errors: one enum with `#[derive(wirecall::ServiceError)]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorSet {
    /// The enum's name.
    pub rust_name: String,
    /// The enum's doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Its variants, in the order of declaration.
    pub variants: Vec<ErrorVariant>,
}

/// One typed error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorVariant {
    /// The stable code on the wire.
    pub code: i64,
    /// The name to switch on, `room_not_found`.
    pub kind: String,
    /// The variant's name.
    pub rust_name: String,
    /// The variant's doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Whether the same call may succeed later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retryable: bool,
    /// The fields, in the order of declaration.
    pub fields: Vec<Field>,
    /// JSON Schema of `data.details`; absent where the variant has no fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// What JSON Schema does not keep about a named type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedType {
    /// The name in Rust.
    pub rust_name: String,
    /// The fields of a struct, in the order of declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// The variants of an enum, in the order of declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

/// One variant of an enum that is a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The name (the tag) on the wire.
    pub name: String,
    /// The name in Rust.
    pub rust_name: String,
    /// The named fields, in the order of declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// Why a text is not a contract.
#[derive(Debug)]
#[non_exhaustive]
pub enum ParseError {
    /// It is not the JSON of a contract. Print one with `wirecall contract`.
    Json(serde_json::Error),
    /// It was written by another major version. Use the `wirecall` command of that version.
    Format(u32),
    /// A call of it says what cannot be. Correct the declaration that it was printed from.
    Contradiction {
        /// The method of the call.
        method: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not a wirecall contract: {error}"),
            Self::Format(found) => write!(
                f,
                "this contract has format {found}, and this version of wirecall reads format {}; use the `wirecall` command that wrote it",
                crate::FORMAT
            ),
            Self::Contradiction { method, what } => {
                write!(f, "this contract contradicts itself: `{method}` {what}")
            }
        }
    }
}

impl std::error::Error for ParseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::Format(_) | Self::Contradiction { .. } => None,
        }
    }
}

impl ErrorSet {
    /// No errors: what a call says that answers none of its service's.
    pub fn none() -> Self {
        Self { rust_name: "NoError".to_owned(), docs: String::new(), variants: Vec::new() }
    }
}

impl Contract {
    /// The one stable JSON form: members in a fixed order, two spaces of indent, a newline at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// [`ParseError`] where `text` is no contract, one of another format, or one that contradicts itself.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        let contract: Self = serde_json::from_str(text).map_err(ParseError::Json)?;
        if contract.wirecall != crate::FORMAT {
            return Err(ParseError::Format(contract.wirecall));
        }
        match contract.contradiction() {
            Some((method, what)) => Err(ParseError::Contradiction { method, what }),
            None => Ok(contract),
        }
    }

    /// The service of that name on the wire.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }
}
