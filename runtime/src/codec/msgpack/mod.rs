//! MessagePack: the same maps with the same keys as in JSON, and bytes as `bin`.
//!
//! `rmp-serde` is not used, though it reads what is written here (a test says so): it writes keys that are numbers as
//! numbers, 128-bit integers as bytes and 32-bit floats as such, where JSON has text, numbers, and the number that was
//! meant. One contract in two codecs needs one form.

mod deserialize;
mod key;
mod serialize;
#[cfg(test)]
mod tests;
mod tokens;
mod value;
mod write;

pub(super) use deserialize::{Deserializer, from_slice};
pub(super) use serialize::to_writer;
pub(super) use tokens::{Malformed, Shape, Token, Tokens};
pub(super) use value::to_value;
pub(super) use write::{array, int, nil, text, uint};

/// Why a value cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The bytes are at fault.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// What serde says, or a type of the user's own.
    #[error("{0}")]
    Said(Box<str>),
}

impl serde::de::Error for Error {
    fn custom<T: std::fmt::Display>(said: T) -> Self {
        Self::Said(said.to_string().into())
    }
}

impl serde::ser::Error for Error {
    fn custom<T: std::fmt::Display>(said: T) -> Self {
        Self::Said(said.to_string().into())
    }
}
