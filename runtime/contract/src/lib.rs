//! The contract: what a set of services looks like from outside, as plain data.
//!
//! Everything else is printed from it: TypeScript, Python, documents. It has one stable JSON form
//! ([`Contract::to_json`]) and each service a fingerprint of its wire shape ([`Contract::fingerprint`]),
//! which clients send in `rpc.hello`. Whether an older contract still fits is told by [`compatibility`].
//!
//! The types here are built by code that `#[derive(wirecall::Service)]` writes, through [`Builder`].

mod builder;
mod check;
pub mod compatibility;
mod fingerprint;
mod model;
mod stream;

pub use builder::Builder;
pub use check::Check;
pub use model::{
    Call, CallKind, Contract, ErrorSet, ErrorVariant, Event, EventSet, Field, NamedType, Params, ParseError,
    Serial, Service, Side, Variant,
};
pub use schemars;
pub use stream::Subscription;

/// The version of the contract's JSON form, written as its member `wirecall`.
pub const FORMAT: u32 = 1;
