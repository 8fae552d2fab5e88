//! What the handle and the reader of one streaming call of this side share: items that arrived, and credit both ways.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::codec::Payload;
use crate::service::PeerFault;
use crate::session::{BeyondCredit, Credit, Window};

/// The streams of one call that this side made. The reader never waits for it; the application does.
pub(crate) struct Demand {
    /// Whether it answers with items.
    down: bool,
    /// How many items may come ahead of the application.
    credit: u32,
    state: Mutex<State>,
}

struct State {
    /// The call's place among those that this side made, once it has one.
    place: Option<u64>,
    /// The call was sent, and its id is known.
    sent: bool,
    /// How often it was sent: each time into another session, where nothing of the one before holds.
    times: u64,
    /// The last of these times that the end of the upload was handed over for; 0 for none.
    ended: u64,
    /// An item arrived, or one of the upload was sent.
    begun: bool,
    window: Window,
    arrived: VecDeque<Payload>,
    /// The application, where it waits for an item.
    consumer: Option<Waker>,
    upload: Credit,
    /// The upload, where it waits for credit.
    producer: Option<Waker>,
    /// *The callee may answer before the upload ends; the caller then stops.*
    over: bool,
    /// Why the upload, and with it the call, cannot go on.
    failed: Option<PeerFault>,
}

/// Credit that was spent for an item, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent(u64);

impl fmt::Debug for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Demand").field("place", &self.place()).finish_non_exhaustive()
    }
}

impl Demand {
    pub(super) fn new(down: bool, credit: u32) -> Self {
        let window = Window::download(credit);
        Self {
            down,
            credit: window.size(),
            state: Mutex::new(State {
                place: None,
                sent: false,
                times: 0,
                ended: 0,
                begun: false,
                window,
                arrived: VecDeque::new(),
                consumer: None,
                upload: Credit::upload(),
                producer: None,
                over: false,
                failed: None,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the call opens with, `meta.credit`.
    pub(crate) fn opening(&self) -> Option<u32> {
        self.down.then_some(self.credit)
    }

    /// The call has its place. A layer may make it again, as long as nothing has come of it; else `false`.
    pub(crate) fn enter(&self, place: u64) -> bool {
        let mut state = self.lock();
        if state.begun {
            return false;
        }
        (state.place, state.sent) = (Some(place), false);
        true
    }

    pub(crate) fn place(&self) -> Option<u64> {
        self.lock().place
    }

    /// The call is sent, for the first time or again: nothing has come of it.
    pub(crate) fn begin(&self) {
        let mut state = self.lock();
        state.window = Window::download(self.credit);
        state.upload = Credit::upload();
        state.sent = true;
        state.times += 1;
        wake(state.producer.take(), state);
    }

    /// The call waits, for the first time or again.
    pub(crate) fn wait(&self) {
        self.lock().sent = false;
    }

    /// Ready when the call is sent, or over.
    pub(crate) fn poll_sent(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.sent || state.over {
            return Poll::Ready(());
        }
        state.producer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// An item of the upload is sent. Its end alone is nothing that could be missing from a second try.
    pub(crate) fn sending(&self) {
        self.lock().begun = true;
    }

    /// Ready when the end of the upload is to be handed over: once the call was sent, and again whenever it was sent
    /// again. `false` where the call is over.
    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = self.lock();
        if state.over || state.times > state.ended {
            state.ended = state.times;
            return Poll::Ready(!state.over);
        }
        state.producer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Items arrived.
    pub(crate) fn receive(&self, items: impl ExactSizeIterator<Item = Payload>) -> Result<(), BeyondCredit> {
        if !self.down {
            return Ok(());
        }
        let mut state = self.lock();
        state.window.receive(items.len())?;
        state.begun |= items.len() > 0;
        state.arrived.extend(items);
        wake(state.consumer.take(), state);
        Ok(())
    }

    /// The callee allows so many items of the upload more.
    pub(crate) fn grant(&self, credit: u64) {
        let mut state = self.lock();
        state.upload.grant(credit);
        wake(state.producer.take(), state);
    }

    /// The next item, and what to grant now that it is taken. Whoever asks is woken by the next one.
    pub(super) fn take(&self, cx: &Context<'_>) -> Option<(Payload, Option<u32>)> {
        let mut state = self.lock();
        if let Some(item) = state.arrived.pop_front() {
            let grant = state.window.take().filter(|_| !state.over);
            return Some((item, grant));
        }
        state.consumer = Some(cx.waker().clone());
        None
    }

    /// What waits to be taken. Whoever asks is woken by the next item.
    #[cfg(test)]
    pub(super) fn arrived(&self, cx: &Context<'_>) -> Vec<Payload> {
        let mut state = self.lock();
        state.consumer = Some(cx.waker().clone());
        state.arrived.iter().cloned().collect()
    }

    /// Spends credit for one item of the upload; `None` where the call is over.
    pub(crate) fn poll_spend(&self, cx: &Context<'_>) -> Poll<Option<Spent>> {
        let mut state = self.lock();
        if state.over {
            return Poll::Ready(None);
        }
        if state.upload.spend() {
            return Poll::Ready(Some(Spent(state.times)));
        }
        state.producer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Whether that credit is still good: it is gone with the session that it was granted in.
    pub(crate) fn is_good(&self, spent: Spent) -> bool {
        self.lock().times == spent.0
    }

    /// Ready when the call is over.
    pub(super) fn poll_over(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.over {
            return Poll::Ready(());
        }
        state.producer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The upload cannot go on.
    pub(super) fn fail(&self, fault: PeerFault) {
        let mut state = self.lock();
        state.failed.get_or_insert(fault);
        wake(state.consumer.take(), state);
    }

    /// Why the upload cannot go on. Whoever asks is woken when that is so.
    pub(super) fn failure(&self, cx: &Context<'_>) -> Option<PeerFault> {
        let mut state = self.lock();
        let failed = state.failed.take();
        if failed.is_none() {
            state.consumer = Some(cx.waker().clone());
        }
        failed
    }

    /// The call has its outcome: nothing more is sent for it.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.over = true;
        wake(state.producer.take(), state);
    }
}

/// Wakes without the lock.
fn wake(waker: Option<Waker>, state: MutexGuard<'_, State>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
