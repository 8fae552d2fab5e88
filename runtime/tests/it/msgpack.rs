//! The integration tests on MessagePack: the same modules as in `main.rs`.
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

/// What the peers and clients of the tests speak.
pub(crate) const CODEC: wirecall::Codec = wirecall::Codec::MsgPack;
