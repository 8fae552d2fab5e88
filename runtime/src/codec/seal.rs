//! `seq`: written as the last member of a message that was encoded without it, and read back from there.
//!
//! A body that many receive is encoded once and sealed for each. Receivers look at the tail first, since
//! *the receiver checks `seq` before the content*.

use super::msgpack::{self, Tokens};
use super::{Codec, Frame, Input, Raw};
use crate::message::MAX_SAFE;

/// A `seq` that is no whole number from 1 to 2^53 − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invalid;

/// What a `seq` adds to a message at most, in any codec.
pub(crate) const SEAL_BYTES: usize = 23;

/// The message with `seq` as its last member. `body` is one that this side encoded.
pub(crate) fn seal(codec: Codec, body: &Frame, seq: u64) -> Frame {
    match codec {
        Codec::Json => {
            let open = body.strip_suffix(b"}").unwrap_or(body);
            let mut sealed = Vec::with_capacity(body.len() + 28);
            sealed.extend_from_slice(open);
            sealed.extend_from_slice(b",\"seq\":");
            // Writing a number to a `Vec` cannot fail.
            serde_json::to_writer(&mut sealed, &seq).unwrap_or_default();
            sealed.push(b'}');
            sealed.into()
        }
        Codec::MsgPack => {
            let mut sealed = Vec::with_capacity(body.len() + 13);
            sealed.extend_from_slice(body);
            // A map of less than 15 members, which has their number in its first byte.
            if let Some(members) = sealed.first_mut() {
                *members += 1;
            }
            sealed.extend_from_slice(SEQ);
            msgpack::uint(&mut sealed, seq);
            sealed.into()
        }
    }
}

/// The `seq` that a message ends with. `None` where it ends with something else; it may still have one further up.
pub(crate) fn tail_seq(message: Raw<'_>) -> Option<Result<u64, Invalid>> {
    match message {
        Raw::Json(text) => json_tail(text.as_bytes()),
        Raw::MsgPack(bytes) => packed_tail(bytes),
    }
}

/// The `seq` of a message, wherever it stands in the envelope. What cannot be read to its end has none.
pub(crate) fn seq_of(message: Raw<'_>) -> Option<Result<u64, Invalid>> {
    tail_seq(message).or_else(|| {
        if !mentions_seq(message) {
            return None;
        }
        let mut input = Input::new(message);
        input.head().ok()?;
        input.skip().ok()?;
        input.seq
    })
}

/// Whether a message that cannot be read ends as one with a `seq` does.
#[cold]
pub(crate) fn ends_with_seq(message: Raw<'_>) -> bool {
    match message {
        Raw::Json(text) => json_tail(text.as_bytes()).is_some(),
        Raw::MsgPack(bytes) => packed_tail_at(bytes).is_some(),
    }
}

fn mentions_seq(message: Raw<'_>) -> bool {
    match message {
        // A name may be written with escapes.
        Raw::Json(text) => text.contains("seq\"") || text.contains("\\u00"),
        Raw::MsgPack(_) => true,
    }
}

/// `seq` as a key.
const SEQ: &[u8] = b"\xa3seq";

/// Nothing in the last bytes says to which map they belong, or whether they are a part of a text: so those that look
/// right are found from the front, too.
fn packed_tail(bytes: &[u8]) -> Option<Result<u64, Invalid>> {
    let at = packed_tail_at(bytes)?;
    let mut tokens = Tokens::new(bytes);
    for _ in 1..tokens.map()? {
        tokens.key().ok()?;
        tokens.skip().ok()?;
    }
    let before = bytes.len() - tokens.left();
    let last = (before == at && tokens.key() == Ok("seq")).then(|| tokens.span().ok())??;
    tokens.is_at_end().then(|| Raw::MsgPack(last).to_seq())
}

/// Where a `seq` seems to begin with which the message ends.
fn packed_tail_at(bytes: &[u8]) -> Option<usize> {
    [1, 2, 3, 5, 9].into_iter().find_map(|len| {
        let (before, _) = bytes.split_at_checked(bytes.len().checked_sub(len)?)?;
        before.strip_suffix(SEQ).map(<[u8]>::len)
    })
}

fn json_tail(text: &[u8]) -> Option<Result<u64, Invalid>> {
    let before = text.strip_suffix(b"}")?;
    let digits = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, digits) = before.split_at_checked(before.len() - digits)?;
    // A comma before it makes it a member: inside of a string the quote would be an escaped one.
    let first = *digits.first()?;
    if !before.ends_with(b",\"seq\":") {
        return None;
    }
    // With a zero in front it is no JSON, and that is for the parser to say.
    if first == b'0' && digits.len() > 1 {
        return None;
    }
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    Some(number.filter(|number| (1..=MAX_SAFE).contains(number)).ok_or(Invalid))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Invalid, seal, seq_of, tail_seq};
    use crate::codec::{Codec, Frame, Payload, Raw, notification_frame, pong_frame, result_frame};
    use crate::message::Id;

    fn tail(text: &str) -> Option<Result<u64, Invalid>> {
        tail_seq(Raw::Json(text))
    }

    #[test]
    fn a_sealed_message_has_its_seq_at_its_tail() {
        let body = Frame::from_static(b"{\"jsonrpc\":\"2.0\",\"method\":\"rpc.pong\"}");
        for seq in [1, 9, 10, 9_007_199_254_740_991] {
            let sealed = seal(Codec::Json, &body, seq);
            let text = std::str::from_utf8(&sealed).expect("text");
            assert_eq!(text, format!("{{\"jsonrpc\":\"2.0\",\"method\":\"rpc.pong\",\"seq\":{seq}}}"));
            assert_eq!(tail(text), Some(Ok(seq)));
        }
    }

    #[test]
    fn a_sealed_message_in_messagepack_has_its_seq_at_its_tail() {
        let codec = Codec::MsgPack;
        let params = serde_json::json!({ "x": 1 });
        for body in [
            pong_frame(codec),
            notification_frame(codec, "a.b", &params).expect("encodes"),
            result_frame(codec, &Id::null(), &params).expect("encodes"),
        ] {
            assert_eq!(seq_of(Raw::MsgPack(&body)), None);
            for seq in
                [1, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, 9_007_199_254_740_991]
            {
                let sealed = seal(codec, &body, seq);
                assert_eq!(tail_seq(Raw::MsgPack(&sealed)), Some(Ok(seq)));
                let mut read: serde_json::Value = Raw::MsgPack(&sealed).read().expect("reads");
                assert_eq!(read.as_object_mut().and_then(|message| message.remove("seq")), Some(seq.into()));
                assert_eq!(read, Raw::MsgPack(&body).read::<serde_json::Value>().expect("reads"));
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_seq_in_messagepack_is_none() {
        for (message, seq) in [
            (json!({ "method": "a.b", "params": { "seq": 5 } }), None),
            (json!({ "method": "£seq\u{5}" }), None),
            (json!({ "params": ["seq", 5] }), None),
            (json!({ "a": 1, "seq": 7, "z": { "seq": 5 } }), Some(Ok(7))),
            (json!({ "a": 1, "seq": 0 }), Some(Err(Invalid))),
            (json!({ "a": 1, "seq": -1 }), Some(Err(Invalid))),
            (json!({ "a": 1, "seq": 9_007_199_254_740_992_u64 }), Some(Err(Invalid))),
            (json!({ "a": 1, "seq": 1.0 }), Some(Err(Invalid))),
            (json!({ "a": 1, "seq": "1" }), Some(Err(Invalid))),
        ] {
            let mut message = message;
            if seq.is_some() {
                message["jsonrpc"] = "2.0".into();
                message["method"] = "a.b".into();
            }
            let payload = Payload::of(Codec::MsgPack, &message).expect("encodes");
            assert_eq!(seq_of(payload.as_raw()), seq, "{message}");
        }
    }

    #[test]
    fn a_seq_out_of_range_is_invalid() {
        for text in ["0", "9007199254740992", "123456789012345678901234567890"] {
            assert_eq!(
                tail(&format!("{{\"jsonrpc\":\"2.0\",\"seq\":{text}}}")),
                Some(Err(Invalid)),
                "{text}"
            );
        }
        for seq in ["-1", "1.5", "1.0", "1e3", "\"1\"", "null", "[]", "18446744073709551616"] {
            let text = format!("{{\"jsonrpc\":\"2.0\",\"seq\":{seq},\"method\":\"a.b\"}}");
            assert_eq!(seq_of(Raw::Json(&text)), Some(Err(Invalid)), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_seq_is_none() {
        for text in [
            "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\",\"params\":{\"x\":1,\"seq\":5}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\",\"x,\\\"seq\":5}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\",\"params\":[\",\\\"seq\\\":5}\"]}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\"}",
            "",
            "}",
            "5}",
        ] {
            assert_eq!(seq_of(Raw::Json(text)), None, "{text}");
        }
    }

    #[test]
    fn a_seq_further_up_is_found_too() {
        for text in [
            "{\"seq\":7,\"jsonrpc\":\"2.0\",\"method\":\"a.b\"}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\", \"seq\" : 7 }",
            "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\",\"s\\u0065q\":7,\"params\":{}}",
            "{\"jsonrpc\":\"2.0\",\"seq\":7,\"id\":1,\"result\":{\"a\":1}}",
        ] {
            assert_eq!(seq_of(Raw::Json(text)), Some(Ok(7)), "{text}");
        }
    }
}
