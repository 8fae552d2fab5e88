//! What is larger than the other end takes.

use super::endpoint::Endpoint;
use crate::codec::{Frame, SEAL_BYTES, error_frame};
use crate::message::{ErrorKind, Id, RpcError};

impl Endpoint {
    /// The frame of an error that answers a call. *An answer becomes `too_large`*: also one that was an error.
    pub(super) fn error_frame(&self, id: &Id, error: &RpcError) -> Frame {
        let (frame, most) = (error_frame(self.codec, id, error), self.max_message_bytes());
        if frame.len() <= most {
            return frame;
        }
        let instead = error_frame(self.codec, id, &too_large("the error", frame.len(), most));
        // Who takes not even this much is told what there was to tell.
        if instead.len() < frame.len() { instead } else { frame }
    }

    /// The frame of a result that no handler gave, or of that error.
    pub(super) fn fitting_result(&self, id: &Id, frame: Frame) -> Frame {
        let most = self.max_message_bytes();
        let fits = frame.len() <= most;
        if fits { frame } else { self.error_frame(id, &too_large("the result", frame.len(), most)) }
    }
}

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
