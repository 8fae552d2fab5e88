//! The task of one connection: reads a burst, writes what there is, flushes once, and watches the clock.
//!
//! Reading and writing share one task and one poll function, so that neither waits for the other and no lock is held
//! between them. **Invariant:** the reader never waits for a call, for room or for the writer.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::{Sink, Stream};
use tokio::io::ReadBuf;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame as WsFrame};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message as WsMessage, Utf8Bytes};

use super::framing::{Framing, said};
use super::line::LineId;
use super::meter::Transport;
use super::outbox::{Next, Outbox};
use crate::clock;
use crate::codec::{Raw, seal};
use crate::session::{Disconnect, code};

/// Larger messages leave in pieces of this size, so that control frames get through between them.
const FRAGMENT_BYTES: usize = 64 * 1024;
/// Messages read before what they caused is written.
const BURST: usize = 64;
/// How long the other end has to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// What is due, as a [`Pump`] sees it.
#[derive(Debug)]
pub(crate) struct Tick {
    /// When to ask again.
    pub(crate) next: Option<Instant>,
    /// Whether a WebSocket Ping is to be sent now.
    pub(crate) ping: bool,
}

/// What a connection's messages go into, and come out of.
pub(crate) trait Pump {
    /// The queue to be written.
    fn outbox(&self) -> &Outbox;
    /// The number of this connection, where more than one may write that queue.
    fn line(&self) -> LineId {
        0
    }
    /// A message arrived.
    fn message(&mut self, message: Raw<'_>, now: Instant) -> Result<(), Disconnect>;
    /// A WebSocket Ping or Pong arrived.
    fn alive(&mut self, is_pong: bool, now: Instant);
    /// A message was handed to the socket.
    fn sent(&mut self, now: Instant);
    /// The time of the last [`Tick::next`] has come.
    fn tick(&mut self, now: Instant) -> Result<Tick, Disconnect>;
    /// What may have come to be due since the last [`tick`](Self::tick), or may be due earlier than that told.
    fn due(&self) -> Option<Instant> {
        None
    }
    /// This side is about to close: the last chance to say why.
    fn closing(&mut self, disconnect: &Disconnect);
}

/// The settings of a [`Driver`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct DriverConfig {
    /// No progress of writing for so long ends the connection.
    pub(crate) write_deadline: Duration,
    /// Which frames carry messages.
    pub(crate) framing: Framing,
}

/// The task of one connection.
pub(crate) struct Driver<S, P> {
    socket: WebSocketStream<S>,
    pump: P,
    line: LineId,
    config: DriverConfig,
    /// The rest of a large message.
    fragments: VecDeque<WsFrame>,
    /// Something was handed to the socket and not flushed.
    dirty: bool,
    /// Since when, and at how many bytes, the socket takes nothing.
    stuck: Option<(Instant, u64)>,
    state: State,
    /// A close is decided: what still arrives is not taken any more, and the error is not made a second time.
    deaf: bool,
    /// The other end's close frame has arrived: nothing comes behind it.
    heard_close: bool,
    /// Since when a close waits for its turn to be written. It has the write deadline for that, however slowly the
    /// other end reads.
    leaving: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    /// What the timer is set to.
    armed: Instant,
    /// When the pump wants to be asked.
    due: Option<Instant>,
}

enum State {
    Open,
    /// The close frame is on its way; what still arrives is read and dropped until the other end closes too.
    Closing {
        disconnect: Disconnect,
        until: Instant,
    },
}

impl<S, P> std::fmt::Debug for Driver<S, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

impl<S: Transport, P: Pump + Unpin> Driver<S, P> {
    pub(crate) fn new(socket: WebSocketStream<S>, pump: P, config: DriverConfig) -> Self {
        let now = clock::now();
        let line = pump.line();
        let deaf = pump.outbox().is_leaving(line);
        Self {
            socket,
            pump,
            line,
            config,
            fragments: VecDeque::new(),
            dirty: false,
            stuck: None,
            state: State::Open,
            deaf,
            heard_close: false,
            leaving: None,
            timer: Box::pin(tokio::time::sleep_until(now.into())),
            armed: now,
            due: Some(now),
        }
    }

    /// Runs the connection to its end.
    ///
    /// Not cancel safe: a dropped future drops the connection.
    pub(crate) async fn run(mut self) -> (P, Disconnect) {
        let disconnect = std::future::poll_fn(|cx| self.poll(cx)).await;
        (self.pump, disconnect)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Disconnect> {
        let now = clock::now();
        if let State::Open = self.state {
            let read = if self.deaf { Ok(Read::Drained) } else { self.poll_read(cx, now) };
            let more = match read {
                Ok(Read::Ended(disconnect)) => return Poll::Ready(disconnect),
                Ok(Read::Stale(disconnect)) => {
                    if self.abort(cx, &disconnect, now).is_err() {
                        return Poll::Ready(disconnect);
                    }
                    false
                }
                Ok(Read::Burst) => true,
                Ok(Read::Drained) => false,
                Err(disconnect) => {
                    self.begin_close(disconnect);
                    false
                }
            };
            if let Err(disconnect) = self.poll_time(cx, now) {
                if disconnect.code == code::ABNORMAL {
                    return Poll::Ready(disconnect);
                }
                self.begin_close(disconnect);
            }
            if let Err(disconnect) = self.poll_write(cx, now) {
                // Where a close was decided and could not be written, its reason tells more.
                return Poll::Ready(self.pump.outbox().closing(self.line).unwrap_or(disconnect));
            }
            if more {
                // Others first: what is left is read at the next turn.
                cx.waker().wake_by_ref();
            }
        }
        if let State::Closing { .. } = self.state {
            return self.poll_close(cx, now);
        }
        self.arm(cx);
        Poll::Pending
    }

    /// Reads what is there, up to a burst.
    fn poll_read(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<Read, Disconnect> {
        if let Err(stale) = self.pump.outbox().begin_reading(self.line) {
            return Ok(Read::Stale(stale));
        }
        for _ in 0..BURST {
            let Poll::Ready(message) = Pin::new(&mut self.socket).poll_next(cx) else {
                return Ok(Read::Drained);
            };
            match message {
                Some(Ok(WsMessage::Text(text))) => {
                    self.pump.message(self.config.framing.text(&text)?, now)?;
                }
                Some(Ok(WsMessage::Binary(bytes))) => {
                    self.pump.message(self.config.framing.binary(&bytes)?, now)?;
                }
                Some(Ok(WsMessage::Ping(_))) => {
                    self.dirty = true;
                    self.pump.alive(false, now);
                }
                Some(Ok(WsMessage::Pong(_))) => self.pump.alive(true, now),
                Some(Ok(WsMessage::Close(frame))) => {
                    self.heard_close = true;
                    // The reply to the close frame is still to be flushed.
                    self.state = State::Closing { disconnect: said(frame), until: now + CLOSE_WAIT };
                    return Ok(Read::Drained);
                }
                Some(Ok(WsMessage::Frame(_))) => {}
                Some(Err(error)) => {
                    let disconnect = disconnect_of(&error);
                    if disconnect.code == code::ABNORMAL {
                        return Ok(Read::Ended(disconnect));
                    }
                    return Err(disconnect);
                }
                None => {
                    return Ok(Read::Ended(Disconnect::lost("the connection ended without a close frame")));
                }
            }
        }
        Ok(Read::Burst)
    }

    /// When the pump is to be asked what is due. Once a close is decided it is not asked any more.
    fn due(&self) -> Option<Instant> {
        let early = if self.deaf { None } else { self.pump.due() };
        self.due.into_iter().chain(early).min()
    }

    /// Asks the pump what is due, where the time has come.
    fn poll_time(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), Disconnect> {
        if self.deaf || self.due().is_none_or(|due| now < due) {
            return Ok(());
        }
        let tick = self.pump.tick(now)?;
        self.due = tick.next;
        if tick.ping && self.poll_ready(cx)?.is_ready() {
            self.start_send(WsMessage::Ping(Bytes::new()))?;
        }
        Ok(())
    }

    /// Writes what there is and flushes once.
    fn poll_write(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), Disconnect> {
        let mut blocked = false;
        while let State::Open = self.state {
            if self.poll_ready(cx)?.is_pending() {
                blocked = true;
                break;
            }
            if let Some(fragment) = self.fragments.pop_front() {
                self.start_send(WsMessage::Frame(fragment))?;
                continue;
            }
            match self.pump.outbox().next(self.line, cx.waker()) {
                Ok(Next::Write(frame, seq)) => {
                    self.pump.sent(now);
                    self.send(frame, seq)?;
                }
                Ok(Next::Close(disconnect)) => self.send_close(disconnect, now)?,
                Ok(Next::Fail(disconnect)) => self.begin_close(disconnect),
                Ok(Next::Nothing(ack_at)) => {
                    if !self.deaf {
                        self.due = self.due.into_iter().chain(ack_at).min();
                    }
                    break;
                }
                Err(stale) => self.abort(cx, &stale, now)?,
            }
        }
        if self.dirty && !blocked {
            match Pin::new(&mut self.socket).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.dirty = false,
                Poll::Ready(Err(error)) => return Err(disconnect_of(&error)),
                Poll::Pending => blocked = true,
            }
        }
        if blocked {
            self.pump.outbox().stuck(self.line, cx.waker())?;
        }
        self.watch_progress(blocked, now)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Disconnect> {
        match Pin::new(&mut self.socket).poll_ready(cx) {
            Poll::Ready(Ok(())) => Ok(Poll::Ready(())),
            Poll::Ready(Err(error)) => Err(disconnect_of(&error)),
            Poll::Pending => Ok(Poll::Pending),
        }
    }

    fn start_send(&mut self, message: WsMessage) -> Result<(), Disconnect> {
        self.dirty = true;
        Pin::new(&mut self.socket).start_send(message).map_err(|error| disconnect_of(&error))
    }

    fn send(&mut self, message: Bytes, seq: Option<u64>) -> Result<(), Disconnect> {
        let message = match seq {
            Some(seq) => seal(self.config.framing.codec(), &message, seq),
            None => message,
        };
        if message.len() <= FRAGMENT_BYTES {
            return self.start_send(WsMessage::Frame(WsFrame::message(
                message,
                OpCode::Data(self.config.framing.kind()),
                true,
            )));
        }
        let mut rest = message;
        let mut kind = self.config.framing.kind();
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(FRAGMENT_BYTES));
            self.fragments.push_back(WsFrame::message(piece, OpCode::Data(kind), rest.is_empty()));
            kind = Data::Continue;
        }
        Ok(())
    }

    /// *No progress in writing: aborted, as 4013.*
    fn watch_progress(&mut self, blocked: bool, now: Instant) -> Result<(), Disconnect> {
        let written = self.socket.get_ref().written();
        match self.stuck {
            _ if !blocked => self.stuck = None,
            Some((since, at)) if at == written => {
                if now.saturating_duration_since(since) >= self.config.write_deadline {
                    let text = "the peer took no byte for the write deadline";
                    return Err(Disconnect::over("write_deadline", code::TOO_SLOW, text));
                }
            }
            _ => self.stuck = Some((now, written)),
        }
        if self.leaving.is_none() && self.pump.outbox().is_leaving(self.line) {
            self.leaving = Some(now);
        }
        let late = |since| now.saturating_duration_since(since) >= self.config.write_deadline;
        if blocked && self.leaving.is_some_and(late) {
            let text = "the peer did not take what was left before the close";
            return Err(Disconnect::over("write_deadline", code::TOO_SLOW, text));
        }
        Ok(())
    }

    fn begin_close(&mut self, disconnect: Disconnect) {
        if !self.deaf {
            self.deaf = true;
            self.due = None;
            self.pump.closing(&disconnect);
            self.pump.outbox().close_line(self.line, disconnect);
        }
    }

    /// The queue is another connection's now. *Aborted, not drained.*
    fn abort(&mut self, cx: &mut Context<'_>, stale: &Disconnect, now: Instant) -> Result<(), Disconnect> {
        self.deaf = true;
        self.due = None;
        self.fragments.clear();
        match self.poll_ready(cx)? {
            Poll::Ready(()) => self.send_close(stale.clone(), now),
            Poll::Pending => Err(stale.clone()),
        }
    }

    fn send_close(&mut self, disconnect: Disconnect, now: Instant) -> Result<(), Disconnect> {
        let reason = Utf8Bytes::from(shortened(&disconnect.reason));
        let frame = CloseFrame { code: disconnect.code.into(), reason };
        self.state = State::Closing { disconnect, until: now + CLOSE_WAIT };
        self.start_send(WsMessage::Close(Some(frame)))
    }

    /// Flushes the close frame, then reads and drops what still comes, so that the other end gets to see the frame
    /// and not a reset.
    fn poll_close(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Disconnect> {
        let State::Closing { disconnect, until } = &self.state else { return Poll::Pending };
        let (disconnect, until) = (disconnect.clone(), *until);
        if now >= until {
            return Poll::Ready(disconnect);
        }
        if self.armed != until {
            self.armed = until;
            self.timer.as_mut().reset(until.into());
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(disconnect);
        }
        match Pin::new(&mut self.socket).poll_flush(cx) {
            Poll::Ready(Err(_)) => return Poll::Ready(disconnect),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        for _ in 0..BURST {
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(message)) => self.heard_close |= message.is_close(),
                Some(Err(_)) => {}
                // Both have closed, so that nothing more comes: *the server closes TCP at once*.
                None if self.heard_close => {
                    let closed = Pin::new(self.socket.get_mut()).poll_shutdown(cx);
                    return closed.map(|_| disconnect);
                }
                // After an error the frames cannot be told apart any more, but the bytes still come.
                None => return self.poll_discard(cx, disconnect),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>, disconnect: Disconnect) -> Poll<Disconnect> {
        let stream = self.socket.get_mut();
        // The end of this direction tells the other end that nothing more comes.
        if ready!(Pin::new(&mut *stream).poll_shutdown(cx)).is_err() {
            return Poll::Ready(disconnect);
        }
        let mut space = [0; 4096];
        for _ in 0..BURST {
            let mut buffer = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(disconnect),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Sets the timer to whatever is due first. One that fires too early only looks again.
    fn arm(&mut self, cx: &mut Context<'_>) {
        let stuck = self.stuck.map(|(since, _)| since + self.config.write_deadline);
        let leaving = self.leaving.map(|since| since + self.config.write_deadline);
        let Some(next) = self.due().into_iter().chain(stuck).chain(leaving).min() else { return };
        if next < self.armed || self.timer.is_elapsed() {
            self.armed = next;
            self.timer.as_mut().reset(next.into());
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}

/// How far a read went.
enum Read {
    /// Nothing is left for now.
    Drained,
    /// There may be more.
    Burst,
    Ended(Disconnect),
    /// The queue is not this connection's any more.
    Stale(Disconnect),
}

/// A close reason has at most 123 bytes.
fn shortened(reason: &str) -> String {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default().to_owned()
}

/// The close that a failed socket asks for; [`code::ABNORMAL`] where there is nobody left to tell.
pub(crate) fn disconnect_of(error: &WsError) -> Disconnect {
    use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
    match error {
        WsError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            let text = format!("a message of {size} bytes exceeds max_message_bytes, {max_size}");
            Disconnect::over("max_message_bytes", code::TOO_LARGE, text)
        }
        WsError::Utf8(_) => Disconnect::new(code::INVALID_UTF8, "a text message is not UTF-8"),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) | WsError::Io(_) => {
            Disconnect::lost(error.to_string())
        }
        WsError::ConnectionClosed | WsError::AlreadyClosed => Disconnect::lost("the connection is closed"),
        WsError::Protocol(protocol) => Disconnect::new(code::PROTOCOL, protocol.to_string()),
        other => Disconnect::lost(other.to_string()),
    }
}
