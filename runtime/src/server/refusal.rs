//! Connections that get no session: an error where there is a call to answer, then the close.

use std::time::Instant;

use super::limits::millis;
use crate::codec::{
    BatchAnswer, Codec, Frame, Head, Input, Raw, batch_entries, error_frame, explain, notification_frame,
};
use crate::connection::{Outbox, OutboxLimits, Pump, Tick};
use crate::message::{CloseNotice, ErrorKind, RpcError};
use crate::session::Disconnect;

/// A connection that is refused: its hello, or its first call, gets the error, and then it is closed.
pub(crate) struct RefusalPump {
    outbox: Outbox,
    error: RpcError,
    disconnect: Disconnect,
    /// How long a plain peer may take for its first call.
    until: Option<Instant>,
}

impl RefusalPump {
    /// Refuses now: these messages, then the close.
    pub(crate) fn at_once(frames: impl IntoIterator<Item = Frame>, disconnect: Disconnect) -> Self {
        let outbox = Outbox::plain(REFUSAL);
        for frame in frames {
            // The queue is empty and these are few.
            let _: Result<(), _> = outbox.push_urgent(0, frame);
        }
        outbox.close(disconnect.clone());
        let error = RpcError::new(ErrorKind::InvalidRequest, disconnect.reason.clone());
        Self { outbox, error, disconnect, until: None }
    }

    /// Refuses at the first call.
    pub(crate) fn at_first_call(error: RpcError, disconnect: Disconnect, until: Instant) -> Self {
        Self { outbox: Outbox::plain(REFUSAL), error, disconnect, until: Some(until) }
    }
}

const REFUSAL: OutboxLimits =
    OutboxLimits { messages: 4, bytes: 64 * 1024, reader_bytes: 64 * 1024, buffer_bytes: 0 };

impl Pump for RefusalPump {
    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn message(&mut self, message: Raw<'_>, _: Instant) -> Result<(), Disconnect> {
        if self.until.is_none() {
            return Ok(());
        }
        let Some(answer) = answer(message, &self.error) else { return Ok(()) };
        self.until = None;
        // Where even the refusal finds no room, the close says enough.
        let _: Result<(), _> = self.outbox.push_urgent(0, answer);
        Err(self.disconnect.clone())
    }

    fn alive(&mut self, _: bool, _: Instant) {}

    fn sent(&mut self, _: Instant) {}

    fn tick(&mut self, now: Instant) -> Result<Tick, Disconnect> {
        match self.until {
            Some(until) if now >= until => Err(self.disconnect.clone()),
            next => Ok(Tick { next, ping: false }),
        }
    }

    fn closing(&mut self, _: &Disconnect) {}
}

/// The refusal of a first message: of each call in it. `None` where there is none, such as in a notification.
fn answer(message: Raw<'_>, error: &RpcError) -> Option<Frame> {
    let Some(entries) = batch_entries(message) else { return answer_one(message, error) };
    let mut answers = BatchAnswer::new(message.codec());
    for frame in entries.into_iter().filter_map(|entry| answer_one(entry, error)) {
        answers.push(&frame);
    }
    answers.take()
}

fn answer_one(message: Raw<'_>, error: &RpcError) -> Option<Frame> {
    let mut input = Input::new(message);
    match input.head() {
        Ok(Head::Response(..)) => None,
        Ok(Head::Request(_)) if input.skip().is_ok() => {
            Some(error_frame(message.codec(), &input.id.take()?, error))
        }
        _ => Some(error_frame(message.codec(), &explain(message).0, error)),
    }
}

/// `rpc.close`, for connections that have no session yet.
pub(crate) fn close_frame(codec: Codec, disconnect: &Disconnect) -> Option<Frame> {
    let notice = CloseNotice {
        code: disconnect.code,
        reason: disconnect.reason.to_string(),
        retry_within_ms: disconnect.retry_within.map(millis),
        ..CloseNotice::default()
    };
    notification_frame(codec, "rpc.close", &notice).ok()
}
