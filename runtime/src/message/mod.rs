//! JSON-RPC 2.0 values: ids, errors, bytes, and the protocol's own messages. No I/O, no codec.

pub(crate) mod bytes;
mod error;
mod hello;
mod id;

#[doc(hidden)]
pub use error::Details;
pub use error::{ErrorKind, RpcError};
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) use hello::PeerLimits;
#[cfg(test)]
pub(crate) use hello::ping_of;
pub(crate) use hello::{
    AuthAnswer, AuthRefresh, CloseNotice, Hello, HelloAnswer, HelloLimits, Program, ResumeClaim,
};
pub(crate) use id::Id;

/// The largest whole number that every language reads exactly: 2^53 − 1.
pub(crate) const MAX_SAFE: u64 = (1 << 53) - 1;
