//! Typed RPC over WebSocket from annotated Rust enums.
//!
//! One declaration gives
//!
//! - the **server**: a handler trait to implement, dispatch, checks of every parameter, who is here, events, shutdown;
//! - a typed **Rust client**;
//! - **TypeScript and Python clients**, written by the command `wirecall generate`, that reconnect, keep the heartbeat and
//!   say of every call whether it ran;
//! - a **contract**: the same declaration as data.
//!
//! Underneath is JSON-RPC 2.0, so that any client that speaks it over a WebSocket can call.
//!
//! # Hello, world
//!
//! ```no_run
//! use wirecall::{Reply, Server, Service, Session};
//!
//! /// Greets.
//! #[derive(Service)]
//! #[rpc(name = "hello")]
//! pub enum Hello {
//!     /// Greets somebody by name.
//!     #[rpc(returns = String)]
//!     Greet { #[check(length(min = 1, max = 100))] name: String },
//! }
//!
//! struct App;
//!
//! impl HelloHandler for App {
//!     type Context = Session;
//!
//!     async fn greet(&self, _: Session, name: String) -> Reply<String> {
//!         Ok(format!("hello, {name}"))
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), wirecall::server::Error> {
//!     Server::builder().service(Hello::serve(App)).build()?.serve("127.0.0.1:3000").await
//! }
//! ```
//!
//! # Services
//!
//! An enum that derives [`Service`](macro@Service) is a service: each variant is a call, its fields are the parameters, and
//! `#[rpc(returns = …)]` is the result. The derive writes the trait `HelloHandler`, the functions `Hello::serve(handler)`,
//! `Hello::describe` and `Hello::contract()`, and the client `HelloClient`. Options of a call: `timeout = "2m"`,
//! `idempotent`, `no_cancel`, `serial`, `notification`, `stream = …`, `upload = …`, `error = …`, `method = "…"`. Several
//! services share one connection.
//!
//! # Messages and checks
//!
//! What crosses the wire is a [`Message`](trait@Message): the plain types of the standard library, [`Timestamp`], [`Bytes`], [`UserId`],
//! and every type with [`#[wirecall::message]`](macro@message). `#[check(…)]` on a field says what a value must be; all
//! failures of a call are told at once.
//!
//! ```
//! /// Something to be sold.
//! #[wirecall::message]
//! pub struct Article {
//!     #[check(length(min = 1, max = 80))]
//!     pub name: String,
//!     #[check(range(min = 0))]
//!     pub cents: i64,
//! }
//! ```
//!
//! # Context
//!
//! A handler's methods get the `Context` that it asks for, and then the fields. [`Session`] is who calls; [`UserId`] refuses
//! those who are not signed in; there are the parameters of the [`Path`](server::Path), the [`Query`](server::Query), the
//! [`State`](server::State) of the program, tuples of these, and what implements [`Extract`].
//! [`authenticate`](server::ServerBuilder::authenticate) decides who is signed in.
//!
//! # Errors
//!
//! A handler answers a [`Reply<T, E>`](Reply). `E` derives [`ServiceError`](macro@ServiceError): a stable code for each
//! variant, a class for each in the clients. An [`RpcError`] is one of the protocol's kinds. Anything else becomes an
//! [internal](Internal) error with an incident id, of which nothing else leaves the server; so does a panic.
//!
//! # Streams
//!
//! A call with `stream = T` answers with items before its result: its handler gets an [`Outgoing<T>`](Outgoing), the client
//! [`Items`]. One with `upload = T` takes an [`Incoming<T>`](Incoming). A consumer that does not keep up holds its producer,
//! and a caller that leaves drops the handler.
//!
//! # Events, and calls to the client
//!
//! An enum that derives [`Events`](macro@Events) is what a server emits: to a [`Session`], to a user, to several or to all,
//! through a [`ServerHandle`]. A service with `side = "client"` is answered by clients, and called with
//! [`Session::peer`].
//!
//! ```
//! use wirecall::{Events, ServerHandle, Service};
//!
//! #[derive(Service)]
//! #[rpc(name = "news", events = NewsEvent)]
//! pub enum News {}
//!
//! #[derive(Events)]
//! pub enum NewsEvent {
//!     /// Something happened.
//!     Published { headline: String },
//! }
//!
//! fn tell_ada(server: &ServerHandle) -> Result<usize, wirecall::EncodeError> {
//!     server.user("ada").emit(NewsEvent::Published { headline: "it works".to_owned() })
//! }
//! ```
//!
//! # Sessions
//!
//! A [`Session`] outlives its connections: after a cut its client takes it up again, and what did not arrive is sent again,
//! once and in order, in both directions. Where it cannot be kept each open call says whether it ran, did not, or nobody knows;
//! those declared `idempotent` are made again. A JSON-RPC client without wirecall's subprotocol (a *plain peer*) has a session
//! for as long as its connection.
//!
//! # The client
//!
//! [`connect`] makes a [`Client`] that comes back when its connection is lost. Calls are futures that cancel when they are
//! dropped.
//!
//! ```
//! # use wirecall::Service;
//! # #[derive(Service)]
//! # #[rpc(name = "hello")]
//! # pub enum Hello {
//! #     #[rpc(returns = String)]
//! #     Greet { name: String },
//! # }
//! async fn greet() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = wirecall::connect("ws://127.0.0.1:3000/ws").await?;
//!     println!("{}", HelloClient::new(&client).greet("Ada").await?);
//!     Ok(())
//! }
//! ```
//!
//! # Ways in, and the way out
//!
//! [`Server::serve`] listens by itself, [`Server::serve_listener`] on a listener of yours, and [`Server::route`] is a
//! `tower::Service` beside the routes of axum or hyper. [`ServerHandle::shutdown`] lets open calls finish. Bounds and times
//! are fields of [`Limits`](server::Limits), each with its default and the reason for it.
//!
//! # Features
//!
//! | feature | default | |
//! | --- | --- | --- |
//! | `server` | yes | [`server`]: accepting, handlers, who is here |
//! | `client` | yes | [`client`]: the Rust client |
//! | `client-tls` | no | `wss://` in the Rust client, with the platform's root certificates |
//! | `ts-rs` | no | messages also implement `ts_rs::TS` |
//!
//! Features add; none changes what another does. Without any there are the declarations alone, for a crate that a server and its
//! clients share.
//!
//! # Not in this version
//!
//! Channels with history and presence, groups, rules on who may call (`require`), several nodes, and streams of calls that
//! clients answer. The macros refuse their options as *not yet supported*.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "server"),
    allow(
        dead_code,
        unused_imports,
        reason = "both ends are made of the same parts, and a client needs fewer of them"
    )
)]
#![cfg_attr(
    not(any(feature = "server", feature = "client")),
    allow(
        unreachable_code,
        unused_assignments,
        unused_variables,
        reason = "declarations alone: calls come from neither end"
    )
)]

extern crate self as wirecall;

mod check;
mod clock;
mod codec;
#[cfg(test)]
#[cfg(all(feature = "client", feature = "server"))]
mod conformance;
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

#[cfg(feature = "fuzzing")]
#[doc(hidden)]
#[path = "fuzzing.rs"]
pub mod __fuzzing;

pub use check::{Checker, Violation};
#[cfg(feature = "client")]
pub use client::{Client, connect};
pub use codec::{Codec, CodecError};
pub use listener::Listener;
pub use message::{ErrorKind, RpcError};
#[cfg(feature = "server")]
pub use server::{Server, ServerHandle, Session};
pub use service::{
    Answer, CallContext, CallError, Emitted, EncodeError, EventStream, Events, Extract, Failure, Incident,
    Incoming, Internal, Items, Layer, Mounted, Next, NoError, NoEvents, Outgoing, Peer, Pending, Reply,
    SendError, Service, ServiceClient, ServiceError, Streaming, Unexpected,
};
#[cfg(feature = "client")]
pub use session::BackoffOptions;
pub use session::{Disconnect, Reason as SessionReason};
pub use types::{Bytes, Message, Timestamp, TimestampError, UserId};
pub use wirecall_macros::{Events, Message, Service, ServiceError, message};
