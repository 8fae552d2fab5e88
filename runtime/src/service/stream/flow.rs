//! What the reader and the handler of one streaming call share: credit, items that arrived, and whether it is over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use super::super::open::Sink;
use crate::codec::Payload;
use crate::message::RpcError;
use crate::session::{BeyondCredit, Credit, STREAM_CREDIT, Window};

/// The streams of one call that this side answers. The reader never waits for it; the handler does.
#[derive(Debug)]
pub(crate) struct Flow {
    state: Mutex<State>,
    /// The call's place, known from when it was let in.
    place: OnceLock<(u64, Sink)>,
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
    pub(super) fn new(credit: Option<u64>, takes: bool) -> Self {
        Self::with(Credit::download(credit), takes, None)
    }

    /// The flow of a call in the publish/subscribe form: nothing leaves before [`Flow::let_go`].
    pub(super) fn subscription(name: Arc<str>) -> Self {
        Self::with(Credit::download(Some(0)), false, Some(name))
    }

    fn with(credit: Credit, takes: bool, subscription: Option<Arc<str>>) -> Self {
        Self {
            state: Mutex::new(State {
                credit,
                producer: None,
                window: Window::upload(STREAM_CREDIT),
                arrived: VecDeque::new(),
                uploaded: !takes,
                consumer: None,
                over: false,
                unfit: None,
            }),
            place: OnceLock::new(),
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

    /// An item that credit was spent for did not leave.
    pub(super) fn refund(&self) {
        self.grant(1);
    }

    /// Items arrived for the handler.
    pub(super) fn receive(&self, items: impl ExactSizeIterator<Item = Payload>) -> Result<(), BeyondCredit> {
        let mut state = self.lock();
        if state.over || state.uploaded {
            return Ok(());
        }
        state.window.receive(items.len())?;
        state.arrived.extend(items);
        wake(state.consumer.take(), state);
        Ok(())
    }

    /// No more items come.
    pub(super) fn finish_upload(&self) {
        let mut state = self.lock();
        state.uploaded = true;
        wake(state.consumer.take(), state);
    }

    /// What to grant before the first item.
    pub(super) fn open_upload(&self) -> u32 {
        let mut state = self.lock();
        if state.uploaded || state.over { 0 } else { state.window.open() }
    }

    /// The next item, and what to grant now that it is taken.
    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Taken> {
        let mut state = self.lock();
        if let Some(item) = state.arrived.pop_front() {
            let grant = state.window.take().filter(|_| !state.uploaded && !state.over);
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

/// What the handler of an upload gets next.
#[derive(Debug)]
pub(super) enum Taken {
    Item(Payload, Option<u32>),
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
