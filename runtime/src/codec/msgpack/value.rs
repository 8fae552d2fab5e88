//! A message as a tree, for saying what is wrong with it.

use serde_json::{Map, Value};

use super::cursor::{Token, utf8};
use super::{Cursor, Malformed};
use crate::codec::MAX_NESTING;

/// Reads a whole value. Bytes are shown by their number only.
pub(crate) fn to_value(bytes: &[u8]) -> Result<Value, Malformed> {
    let mut cursor = Cursor::new(bytes);
    let value = one(&mut cursor, MAX_NESTING)?;
    if cursor.is_at_end() { Ok(value) } else { Err(Malformed::Trailing) }
}

fn one(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, Malformed> {
    let deeper = || depth.checked_sub(1).ok_or(Malformed::TooDeep);
    Ok(match cursor.token()? {
        Token::Nil => Value::Null,
        Token::Bool(value) => value.into(),
        Token::Unsigned(value) => value.into(),
        Token::Signed(value) => value.into(),
        Token::Float(value) => value.into(),
        Token::Text(text) => utf8(text)?.into(),
        Token::Binary(bytes) => format!("{} bytes", bytes.len()).into(),
        Token::Array(len) => {
            let depth = deeper()?;
            (0..len).map(|_| one(cursor, depth)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Token::Map(len) => {
            let depth = deeper()?;
            let members = (0..len).map(|_| Ok((cursor.key()?.to_owned(), one(cursor, depth)?)));
            members.collect::<Result<Map<_, _>, Malformed>>()?.into()
        }
    })
}
