//! What is about to be written: a bounded queue of messages, and beside it one for what the reader itself answers.
//!
//! Producers of answers and calls wait for room at their source; what cannot wait ends the connection.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::Notify;

use crate::codec::Frame;
use crate::session::Disconnect;

/// The bounds of an [`Outbox`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutboxLimits {
    /// Messages in the queue.
    pub(crate) messages: usize,
    /// Bytes in the queue; an empty queue takes any one message.
    pub(crate) bytes: usize,
    /// Bytes of the reader's own answers.
    pub(crate) reader_bytes: usize,
}

/// A queue is full, and what was to enter it cannot wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

/// The queue of one connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    limits: OutboxLimits,
    state: Mutex<State>,
    /// Told whenever room appears, and at the end.
    room: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Answers of the reader, pings, pongs: they overtake the rest.
    urgent: Lane,
    queue: Lane,
    /// The connection's task, where it waits for something to write.
    waker: Option<Waker>,
    /// While the task reads it need not be woken: it looks here right after.
    reading: bool,
    /// Somebody found no room since room was last told of.
    starved: bool,
    phase: Phase,
    /// Messages that ever entered the queue, and left it for the socket.
    pushed: u64,
    popped: u64,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Open,
    /// The connection is to end, once the urgent messages are written, or all.
    Closing { disconnect: Disconnect, all: bool },
    /// Nothing is taken any more.
    Ended,
}

impl State {
    fn ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }
}

#[derive(Debug, Default)]
struct Lane {
    frames: VecDeque<Frame>,
    bytes: usize,
}

impl Lane {
    fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        if self.frames.is_empty() && self.frames.capacity() > 64 {
            self.frames = VecDeque::new();
        }
        Some(frame)
    }

    fn fits(&self, frame: &Frame, messages: usize, bytes: usize) -> bool {
        self.frames.is_empty() || (self.frames.len() < messages && self.bytes + frame.len() <= bytes)
    }
}

/// What the connection's task is to do next.
#[derive(Debug)]
pub(crate) enum Next {
    Write(Frame),
    Close(Disconnect),
    Nothing,
}

impl Outbox {
    pub(crate) fn new(limits: OutboxLimits) -> Self {
        Self { limits, state: Mutex::default(), room: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, if there is room; else gives it back. Its number in the queue tells later, by
    /// [`Outbox::taken`], whether the socket got it.
    pub(crate) fn try_push(&self, frame: Frame) -> Result<u64, Frame> {
        let mut state = self.lock();
        if state.ended() {
            return Ok(u64::MAX);
        }
        if !state.queue.fits(&frame, self.limits.messages, self.limits.bytes) {
            state.starved = true;
            return Err(frame);
        }
        state.queue.push(frame);
        state.pushed += 1;
        let number = state.pushed;
        wake(state);
        Ok(number)
    }

    /// How many messages of the queue the socket got: those of this number and below.
    #[cfg(feature = "client")]
    pub(crate) fn taken(&self) -> u64 {
        self.lock().popped
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

    /// Adds what cannot wait.
    pub(crate) fn push_or_overflow(&self, frame: Frame) -> Result<(), Overflow> {
        self.try_push(frame).map(drop).map_err(|_| Overflow)
    }

    /// Adds what the reader itself answers; it overtakes the queue.
    pub(crate) fn push_urgent(&self, frame: Frame) -> Result<(), Overflow> {
        let mut state = self.lock();
        if state.ended() {
            return Ok(());
        }
        if !state.urgent.fits(&frame, usize::MAX, self.limits.reader_bytes) {
            return Err(Overflow);
        }
        state.urgent.push(frame);
        wake(state);
        Ok(())
    }

    /// Asks the connection's task to end it. The first reason counts.
    pub(crate) fn close(&self, disconnect: Disconnect) {
        self.end_with(disconnect, false);
    }

    /// Like [`Outbox::close`], after everything that is queued by then.
    pub(crate) fn close_when_written(&self, disconnect: Disconnect) {
        self.end_with(disconnect, true);
    }

    fn end_with(&self, disconnect: Disconnect, all: bool) {
        let mut state = self.lock();
        if let Phase::Open = state.phase {
            state.phase = Phase::Closing { disconnect, all };
            wake(state);
        }
    }

    /// Whether [`Outbox::close`] was called.
    pub(crate) fn is_closing(&self) -> bool {
        !matches!(self.lock().phase, Phase::Open)
    }

    /// How the connection is to end, if that is decided.
    pub(crate) fn closing(&self) -> Option<Disconnect> {
        match &self.lock().phase {
            Phase::Closing { disconnect, .. } => Some(disconnect.clone()),
            Phase::Open | Phase::Ended => None,
        }
    }

    /// The connection is gone: everybody who waits for room goes on, and nothing is taken any more.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.phase = Phase::Ended;
        state.urgent = Lane::default();
        state.queue = Lane::default();
        state.waker = None;
        drop(state);
        self.room.notify_waiters();
    }

    /// The connection's task begins to read.
    pub(crate) fn begin_reading(&self) {
        self.lock().reading = true;
    }

    /// More than half full; with one message in it, so that an empty queue is never busy.
    fn is_busy(&self, queue: &Lane) -> bool {
        queue.frames.len() > self.limits.messages / 2 || queue.bytes > self.limits.bytes / 2
    }

    /// The next thing to do for the connection's task, which is woken by `waker` when there is more.
    pub(crate) fn next(&self, waker: &Waker) -> Next {
        let mut state = self.lock();
        state.reading = false;
        if let Some(frame) = state.urgent.pop() {
            return Next::Write(frame);
        }
        match &state.phase {
            Phase::Closing { disconnect, all } if !all || state.queue.frames.is_empty() => {
                return Next::Close(disconnect.clone());
            }
            _ => {}
        }
        let Some(frame) = state.queue.pop() else {
            if !state.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
                state.waker = Some(waker.clone());
            }
            return Next::Nothing;
        };
        state.popped += 1;
        // Who waits is told when half is free, not at every message. Who needs more than half waits again.
        let told = state.starved && !self.is_busy(&state.queue);
        state.starved &= !told;
        drop(state);
        if told {
            self.room.notify_waiters();
        }
        Next::Write(frame)
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    if state.reading {
        return;
    }
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::{Next, Outbox, OutboxLimits, Overflow};
    use crate::codec::Frame;
    use crate::session::Disconnect;

    fn outbox() -> Outbox {
        Outbox::new(OutboxLimits { messages: 2, bytes: 10, reader_bytes: 10 })
    }

    fn written(outbox: &Outbox) -> Option<Frame> {
        match outbox.next(Waker::noop()) {
            Next::Write(frame) => Some(frame),
            _ => None,
        }
    }

    #[test]
    fn the_queue_is_bounded_in_messages_and_bytes_but_takes_any_one() {
        let outbox = outbox();
        assert!(outbox.try_push(Frame::from_static(&[0; 100])).is_ok());
        assert!(outbox.try_push(Frame::from_static(b"a")).is_err());
        assert!(written(&outbox).is_some());
        assert!(outbox.try_push(Frame::from_static(b"a")).is_ok());
        assert!(outbox.try_push(Frame::from_static(b"b")).is_ok());
        assert_eq!(outbox.push_or_overflow(Frame::from_static(b"c")), Err(Overflow));
    }

    #[test]
    fn urgent_messages_overtake_and_leave_before_the_close() {
        let outbox = outbox();
        assert!(outbox.try_push(Frame::from_static(b"queued")).is_ok());
        outbox.close(Disconnect::new(1002, "protocol"));
        outbox.push_urgent(Frame::from_static(b"urgent")).expect("room");
        assert_eq!(written(&outbox), Some(Frame::from_static(b"urgent")));
        assert!(matches!(outbox.next(Waker::noop()), Next::Close(Disconnect { code: 1002, .. })));
    }

    #[tokio::test]
    async fn who_needs_more_than_half_of_the_queue_gets_it_when_it_is_free() {
        let outbox = outbox();
        assert!(outbox.try_push(Frame::from_static(&[0; 4])).is_ok());
        let mut waiting = std::pin::pin!(outbox.push(Frame::from_static(&[0; 8])));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(written(&outbox).is_some());
        assert!(futures_util::poll!(&mut waiting).is_ready());
    }

    #[tokio::test]
    async fn who_waits_for_room_goes_on_when_there_is_some_and_at_the_end() {
        let outbox = outbox();
        assert!(outbox.try_push(Frame::from_static(&[0; 10])).is_ok());
        let mut waiting = std::pin::pin!(outbox.push(Frame::from_static(b"later")));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(written(&outbox).is_some());
        assert!(futures_util::poll!(&mut waiting).is_ready());
        let mut waiting = std::pin::pin!(outbox.push(Frame::from_static(&[0; 10])));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        outbox.end();
        assert!(futures_util::poll!(&mut waiting).is_ready());
    }
}
