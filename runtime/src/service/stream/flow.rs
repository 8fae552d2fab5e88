//! What the reader and the handler of one streaming call share: credit, items that arrived, and whether it is over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use super::super::open::Sink;
use super::kept::{Kept, NoRoom};
use crate::codec::{Frame, Payload, Raw};
use crate::connection::Outbox;
use crate::message::RpcError;
use crate::session::{BeyondCredit, Credit, STREAM_CREDIT, Window};

/// The streams of one call that this side answers. The reader never waits for it; the handler does.
#[derive(Debug)]
pub(crate) struct Flow {
    state: Mutex<State>,
    /// The call's place, known from when it was let in.
    place: OnceLock<(u64, Sink)>,
    /// What the uploads of the session keep together.
    kept: Arc<Kept>,
    /// The name that items carry in the publish/subscribe form.
    pub(super) subscription: Option<Arc<str>>,
}

#[derive(Debug)]
struct State {
    credit: Credit,
    /// The handler, where it waits for credit.
    producer: Option<Waker>,
    window: Window,
    arrived: VecDeque<Payload>,
    /// The bytes of those.
    bytes: usize,
    /// What the next items are taken for: the largest so far.
    largest: usize,
    /// *What comes after the end is ignored.*
    uploaded: bool,
    /// The handler, where it waits for an item.
    consumer: Option<Waker>,
    /// The call was answered, or will never be.
    over: bool,
    /// An item that arrived does not fit: the call cannot succeed any more.
    unfit: Option<RpcError>,
}

impl Flow {
    /// The flow of a call that opened with that credit, and that takes items or does not.
    pub(super) fn new(credit: Option<u64>, takes: bool, kept: Arc<Kept>) -> Self {
        Self::with(Credit::download(credit), takes, kept, None)
    }

    /// The flow of a call in the publish/subscribe form: nothing leaves before [`Flow::let_go`].
    pub(super) fn subscription(name: Arc<str>, kept: Arc<Kept>) -> Self {
        Self::with(Credit::download(Some(0)), false, kept, Some(name))
    }

    fn with(credit: Credit, takes: bool, kept: Arc<Kept>, subscription: Option<Arc<str>>) -> Self {
        Self {
            state: Mutex::new(State {
                credit,
                producer: None,
                window: Window::upload(STREAM_CREDIT),
                arrived: VecDeque::new(),
                bytes: 0,
                largest: 0,
                uploaded: !takes,
                consumer: None,
                over: false,
                unfit: None,
            }),
            place: OnceLock::new(),
            kept,
            subscription,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call was let in.
    pub(in crate::service) fn enter(&self, key: u64, sink: Sink) {
        // A call is let in once.
        drop(self.place.set((key, sink)));
    }

    pub(super) fn place(&self) -> Option<&(u64, Sink)> {
        self.place.get()
    }

    /// The caller allows so many items more.
    pub(super) fn grant(&self, credit: u64) {
        let mut state = self.lock();
        state.credit.grant(credit);
        wake(state.producer.take(), state);
    }

    /// The subscription was answered: from now on items leave without credit.
    pub(super) fn let_go(&self) {
        let mut state = self.lock();
        state.credit = Credit::download(None);
        wake(state.producer.take(), state);
    }

    /// Spends credit for one item; `false` where the call is over.
    pub(super) fn poll_spend(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = self.lock();
        if state.over {
            return Poll::Ready(false);
        }
        if state.credit.spend() {
            return Poll::Ready(true);
        }
        state.producer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Lets a message of the call enter the queue, if there is room; else gives it back. `false` where the call is over:
    /// *the result is the end*, and enters after this was closed, so that nothing follows it.
    pub(super) fn leave(&self, frame: Frame, outbox: &Outbox) -> Result<bool, Frame> {
        let state = self.lock();
        if state.over {
            return Ok(false);
        }
        outbox.try_push(frame).map(|_| true)
    }

    /// An item that credit was spent for did not leave.
    pub(super) fn refund(&self) {
        self.grant(1);
    }

    /// Items arrived for the handler.
    pub(super) fn receive(&self, items: &[Raw<'_>]) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.over || state.uploaded {
            return Ok(());
        }
        state.window.receive(items.len())?;
        let sizes = || items.iter().map(|item| item.len());
        let bytes = sizes().sum();
        self.kept.add(bytes, state.arrived.is_empty())?;
        state.bytes += bytes;
        state.largest = sizes().fold(state.largest, usize::max);
        state.arrived.extend(items.iter().copied().map(Raw::to_payload));
        wake(state.consumer.take(), state);
        Ok(())
    }

    /// No more items come.
    pub(super) fn finish_upload(&self) {
        let mut state = self.lock();
        state.uploaded = true;
        wake(state.consumer.take(), state);
    }

    /// What waits to be taken, and whether no more comes.
    #[cfg(test)]
    #[cfg(feature = "client")]
    pub(super) fn arrived(&self) -> (Vec<Payload>, bool) {
        let state = self.lock();
        (state.arrived.iter().cloned().collect(), state.uploaded)
    }

    /// What to grant before the first item.
    pub(super) fn open_upload(&self) -> u32 {
        self.refill(&mut self.lock())
    }

    fn refill(&self, state: &mut State) -> u32 {
        if state.uploaded || state.over {
            return 0;
        }
        let size = if state.largest == 0 { self.kept.largest() } else { state.largest };
        state.window.refill(state.arrived.len(), self.kept.room(size))
    }

    /// The next item, and what to grant now that it is taken.
    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Taken> {
        let mut state = self.lock();
        if let Some(item) = state.arrived.pop_front() {
            let bytes = item.as_raw().len();
            state.bytes -= bytes;
            self.kept.remove(bytes);
            let grant = self.refill(&mut state);
            return Poll::Ready(Taken::Item(item, grant));
        }
        if state.uploaded {
            return Poll::Ready(Taken::End);
        }
        if state.over {
            return Poll::Ready(Taken::Over);
        }
        state.consumer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// An item does not fit: whatever the handler makes of that, the call does not succeed.
    pub(super) fn spoil(&self, error: RpcError) {
        self.lock().unfit = Some(error);
    }

    pub(super) fn unfit(&self) -> Option<RpcError> {
        self.lock().unfit.clone()
    }

    /// The call is answered, or will never be: nothing leaves any more, and nothing is waited for.
    pub(in crate::service) fn close(&self) {
        let mut state = self.lock();
        state.over = true;
        if !state.uploaded {
            state.arrived = VecDeque::new();
            self.kept.remove(std::mem::take(&mut state.bytes));
        }
        let consumer = state.consumer.take();
        let producer = state.producer.take();
        drop(state);
        consumer.into_iter().chain(producer).for_each(Waker::wake);
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().over
    }
}

/// What was not taken is not kept any more.
impl Drop for Flow {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.kept.remove(state.bytes);
    }
}

/// Why items that arrived end the call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// More than were granted.
    Credit,
    /// More bytes than are kept for the handlers of one session.
    Room,
}

impl From<BeyondCredit> for Refused {
    fn from(_: BeyondCredit) -> Self {
        Self::Credit
    }
}

impl From<NoRoom> for Refused {
    fn from(_: NoRoom) -> Self {
        Self::Room
    }
}

/// What the handler of an upload gets next.
#[derive(Debug)]
pub(super) enum Taken {
    Item(Payload, u32),
    End,
    /// The call ended before the upload did.
    Over,
}

/// Wakes without the lock.
fn wake(waker: Option<Waker>, state: MutexGuard<'_, State>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
