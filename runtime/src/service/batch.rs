//! Batches: an array of messages, whose answers leave together.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::context::Scope;
use super::endpoint::Endpoint;
use super::local::Local;
use super::open::{Held, Sink};
use super::size::sealed;
use crate::codec::{BatchAnswer, Codec, Frame, Raw, batch_entries, error_frame, id_of};
use crate::connection::LineId;
use crate::message::{ErrorKind, Id, RpcError};
use crate::session::{Admission, Disconnect, Place, code};

/// The answers of a batch so far.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The connection that the batch came over.
    pub(super) line: LineId,
    state: Mutex<BatchState>,
}

#[derive(Debug)]
struct BatchState {
    /// Entries that have not been answered or passed.
    open: usize,
    answers: BatchAnswer,
    /// What the other end takes.
    max_message_bytes: usize,
}

impl BatchState {
    /// Adds an answer, or that it is too large, so that the whole stays within what the other end takes.
    fn push(&mut self, codec: Codec, frame: &Frame) {
        // Those that are still to come may be errors, which find room as well.
        let rest = self.open.saturating_sub(1).saturating_mul(ERROR_BYTES);
        let whole = self.answers.len().saturating_add(frame.len()).saturating_add(rest);
        if whole.saturating_add(ARRAY_BYTES) <= self.max_message_bytes || frame.len() <= ERROR_BYTES {
            return self.answers.push(frame);
        }
        let id = Raw::of(codec, frame).and_then(id_of).unwrap_or_else(Id::null);
        let text = format!(
            "the answers to a batch are one message, and the caller takes {} bytes (`max_message_bytes`)",
            sealed(self.max_message_bytes)
        );
        self.answers.push(&error_frame(codec, &id, &RpcError::new(ErrorKind::TooLarge, text)));
    }
}

/// About what `too_large` takes in a batch.
const ERROR_BYTES: usize = 256;
/// The brackets of a batch, or their like.
const ARRAY_BYTES: usize = 8;

impl Batch {
    /// One entry is done; the whole answer, when it was the last.
    pub(super) fn add(&self, codec: Codec, frame: Option<&Frame>) -> Option<Frame> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = frame {
            state.push(codec, frame);
        }
        state.open -= 1;
        if state.open > 0 { None } else { state.answers.take() }
    }
}

/// A whole answer to a batch that waits for room, counted for as long.
#[derive(Debug)]
pub(super) struct KeptAnswer {
    endpoint: Arc<Endpoint>,
    bytes: usize,
}

impl Drop for KeptAnswer {
    fn drop(&mut self) {
        self.endpoint.kept_answers.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Endpoint {
    /// Takes an array of messages.
    pub(super) fn receive_batch(
        self: &Arc<Self>,
        message: Raw<'_>,
        scope: &Scope,
        local: &dyn Local,
        now: Instant,
    ) -> Result<(), Disconnect> {
        let invalid = |text| (Id::null(), RpcError::new(ErrorKind::InvalidRequest, text));
        let entries = match batch_entries(message) {
            None => return self.refuse_unreadable(&Sink::Direct, message),
            Some(entries) if entries.is_empty() => {
                let (id, error) = invalid("a batch needs at least one entry".to_owned());
                return self.refuse(&Sink::Direct, &id, &error);
            }
            Some(entries) if entries.len() > self.config.max_batch => {
                let (id, error) =
                    invalid(format!("a batch has at most {} entries (max_batch)", self.config.max_batch));
                return self.refuse(&Sink::Direct, &id, &error);
            }
            Some(entries) => entries,
        };
        let state = BatchState {
            open: entries.len(),
            answers: BatchAnswer::new(self.codec),
            max_message_bytes: self.max_message_bytes(),
        };
        let sink = Sink::Batch(Arc::new(Batch { line: local.line(), state: Mutex::new(state) }));
        // What of it is done at once is in nobody's place until the whole is.
        let _answering = self.answering();
        entries.into_iter().try_for_each(|entry| self.receive_one(entry, scope, local, now, &sink))
    }

    /// Lets the answer to a batch leave, if the reader has completed it. It is as large as its results are: where it finds no
    /// room it waits, in the place of a call.
    pub(super) fn complete(self: &Arc<Self>, answers: Option<Frame>, sink: &Sink) -> Result<(), Disconnect> {
        let Some(answers) = answers else { return Ok(()) };
        let Err(answers) = self.try_leave(answers, sink) else { return Ok(()) };
        let place = Place { id: None, lane: None, bytes: answers.len(), no_cancel: false, stream: false };
        self.keep_answers(answers, place, sink)
    }

    /// Counts a whole answer to a batch that waits for room, unless all of them are more than a session keeps then; one may be.
    pub(super) fn keep(self: &Arc<Self>, bytes: usize) -> Result<KeptAnswer, Disconnect> {
        let before = self.kept_answers.fetch_add(bytes, Ordering::Relaxed);
        let kept = KeptAnswer { endpoint: Arc::clone(self), bytes };
        if before > 0 && before.saturating_add(bytes) > self.outbox.limits().buffer_bytes {
            let text = "the peer reads too slowly: the answers to its batches exceed buffer_bytes";
            return Err(Disconnect::over("buffer_bytes", code::TOO_SLOW, text));
        }
        Ok(kept)
    }

    /// Keeps the whole answer to a batch until there is room, in the place of the call that completed it. Cancelling that
    /// call takes nothing out of it any more. Who leaves more of them than a session keeps, or leaves no place, is closed 4013.
    pub(super) fn keep_answers(
        self: &Arc<Self>,
        answers: Frame,
        place: Place,
        sink: &Sink,
    ) -> Result<(), Disconnect> {
        let place = Place { id: None, no_cancel: false, ..place };
        let kept = self.keep(answers.len())?;
        let mut calls = self.calls();
        let Ok(Admission::Run(key) | Admission::Wait(key)) = calls.admit(place) else {
            let text = "the peer reads too slowly: the answer to its batch finds no place (`max_waiting`)";
            return Err(Disconnect::over("max_waiting", code::TOO_SLOW, text));
        };
        let (endpoint, sink) = (Arc::clone(self), sink.clone());
        let waiting = tokio::spawn(async move {
            endpoint.wait_for_room(answers, &sink).await;
            drop(kept);
            endpoint.finish_call(key);
        });
        calls.hold(key, Held::answered(key, waiting));
        Ok(())
    }
}
