//! Messages of a session: numbered, taken once, acknowledged.

use std::sync::Arc;
use std::time::Instant;

use super::context::Scope;
use super::endpoint::{Endpoint, too_slow};
use super::local::Local;
use super::open::Sink;
use crate::codec::{Invalid, Raw, ack_frame, ends_with_seq, explain, seq_of};
use crate::connection::{Arrived, LineId, Overflow};
use crate::message::{ErrorKind, RpcError};
use crate::session::{Disconnect, Reason, code};

/// The bound that a notification met which is not taken, and is sent again.
pub(super) const NO_ROOM: &str = "max_waiting";
/// The bound that any message meets whose sender does not read what it is answered.
pub(super) const READER_FULL: &str = "max_waiting_bytes";

impl Endpoint {
    /// Takes a message of a session, unless it was taken before. *The receiver checks `seq` before the content.*
    pub(super) fn receive_numbered(
        self: &Arc<Self>,
        message: Raw<'_>,
        scope: &Scope,
        local: &dyn Local,
        now: Instant,
    ) -> Result<(), Disconnect> {
        let line = local.line();
        let seq = seq_of(message).transpose().map_err(|Invalid| {
            Disconnect::new(code::PROTOCOL, "seq is not a whole number from 1 to 2^53-1")
        })?;
        let _reading = self.outbox.reading();
        let Arrived::Take { due } = self.outbox.receive(line, seq, message.len(), now)? else {
            return Ok(());
        };
        // Its answer would be lost, and nobody would know: *received* it does not count then, and comes again.
        let taken = if seq.is_some() && self.outbox.is_reader_full() {
            Err(too_slow(Overflow))
        } else {
            self.take(message, scope, local, now, &Sink::Direct)
        };
        if seq.is_some() && taken.as_ref().is_err_and(is_not_taken) {
            self.outbox.not_taken(line);
        }
        taken?;
        if due { self.tell_received(line, now) } else { Ok(()) }
    }

    /// Answers what is no message, from the reader itself. *One that cannot be decoded and ends as a tracked message does closes
    /// 4050*: nobody knows whose answer would be missing.
    pub(super) fn refuse_unreadable(
        self: &Arc<Self>,
        sink: &Sink,
        message: Raw<'_>,
    ) -> Result<(), Disconnect> {
        let (id, error) = explain(message);
        if self.outbox.numbered && is_parse_error(&error) && ends_with_seq(message) {
            let text = "a numbered message cannot be decoded";
            return Err(Disconnect::new(code::SEQUENCE, text).ending(Reason::Sequence));
        }
        self.refuse(sink, &id, &error)
    }

    /// Acknowledges what has arrived on that connection, if that is due.
    pub(crate) fn tell_received(&self, line: LineId, now: Instant) -> Result<(), Disconnect> {
        self.outbox.push_ack(line, now, |seq| ack_frame(self.codec, seq)).map_err(too_slow)
    }

    /// *Everything up to there has been received.*
    pub(super) fn receive_ack(&self, params: Raw<'_>, line: LineId) -> Result<(), Disconnect> {
        #[derive(serde::Deserialize)]
        struct Ack {
            seq: u64,
        }
        match params.read::<Ack>() {
            Ok(ack) => self.outbox.acked(line, ack.seq),
            Err(_) => Err(Disconnect::new(code::PROTOCOL, "the parameters of rpc.ack do not fit")),
        }
    }
}

/// Whether the message that ends a connection so has not been received: there was no room for it, or it cannot be decoded.
fn is_not_taken(disconnect: &Disconnect) -> bool {
    matches!(disconnect.limit, Some(NO_ROOM | READER_FULL)) || disconnect.ends == Some(Reason::Sequence)
}

fn is_parse_error(error: &RpcError) -> bool {
    error.code() == ErrorKind::ParseError.code()
}
