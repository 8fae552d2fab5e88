//! JSON-RPC 2.0 values: ids, errors, and the protocol's own messages. No I/O, no codec.

mod error;
mod hello;
mod id;

pub use error::{ErrorKind, RpcError};
pub(crate) use hello::{CloseNotice, Hello, HelloAnswer, HelloLimits, PeerInfo, PeerLimits};
pub(crate) use id::Id;
