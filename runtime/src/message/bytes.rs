//! Bytes as a value: base64 text in JSON, `bin` in MessagePack.
//!
//! Both codecs call themselves human-readable, so a `Serialize` cannot ask which of them it writes for. Bytes are
//! therefore a newtype of a name that only wirecall's MessagePack knows, and that is transparent to every other
//! serializer: MessagePack writes what is inside as `bin`, JSON and whoever stands in between write the text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// The name of the newtype.
pub(crate) const BYTES: &str = "$wirecall::Bytes";

/// What `Serialize` of a type that is bytes does.
pub(crate) fn serialize_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(BYTES, &Inside(bytes))
}

/// What `Deserialize` of a type that is bytes does. Both forms are read, whatever the codec.
pub(crate) fn deserialize_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_newtype_struct(BYTES, BytesVisitor)
}

struct Inside<'a>(&'a [u8]);

impl Serialize for Inside<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&STANDARD.encode(self.0))
        } else {
            serializer.serialize_bytes(self.0)
        }
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes, in base64 where they are text")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(self)
        } else {
            deserializer.deserialize_byte_buf(self)
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        STANDARD.decode(text).map_err(|_| E::invalid_value(serde::de::Unexpected::Other("text"), &"base64"))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{deserialize_bytes, serialize_bytes};

    #[derive(Debug, PartialEq)]
    struct Blob(Vec<u8>);

    impl Serialize for Blob {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serialize_bytes(&self.0, serializer)
        }
    }

    impl<'de> Deserialize<'de> for Blob {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserialize_bytes(deserializer).map(Self)
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        One { blob: Blob },
    }

    #[test]
    fn bytes_are_base64_in_json() {
        let text = serde_json::to_string(&Blob(vec![0, 255, 1])).expect("encodes");
        assert_eq!(text, "\"AP8B\"");
        assert_eq!(serde_json::from_str::<Blob>(&text).expect("decodes"), Blob(vec![0, 255, 1]));
        for wrong in ["\"AP8\"", "\"A P8B\"", "[0,255]", "7", "\"é\""] {
            assert!(serde_json::from_str::<Blob>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bytes_are_read_from_what_serde_has_buffered() {
        let tagged = Tagged::One { blob: Blob(vec![7]) };
        let text = serde_json::to_string(&tagged).expect("encodes");
        assert_eq!(text, "{\"kind\":\"One\",\"blob\":\"Bw==\"}");
        assert_eq!(serde_json::from_str::<Tagged>(&text).expect("decodes"), tagged);
    }
}
