//! The door: calls that come in while the server goes, and what a drain sees of the one that has no place yet.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use super::endpoint::Endpoint;
use super::open::Held;
use crate::session::{Calls, Place};

/// A call that was let in and has no place yet: the reader itself polls its handler, which may be done before it needs one.
/// A drain waits for it all the same.
pub(super) struct Door<'e> {
    endpoint: &'e Endpoint,
    /// Whether it need not wait for a place.
    pub(super) runs_now: bool,
}

impl Drop for Door<'_> {
    fn drop(&mut self) {
        // In one order for all: either the drain sees that nobody is here, or this sees the drain.
        self.endpoint.at_the_door.store(false, Ordering::SeqCst);
        if self.endpoint.draining.load(Ordering::SeqCst) {
            self.endpoint.idle.notify_waiters();
        }
    }
}

/// Answers that may be in nobody's place yet: those of a batch that is not complete, or of a call that was taken out. A drain waits for
/// them all the same.
pub(super) struct Answering(Arc<Endpoint>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.fetch_sub(1, Ordering::SeqCst);
        if self.0.draining.load(Ordering::SeqCst) {
            self.0.idle.notify_waiters();
        }
    }
}

impl Endpoint {
    /// Answers are under way until the value is dropped.
    pub(super) fn answering(self: &Arc<Self>) -> Answering {
        self.answering.fetch_add(1, Ordering::SeqCst);
        Answering(Arc::clone(self))
    }

    /// Lets a call in, unless calls are refused by now. Only the reader does, and one at a time.
    ///
    /// A notification cannot be refused: its sender is told that it was received, and would not send it again.
    pub(super) fn door(&self, place: &Place) -> Option<Door<'_>> {
        let calls = self.calls();
        if place.id.is_some() && self.draining.load(Ordering::SeqCst) {
            return None;
        }
        // Relaxed: whose drain begins later has the lock later.
        self.at_the_door.store(true, Ordering::Relaxed);
        Some(Door { endpoint: self, runs_now: calls.runs_now(place.id.as_ref(), place.lane.as_ref()) })
    }

    /// How many calls of the other end are not done.
    pub(crate) fn open_calls(&self) -> usize {
        // Who leaves the door has a place by then, or needs none.
        let at_the_door = self.at_the_door.load(Ordering::SeqCst);
        let answering = self.answering.load(Ordering::SeqCst);
        self.calls().open() + usize::from(at_the_door) + answering
    }

    /// From now on calls are refused.
    pub(crate) fn refuse_calls(&self) {
        // Whoever was let in before is seen from here on.
        let _calls = self.calls();
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Calls are refused from now on; ready when those that were open are done.
    ///
    /// Cancel safe.
    pub(crate) async fn drain(&self) {
        self.refuse_calls();
        loop {
            let idle = self.idle.notified();
            if self.open_calls() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Tells who waits for it that no call is open any more, if so.
    pub(super) fn tell_idle(&self, calls: MutexGuard<'_, Calls<Held>>) {
        let idle = calls.open() == 0;
        drop(calls);
        if idle {
            self.idle.notify_waiters();
        }
    }
}
