//! Typed RPC over WebSocket from annotated Rust enums.
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate self as wirecall;

mod check;
mod codec;
mod connection;
mod listener;
mod message;
mod service;
mod session;
mod types;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod server;

pub mod contract {
    //! The contract: services, calls, events, errors and types as plain data.
    pub use wirecall_contract::*;
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use check::{Checker, Violation};
#[cfg(feature = "client")]
pub use client::{Client, connect};
pub use listener::Listener;
pub use message::{ErrorKind, RpcError};
#[cfg(feature = "server")]
pub use server::{Server, ServerHandle, Session};
pub use service::{
    Answer, CallContext, CallError, CallInfo, Emitted, EncodeError, EventStream, Events, Extract, Failure, Incident, Internal, Layer, Mounted, Next,
    NoError, NoEvents, Peer, Pending, Reply, Service, ServiceClient, ServiceError, Unexpected,
};
pub use session::{BackoffOptions, Disconnect};
pub use types::{Message, Timestamp, TimestampError, UserId};
pub use wirecall_macros::{Events, Message, Service, ServiceError, message};
