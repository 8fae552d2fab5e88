//! What may cross the wire: the [`Message`] trait, and the types of wirecall's own that implement it.

mod builtin;
mod bytes;
mod params;
mod timestamp;
#[cfg(feature = "ts-rs")]
mod typescript;
mod user_id;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use bytes::Bytes;
pub use params::Params;
pub use timestamp::{Timestamp, TimestampError};
pub use user_id::UserId;

use crate::check::Checker;
use crate::contract::Builder;

/// A type that crosses the wire: it has a JSON form, a JSON Schema and checks.
///
/// Implemented by [`#[wirecall::message]`](macro@crate::message) or `#[derive(Message)]`, and for the standard
/// library's plain types. To carry a type of another crate, wrap it in a newtype of your own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a wirecall message",
    label = "this type cannot cross the wire yet",
    note = "put `#[wirecall::message]` on the definition of `{Self}`",
    note = "for a type of another crate, wrap it: `#[wirecall::message] pub struct Mine(Theirs);`"
)]
pub trait Message: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// Whether its JSON is an object, so that it can be the parameters of a call on its own.
    const OBJECT: bool = false;

    /// Notes at `at` everything that the value breaks. The default: nothing.
    ///
    /// It runs after decoding and before encoding, so what it refuses neither comes in nor goes out.
    fn check(&self, at: &mut Checker<'_>) {
        let _ = at;
    }

    /// Tells the contract what JSON Schema does not keep, for this type and those it names.
    fn describe(builder: &mut Builder) {
        let _ = builder;
    }
}
