//! Messages in a row, and how many bytes they are.

use std::collections::VecDeque;

use crate::codec::Frame;

/// Messages in a row.
#[derive(Debug, Default)]
pub(super) struct Lane {
    frames: VecDeque<Frame>,
    bytes: usize,
}

impl Lane {
    pub(super) fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    pub(super) fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        if self.frames.is_empty() && self.frames.capacity() > 64 {
            self.frames = VecDeque::new();
        }
        Some(frame)
    }

    /// Whether there is room; an empty lane takes any one message.
    pub(super) fn fits(&self, bytes: usize, max_messages: usize, max_bytes: usize) -> bool {
        self.frames.is_empty()
            || (self.frames.len() < max_messages && self.bytes.saturating_add(bytes) <= max_bytes)
    }

    /// More than half full; with one message in it, so that an empty lane is never busy.
    pub(super) fn is_busy(&self, max_messages: usize, max_bytes: usize) -> bool {
        self.frames.len() > max_messages / 2 || self.bytes > max_bytes / 2
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}
