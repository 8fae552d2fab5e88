//! What is about to be written: a bounded queue of messages, and beside it one for what overtakes them.
//!
//! A plain peer's queue lives as long as its connection. A session's outlives its connections: one after the other
//! attaches to it, and what the last one did not get across, the next one writes again. Producers of answers and calls
//! wait for room at their source; what cannot wait ends the session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::budget::{Budget, Buffer, Queued};
use super::line::{Closing, Line, LineId};
use super::queue::{Queue, Tracked};
use crate::clock;
use crate::codec::Frame;
use crate::session::{Body, Disconnect, Exhausted, Reason, code};

/// The bounds of an [`Outbox`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutboxLimits {
    /// Messages in the queue that are not written.
    pub(crate) messages: usize,
    /// Their bytes; an empty queue takes any one message.
    pub(crate) bytes: usize,
    /// Bytes of the reader's own answers.
    pub(crate) reader_bytes: usize,
    /// Bytes that a session keeps until they are acknowledged.
    pub(crate) buffer_bytes: usize,
}

/// A queue is full, and what was to enter it cannot wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

/// The queue of a plain peer or a session.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(super) limits: OutboxLimits,
    state: Mutex<State>,
    /// Told whenever room appears, and at the end.
    room: Notify,
    /// Whether messages are numbered, as in a session.
    pub(crate) numbered: bool,
    /// Held while a message is read, so that no other connection's is read in the middle of it.
    reader: Mutex<()>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) queue: Queue,
    pub(super) line: Line,
    /// Somebody found no room since room was last told of.
    pub(super) starved: bool,
    /// Since when a session's buffer is full and nothing is acknowledged.
    pub(super) full_since: Option<Instant>,
    /// Nothing more is received: what was is final.
    pub(super) deaf: bool,
    /// Nothing is taken any more.
    pub(super) ended: bool,
}

/// What the connection's task is to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Write a message, sealed with that `seq` if there is one.
    Write(Frame, Option<u64>),
    Close(Disconnect),
    /// Close for that reason, of which nobody was told yet.
    Fail(Disconnect),
    /// Nothing, but an ack is due then.
    Nothing(Option<Instant>),
}

impl Outbox {
    /// The queue of a plain peer, on its connection.
    pub(crate) fn plain(limits: OutboxLimits) -> Self {
        Self::new(limits, Queue::plain(), 0)
    }

    /// The queue of a new session, on its first connection. The other end keeps `peer_bytes` until this one
    /// acknowledges.
    pub(crate) fn session(
        limits: OutboxLimits,
        peer_bytes: usize,
        line: LineId,
        budget: Option<Arc<Budget>>,
    ) -> Self {
        let mut replay = Buffer::new(limits.buffer_bytes);
        replay.peer_keeps(peer_bytes);
        Self::new(limits, Queue::Session(Tracked::new(replay, budget)), line)
    }

    fn new(limits: OutboxLimits, queue: Queue, line: LineId) -> Self {
        let state = State {
            queue,
            line: Line::new(line),
            starved: false,
            full_since: None,
            deaf: false,
            ended: false,
        };
        let numbered = matches!(state.queue, Queue::Session(_));
        Self { limits, state: Mutex::new(state), room: Notify::new(), numbered, reader: Mutex::new(()) }
    }

    /// The bounds that it was made with.
    pub(crate) fn limits(&self) -> &OutboxLimits {
        &self.limits
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps other connections of the same session from reading meanwhile.
    pub(crate) fn reading(&self) -> MutexGuard<'_, ()> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, if there is room; else gives it back. Its number in the queue tells later, by
    /// [`Outbox::taken`], whether a socket got it.
    pub(crate) fn try_push(&self, frame: Frame) -> Result<u64, Frame> {
        let mut state = self.lock();
        if state.ended {
            return Ok(u64::MAX);
        }
        if !state.queue.fits(frame.len(), &self.limits, state.line.away) {
            state.starved = true;
            if state.full_since.is_none() && state.queue.is_full(frame.len()) {
                state.full_since = Some(clock::now());
            }
            return Err(frame);
        }
        Ok(enter(state, frame))
    }

    /// Adds the answer to a batch, if there is room; else gives it back. In a session it is not numbered, overtakes, and lives
    /// and dies with that connection.
    pub(crate) fn try_push_batch(&self, line: LineId, frame: Frame) -> Result<(), Frame> {
        if !self.numbered {
            return self.try_push(frame).map(drop);
        }
        let mut state = self.lock();
        if state.ended || state.line.away || state.line.id != line {
            return Ok(());
        }
        state.line.batches.try_push(frame, &self.limits)?;
        wake(state);
        Ok(())
    }

    /// How many messages of the queue sockets got: those of this number and below.
    #[cfg(feature = "client")]
    pub(crate) fn taken(&self) -> u64 {
        self.lock().queue.taken()
    }

    /// Ready when room has appeared since it was asked for, and at the end.
    pub(crate) fn room(&self) -> Notified<'_> {
        self.room.notified()
    }

    /// Adds a message, waiting for room. After the end the message is dropped.
    ///
    /// Cancel safe: a dropped future has added nothing.
    pub(crate) async fn push(&self, mut frame: Frame) {
        loop {
            let room = self.room.notified();
            match self.try_push(frame) {
                Ok(_) => return,
                Err(full) => frame = full,
            }
            room.await;
        }
    }

    /// Adds what cannot wait. *Where the buffer is not full, it enters*: in a session that alone bounds it, so that what one
    /// handler emits without a pause costs nobody the session; to a plain peer the queue does.
    pub(crate) fn push_or_overflow(&self, event: impl Into<Queued>) -> Result<(), Overflow> {
        let event = event.into();
        let state = self.lock();
        if state.ended {
            return Ok(());
        }
        if !state.queue.fits(event.bytes(), &self.limits, self.numbered || state.line.away) {
            return Err(Overflow);
        }
        enter(state, event);
        Ok(())
    }

    /// Whether it is the buffer of a session that has no room for so much more.
    pub(crate) fn is_buffer_full(&self, bytes: usize) -> bool {
        self.lock().queue.is_full(bytes)
    }

    /// Whether the reader's own answers are beyond the bound already. What needs another is not to be taken then.
    pub(crate) fn is_reader_full(&self) -> bool {
        self.lock().queue.tracked().is_some_and(|tracked| self.beyond(tracked))
    }

    fn beyond(&self, tracked: &Tracked) -> bool {
        let bound = self.limits.buffer_bytes.max(tracked.replay.first_bytes());
        tracked.replay.bytes() > bound.saturating_add(self.limits.reader_bytes)
    }

    /// Adds what the reader itself answers. In a session it is numbered as everything else, and may be beyond the bound,
    /// which then holds by one message; a plain peer gets it before the rest.
    pub(crate) fn push_reader(&self, frame: Frame) -> Result<(), Overflow> {
        let mut state = self.lock();
        if !self.numbered {
            return self.overtake(state, frame);
        }
        let Some(tracked) = state.queue.tracked() else { return Ok(()) };
        if self.beyond(tracked) {
            return Err(Overflow);
        }
        enter(state, frame);
        Ok(())
    }

    /// Adds what is not numbered, and lives and dies with that connection: it overtakes the queue. Where another one has
    /// come it is dropped, since nothing may be before the answer to that one's hello.
    pub(crate) fn push_urgent(&self, line: LineId, frame: Frame) -> Result<(), Overflow> {
        let state = self.lock();
        if state.line.id == line { self.overtake(state, frame) } else { Ok(()) }
    }

    /// The same on the connection of now, whichever that is: `rpc.close` may be before the answer to hello.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn push_notice(&self, frame: Frame) -> Result<(), Overflow> {
        self.overtake(self.lock(), frame)
    }

    pub(super) fn overtake(&self, mut state: MutexGuard<'_, State>, frame: Frame) -> Result<(), Overflow> {
        if state.ended || state.line.away {
            return Ok(());
        }
        if !state.line.urgent.fits(frame.len(), usize::MAX, self.limits.reader_bytes) {
            return Err(Overflow);
        }
        state.line.urgent.push(frame);
        wake(state);
        Ok(())
    }

    /// Asks the connection's task to end it. The first reason counts, but one after which nobody comes back counts more
    /// than one that lets the client come back. Without a connection it only says how the
    /// session is to end.
    pub(crate) fn close(&self, disconnect: Disconnect) {
        self.end_with(None, disconnect, false);
    }

    /// Like [`Outbox::close`], after everything that is queued by then.
    pub(crate) fn close_when_written(&self, disconnect: Disconnect) {
        self.end_with(None, disconnect, true);
    }

    /// Like [`Outbox::close`], of that connection only.
    pub(crate) fn close_line(&self, line: LineId, disconnect: Disconnect) {
        self.end_with(Some(line), disconnect, false);
    }

    fn end_with(&self, line: Option<LineId>, disconnect: Disconnect, all: bool) {
        let mut state = self.lock();
        if line.is_none_or(|line| line == state.line.id) && state.line.takes(&disconnect) {
            state.line.closing = Some(Closing { disconnect, all });
            wake(state);
        }
    }

    /// Whether a close for that reason is still news.
    #[cfg(feature = "server")]
    pub(crate) fn takes_close(&self, disconnect: &Disconnect) -> bool {
        let state = self.lock();
        !state.ended && state.line.takes(disconnect)
    }

    /// Whether [`Outbox::close`] was called, or all is over.
    #[cfg(test)]
    pub(crate) fn is_closing(&self) -> bool {
        let state = self.lock();
        state.ended || state.line.closing.is_some()
    }

    /// Whether nothing that is added now would ever arrive: it is over, or ends with the close that is decided. A session
    /// whose connection is closed and whose client may come back goes on.
    pub(crate) fn is_ending(&self) -> bool {
        let state = self.lock();
        let ends = |closing: &Closing| !self.numbered || closing.disconnect.is_final();
        state.ended || state.line.closing.as_ref().is_some_and(ends)
    }

    /// Whether that connection is to end, or is not the queue's any more.
    pub(super) fn is_leaving(&self, line: LineId) -> bool {
        let state = self.lock();
        state.ended || state.line.id != line || state.line.closing.is_some()
    }

    /// How that connection is to end, if that is decided.
    pub(crate) fn closing(&self, line: LineId) -> Option<Disconnect> {
        let state = self.lock();
        if let Some(stale) = state.stale(line) {
            return Some(stale);
        }
        state.line.closing.as_ref().map(|closing| closing.disconnect.clone())
    }

    /// It is over: everybody who waits for room goes on, and nothing is taken any more.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.deaf = true;
        state.queue = Queue::plain();
        let (waker, stuck) = (state.line.waker.take(), state.line.stuck.take());
        state.line.leave();
        drop(state);
        Line::wake_all(waker, stuck);
        self.room.notify_waiters();
    }

    /// The connection's task begins to read, unless it is not the queue's any more.
    pub(super) fn begin_reading(&self, line: LineId) -> Result<(), Disconnect> {
        let mut state = self.lock();
        state.stale(line).map_or(Ok(()), Err)?;
        state.line.reading = true;
        Ok(())
    }

    /// That connection's task waits for its socket, which may never take anything: `waker` is woken when it is to go. An
    /// error as of [`Outbox::next`].
    pub(super) fn stuck(&self, line: LineId, waker: &Waker) -> Result<(), Disconnect> {
        let mut state = self.lock();
        state.stale(line).map_or(Ok(()), Err)?;
        if !state.line.stuck.as_ref().is_some_and(|known| known.will_wake(waker)) {
            state.line.stuck = Some(waker.clone());
        }
        Ok(())
    }

    /// The next thing to do for that connection's task, which is woken by `waker` when there is more. An error is for
    /// one that is not the queue's any more: it is to be aborted.
    pub(super) fn next(&self, line: LineId, waker: &Waker) -> Result<Next, Disconnect> {
        let mut state = self.lock();
        state.stale(line).map_or(Ok(()), Err)?;
        state.line.reading = false;
        if let Some(failed) = state.line.failed.take() {
            return Ok(Next::Fail(failed));
        }
        if let Some(frame) = state.line.urgent.pop() {
            return Ok(Next::Write(frame, None));
        }
        if let Some(Closing { disconnect, all }) = &state.line.closing
            && (!all || (state.line.batches.is_empty() && state.queue.is_written()))
        {
            return Ok(Next::Close(disconnect.clone()));
        }
        // In turns, so that who sends batches faster than it reads the answers stops nothing that is numbered.
        let queued = if state.line.batches.gives_way() { state.queue.next() } else { None };
        if queued.is_none()
            && let Some((frame, told)) = state.line.batches.pop(&self.limits)
        {
            drop(state);
            if told {
                self.tell_all();
            }
            return Ok(Next::Write(frame, None));
        }
        let Some((frame, seq)) = queued.or_else(|| state.queue.next()) else {
            if !state.line.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
                state.line.waker = Some(waker.clone());
            }
            return Ok(Next::Nothing(state.queue.ack_at()));
        };
        self.tell_room(state);
        Ok(Next::Write(frame, seq))
    }

    /// Who waits is told when half is free, not at every message. Who needs more than half waits again.
    pub(super) fn tell_room(&self, mut state: MutexGuard<'_, State>) {
        let told = state.starved && !state.queue.is_busy(&self.limits);
        state.starved &= !told;
        drop(state);
        if told {
            self.tell_all();
        }
    }

    /// Whoever waits for room tries again.
    pub(super) fn tell_all(&self) {
        self.room.notify_waiters();
    }
}

impl State {
    /// What a connection that is not the current one ends with: *from that point its reader and writer touch nothing.*
    fn stale(&self, line: LineId) -> Option<Disconnect> {
        if self.ended {
            let closing = self.line.closing.as_ref().map(|closing| closing.disconnect.clone());
            return Some(closing.unwrap_or_else(|| Disconnect::lost("the session has ended")));
        }
        (self.line.id != line)
            .then(|| Disconnect::new(code::SUPERSEDED, "a newer connection took the session up"))
    }
}

/// Adds a message, whose number it gives.
fn enter(mut state: MutexGuard<'_, State>, message: impl Into<Queued>) -> u64 {
    let away = state.line.away;
    let number = state.queue.push(message.into(), away).unwrap_or_else(|Exhausted| {
        // *At the last number the sender ends the session (`sequence`).*
        let disconnect = Disconnect::new(code::SEQUENCE, "all numbers of this session are used up");
        state.line.failed.get_or_insert(disconnect.ending(Reason::Sequence));
        u64::MAX
    });
    wake(state);
    number
}

fn wake(mut state: MutexGuard<'_, State>) {
    if state.line.reading {
        return;
    }
    let waker = state.line.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
