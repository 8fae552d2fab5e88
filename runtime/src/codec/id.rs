//! Ids and numbers of messages, read from a part of one.

use super::msgpack::{self, Token, Tokens};
use super::{Codec, Invalid, Raw};
use crate::message::{Id, MAX_SAFE};

impl Raw<'_> {
    /// It as an id; `None` where it is none.
    pub(super) fn to_id(self) -> Option<Id> {
        match self {
            Self::Json(text) => Id::from_json(text),
            Self::MsgPack(bytes) => {
                let mut tokens = Tokens::new(bytes);
                let id = match tokens.token().ok()? {
                    Token::Nil => Id::null(),
                    Token::Unsigned(number) => match i64::try_from(number) {
                        Ok(number) => Id::Number(number),
                        Err(_) => packed(|out| msgpack::uint(out, number)),
                    },
                    Token::Signed(number) => Id::Number(number),
                    Token::Float(_) => Id::Packed(bytes.into()),
                    // In its shortest form, so that two ways to write it are one id.
                    Token::Text(text) => {
                        let text = std::str::from_utf8(text).ok()?;
                        packed(|out| msgpack::text(out, text).unwrap_or_default())
                    }
                    Token::Bool(_) | Token::Binary(_) | Token::Array(_) | Token::Map(_) => return None,
                };
                tokens.is_at_end().then_some(id)
            }
        }
    }

    /// It as the number of a message in its session.
    pub(super) fn to_seq(self) -> Result<u64, Invalid> {
        let number = match self {
            Self::Json(text) => text.parse().ok(),
            Self::MsgPack(bytes) => match Tokens::new(bytes).token() {
                Ok(Token::Unsigned(number)) => Some(number),
                _ => None,
            },
        };
        number.filter(|number| (1..=MAX_SAFE).contains(number)).ok_or(Invalid)
    }
}

fn packed(write: impl FnOnce(&mut Vec<u8>)) -> Id {
    let mut out = Vec::new();
    write(&mut out);
    Id::Packed(out.into())
}

/// Appends an id.
pub(super) fn write_id(codec: Codec, id: &Id, out: &mut Vec<u8>) {
    match (codec, id) {
        (Codec::Json, id) => id.write_to(out),
        (Codec::MsgPack, Id::Number(number)) => msgpack::int(out, *number),
        (Codec::MsgPack, Id::Packed(bytes)) => out.extend_from_slice(bytes),
        // Of those that JSON has only `null` is made here.
        (Codec::MsgPack, Id::Raw(_)) => msgpack::nil(out),
    }
}
