//! A place in a message: takes one value after the other off the bytes.
//!
//! **Invariant:** nothing is allocated by a length that is only announced, and nothing nests without bound.

use super::super::MAX_NESTING;

/// The bytes are not the MessagePack that wirecall speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the message ends in the middle of a value")]
    Truncated,
    #[error("an extension type, which no message of wirecall's has")]
    Extension,
    #[error("the byte 0xc1, which stands for nothing")]
    Reserved,
    #[error("a text that is not UTF-8")]
    NotText,
    #[error("a key that is no text")]
    Key,
    #[error("nested deeper than 128")]
    TooDeep,
    #[error("something stands behind the message")]
    Trailing,
    #[error("longer than MessagePack can say")]
    TooLong,
}

/// A value, or the head of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'a> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    /// Below zero.
    Signed(i64),
    Float(f64),
    Text(&'a [u8]),
    Binary(&'a [u8]),
    /// So many values follow.
    Array(u32),
    /// So many keys with their values follow.
    Map(u32),
}

/// What kind of value is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Array,
    Null,
    Other,
}

/// A place in a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes that are left.
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// The first byte of the next value, not taken.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) fn shape(&self) -> Shape {
        match self.peek() {
            Some(0x80..=0x8f | 0xde | 0xdf) => Shape::Object,
            Some(0x90..=0x9f | 0xdc | 0xdd) => Shape::Array,
            Some(0xc0) => Shape::Null,
            _ => Shape::Other,
        }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn length<const N: usize>(&mut self) -> Result<u32, Malformed> {
        Ok(self.take_array::<N>()?.iter().fold(0, |length, byte| length << 8 | u32::from(*byte)))
    }

    fn spanned<const N: usize>(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length::<N>()?;
        self.take(usize::try_from(length).map_err(|_| Malformed::Truncated)?)
    }

    /// Takes a value, of an array or a map only the head.
    pub(crate) fn token(&mut self) -> Result<Token<'a>, Malformed> {
        let [mark] = self.take_array()?;
        Ok(match mark {
            0x00..=0x7f => Token::Unsigned(u64::from(mark)),
            0x80..=0x8f => Token::Map(u32::from(mark & 0x0f)),
            0x90..=0x9f => Token::Array(u32::from(mark & 0x0f)),
            0xa0..=0xbf => Token::Text(self.take(usize::from(mark & 0x1f))?),
            0xc0 => Token::Nil,
            0xc1 => return Err(Malformed::Reserved),
            0xc2 => Token::Bool(false),
            0xc3 => Token::Bool(true),
            0xc4 => Token::Binary(self.spanned::<1>()?),
            0xc5 => Token::Binary(self.spanned::<2>()?),
            0xc6 => Token::Binary(self.spanned::<4>()?),
            0xca => Token::Float(f64::from(f32::from_be_bytes(self.take_array()?))),
            0xcb => Token::Float(f64::from_be_bytes(self.take_array()?)),
            0xcc => Token::Unsigned(u64::from(u8::from_be_bytes(self.take_array()?))),
            0xcd => Token::Unsigned(u64::from(u16::from_be_bytes(self.take_array()?))),
            0xce => Token::Unsigned(u64::from(u32::from_be_bytes(self.take_array()?))),
            0xcf => Token::Unsigned(u64::from_be_bytes(self.take_array()?)),
            0xd0 => signed(i8::from_be_bytes(self.take_array()?)),
            0xd1 => signed(i16::from_be_bytes(self.take_array()?)),
            0xd2 => signed(i32::from_be_bytes(self.take_array()?)),
            0xd3 => signed(i64::from_be_bytes(self.take_array()?)),
            0xd9 => Token::Text(self.spanned::<1>()?),
            0xda => Token::Text(self.spanned::<2>()?),
            0xdb => Token::Text(self.spanned::<4>()?),
            0xdc => Token::Array(self.length::<2>()?),
            0xdd => Token::Array(self.length::<4>()?),
            0xde => Token::Map(self.length::<2>()?),
            0xdf => Token::Map(self.length::<4>()?),
            0xe0..=0xff => signed(i8::from_be_bytes([mark])),
            0xc7..=0xc9 | 0xd4..=0xd8 => return Err(Malformed::Extension),
        })
    }

    /// Takes a key.
    pub(crate) fn key(&mut self) -> Result<&'a str, Malformed> {
        match self.token()? {
            Token::Text(text) => utf8(text),
            _ => Err(Malformed::Key),
        }
    }

    /// Takes the head of a map: how many members follow.
    pub(crate) fn map(&mut self) -> Option<u32> {
        match self.token().ok()? {
            Token::Map(len) => Some(len),
            _ => None,
        }
    }

    /// Takes the head of an array: how many values follow.
    pub(crate) fn array(&mut self) -> Option<u32> {
        match self.token().ok()? {
            Token::Array(len) => Some(len),
            _ => None,
        }
    }

    /// Takes a text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        match self.token().ok()? {
            Token::Text(text) => utf8(text).ok(),
            _ => None,
        }
    }

    /// Takes a whole value, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<(), Malformed> {
        self.skip_within(MAX_NESTING)
    }

    /// The same, nested at most so deep.
    pub(crate) fn skip_within(&mut self, depth: usize) -> Result<(), Malformed> {
        let (len, keys) = match self.token()? {
            Token::Array(len) => (len, false),
            Token::Map(len) => (len, true),
            Token::Text(text) => return utf8(text).map(drop),
            _ => return Ok(()),
        };
        let depth = depth.checked_sub(1).ok_or(Malformed::TooDeep)?;
        // However many are announced, each takes a byte at least.
        for _ in 0..len {
            if keys {
                self.key()?;
            }
            self.skip_within(depth)?;
        }
        Ok(())
    }

    /// Takes a whole value and gives its bytes.
    pub(crate) fn span(&mut self) -> Result<&'a [u8], Malformed> {
        let before = self.rest;
        self.skip()?;
        before.get(..before.len() - self.rest.len()).ok_or(Malformed::Truncated)
    }
}

fn signed(value: impl Into<i64>) -> Token<'static> {
    let value = value.into();
    u64::try_from(value).map_or(Token::Signed(value), Token::Unsigned)
}

pub(super) fn utf8(text: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(text).map_err(|_| Malformed::NotText)
}
