//! The server: takes connections, runs handlers, knows who is here.
//!
//! ```no_run
//! # async fn run() -> Result<(), wirecall::server::Error> {
//! use wirecall::Server;
//!
//! let server = Server::builder().build()?;
//! server.serve("127.0.0.1:3000").await
//! # }
//! ```

mod accept;
mod admission;
mod auth;
mod builder;
mod connection;
mod credentials;
mod error;
mod event;
mod extract;
mod handle;
mod hello;
mod life;
mod limits;
mod origin;
mod pump;
mod refusal;
mod registry;
mod route;
mod serve;
mod session;
mod shared;
mod shutdown;
mod upgrade;
mod verdict;

use std::future::Future;
use std::sync::Arc;

use tokio::net::{TcpListener, ToSocketAddrs};

pub use auth::{AuthRequest, Authenticate, Authenticated};
pub use builder::ServerBuilder;
pub use connection::Connection;
pub use credentials::Credentials;
pub use error::Error;
pub use event::ServerEvent;
pub use extract::{Headers, Path, Query, State};
pub use handle::{Audience, ServerHandle};
pub use limits::Limits;
pub use route::Route;
pub use session::{Session, SessionId};
pub use upgrade::PeerAddress;

use crate::contract::Contract;
use shared::Shared;

/// A server: services, who may call them, and whoever is connected. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Server {
    shared: Arc<Shared>,
    handle: ServerHandle,
}

impl Server {
    /// Starts to build one.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// Listens on `address` and serves until [`ServerHandle::shutdown`].
    ///
    /// Clients connect to the paths of [`ServerBuilder::path`] (by default `/` and `/ws`); `GET /health` answers `ok`,
    /// everything else 404.
    ///
    /// # Errors
    ///
    /// Where the address cannot be listened on, or the listener fails for good.
    ///
    /// # Cancel safety
    ///
    /// A dropped future accepts nothing any more; connections go on until their end or a shutdown.
    pub async fn serve(&self, address: impl ToSocketAddrs + std::fmt::Debug) -> Result<(), Error> {
        let shown = format!("{address:?}").trim_matches('"').to_owned();
        let listener = serve::bind(address, shown).await?;
        self.serve_listener(listener).await
    }

    /// Serves a listener of your own, as [`Server::serve`] does. For a port of the system's choice, and for sockets
    /// that a supervisor hands over.
    ///
    /// # Errors
    ///
    /// Where the listener fails for good.
    pub async fn serve_listener(&self, listener: TcpListener) -> Result<(), Error> {
        serve::accept(listener, Arc::clone(&self.shared)).await
    }

    /// Like [`Server::serve`], with a shutdown when `signal` is ready, such as `tokio::signal::ctrl_c()`.
    ///
    /// # Errors
    ///
    /// As [`Server::serve`].
    pub async fn serve_until(
        &self,
        address: impl ToSocketAddrs + std::fmt::Debug,
        signal: impl Future,
    ) -> Result<(), Error> {
        let stopping = async {
            signal.await;
            self.handle.shutdown().await;
        };
        let (served, ()) = futures_util::future::join(self.serve(address), stopping).await;
        served
    }

    /// The server as a `tower::Service`, to be mounted in a router beside other routes:
    /// `axum::Router::new().route_service("/ws", server.route())`.
    pub fn route(&self) -> Route {
        Route { shared: Arc::clone(&self.shared) }
    }

    /// The handle: who is here, events to them, shutdown.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// The contract of all mounted services.
    pub fn contract(&self) -> &Contract {
        &self.shared.contract
    }
}
