//! What handlers on the server may ask for: session, user, connection, parameters, headers, state.

use std::any::{Any, TypeId, type_name};
use std::ops::Deref;
use std::sync::Arc;

use http::HeaderMap;
use serde::de::DeserializeOwned;

use super::connection::Connection;
use super::handle::ServerHandle;
use super::session::Session;
use crate::message::{ErrorKind, RpcError};
use crate::service::{CallContext, Extract, Scope, SessionScope};
use crate::types::UserId;

impl CallContext {
    /// The session that made the call; `None` on a client, whose calls come from its server.
    pub fn session(&self) -> Option<&Session> {
        self.caller().map(|caller| &caller.session)
    }

    /// The connection that the call came over, which its session may have left since; `None` on a client.
    pub fn connection(&self) -> Option<&Connection> {
        self.caller().map(|caller| &caller.connection)
    }

    fn caller(&self) -> Option<&Caller> {
        match &self.scope {
            Scope::Session(session) => {
                let session: &dyn Any = &**session;
                session.downcast_ref()
            }
            #[cfg(feature = "client")]
            Scope::Client(_) => None,
        }
    }
}

/// Whom a call came from, and over which connection.
pub(crate) struct Caller {
    pub(crate) session: Session,
    pub(crate) connection: Connection,
}

impl SessionScope for Caller {
    fn max_message_bytes(&self) -> usize {
        self.session.max_message_bytes()
    }
}

fn connection(call: &CallContext) -> Result<&Connection, RpcError> {
    call.connection()
        .ok_or_else(|| RpcError::new(ErrorKind::InternalError, "this context exists on a server only"))
}

fn session(call: &CallContext) -> Result<&Session, RpcError> {
    call.session()
        .ok_or_else(|| RpcError::new(ErrorKind::InternalError, "this context exists on a server only"))
}

impl Extract for Session {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        session(call).cloned()
    }
}

impl Extract for Connection {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        connection(call).cloned()
    }
}

/// Refuses a call of nobody with `unauthenticated`.
impl Extract for UserId {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        session(call)?.user()
    }
}

/// The user, or `None` where nobody is signed in.
impl Extract for Option<UserId> {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        Ok(session(call)?.user_id().cloned())
    }
}

impl Extract for ServerHandle {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        Ok(session(call)?.server())
    }
}

/// The headers of the upgrade request.
#[derive(Debug, Clone)]
pub struct Headers(pub HeaderMap);

impl Extract for Headers {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        Ok(Self(connection(call)?.headers().clone()))
    }
}

impl Deref for Headers {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.0
    }
}

/// The parameters of the path pattern that the client connected to, as `T`: a struct with a field each, or a map.
///
/// Values are strings on the wire; numbers and booleans are read from them. What does not fit refuses the call with
/// `validation_error`.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send + 'static> Extract for Path<T> {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        let params = &connection(call)?.request().path_params;
        // Written and read as a query, which knows how to read numbers from strings.
        let text = serde_urlencoded::to_string(params).map_err(|_| unfit("path"))?;
        serde_urlencoded::from_str(&text).map(Self).map_err(|_| unfit("path"))
    }
}

/// The query of the URL that the client connected to, as `T`. What does not fit refuses the call with
/// `validation_error`.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send + 'static> Extract for Query<T> {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        let query = connection(call)?.uri().query().unwrap_or_default();
        serde_urlencoded::from_str(query).map(Self).map_err(|_| unfit("query"))
    }
}

fn unfit(part: &'static str) -> RpcError {
    RpcError::new(ErrorKind::ValidationError, format!("the {part} of the connection's URL does not fit"))
}

/// A value that the server was given with [`ServerBuilder::state`](super::ServerBuilder::state).
#[derive(Debug)]
pub struct State<T>(pub Arc<T>);

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> Extract for State<T> {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        let state = session(call)?.shared().states.get(&TypeId::of::<T>()).cloned();
        if let Some(state) = state.and_then(|state| state.downcast::<T>().ok()) {
            return Ok(Self(state));
        }
        let text = format!("no state of type {}: add it with ServerBuilder::state", type_name::<T>());
        Err(call
            .environment
            .incident(call.method(), &*Box::<dyn std::error::Error + Send + Sync>::from(text)))
    }
}
