//! The calls that this side made and whose answers it awaits.

use std::collections::HashMap;

/// Open calls by the id that this side gave them. `T` is what its driver wakes with the answer.
#[derive(Debug)]
pub(crate) struct PendingCalls<T> {
    next: u64,
    open: HashMap<u64, T>,
}

impl<T> PendingCalls<T> {
    pub(crate) fn new() -> Self {
        Self { next: 1, open: HashMap::new() }
    }

    /// Enters a call and gives it an id.
    pub(crate) fn open(&mut self, call: T) -> u64 {
        let id = self.next;
        self.next += 1;
        self.open.insert(id, call);
        id
    }

    /// The call of that id, which is done now. *A response whose id is not open is ignored.*
    pub(crate) fn close(&mut self, id: u64) -> Option<T> {
        self.open.remove(&id)
    }

    /// The id that the next call gets.
    #[cfg(test)]
    pub(crate) fn next_id(&self) -> u64 {
        self.next
    }

    /// The open calls with their ids.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.open.iter().map(|(id, call)| (*id, call))
    }

    /// Ends all.
    pub(crate) fn end(&mut self) -> Vec<T> {
        self.open.drain().map(|(_, call)| call).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }
}
