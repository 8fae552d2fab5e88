//! Messages to bytes. Every frame is written into a buffer that its thread reuses, then copied once to its own size.

use std::cell::RefCell;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::id::write_id;
use super::msgpack::{self, Shape, Tokens};
use super::{Codec, CodecError, Inner, Payload, Raw, Scanner};
use crate::message::{Id, RpcError};

/// One message, ready to leave.
pub(crate) type Frame = Bytes;

/// `meta` of a call that leaves.
pub(crate) type MetaMap = serde_json::Map<String, serde_json::Value>;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A buffer that grew beyond this for one large message is given back.
const KEEP_BYTES: usize = 64 * 1024;

pub(super) fn with_buffer<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Frame, E> {
    // A `Serialize` of the user's own may encode something itself: then there is a buffer of its own for that.
    let mut buffer = BUFFER.try_with(RefCell::take).unwrap_or_default();
    buffer.clear();
    write(&mut buffer)?;
    let frame = Bytes::copy_from_slice(&buffer);
    if buffer.capacity() <= KEEP_BYTES {
        // While the thread ends there is nowhere to keep it, and no need to.
        drop(BUFFER.try_with(|kept| kept.replace(buffer)));
    }
    Ok(frame)
}

/// What can be a part of a message: a value that serializes, or what is encoded already.
pub(crate) trait Encode {
    /// Appends it.
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError>;
}

impl<T: Serialize + ?Sized> Encode for T {
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError> {
        match codec {
            Codec::Json => Ok(serde_json::to_writer(out, self)?),
            Codec::MsgPack => Ok(msgpack::to_writer(out, self)?),
        }
    }
}

impl Encode for Payload {
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), CodecError> {
        match (codec, self.as_raw()) {
            (Codec::Json, Raw::Json(text)) => out.extend_from_slice(text.as_bytes()),
            (Codec::MsgPack, Raw::MsgPack(bytes)) => out.extend_from_slice(bytes),
            _ => return Err(Inner::Mixed.into()),
        }
        Ok(())
    }
}

/// `{"jsonrpc":"2.0","id":…,"result":…}`.
pub(crate) fn result_frame<R: Encode + ?Sized>(
    codec: Codec,
    id: &Id,
    result: &R,
) -> Result<Frame, CodecError> {
    match codec {
        Codec::Json => with_buffer(|out| {
            out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
            write_id(codec, id, out);
            out.extend_from_slice(b",\"result\":");
            result.encode(codec, out)?;
            out.push(b'}');
            Ok(())
        }),
        Codec::MsgPack => with_buffer(|out| {
            response_head(id, out);
            msgpack::text(out, "result")?;
            result.encode(codec, out)
        }),
    }
}

/// `jsonrpc`, `id` and one more member.
fn response_head(id: &Id, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\x83\xa7jsonrpc\xa32.0\xa2id");
    write_id(Codec::MsgPack, id, out);
}

/// `{"jsonrpc":"2.0","id":…,"error":…}`.
pub(crate) fn error_frame(codec: Codec, id: &Id, error: &RpcError) -> Frame {
    let frame = match codec {
        Codec::Json => with_buffer(|out| {
            out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
            write_id(codec, id, out);
            out.extend_from_slice(b",\"error\":");
            error.encode(codec, out)?;
            out.push(b'}');
            Ok::<(), CodecError>(())
        }),
        Codec::MsgPack => with_buffer(|out| {
            response_head(id, out);
            msgpack::text(out, "error")?;
            error.encode(codec, out)
        }),
    };
    // Errors hold only what is JSON already.
    frame.unwrap_or_default()
}

/// `{"jsonrpc":"2.0","id":…,"method":…,"params":…,"meta":…}`; without an id a notification.
pub(crate) fn request_frame<P: Encode + ?Sized>(
    codec: Codec,
    id: Option<u64>,
    method: &str,
    params: &P,
    meta: Option<&MetaMap>,
) -> Result<Frame, CodecError> {
    match codec {
        Codec::Json => with_buffer(|out| {
            out.extend_from_slice(b"{\"jsonrpc\":\"2.0\"");
            if let Some(id) = id {
                out.extend_from_slice(b",\"id\":");
                id.encode(codec, out)?;
            }
            out.extend_from_slice(b",\"method\":");
            method.encode(codec, out)?;
            out.extend_from_slice(b",\"params\":");
            params.encode(codec, out)?;
            if let Some(meta) = meta {
                out.extend_from_slice(b",\"meta\":");
                meta.encode(codec, out)?;
            }
            out.push(b'}');
            Ok(())
        }),
        Codec::MsgPack => with_buffer(|out| {
            // A map of less than 16 members has their number in its first byte.
            out.push(0x83 + u8::from(id.is_some()) + u8::from(meta.is_some()));
            out.extend_from_slice(b"\xa7jsonrpc\xa32.0");
            if let Some(id) = id {
                out.extend_from_slice(b"\xa2id");
                msgpack::uint(out, id);
            }
            out.extend_from_slice(b"\xa6method");
            msgpack::text(out, method)?;
            out.extend_from_slice(b"\xa6params");
            params.encode(codec, out)?;
            if let Some(meta) = meta {
                out.extend_from_slice(b"\xa4meta");
                meta.encode(codec, out)?;
            }
            Ok(())
        }),
    }
}

/// A notification.
pub(crate) fn notification_frame<P: Encode + ?Sized>(
    codec: Codec,
    method: &str,
    params: &P,
) -> Result<Frame, CodecError> {
    request_frame(codec, None, method, params, None)
}

/// An event: a notification named after its service.
pub(crate) fn event_frame<P: Encode + ?Sized>(
    codec: Codec,
    service: &str,
    name: &str,
    exact: bool,
    params: &P,
) -> Result<Frame, CodecError> {
    if exact {
        return notification_frame(codec, name, params);
    }
    notification_frame(codec, &format!("{service}.{name}"), params)
}

/// `rpc.ping`, without parameters.
pub(crate) const fn ping_frame(codec: Codec) -> Frame {
    Frame::from_static(match codec {
        Codec::Json => b"{\"jsonrpc\":\"2.0\",\"method\":\"rpc.ping\"}",
        Codec::MsgPack => b"\x82\xa7jsonrpc\xa32.0\xa6method\xa8rpc.ping",
    })
}

/// `rpc.pong`, the answer to it.
pub(crate) const fn pong_frame(codec: Codec) -> Frame {
    Frame::from_static(match codec {
        Codec::Json => b"{\"jsonrpc\":\"2.0\",\"method\":\"rpc.pong\"}",
        Codec::MsgPack => b"\x82\xa7jsonrpc\xa32.0\xa6method\xa8rpc.pong",
    })
}

/// `rpc.ack`: everything up to there has been received.
pub(crate) fn ack_frame(codec: Codec, seq: u64) -> Frame {
    // A number always encodes.
    notification_frame(codec, "rpc.ack", &serde_json::json!({ "seq": seq })).unwrap_or_default()
}

/// The members of a parameter object in the order of declaration, without their names, and without the absent ones at
/// the end.
pub(crate) fn by_position<P: Serialize>(codec: Codec, params: &P) -> Result<Payload, CodecError> {
    match codec {
        Codec::Json => json_by_position(params),
        Codec::MsgPack => packed_by_position(params),
    }
}

fn packed_by_position<P: Serialize>(params: &P) -> Result<Payload, CodecError> {
    let mut bytes = Vec::new();
    msgpack::to_writer(&mut bytes, params)?;
    let mut tokens = Tokens::new(&bytes);
    let mut values: Vec<&[u8]> = Vec::new();
    if tokens.shape() == Shape::Object {
        for _ in 0..tokens.map().unwrap_or_default() {
            tokens.key()?;
            values.push(tokens.span()?);
        }
    } else {
        values.push(&bytes);
    }
    while values.last().is_some_and(|value| Raw::MsgPack(value).is_null()) {
        values.pop();
    }
    let mut array = Vec::with_capacity(bytes.len() + 5);
    msgpack::array(&mut array, values.len())?;
    for value in values {
        array.extend_from_slice(value);
    }
    Ok(Payload::MsgPack(array.into()))
}

fn json_by_position<P: Serialize>(params: &P) -> Result<Payload, CodecError> {
    let text = serde_json::to_string(params)?;
    let mut scanner = Scanner::new(&text);
    let mut values: Vec<Box<RawValue>> = Vec::new();
    if scanner.eat(b'{') {
        while !scanner.eat(b'}') && scanner.string().is_ok() && scanner.eat(b':') {
            values.push(scanner.value::<&RawValue>()?.to_owned());
            scanner.eat(b',');
        }
    } else {
        values.push(RawValue::from_string(text)?);
    }
    while values.last().is_some_and(|value| value.get() == "null") {
        values.pop();
    }
    Payload::of(Codec::Json, &values)
}
