//! The integration tests: one binary, one module a capability, over real sockets on free ports.
#![allow(missing_docs, clippy::missing_panics_doc, reason = "tests")]

mod specification;
mod support;
