//! What the uploads of one session keep for their handlers, in bytes: credit counts items, which may be of any size.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::session::STREAM_CREDIT;

/// The bytes that arrived in the uploads of one session and that no handler has taken.
///
/// Credit is granted as if the next items were as large as the largest of their stream, and only for what there is room
/// for, so that who sends items of one kind never meets the bound. It is there for who sends small ones first.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The largest message, and so the largest item.
    message: usize,
    /// What credit is granted for.
    granted_for: usize,
    bytes: AtomicUsize,
}

/// There is no room for what arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Kept {
    /// Nothing is kept yet. No message is larger than the first number of bytes; credit is granted for the second.
    pub(crate) fn new(message: usize, granted_for: usize) -> Self {
        Self { message, granted_for, bytes: AtomicUsize::new(0) }
    }

    /// What an item is taken for whose stream had none yet.
    pub(super) fn largest(&self) -> usize {
        self.message
    }

    /// How many items of that size there is room for.
    pub(super) fn room(&self, size: usize) -> usize {
        self.granted_for.saturating_sub(self.bytes.load(Ordering::Relaxed)) / size.max(1)
    }

    /// Keeps the bytes of a message. A stream that keeps nothing else may keep any one.
    pub(super) fn add(&self, bytes: usize, alone: bool) -> Result<(), NoRoom> {
        let most = self.message.saturating_mul(STREAM_CREDIT as usize);
        // Only the reader adds: nothing comes in between.
        if !alone && self.bytes.load(Ordering::Relaxed).saturating_add(bytes) > most {
            return Err(NoRoom);
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// So many were taken, or will never be.
    pub(super) fn remove(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, NoRoom};

    #[test]
    fn there_is_room_for_fewer_items_the_larger_they_are_and_the_more_is_kept() {
        let kept = Kept::new(1000, 4000);
        assert_eq!((kept.room(kept.largest()), kept.room(10), kept.room(0)), (4, 400, 4000));
        assert_eq!(kept.add(3000, true), Ok(()));
        assert_eq!((kept.room(1000), kept.room(10)), (1, 100));
        assert_eq!(kept.add(3000, false), Ok(()));
        assert_eq!(kept.room(1), 0);
        kept.remove(6000);
        assert_eq!(kept.room(1000), 4);
    }

    #[test]
    fn no_more_is_kept_than_one_stream_of_the_largest_items_but_for_one_message_of_each_stream() {
        let kept = Kept::new(1000, 4000);
        for _ in 0..64 {
            assert_eq!(kept.add(1000, false), Ok(()));
        }
        assert_eq!(kept.add(1, false), Err(NoRoom));
        assert_eq!(kept.add(1000, true), Ok(()));
        kept.remove(1001);
        assert_eq!(kept.add(1, false), Ok(()));
    }
}
