//! JSON-RPC 2.0 values: ids, errors, and the protocol's own messages. No I/O, no codec.

mod error;
mod hello;
mod id;

#[doc(hidden)]
pub use error::Details;
pub use error::{ErrorKind, RpcError};
#[cfg(feature = "client")]
pub(crate) use hello::PeerLimits;
pub(crate) use hello::{CloseNotice, Hello, HelloAnswer, HelloLimits, Program};
pub(crate) use id::Id;
