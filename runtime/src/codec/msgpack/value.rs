//! A message as a tree, for saying what is wrong with it.

use serde_json::{Map, Value};

use super::tokens::{Token, utf8};
use super::{Malformed, Tokens};
use crate::codec::MAX_NESTING;

/// Reads a whole value. Bytes are shown by their number only.
pub(crate) fn to_value(bytes: &[u8]) -> Result<Value, Malformed> {
    let mut tokens = Tokens::new(bytes);
    let value = one(&mut tokens, MAX_NESTING)?;
    if tokens.is_at_end() { Ok(value) } else { Err(Malformed::Trailing) }
}

fn one(tokens: &mut Tokens<'_>, depth: usize) -> Result<Value, Malformed> {
    let deeper = || depth.checked_sub(1).ok_or(Malformed::TooDeep);
    Ok(match tokens.token()? {
        Token::Nil => Value::Null,
        Token::Bool(value) => value.into(),
        Token::Unsigned(value) => value.into(),
        Token::Signed(value) => value.into(),
        Token::Float(value) => value.into(),
        Token::Text(text) => utf8(text)?.into(),
        Token::Binary(bytes) => format!("{} bytes", bytes.len()).into(),
        Token::Array(len) => {
            let depth = deeper()?;
            (0..len).map(|_| one(tokens, depth)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Token::Map(len) => {
            let depth = deeper()?;
            let members = (0..len).map(|_| Ok((tokens.key()?.to_owned(), one(tokens, depth)?)));
            members.collect::<Result<Map<_, _>, Malformed>>()?.into()
        }
    })
}
