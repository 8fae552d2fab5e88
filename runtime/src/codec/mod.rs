//! Bytes to messages and back. One file a codec; nothing here knows sessions or sockets.

mod batch;
mod encode;
mod envelope;
mod explain;
mod id;
mod input;
mod misfit;
mod msgpack;
mod raw;
mod scan;
mod seal;
mod stream;

pub(crate) use batch::{BatchAnswer, batch_entries};
pub(crate) use encode::{
    Frame, MetaMap, ack_frame, by_position, error_frame, event_frame, notification_frame, ping_frame,
    pong_frame, request_frame, result_frame,
};
pub(crate) use explain::{explain, id_of};
pub(crate) use input::{Fault, Head, Input, Meta, Outcome};
pub(crate) use raw::{Payload, Raw};
pub(crate) use scan::Scanner;
pub(crate) use seal::{Invalid, SEAL_BYTES, ends_with_seq, seal, seq_of};
#[cfg(feature = "client")]
pub(crate) use stream::about_frame;
pub(crate) use stream::{credit_frame, credit_in, item_frame, items_in, read_or_explain};

/// The deepest nesting of arrays and objects in a message.
pub(crate) const MAX_NESTING: usize = 128;

/// How messages are written on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Codec {
    /// JSON, in text frames. The default, and what plain peers speak.
    #[default]
    Json,
    /// MessagePack, in binary frames: the same maps with the same keys, smaller and faster to read, and bytes as they are.
    MsgPack,
}

impl Codec {
    /// The name of the subprotocol that carries it.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "wirecall.1.json",
            Self::MsgPack => "wirecall.1.msgpack",
        }
    }

    /// The codec that a subprotocol carries.
    #[cfg(feature = "server")]
    pub(crate) fn of_subprotocol(name: &str) -> Option<Self> {
        [Self::Json, Self::MsgPack].into_iter().find(|codec| name.eq_ignore_ascii_case(codec.subprotocol()))
    }
}

/// Some of the codecs: those that the receivers of an event use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Codecs {
    json: bool,
    msgpack: bool,
}

impl Codecs {
    pub(crate) const fn has(self, codec: Codec) -> bool {
        match codec {
            Codec::Json => self.json,
            Codec::MsgPack => self.msgpack,
        }
    }
}

impl FromIterator<Codec> for Codecs {
    fn from_iter<I: IntoIterator<Item = Codec>>(codecs: I) -> Self {
        codecs.into_iter().fold(Self::default(), |known, codec| Self {
            json: known.json || codec == Codec::Json,
            msgpack: known.msgpack || codec == Codec::MsgPack,
        })
    }
}

/// A value does not fit its codec or its type.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CodecError(#[from] Inner);

#[derive(Debug, thiserror::Error)]
enum Inner {
    #[error(transparent)]
    Json(serde_json::Error),
    #[error(transparent)]
    MsgPack(msgpack::Error),
    #[error("it is encoded in another codec already")]
    Mixed,
    #[error("the message would be nested deeper than 128")]
    TooDeep,
}

impl From<serde_json::Error> for CodecError {
    fn from(error: serde_json::Error) -> Self {
        Self(Inner::Json(error))
    }
}

impl From<msgpack::Error> for CodecError {
    fn from(error: msgpack::Error) -> Self {
        Self(Inner::MsgPack(error))
    }
}

impl From<msgpack::Malformed> for CodecError {
    fn from(error: msgpack::Malformed) -> Self {
        Self(Inner::MsgPack(error.into()))
    }
}
