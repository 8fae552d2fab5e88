//! The integration tests: one module a capability, over real sockets on free ports. This binary
//! speaks JSON; `msgpack.rs` has the same modules.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

include!("suite.rs");

mod packed;

/// What the peers and clients of the tests speak.
pub(crate) const CODEC: wirecall::Codec = wirecall::Codec::Json;
