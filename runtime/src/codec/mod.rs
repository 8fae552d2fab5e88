//! Bytes to messages and back. One file a codec; nothing here knows sessions or sockets.

mod encode;
mod explain;
mod input;
mod scan;

pub(crate) use encode::{
    Frame, by_position, error_frame, event_frame, notification_frame, request_frame, result_frame,
};
pub(crate) use explain::{explain, id_of};
pub(crate) use input::{Fault, Head, Input, Meta, Outcome, batch_entries};
pub(crate) use scan::{Scanner, too_deep};

/// The deepest nesting of arrays and objects in a message.
pub(crate) const MAX_NESTING: usize = 128;
