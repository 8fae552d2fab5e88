//! The members of an envelope, one after the other, in either codec.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Raw;
use super::msgpack::{Deserializer, Shape, Tokens};
use super::scan::{Scanner, Unexpected};

/// Takes the members of a map off a message, and values.
pub(super) trait Envelope<'a> {
    /// Enters the map; whether it has members.
    fn open(&mut self) -> Result<bool, Unexpected>;
    /// Behind a member: whether there is another.
    fn more(&mut self) -> Result<bool, Unexpected>;
    /// The name of a member.
    fn name(&mut self) -> Result<Cow<'a, str>, Unexpected>;
    /// What the next value is.
    fn shape(&mut self) -> Shape;
    /// A text.
    fn text(&mut self) -> Result<Cow<'a, str>, Unexpected>;
    /// A value as it is.
    fn raw(&mut self) -> Result<Raw<'a>, Unexpected>;
    /// A value as a `T`.
    fn value<T: Deserialize<'a>>(&mut self) -> Result<T, Unexpected>;
    /// A value, whatever it is.
    fn skip(&mut self) -> Result<(), Unexpected>;
    /// Whether nothing is left.
    fn is_at_end(&mut self) -> bool;
}

impl<'a> Envelope<'a> for Scanner<'a> {
    fn open(&mut self) -> Result<bool, Unexpected> {
        self.expect(b'{')?;
        Ok(!self.eat(b'}'))
    }

    fn more(&mut self) -> Result<bool, Unexpected> {
        if self.eat(b'}') {
            return Ok(false);
        }
        self.expect(b',')?;
        Ok(true)
    }

    fn name(&mut self) -> Result<Cow<'a, str>, Unexpected> {
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    fn shape(&mut self) -> Shape {
        match self.peek() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'n') => Shape::Null,
            _ => Shape::Other,
        }
    }

    fn text(&mut self) -> Result<Cow<'a, str>, Unexpected> {
        self.string()
    }

    fn raw(&mut self) -> Result<Raw<'a>, Unexpected> {
        if let Some(digits) = self.digits() {
            return Ok(Raw::Json(digits));
        }
        Ok(Raw::Json(self.value::<&RawValue>().map_err(|_| Unexpected)?.get()))
    }

    fn value<T: Deserialize<'a>>(&mut self) -> Result<T, Unexpected> {
        Scanner::value(self).map_err(|_| Unexpected)
    }

    fn skip(&mut self) -> Result<(), Unexpected> {
        Scanner::skip(self)
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }
}

/// The members of a map in MessagePack, which says their number first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed<'a> {
    tokens: Tokens<'a>,
    /// The members that are not passed.
    left: u32,
}

impl<'a> Packed<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { tokens: Tokens::new(bytes), left: 0 }
    }
}

impl<'a> Envelope<'a> for Packed<'a> {
    fn open(&mut self) -> Result<bool, Unexpected> {
        self.left = self.tokens.map().ok_or(Unexpected)?;
        Ok(self.left > 0)
    }

    fn more(&mut self) -> Result<bool, Unexpected> {
        self.left = self.left.saturating_sub(1);
        Ok(self.left > 0)
    }

    fn name(&mut self) -> Result<Cow<'a, str>, Unexpected> {
        self.tokens.key().map(Cow::Borrowed).map_err(|_| Unexpected)
    }

    fn shape(&mut self) -> Shape {
        self.tokens.shape()
    }

    fn text(&mut self) -> Result<Cow<'a, str>, Unexpected> {
        self.tokens.text().map(Cow::Borrowed).ok_or(Unexpected)
    }

    fn raw(&mut self) -> Result<Raw<'a>, Unexpected> {
        self.tokens.span().map(Raw::MsgPack).map_err(|_| Unexpected)
    }

    fn value<T: Deserialize<'a>>(&mut self) -> Result<T, Unexpected> {
        let mut deserializer = Deserializer::new(self.tokens);
        let value = T::deserialize(&mut deserializer).map_err(|_| Unexpected)?;
        self.tokens = deserializer.tokens;
        Ok(value)
    }

    fn skip(&mut self) -> Result<(), Unexpected> {
        self.tokens.skip().map_err(|_| Unexpected)
    }

    fn is_at_end(&mut self) -> bool {
        self.tokens.is_at_end()
    }
}
