//! The messages of streams: items, the end of an upload, credit, cancel.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::encode::{Encode, with_buffer};
use super::id::write_id;
use super::misfit::unfit;
use super::msgpack::{self, Tokens};
use super::{Codec, CodecError, Frame, Raw, batch_entries, id_of};
use crate::check::Violation;
use crate::message::Id;

/// `{"jsonrpc":"2.0","method":…,"params":{"id":…,"items":[…]}}`, of one item.
pub(crate) fn item_frame<T: Encode + ?Sized>(
    codec: Codec,
    method: &str,
    id: &Id,
    item: &T,
) -> Result<Frame, CodecError> {
    match codec {
        Codec::Json => with_buffer(|out| {
            json_about(method, id, out);
            out.extend_from_slice(b",\"items\":[");
            item.encode(codec, out)?;
            out.extend_from_slice(b"]}}");
            Ok(())
        }),
        Codec::MsgPack => with_buffer(|out| {
            packed_about(method, id, 2, out)?;
            out.extend_from_slice(b"\xa5items\x91");
            item.encode(codec, out)
        }),
    }
}

/// `{"jsonrpc":"2.0","method":…,"params":{"id":…,"credit":…}}`.
pub(crate) fn credit_frame(codec: Codec, method: &str, id: &Id, credit: u32) -> Frame {
    let frame = match codec {
        Codec::Json => with_buffer(|out| {
            json_about(method, id, out);
            out.extend_from_slice(b",\"credit\":");
            credit.encode(codec, out)?;
            out.extend_from_slice(b"}}");
            Ok::<(), CodecError>(())
        }),
        Codec::MsgPack => with_buffer(|out| {
            packed_about(method, id, 2, out)?;
            out.extend_from_slice(b"\xa6credit");
            credit.encode(codec, out)
        }),
    };
    // A number always encodes.
    frame.unwrap_or_default()
}

/// `{"jsonrpc":"2.0","method":…,"params":{"id":…}}`.
#[cfg(feature = "client")]
pub(crate) fn about_frame(codec: Codec, method: &str, id: &Id) -> Frame {
    let frame = match codec {
        Codec::Json => with_buffer(|out| {
            json_about(method, id, out);
            out.extend_from_slice(b"}}");
            Ok::<(), CodecError>(())
        }),
        Codec::MsgPack => with_buffer(|out| packed_about(method, id, 1, out)),
    };
    // An id always encodes.
    frame.unwrap_or_default()
}

/// Up to the id; the method is one of the protocol's, which needs no escapes.
fn json_about(method: &str, id: &Id, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":\"");
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(b"\",\"params\":{\"id\":");
    id.write_to(out);
}

/// Up to the id, which is the first of so many parameters.
fn packed_about(method: &str, id: &Id, params: u8, out: &mut Vec<u8>) -> Result<(), CodecError> {
    out.extend_from_slice(b"\x83\xa7jsonrpc\xa32.0\xa6method");
    msgpack::text(out, method)?;
    out.extend_from_slice(b"\xa6params");
    out.push(0x80 + params);
    out.extend_from_slice(b"\xa2id");
    write_id(Codec::MsgPack, id, out);
    Ok(())
}

/// The call and the items of `rpc.item` or `rpc.upload`.
pub(crate) fn items_in(params: Raw<'_>) -> Option<(Id, Vec<Raw<'_>>)> {
    #[derive(Deserialize)]
    struct Items<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
        #[serde(borrow)]
        items: Vec<&'a RawValue>,
    }
    match params {
        Raw::Json(text) => {
            let Items { id, items } = serde_json::from_str(text).ok()?;
            Some((Id::from_json(id.get())?, items.into_iter().map(|item| Raw::Json(item.get())).collect()))
        }
        Raw::MsgPack(bytes) => Some((id_of(params)?, packed_items(bytes)?)),
    }
}

fn packed_items(params: &[u8]) -> Option<Vec<Raw<'_>>> {
    let mut tokens = Tokens::new(params);
    let mut items = None;
    for _ in 0..tokens.map()? {
        if tokens.key().ok()? != "items" {
            tokens.skip().ok()?;
        } else if items.replace(batch_entries(Raw::MsgPack(tokens.span().ok()?))?).is_some() {
            return None;
        }
    }
    items
}

/// The call and the number of a grant of credit. *Anything but an integer of at least 1 is ignored.*
pub(crate) fn credit_in(params: Raw<'_>) -> Option<(Id, u64)> {
    #[derive(Deserialize)]
    struct Grant {
        credit: u64,
    }
    let Grant { credit } = params.read().ok()?;
    (credit > 0).then_some(credit).and_then(|credit| Some((id_of(params)?, credit)))
}

/// Reads a value that is no message of its own; else what of it does not fit, and where.
pub(crate) fn read_or_explain<T: DeserializeOwned>(raw: Raw<'_>) -> Result<T, Vec<Violation>> {
    raw.read().map_err(|_| unfit::<T>(raw))
}

#[cfg(test)]
mod tests {
    use super::{about_frame, credit_frame, credit_in, item_frame, items_in, read_or_explain};
    use crate::codec::{Codec, Frame, Head, Input, Raw, id_of};
    use crate::message::Id;

    #[test]
    fn what_is_written_is_read_again() {
        let id = Id::from_json("\"a\\u0041\"").expect("an id");
        let frame = item_frame(Codec::Json, "rpc.item", &id, &["x"]).expect("it encodes");
        assert_eq!(
            frame,
            r#"{"jsonrpc":"2.0","method":"rpc.item","params":{"id":"a\u0041","items":[["x"]]}}"#
        );
        let (read, items) =
            items_in(Raw::Json(r#"{"items":[["x"], 2],"id":"a\u0041"}"#)).expect("items of a call");
        assert_eq!((read, items), (id.clone(), vec![Raw::Json(r#"["x"]"#), Raw::Json("2")]));
        assert_eq!(
            credit_frame(Codec::Json, "rpc.credit", &id, 32),
            r#"{"jsonrpc":"2.0","method":"rpc.credit","params":{"id":"a\u0041","credit":32}}"#
        );
        assert_eq!(
            about_frame(Codec::Json, "rpc.upload_end", &id),
            r#"{"jsonrpc":"2.0","method":"rpc.upload_end","params":{"id":"a\u0041"}}"#
        );
    }

    #[test]
    fn what_is_written_in_messagepack_is_read_again() {
        let codec = Codec::MsgPack;
        let params = |frame: &Frame| {
            let mut input = Input::new(Raw::MsgPack(frame));
            assert!(matches!(input.head(), Ok(Head::Request(_))));
            input.skip().map(Raw::to_payload).expect("parameters")
        };
        let id = Raw::MsgPack(b"\xa1a").to_id().expect("an id");
        let frame = item_frame(codec, "rpc.item", &id, &["x"]).expect("it encodes");
        let item = params(&frame);
        let (read, items) = items_in(item.as_raw()).expect("items of a call");
        assert_eq!((read, items), (id.clone(), vec![Raw::MsgPack(b"\x91\xa1x")]));
        let credit = params(&credit_frame(codec, "rpc.credit", &id, 32));
        assert_eq!(credit_in(credit.as_raw()), Some((id.clone(), 32)));
        assert_eq!(id_of(params(&about_frame(codec, "rpc.upload_end", &id)).as_raw()), Some(id));
        let unfit = read_or_explain::<Vec<(u8, String)>>(Raw::MsgPack(b"\x92\x92\x01\xa1a\x92\x02\x03"));
        assert_eq!(unfit.expect_err("a number").first().map(|one| one.path.as_str()), Some("/1/1"));
    }

    #[test]
    fn only_whole_numbers_above_0_are_credit() {
        for wrong in ["0", "-1", "1.5", "\"3\"", "null"] {
            assert!(credit_in(Raw::Json(&format!(r#"{{"id":7,"credit":{wrong}}}"#))).is_none(), "{wrong}");
        }
        assert_eq!(credit_in(Raw::Json(r#"{"credit":3,"id":7}"#)), Some((Id::Number(7), 3)));
    }

    #[test]
    fn an_item_that_does_not_fit_is_told_with_its_path() {
        let violations =
            read_or_explain::<Vec<(u8, String)>>(Raw::Json("[[1,\"a\"],[2,3]]")).expect_err("a number");
        assert_eq!(violations.first().map(|violation| violation.path.as_str()), Some("/1/1"));
    }
}
