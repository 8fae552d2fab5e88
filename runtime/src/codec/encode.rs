//! Messages to bytes. Every frame is written into a buffer that its thread reuses, then copied once to its own size.

use std::cell::RefCell;

use bytes::Bytes;
use serde::Serialize;

use crate::message::{Id, RpcError};

/// One message, ready to leave.
pub(crate) type Frame = Bytes;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A buffer that grew beyond this for one large message is given back.
const KEEP_BYTES: usize = 64 * 1024;

fn with_buffer<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Frame, E> {
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

/// `{"jsonrpc":"2.0","id":…,"result":…}`.
pub(crate) fn result_frame<R: Serialize + ?Sized>(id: &Id, result: &R) -> Result<Frame, serde_json::Error> {
    with_buffer(|out| {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        id.write_to(out);
        out.extend_from_slice(b",\"result\":");
        serde_json::to_writer(&mut *out, result)?;
        out.push(b'}');
        Ok(())
    })
}

/// `{"jsonrpc":"2.0","id":…,"error":…}`.
pub(crate) fn error_frame(id: &Id, error: &RpcError) -> Frame {
    let frame = with_buffer(|out| {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        id.write_to(out);
        out.extend_from_slice(b",\"error\":");
        serde_json::to_writer(&mut *out, error)?;
        out.push(b'}');
        Ok::<(), serde_json::Error>(())
    });
    // Errors hold only what is JSON already.
    frame.unwrap_or_default()
}

/// `{"jsonrpc":"2.0","id":…,"method":…,"params":…,"meta":…}`; without an id a notification.
pub(crate) fn request_frame<P: Serialize + ?Sized>(
    id: Option<u64>,
    method: &str,
    params: &P,
    meta: Option<&serde_json::value::RawValue>,
) -> Result<Frame, serde_json::Error> {
    with_buffer(|out| {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\"");
        if let Some(id) = id {
            out.extend_from_slice(b",\"id\":");
            serde_json::to_writer(&mut *out, &id)?;
        }
        out.extend_from_slice(b",\"method\":");
        serde_json::to_writer(&mut *out, method)?;
        out.extend_from_slice(b",\"params\":");
        serde_json::to_writer(&mut *out, params)?;
        if let Some(meta) = meta {
            out.extend_from_slice(b",\"meta\":");
            out.extend_from_slice(meta.get().as_bytes());
        }
        out.push(b'}');
        Ok(())
    })
}

/// A notification.
pub(crate) fn notification_frame<P: Serialize + ?Sized>(
    method: &str,
    params: &P,
) -> Result<Frame, serde_json::Error> {
    request_frame(None, method, params, None)
}

/// An event: a notification named after its service.
pub(crate) fn event_frame<P: Serialize + ?Sized>(
    service: &str,
    name: &str,
    exact: bool,
    params: &P,
) -> Result<Frame, serde_json::Error> {
    if exact {
        return notification_frame(name, params);
    }
    notification_frame(&format!("{service}.{name}"), params)
}

/// The members of a parameter object in the order of declaration, without their names, and without the absent ones at
/// the end.
pub(crate) fn by_position<P: Serialize>(
    params: &P,
) -> Result<Vec<Box<serde_json::value::RawValue>>, serde_json::Error> {
    let text = serde_json::to_string(params)?;
    let mut scanner = super::Scanner::new(&text);
    let mut values: Vec<Box<serde_json::value::RawValue>> = Vec::new();
    if scanner.eat(b'{') {
        while !scanner.eat(b'}') && scanner.string().is_ok() && scanner.eat(b':') {
            values.push(scanner.value::<&serde_json::value::RawValue>()?.to_owned());
            scanner.eat(b',');
        }
    } else {
        values.push(serde_json::value::RawValue::from_string(text)?);
    }
    while values.last().is_some_and(|value| value.get() == "null") {
        values.pop();
    }
    Ok(values)
}
