//! Bytes to messages and back. One file a codec; nothing here knows sessions or sockets.

mod batch;
mod encode;
mod explain;
mod input;
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
pub(crate) use seal::{Invalid, SEAL_BYTES, seal, seq_of};
pub(crate) use stream::{about_frame, credit_frame, credit_in, item_frame, items_in, read_or_explain};

/// The deepest nesting of arrays and objects in a message.
pub(crate) const MAX_NESTING: usize = 128;

/// How messages are written on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Codec {
    /// JSON, in text frames. The default, and what plain peers speak.
    #[default]
    Json,
}

impl Codec {
    /// The name of the subprotocol that carries it.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "wirecall.1.json",
        }
    }
}

/// A value does not fit its codec or its type.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CodecError(#[from] serde_json::Error);
