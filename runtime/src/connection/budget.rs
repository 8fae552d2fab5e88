//! What all sessions of a server keep together.

use std::sync::atomic::{AtomicUsize, Ordering};

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

    /// Bytes that are kept now.
    pub(crate) fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
    }

    /// Whether more is kept than there may be.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.kept() > self.most
    }
}
