//! What all sessions of a server keep together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::codec::Frame;
use crate::session::{Body, Replay};

/// What a session may keep however much the others do: *at least 256 KiB*.
pub(crate) const LEAST_KEPT: usize = 256 * 1024;

/// Counts the bytes that all sessions of a server keep, and knows how many there may be.
#[derive(Debug)]
pub(crate) struct Budget {
    kept: AtomicUsize,
    most: usize,
}

impl Budget {
    pub(crate) fn new(most: usize) -> Self {
        Self { kept: AtomicUsize::new(0), most }
    }

    pub(super) fn add(&self, bytes: usize) {
        self.kept.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn remove(&self, bytes: usize) {
        self.kept.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A message for several sessions, whose bytes are there once: they count once, for as long as anybody has them.
    pub(crate) fn shared(self: &Arc<Self>, frame: Frame) -> Queued {
        self.add(frame.len());
        let frame = Frame::from_owner(Shared { frame, budget: Arc::clone(self) });
        Queued { frame, shared: true }
    }

    /// Bytes that are kept now.
    pub(crate) fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
    }

    /// Whether more is kept than there may be.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.kept() > self.most
    }
}

/// The bytes of a message that is in several queues.
struct Shared {
    frame: Frame,
    budget: Arc<Budget>,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.budget.remove(self.frame.len());
    }
}

/// A message as a queue has it.
#[derive(Debug, Clone)]
pub(crate) struct Queued {
    pub(crate) frame: Frame,
    /// Its bytes are counted elsewhere, once for all queues that have it.
    shared: bool,
}

impl From<Frame> for Queued {
    fn from(frame: Frame) -> Self {
        Self { frame, shared: false }
    }
}

impl Body for Queued {
    fn bytes(&self) -> usize {
        self.frame.len()
    }

    fn own_bytes(&self) -> usize {
        if self.shared { size_of::<Self>() } else { self.bytes() }
    }
}

/// What a session sends, and keeps until it is acknowledged.
pub(crate) type Buffer = Replay<Queued>;
