//! The Rust client: connects, comes back when the connection is lost, and carries over what may be carried.
//!
//! ```no_run
//! # async fn run() -> Result<(), wirecall::client::ConnectError> {
//! let client = wirecall::connect("ws://127.0.0.1:3000/ws").await?;
//! // `ChatClient::new(&client)` then calls the service of an enum `Chat` that derives `Service`.
//! client.close().await;
//! # Ok(())
//! # }
//! ```

#[cfg(test)]
#[cfg(feature = "server")]
mod alone;
mod broadcast;
#[expect(clippy::module_inception, reason = "the concept and the type of that name")]
mod client;
mod contracts;
mod credentials;
mod error;
mod handshake;
mod layer;
mod link;
mod options;
mod pump;
mod recovery;
mod shared;
mod state;
mod streams;
mod task;
#[cfg(feature = "client-tls")]
mod tls;
mod upload;

#[cfg(test)]
#[cfg(feature = "server")]
pub(crate) use alone::{alone, number_after, run_over};
pub use client::Client;
pub use error::ConnectError;
pub use layer::{ClientCall, ClientFuture, ClientLayer, ClientNext, ClientResult, RawResult};
pub use options::Connect;
pub use state::ClientState;
pub use upload::{Unfailing, UploadError, try_upload};
#[cfg(test)]
#[cfg(feature = "server")]
pub(crate) use {link::Link, shared::Shared};

/// Connects to a server. The connection is made when this is awaited; before that it can be set up:
/// `connect(url).token(token).await`.
///
/// # Errors
///
/// Where the first attempt fails, unless [`Connect::lazy`] was said.
///
/// # Cancel safety
///
/// A dropped future drops the connection.
pub fn connect(url: impl Into<String>) -> Connect {
    Connect::new(url.into())
}
