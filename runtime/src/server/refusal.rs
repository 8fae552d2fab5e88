//! Connections that get no session: an error where there is a call to answer, then the close.

use std::time::Instant;

use super::limits::millis;
use crate::codec::{
    BatchAnswer, Codec, Frame, Head, Input, Raw, batch_entries, error_frame, explain, notification_frame,
};
use crate::connection::{Outbox, OutboxLimits, Pump, Tick};
use crate::message::{CloseNotice, ErrorKind, Id, RpcError};
use crate::session::Disconnect;

/// A connection that is refused: its hello, or its first call, gets the error, and then it is closed.
pub(crate) struct RefusalPump {
    outbox: Outbox,
    error: RpcError,
    disconnect: Disconnect,
    max_batch: usize,
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
        Self { outbox, error, disconnect, max_batch: 0, until: None }
    }

    /// Refuses at the first call, or at the calls of one batch.
    pub(crate) fn at_first_call(
        error: RpcError,
        disconnect: Disconnect,
        max_batch: usize,
        until: Instant,
    ) -> Self {
        Self { outbox: Outbox::plain(REFUSAL), error, disconnect, max_batch, until: Some(until) }
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
        let Some(answer) = answer(message, &self.error, self.max_batch) else { return Ok(()) };
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
fn answer(message: Raw<'_>, error: &RpcError, max_batch: usize) -> Option<Frame> {
    let Some(entries) = batch_entries(message) else { return answer_one(message, error) };
    if entries.len() > max_batch {
        // A small message must not make a large one.
        let text = format!("a batch has at most {max_batch} entries (max_batch)");
        let error = RpcError::new(ErrorKind::InvalidRequest, text);
        return Some(error_frame(message.codec(), &Id::null(), &error));
    }
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

#[cfg(test)]
mod tests {
    use super::answer;
    use crate::codec::Raw;
    use crate::message::{ErrorKind, RpcError};

    #[test]
    fn a_refused_batch_above_the_bound_is_answered_one_error() {
        let refused = RpcError::new(ErrorKind::Unauthenticated, "nobody");
        let batch = |entries: usize| format!("[{}]", vec!["1"; entries].join(","));
        let answered = |entries: usize| {
            let frame = answer(Raw::Json(&batch(entries)), &refused, 32).expect("an answer");
            serde_json::from_slice::<serde_json::Value>(&frame).expect("JSON")
        };
        assert_eq!(answered(32).as_array().map(Vec::len), Some(32));
        let one = answered(500_000);
        assert_eq!(one["error"]["data"]["kind"], "invalid_request");
        assert!(one["error"]["message"].as_str().expect("text").contains("max_batch"), "{one}");
    }
}
