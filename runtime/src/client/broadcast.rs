//! One sender, many listeners, and an end that all of them hear of.

use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;

/// Tells every listener, each of which keeps a bounded number of what it has not heard. Once ended, listeners hear what
/// was said before, and then the end.
#[derive(Debug)]
pub(crate) struct Broadcast<T>(Mutex<Option<broadcast::Sender<T>>>);

impl<T: Clone> Broadcast<T> {
    pub(crate) fn new(kept: usize) -> Self {
        Self(Mutex::new(Some(broadcast::channel(kept).0)))
    }

    pub(crate) fn send(&self, value: T) {
        if let Some(sender) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // Without listeners there is nobody to tell.
            drop(sender.send(value));
        }
    }

    /// Hears what is said from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<T> {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender.as_ref().map_or_else(|| broadcast::channel(1).1, broadcast::Sender::subscribe)
    }

    /// Nothing is said any more.
    pub(crate) fn end(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
