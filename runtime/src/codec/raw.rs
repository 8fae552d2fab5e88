//! Messages, and parts of them, that stay in the codec in which they came or are to leave.

use std::sync::Arc;

use serde::de::{Deserialize, DeserializeOwned};
use serde::ser::Serialize;

use super::msgpack::{self, Malformed, Shape, Tokens};
use super::{Codec, CodecError, scan};

/// A message, or a part of one, as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raw<'a> {
    Json(&'a str),
    MsgPack(&'a [u8]),
}

/// A part of a message that is kept. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    Json(Arc<str>),
    MsgPack(Arc<[u8]>),
}

impl<'a> Raw<'a> {
    /// No parameters.
    pub(super) const fn empty_object(codec: Codec) -> Self {
        match codec {
            Codec::Json => Self::Json("{}"),
            Codec::MsgPack => Self::MsgPack(&[0x80]),
        }
    }

    /// The message in a frame that this side made.
    pub(crate) fn of(codec: Codec, frame: &'a [u8]) -> Option<Self> {
        match codec {
            Codec::Json => std::str::from_utf8(frame).ok().map(Self::Json),
            Codec::MsgPack => Some(Self::MsgPack(frame)),
        }
    }

    pub(crate) const fn codec(self) -> Codec {
        match self {
            Self::Json(_) => Codec::Json,
            Self::MsgPack(_) => Codec::MsgPack,
        }
    }

    /// Its size in bytes.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Json(text) => text.len(),
            Self::MsgPack(bytes) => bytes.len(),
        }
    }

    /// Reads it as a `T`.
    pub(crate) fn read<T: Deserialize<'a>>(self) -> Result<T, CodecError> {
        match self {
            Self::Json(text) => Ok(serde_json::from_str(text)?),
            Self::MsgPack(bytes) => Ok(msgpack::from_slice(bytes)?),
        }
    }

    pub(crate) fn to_payload(self) -> Payload {
        match self {
            Self::Json(text) => Payload::Json(text.into()),
            Self::MsgPack(bytes) => Payload::MsgPack(bytes.into()),
        }
    }

    /// Whether arrays and objects are nested deeper than [`MAX_NESTING`](super::MAX_NESTING) anywhere in it.
    pub(crate) fn too_deep(self) -> bool {
        self.deeper_than(super::MAX_NESTING)
    }

    fn deeper_than(self, most: usize) -> bool {
        match self {
            Self::Json(text) => scan::deeper_than(most, text),
            // Each level takes a byte.
            Self::MsgPack(bytes) => {
                bytes.len() > most && Tokens::new(bytes).skip_within(most) == Err(Malformed::TooDeep)
            }
        }
    }

    /// The parameters of a message that is about to leave, unless they would be nested too deep in it.
    pub(crate) fn check_params(self) -> Result<(), CodecError> {
        // The message around them is a level of its own.
        if self.deeper_than(super::MAX_NESTING - 1) { Err(CodecError(super::Inner::TooDeep)) } else { Ok(()) }
    }

    /// Whether it is an array, and so no message but several.
    pub(crate) fn is_batch(self) -> bool {
        match self {
            Self::Json(text) => text.trim_ascii_start().starts_with('['),
            Self::MsgPack(bytes) => Tokens::new(bytes).shape() == Shape::Array,
        }
    }

    pub(super) fn is_null(self) -> bool {
        match self {
            Self::Json(text) => text == "null",
            Self::MsgPack(bytes) => bytes == [0xc0],
        }
    }
}

impl Payload {
    /// Writes a value.
    pub(crate) fn of<T: Serialize + ?Sized>(codec: Codec, value: &T) -> Result<Self, CodecError> {
        match codec {
            Codec::Json => Ok(Self::Json(serde_json::to_string(value)?.into())),
            Codec::MsgPack => {
                let mut bytes = Vec::new();
                msgpack::to_writer(&mut bytes, value)?;
                Ok(Self::MsgPack(bytes.into()))
            }
        }
    }

    pub(crate) fn as_raw(&self) -> Raw<'_> {
        match self {
            Self::Json(text) => Raw::Json(text),
            Self::MsgPack(bytes) => Raw::MsgPack(bytes),
        }
    }

    /// Reads it as a `T`.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        self.as_raw().read()
    }
}
