//! Batches: arrays of messages, and the array of their answers.

use bytes::{BufMut, BytesMut};
use serde_json::value::RawValue;

use super::msgpack::{self, Tokens};
use super::scan::Scanner;
use super::{Codec, Frame, Raw};

/// The entries of a batch; `None` where the message is no array.
pub(crate) fn batch_entries(message: Raw<'_>) -> Option<Vec<Raw<'_>>> {
    match message {
        Raw::Json(text) => json_entries(text),
        Raw::MsgPack(bytes) => packed_entries(bytes),
    }
}

fn packed_entries(bytes: &[u8]) -> Option<Vec<Raw<'_>>> {
    let mut tokens = Tokens::new(bytes);
    let mut entries = Vec::new();
    for _ in 0..tokens.array()? {
        entries.push(Raw::MsgPack(tokens.span().ok()?));
    }
    tokens.is_at_end().then_some(entries)
}

fn json_entries(text: &str) -> Option<Vec<Raw<'_>>> {
    let mut scanner = Scanner::new(text);
    let mut entries = Vec::new();
    if !scanner.eat(b'[') {
        return None;
    }
    if !scanner.eat(b']') {
        loop {
            entries.push(Raw::Json(scanner.value::<&RawValue>().ok()?.get()));
            if scanner.eat(b']') {
                break;
            }
            scanner.expect(b',').ok()?;
        }
    }
    scanner.peek().is_none().then_some(entries)
}

/// The answers to a batch, as they come.
#[derive(Debug)]
pub(crate) struct BatchAnswer {
    codec: Codec,
    answers: BytesMut,
    count: usize,
}

impl BatchAnswer {
    pub(crate) fn new(codec: Codec) -> Self {
        Self { codec, answers: BytesMut::new(), count: 0 }
    }

    /// Adds the answer to one entry.
    pub(crate) fn push(&mut self, frame: &Frame) {
        match self.codec {
            Codec::Json => {
                let separator = if self.answers.is_empty() { b'[' } else { b',' };
                self.answers.put_u8(separator);
            }
            Codec::MsgPack => {}
        }
        self.count += 1;
        self.answers.put_slice(frame);
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.answers.len()
    }

    /// The whole answer, if there is any.
    pub(crate) fn take(&mut self) -> Option<Frame> {
        if self.answers.is_empty() {
            return None;
        }
        match self.codec {
            Codec::Json => {
                self.answers.put_u8(b']');
                Some(std::mem::take(&mut self.answers).freeze())
            }
            Codec::MsgPack => {
                let mut whole = Vec::with_capacity(self.answers.len() + 5);
                // There are no more than `max_batch`.
                msgpack::array(&mut whole, self.count).ok()?;
                whole.extend_from_slice(&std::mem::take(&mut self.answers));
                Some(whole.into())
            }
        }
    }
}
