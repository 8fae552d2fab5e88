//! Nothing: the comparison is a test, and this crate keeps the feature `ts-rs` out of the others' builds.
