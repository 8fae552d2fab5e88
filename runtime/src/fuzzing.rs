//! What fuzz targets call: the parts that read what came from the network, each with what must hold of any input.
//!
//! Only with the feature `fuzzing`, which nobody but `fuzz/` turns on. A panic is a finding.

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::codec::{Codec, Frame, Head, Input, Raw, batch_entries, explain, id_of, seal, seq_of, tail_seq};
use crate::message::{Hello, HelloAnswer};
use crate::session::{Credit, Window};

/// One message in JSON: read, or explained; what is read is JSON, and its `seq` the one that stands in it.
pub fn json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let message = Raw::Json(text);
    let value = serde_json::from_str::<Value>(text);
    let (_, error) = explain(message);
    assert!(!error.message().is_empty(), "every fault has its words");
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    let opens_with = |bracket| text.trim_ascii_start().starts_with(bracket);
    if let Some(entries) = batch_entries(message) {
        assert!(opens_with('['), "a batch is an array");
        for entry in entries {
            read(entry);
        }
    }
    let is_read = read(message);
    // The reader of the whole text refuses what is nested deeper than messages may be.
    assert!(!is_read || is_json || message.too_deep(), "what is read is JSON");
    assert!(!is_read || opens_with('{'), "what is read is an object");
    let tail = tail_seq(message);
    if let (Some(Ok(seq)), Ok(value)) = (tail, &value) {
        assert_eq!(
            value.get("seq").and_then(Value::as_u64),
            Some(seq),
            "the tail is a member of the envelope"
        );
    }
    if is_read && tail.is_some() {
        assert_eq!(tail, seq_of(message), "there is one seq");
    }
    if is_read && value.as_ref().is_ok_and(|value| value.get("seq").is_none()) {
        let sealed = seal(Codec::Json, &Frame::copy_from_slice(text.trim_ascii_end().as_bytes()), 7);
        let sealed = std::str::from_utf8(&sealed).unwrap_or_default();
        assert_eq!(tail_seq(Raw::Json(sealed)), Some(Ok(7)), "what was sealed is read back");
    }
}

/// Whether the message is read to its end.
fn read(message: Raw<'_>) -> bool {
    let mut input = Input::new(message);
    match input.head() {
        Ok(Head::Request(_)) => {
            let read = input.skip().is_ok();
            if read && input.id.is_some() {
                assert!(id_of(message).is_some(), "the id is found again");
            }
            read
        }
        Ok(Head::Response(..)) => true,
        Err(_) => false,
    }
}

/// Hello and its answer: what is read is written back and read as the same.
pub fn hello(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(hello) = serde_json::from_str::<Hello>(text) {
        let written = serde_json::to_string(&hello).unwrap_or_default();
        let again = serde_json::from_str::<Hello>(&written);
        assert_eq!(again.ok().and_then(|again| serde_json::to_string(&again).ok()), Some(written));
    }
    if let Ok(answer) = serde_json::from_str::<HelloAnswer>(text) {
        let written = serde_json::to_string(&answer).unwrap_or_default();
        let again = serde_json::from_str::<HelloAnswer>(&written);
        assert_eq!(again.ok().and_then(|again| serde_json::to_string(&again).ok()), Some(written));
    }
}

/// Both ends of a stream, whose messages arrive late: nothing is sent beyond the credit, and who keeps to it is never refused.
pub fn credit(bytes: &[u8]) {
    let [size, moves @ ..] = bytes else { return };
    let size = u32::from(*size) + 1;
    let mut window = Window::download(size);
    let mut credit = Credit::download(Some(u64::from(size)));
    // Items and grants that are under way, and items that the application has not taken.
    let (mut items, mut grants, mut kept) = (0_usize, Vec::new(), 0_usize);
    for step in moves {
        let many = usize::from(step >> 2);
        match step & 3 {
            0 => {
                for _ in 0..credit.allows(many) {
                    assert!(credit.spend(), "what is allowed can be spent");
                    items += 1;
                }
                assert!(credit.allows(1) == 1 || !credit.spend(), "nothing is spent that is not allowed");
            }
            1 => {
                let arrived = many.min(items);
                assert!(window.receive(arrived).is_ok(), "who keeps to the credit is not refused");
                items -= arrived;
                kept += arrived;
            }
            2 if kept > 0 => {
                kept -= 1;
                grants.extend(window.take());
            }
            _ => {
                if let Some(more) = grants.pop() {
                    credit.grant(u64::from(more));
                }
            }
        }
        assert!(
            items + kept <= usize::try_from(size).unwrap_or(usize::MAX),
            "no more is under way than was allowed"
        );
    }
    // Whoever does not keep to it overflows nothing either.
    let mut wild = Credit::upload();
    let mut narrow = Window::upload(size);
    for step in moves {
        wild.grant(u64::from(*step) << (step & 63));
        wild.spend();
        drop(narrow.receive(usize::from(*step)));
    }
}
