//! From MessagePack to a value. What serde may ask for, and what it is told, is as with `serde_json`, so that a type
//! reads both codecs alike.

use serde::de::{self, DeserializeSeed, Deserializer as _, Error as _, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::super::MAX_NESTING;
use super::key::KeyDeserializer;
use super::tokens::{Token, utf8};
use super::{Error, Malformed, Tokens};
use crate::message::bytes::BYTES;

/// Reads a whole slice as one value.
pub(crate) fn from_slice<'de, T: de::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    let mut deserializer = Deserializer::new(Tokens::new(bytes));
    let value = T::deserialize(&mut deserializer)?;
    if deserializer.tokens.is_at_end() { Ok(value) } else { Err(Malformed::Trailing.into()) }
}

/// Reads one value after the other off its tokens.
#[derive(Debug)]
pub(crate) struct Deserializer<'de> {
    pub(crate) tokens: Tokens<'de>,
    /// How much deeper it may go.
    depth: usize,
}

impl<'de> Deserializer<'de> {
    pub(crate) const fn new(tokens: Tokens<'de>) -> Self {
        Self { tokens, depth: MAX_NESTING }
    }

    /// Reads the members of an array or a map of so many.
    fn members<T>(
        &mut self,
        len: u32,
        read: impl FnOnce(&mut Members<'_, 'de>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.depth = self.depth.checked_sub(1).ok_or(Malformed::TooDeep)?;
        let mut members = Members { deserializer: self, left: len };
        let value = read(&mut members)?;
        // As `serde_json` says it.
        let all = members.left == 0;
        self.depth += 1;
        if all { Ok(value) } else { Err(Error::custom("trailing characters")) }
    }

    fn read<V: Visitor<'de>>(&mut self, token: Token<'de>, visitor: V) -> Result<V::Value, Error> {
        match token {
            Token::Nil => visitor.visit_unit(),
            Token::Bool(value) => visitor.visit_bool(value),
            Token::Unsigned(value) => visitor.visit_u64(value),
            Token::Signed(value) => visitor.visit_i64(value),
            Token::Float(value) if value.is_finite() => visitor.visit_f64(value),
            Token::Float(value) => Err(Error::invalid_value(Unexpected::Float(value), &"a finite number")),
            Token::Text(text) => visitor.visit_borrowed_str(utf8(text)?),
            Token::Binary(bytes) => visitor.visit_borrowed_bytes(bytes),
            Token::Array(len) => self.members(len, |members| visitor.visit_seq(members)),
            Token::Map(len) => self.members(len, |members| visitor.visit_map(members)),
        }
    }

    /// Reads what is to be a text. `String` would take bytes, too, which JSON does not have.
    fn no_binary<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.tokens.token()? {
            Token::Binary(bytes) => Err(Error::invalid_type(Unexpected::Bytes(bytes), &visitor)),
            token => self.read(token, visitor),
        }
    }
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let token = self.tokens.token()?;
        self.read(token, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.tokens.peek() == Some(0xc0) {
            self.tokens.token()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.no_binary(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.no_binary(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.no_binary(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.no_binary(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.tokens.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == BYTES && matches!(self.tokens.peek(), Some(0xc4..=0xc6)) {
            return self.deserialize_any(visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.tokens.token()? {
            Token::Text(name) => visitor.visit_enum(KeyDeserializer(utf8(name)?)),
            Token::Map(1) => self.members(1, |members| visitor.visit_enum(members)),
            Token::Map(_) => Err(Error::invalid_value(Unexpected::Map, &"map with a single key")),
            token => Err(Error::invalid_type(unexpected(token), &"string or map")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct
    }
}

fn unexpected(token: Token<'_>) -> Unexpected<'_> {
    match token {
        Token::Nil => Unexpected::Unit,
        Token::Bool(value) => Unexpected::Bool(value),
        Token::Unsigned(value) => Unexpected::Unsigned(value),
        Token::Signed(value) => Unexpected::Signed(value),
        Token::Float(value) => Unexpected::Float(value),
        Token::Text(text) => Unexpected::Str(utf8(text).unwrap_or_default()),
        Token::Binary(bytes) => Unexpected::Bytes(bytes),
        Token::Array(_) => Unexpected::Seq,
        Token::Map(_) => Unexpected::Map,
    }
}

/// The members of an array or a map that are not read yet.
pub(super) struct Members<'d, 'de> {
    deserializer: &'d mut Deserializer<'de>,
    left: u32,
}

impl<'de> de::SeqAccess<'de> for &mut Members<'_, 'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.deserializer).map(Some)
    }
}

impl<'de> de::MapAccess<'de> for &mut Members<'_, 'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let key = self.deserializer.tokens.key()?;
        seed.deserialize(KeyDeserializer(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(&mut *self.deserializer)
    }
}

impl<'de, 'm> de::EnumAccess<'de> for &'m mut Members<'_, 'de> {
    type Error = Error;
    type Variant = &'m mut Deserializer<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), Error> {
        self.left = 0;
        let name = self.deserializer.tokens.key()?;
        Ok((seed.deserialize(KeyDeserializer(name))?, &mut *self.deserializer))
    }
}

impl<'de> de::VariantAccess<'de> for &mut Deserializer<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        de::Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_struct("", fields, visitor)
    }
}
