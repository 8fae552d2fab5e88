//! What is larger than the other end takes.

use crate::codec::SEAL_BYTES;
use crate::message::{ErrorKind, RpcError};

/// The error of a message that is not sent, since it is larger than the other end takes. Both sizes are those before the message gets
/// its number, which counts too.
pub(crate) fn too_large(what: &str, bytes: usize, most: usize) -> RpcError {
    let text = format!(
        "{what} is {} bytes, and the other end takes {} (its `max_message_bytes`)",
        sealed(bytes),
        sealed(most)
    );
    RpcError::new(ErrorKind::TooLarge, text)
}

/// A size with the number of a message.
pub(crate) fn sealed(bytes: usize) -> usize {
    bytes.saturating_add(SEAL_BYTES)
}
