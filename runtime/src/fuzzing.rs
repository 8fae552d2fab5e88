//! What fuzz targets call: the parts that read what came from the network, each with what must hold of any input.
//!
//! Only with the feature `fuzzing`, which nobody but `fuzz/` turns on. A panic is a finding.

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::codec::{
    Codec, Frame, Head, Input, Payload, Raw, batch_entries, credit_in, explain, id_of, items_in, seal, seq_of,
};
use crate::message::{Hello, HelloAnswer};
use crate::session::{Credit, Window};

/// One message in JSON.
pub fn json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let is_read = message(Raw::Json(text));
    assert!(!is_read || text.trim_ascii_start().starts_with('{'), "what is read is an object");
    let sealed = if is_read { Some(text.trim_ascii_end().as_bytes()) } else { None };
    again(Codec::Json, Raw::Json(text), sealed);
}

/// One message in MessagePack.
pub fn msgpack(bytes: &[u8]) {
    let is_read = message(Raw::MsgPack(bytes));
    // This side writes maps of fewer than 15 members, which have their number in their first byte.
    let small = is_read && bytes.first().is_some_and(|first| (0x80..0x8e).contains(first));
    again(Codec::MsgPack, Raw::MsgPack(bytes), small.then_some(bytes));
}

/// Reads a message, or explains it; what is read is of its codec, and so is every part. Gives whether it was read.
fn message(message: Raw<'_>) -> bool {
    let (_, error) = explain(message);
    assert!(!error.message().is_empty(), "every fault has its words");
    if let Some(entries) = batch_entries(message) {
        assert!(message.is_batch(), "a batch is an array");
        for entry in entries {
            read(entry);
        }
    }
    let is_read = read(message);
    // The reader of the whole refuses what is nested deeper than messages may be.
    let whole = message.read::<IgnoredAny>().is_ok() || message.too_deep();
    assert!(!is_read || whole, "what is read is of its codec");
    is_read
}

/// The number of a message is the one that stands in it; a message without one reads the same when it is sealed.
fn again(codec: Codec, message: Raw<'_>, body: Option<&[u8]>) {
    let Ok(value) = message.read::<Value>() else { return };
    let seq = seq_of(message);
    if let Some(Ok(seq)) = seq {
        assert_eq!(value.get("seq").and_then(Value::as_u64), Some(seq), "it is a member of the envelope");
    }
    let (Some(body), true) = (body, seq.is_none() && value.get("seq").is_none()) else { return };
    let sealed = seal(codec, &Frame::copy_from_slice(body), 7);
    let sealed = match codec {
        Codec::Json => Raw::Json(std::str::from_utf8(&sealed).unwrap_or_default()),
        Codec::MsgPack => Raw::MsgPack(&sealed),
    };
    assert_eq!(seq_of(sealed), Some(Ok(7)), "what was sealed is read back");
}

/// Whether the message is read to its end.
fn read(message: Raw<'_>) -> bool {
    let mut input = Input::new(message);
    match input.head() {
        Ok(Head::Request(_)) => {
            let Ok(params) = input.skip() else { return false };
            assert!(input.id.is_none() || id_of(message).is_some(), "the id is found again");
            if let Some((_, items)) = items_in(params) {
                for item in items {
                    assert!(item.read::<IgnoredAny>().is_ok() || item.too_deep(), "an item is a value");
                }
            }
            assert!(credit_in(params).is_none_or(|(_, credit)| credit > 0), "credit counts");
            true
        }
        Ok(Head::Response(..)) => true,
        Err(_) => false,
    }
}

/// Hello and its answer: what is read is written back and read as the same.
pub fn hello(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        rewritten::<Hello>(Raw::Json(text));
        rewritten::<HelloAnswer>(Raw::Json(text));
    }
    rewritten::<Hello>(Raw::MsgPack(bytes));
    rewritten::<HelloAnswer>(Raw::MsgPack(bytes));
}

fn rewritten<T: Serialize + DeserializeOwned>(raw: Raw<'_>) {
    let Ok(value) = raw.read::<T>() else { return };
    let written = Payload::of(raw.codec(), &value);
    let again = written.as_ref().ok().and_then(|written| written.read::<T>().ok());
    let rewritten = again.and_then(|again| Payload::of(raw.codec(), &again).ok());
    assert!(rewritten.is_some() && written.ok() == rewritten, "what is written is read as the same");
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
