//! The error of a call, as it crosses the wire.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

/// The kinds of error that belong to the protocol, each with a fixed code.
///
/// A service's own errors have codes 1 to 32000 and kinds of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// -32700: the message is not JSON. Mend the sender.
    ParseError,
    /// -32600: JSON, but no JSON-RPC message. Mend the sender.
    InvalidRequest,
    /// -32601: the server has no such method. Client and server are of different versions, or the service is not mounted.
    MethodNotFound,
    /// -32602: the parameters do not fit the type or break a check; `details.errors` lists all of them.
    ValidationError,
    /// -32603: the handler failed unexpectedly. The server's log has the cause under `details.incident`.
    InternalError,
    /// -32001: nobody is signed in. Get a token and connect with it.
    Unauthenticated,
    /// -32002: the user may not do this.
    PermissionDenied,
    /// -32003: too many calls. Wait for `retry_after`.
    RateLimited,
    /// -32004: the time limit of the call passed.
    DeadlineExceeded,
    /// -32005: the caller cancelled the call.
    Cancelled,
    /// -32006: the server is shutting down, or what it needs is away. Try again later.
    Unavailable,
    /// -32007: what the call names does not exist.
    NotFound,
    /// -32008: the message is larger than the receiver takes.
    TooLarge,
    /// -32009: a limit is reached; the message names it.
    ResourceExhausted,
}

impl ErrorKind {
    const ALL: [Self; 14] = [
        Self::ParseError,
        Self::InvalidRequest,
        Self::MethodNotFound,
        Self::ValidationError,
        Self::InternalError,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::RateLimited,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::Unavailable,
        Self::NotFound,
        Self::TooLarge,
        Self::ResourceExhausted,
    ];

    /// The code on the wire.
    pub const fn code(self) -> i64 {
        match self {
            Self::ParseError => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::ValidationError => -32602,
            Self::InternalError => -32603,
            Self::Unauthenticated => -32001,
            Self::PermissionDenied => -32002,
            Self::RateLimited => -32003,
            Self::DeadlineExceeded => -32004,
            Self::Cancelled => -32005,
            Self::Unavailable => -32006,
            Self::NotFound => -32007,
            Self::TooLarge => -32008,
            Self::ResourceExhausted => -32009,
        }
    }

    /// The name to switch on, `data.kind`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ParseError => "parse_error",
            Self::InvalidRequest => "invalid_request",
            Self::MethodNotFound => "method_not_found",
            Self::ValidationError => "validation_error",
            Self::InternalError => "internal_error",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::RateLimited => "rate_limited",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Cancelled => "cancelled",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not_found",
            Self::TooLarge => "too_large",
            Self::ResourceExhausted => "resource_exhausted",
        }
    }

    /// The kind of that code.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    const fn retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::ResourceExhausted)
    }
}

/// The error of a call: a code, a message for people, and `data` for programs.
///
/// # Examples
///
/// ```
/// use wirecall::{ErrorKind, RpcError};
///
/// let error = RpcError::new(ErrorKind::NotFound, "no order 17").with_details(serde_json::json!({ "order": 17 }));
/// assert_eq!(error.code(), -32007);
/// assert_eq!(error.kind(), "not_found");
/// ```
#[derive(Clone, PartialEq)]
pub struct RpcError(Box<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    code: i64,
    kind: Cow<'static, str>,
    message: Cow<'static, str>,
    retryable: bool,
    retry_after: Option<Duration>,
    details: Option<Value>,
    form: Form,
}

/// What `data` looks like on the wire.
#[derive(Clone, PartialEq)]
enum Form {
    /// `{kind, retryable, …}`, as wirecall has it.
    Kind,
    /// As given or received, or absent: an existing API's.
    Raw(Option<Value>),
}

impl RpcError {
    /// An error of one of the protocol's kinds.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code: kind.code(),
            kind: Cow::Borrowed(kind.name()),
            message: message.into(),
            retryable: kind.retryable(),
            retry_after: None,
            details: None,
            form: Form::Kind,
        }))
    }

    /// An error exactly as an existing API defines it: any code, and `data` as it is.
    pub fn raw(code: i64, message: impl Into<Cow<'static, str>>, data: Option<Value>) -> Self {
        let kind = ErrorKind::from_code(code).map_or("", ErrorKind::name);
        Self(Box::new(Inner {
            code,
            kind: Cow::Borrowed(kind),
            message: message.into(),
            retryable: false,
            retry_after: None,
            details: None,
            form: Form::Raw(data),
        }))
    }

    /// A service's own error. Code written by `#[derive(ServiceError)]` calls this.
    #[doc(hidden)]
    pub fn service(
        code: i64,
        kind: &'static str,
        message: impl Into<Cow<'static, str>>,
        retryable: bool,
        details: Option<&dyn Details>,
    ) -> Self {
        let details = details.map(Details::to_value).transpose();
        let Ok(details) = details else {
            return Self::new(ErrorKind::InternalError, "the error's fields could not be encoded");
        };
        Self(Box::new(Inner {
            code,
            kind: Cow::Borrowed(kind),
            message: message.into(),
            retryable,
            retry_after: None,
            details,
            form: Form::Kind,
        }))
    }

    /// Adds `data.details`.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// Says that the same call may succeed after `wait`.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retryable = true;
        self.0.retry_after = Some(wait);
        self
    }

    /// The code on the wire.
    pub fn code(&self) -> i64 {
        self.0.code
    }

    /// The name to switch on; empty where a plain peer sent none.
    pub fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }

    /// How long to wait before trying again, where the server says.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// `data.details`: for a service's own error, the variant's fields.
    pub fn details(&self) -> Option<&Value> {
        self.0.details.as_ref()
    }

    /// `data` as it is on the wire.
    pub fn data(&self) -> Option<Value> {
        if let Form::Raw(data) = &self.0.form {
            return data.clone();
        }
        let mut data = Map::new();
        data.insert("kind".into(), json!(self.0.kind));
        data.insert("retryable".into(), json!(self.0.retryable));
        if let Some(wait) = self.0.retry_after {
            data.insert("retry_after_ms".into(), json!(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)));
        }
        if let Some(details) = &self.0.details {
            data.insert("details".into(), details.clone());
        }
        Some(Value::Object(data))
    }
}

/// What [`RpcError::service`] takes as details: anything that serializes.
#[doc(hidden)]
pub trait Details {
    /// The JSON value.
    ///
    /// # Errors
    ///
    /// Where the value does not serialize.
    fn to_value(&self) -> Result<Value, serde_json::Error>;
}

impl<T: Serialize> Details for T {
    fn to_value(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }
}

impl fmt::Debug for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RpcError");
        shown.field("code", &self.0.code).field("kind", &self.0.kind).field("message", &self.0.message);
        if let Some(details) = &self.0.details {
            shown.field("details", details);
        }
        shown.finish_non_exhaustive()
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.kind.is_empty() {
            write!(f, "{} (code {})", self.0.message, self.0.code)
        } else {
            write!(f, "{} ({}, code {})", self.0.message, self.0.kind, self.0.code)
        }
    }
}

impl std::error::Error for RpcError {}

impl Serialize for RpcError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = self.data();
        let mut map = serializer.serialize_map(Some(2 + usize::from(data.is_some())))?;
        map.serialize_entry("code", &self.0.code)?;
        map.serialize_entry("message", &self.0.message)?;
        if let Some(data) = data {
            map.serialize_entry("data", &data)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for RpcError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Wire {
            code: i64,
            #[serde(default)]
            message: String,
            #[serde(default)]
            data: Option<Value>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let kind =
            wire.data.as_ref().and_then(|data| data.get("kind")).and_then(Value::as_str).map(str::to_owned);
        let Some(kind) = kind else { return Ok(Self::raw(wire.code, wire.message, wire.data)) };
        let member = |name: &str| wire.data.as_ref().and_then(|data| data.get(name));
        Ok(Self(Box::new(Inner {
            code: wire.code,
            kind: Cow::Owned(kind),
            message: Cow::Owned(wire.message),
            retryable: member("retryable").and_then(Value::as_bool).unwrap_or(false),
            retry_after: member("retry_after_ms").and_then(Value::as_u64).map(Duration::from_millis),
            details: member("details").cloned(),
            form: Form::Kind,
        })))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ErrorKind, RpcError};

    #[test]
    fn an_error_survives_the_wire() {
        let error = RpcError::new(ErrorKind::RateLimited, "slow down")
            .with_retry_after(std::time::Duration::from_millis(1500))
            .with_details(json!({ "limit": 10 }));
        let wire = serde_json::to_value(&error).expect("encodes");
        assert_eq!(
            wire,
            json!({ "code": -32003, "message": "slow down",
                "data": { "kind": "rate_limited", "retryable": true, "retry_after_ms": 1500, "details": { "limit": 10 } } })
        );
        assert_eq!(serde_json::from_value::<RpcError>(wire).expect("decodes"), error);
    }

    #[test]
    fn an_error_of_a_plain_peer_keeps_its_data_as_it_is() {
        let wire = json!({ "code": 3, "message": "execution reverted", "data": "0x08c379a0" });
        let error: RpcError = serde_json::from_value(wire.clone()).expect("decodes");
        assert_eq!(error.kind(), "");
        assert_eq!(serde_json::to_value(&error).expect("encodes"), wire);
    }
}
