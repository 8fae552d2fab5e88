//! Messages as frames, in the codec of a connection. MessagePack is read and written by another implementation than
//! wirecall's.

use serde_json::Value;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::codec::Codec;
use crate::conformance::form::bare;

/// The frame of a message, of which this is the JSON text.
pub(super) fn frame(codec: Codec, text: &str) -> Frame {
    match (codec, serde_json::from_str::<Value>(text)) {
        (Codec::Json, _) => Frame::text(text),
        (Codec::MsgPack, Ok(message)) => Frame::binary(rmp_serde::to_vec(&message).expect("MessagePack")),
        (Codec::MsgPack, Err(_)) => panic!("MessagePack cannot say {text}"),
    }
}

/// Whether a codec can say that.
pub(super) fn can_say(codec: Codec, text: &str) -> bool {
    codec == Codec::Json || serde_json::from_str::<Value>(text).is_ok()
}

/// What a frame says, without `jsonrpc`; `None` where it carries no message. A `seq` must be the last member.
pub(super) fn message(codec: Codec, frame: &Frame) -> Option<Result<Value, String>> {
    let read: Result<Value, String> = match (codec, frame) {
        (Codec::Json, Frame::Text(text)) => serde_json::from_str(text).map_err(|error| error.to_string()),
        (Codec::MsgPack, Frame::Binary(bytes)) => {
            rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
        }
        (_, Frame::Text(_) | Frame::Binary(_)) => Err(format!("not a frame of {codec:?}: {frame:?}")),
        _ => return None,
    };
    Some(read.and_then(|message| {
        let seq = message.get("seq");
        let ends = seq.map(|seq| ending(codec, seq));
        if ends.is_some_and(|end| !body(frame).ends_with(&end)) {
            return Err(format!("seq is not the last member: {frame:?}"));
        }
        bare(message)
    }))
}

/// How a message ends that has this `seq` at its end.
fn ending(codec: Codec, seq: &Value) -> Vec<u8> {
    match codec {
        Codec::Json => format!(",\"seq\":{seq}}}").into_bytes(),
        Codec::MsgPack => {
            let mut end = rmp_serde::to_vec("seq").expect("MessagePack");
            end.extend(rmp_serde::to_vec(seq).expect("MessagePack"));
            end
        }
    }
}

fn body(frame: &Frame) -> &[u8] {
    match frame {
        Frame::Text(text) => text.as_bytes(),
        Frame::Binary(bytes) => bytes,
        _ => &[],
    }
}
