//! Bytes: base64 text in JSON, as they are in MessagePack.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Message;
use crate::message::bytes::{deserialize_bytes, serialize_bytes};

/// Bytes: base64 text (the standard alphabet, with padding) in JSON, `bin` in MessagePack, a `Uint8Array` in
/// TypeScript, `bytes` in Python. Cheap to clone.
///
/// A `Vec<u8>` is a list of numbers on the wire, at four times the size.
///
/// # Examples
///
/// ```
/// use wirecall::Bytes;
///
/// #[wirecall::message]
/// struct File {
///     name: String,
///     /// At most a megabyte of it.
///     #[check(length(max = 1_048_576))]
///     content: Bytes,
/// }
///
/// let file = File { name: "a.txt".to_owned(), content: Bytes::from("hi") };
/// assert_eq!(serde_json::to_string(&file)?, r#"{"name":"a.txt","content":"aGk="}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(bytes::Bytes);

impl Bytes {
    /// Bytes that are copied from a slice.
    pub fn copy_from_slice(bytes: &[u8]) -> Self {
        Self(bytes::Bytes::copy_from_slice(bytes))
    }

    /// The same bytes as the type of the crate `bytes`.
    pub fn into_inner(self) -> bytes::Bytes {
        self.0
    }
}

impl<T: Into<bytes::Bytes>> From<T> for Bytes {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0.into()
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_bytes(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_bytes(deserializer).map(Self::from)
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

impl Message for Bytes {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Checker, rules};

    #[test]
    fn json_carries_base64_and_nothing_else_is_read_from_it() {
        let bytes = Bytes::from(vec![0, 255, 1]);
        let text = serde_json::to_string(&bytes).unwrap();
        assert_eq!(text, "\"AP8B\"");
        assert_eq!(serde_json::from_str::<Bytes>(&text).unwrap(), bytes);
        for wrong in ["\"AP8\"", "\"_-8B\"", "\"AP8B \"", "[0,255,1]", "null"] {
            assert!(serde_json::from_str::<Bytes>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn their_length_is_that_of_the_bytes() {
        let mut violations = Vec::new();
        rules::length(&Bytes::from(vec![0; 5]), None, Some(5), &mut Checker::new(&mut violations));
        assert!(violations.is_empty());
        rules::length(&Bytes::from(vec![0; 6]), None, Some(5), &mut Checker::new(&mut violations));
        assert_eq!(violations[0].message, "must have at most 5 bytes");
    }
}
