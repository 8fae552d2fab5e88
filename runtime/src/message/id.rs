//! A request's id, echoed exactly as it came.

use std::borrow::Cow;
use std::fmt;

/// The id of a call.
///
/// *Ids are echoed exactly as they came (0, "", negative, fractional, beyond 2^53, null)*: whole numbers, which
/// all generated clients send, are kept as such; everything else as it is in its codec.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Id {
    /// A whole number in its shortest form.
    Number(i64),
    /// The JSON text of any other id.
    Raw(Box<str>),
    /// The MessagePack of any other id; never `null`.
    Packed(Box<[u8]>),
}

impl Id {
    /// The id `null`: of errors that belong to no call.
    pub(crate) fn null() -> Self {
        Self::Raw("null".into())
    }

    /// Reads the JSON text of an id; `None` where it is neither a string, a number nor `null`.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        match text.as_bytes().first()? {
            b'-' | b'0'..=b'9' => Some(Self::number(text)),
            b'"' | b'n' => Some(Self::Raw(text.into())),
            _ => None,
        }
    }

    fn number(text: &str) -> Self {
        match text.parse::<i64>() {
            Ok(number) if text != "-0" => Self::Number(number),
            _ => Self::Raw(text.into()),
        }
    }

    /// The JSON text.
    pub(crate) fn to_json(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Raw(text) => Cow::Borrowed(text),
            Self::Packed(bytes) => Cow::Owned(format!("\"MessagePack {bytes:02x?}\"")),
        }
    }

    /// Appends the JSON text.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Number(number) => {
                // Writing to a `Vec` cannot fail.
                serde_json::to_writer(out, number).unwrap_or_default();
            }
            Self::Raw(text) => out.extend_from_slice(text.as_bytes()),
            Self::Packed(_) => out.extend_from_slice(self.to_json().as_bytes()),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn every_id_is_echoed_exactly_as_it_came() {
        for text in [
            "0",
            "-1",
            "7",
            "1.5",
            "1e3",
            "-0",
            "9007199254740993",
            "123456789012345678901234567890",
            "\"\"",
            "\"a\\u0041\"",
            "null",
        ] {
            let id = Id::from_json(text).expect(text);
            assert_eq!(id.to_json(), text);
            let mut out = Vec::new();
            id.write_to(&mut out);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["true", "[]", "{}", "", "false"] {
            assert!(Id::from_json(text).is_none(), "{text}");
        }
    }
}
