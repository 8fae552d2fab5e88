//! What a handler answers when it fails: its own typed error, one of the protocol's, or something unexpected.

use std::error::Error as StdError;
use std::fmt;

use super::ServiceError;
use crate::contract::{Builder, ErrorSet};
use crate::message::RpcError;

/// What a handler answers.
///
/// `?` turns a service's error `E`, an [`RpcError`] and (after [`Internal::internal`]) any other error into a
/// [`Failure`].
pub type Reply<T, E = NoError> = Result<T, Failure<E>>;

/// Why a handler did not answer with a result.
pub enum Failure<E = NoError> {
    /// The service's own error, typed in every client.
    Service(E),
    /// One of the protocol's errors, such as `unauthenticated`.
    Rpc(RpcError),
    /// Something unexpected: the caller reads `internal_error` with an incident id, the log and `on_error` the cause.
    Internal(Box<dyn StdError + Send + Sync>),
}

impl<E> Failure<E> {
    /// An unexpected failure.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl<E: ServiceError> From<E> for Failure<E> {
    fn from(error: E) -> Self {
        Self::Service(error)
    }
}

impl<E> From<RpcError> for Failure<E> {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

impl<E: ServiceError> fmt::Debug for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => {
                write!(f, "Service({} {}: {})", error.code(), error.kind(), error.message())
            }
            Self::Rpc(error) => f.debug_tuple("Rpc").field(error).finish(),
            Self::Internal(cause) => f.debug_tuple("Internal").field(cause).finish(),
        }
    }
}

/// Marks an error as unexpected, so that nothing of it leaves the server.
///
/// # Examples
///
/// ```
/// use wirecall::{Internal, Reply};
///
/// async fn count() -> Reply<u32> {
///     let text = std::fs::read_to_string("/no/such/file").internal()?;
///     Ok(text.lines().count() as u32)
/// }
/// ```
pub trait Internal<T> {
    /// The value, or [`Unexpected`] with the error as its cause, which `?` turns into [`Failure::Internal`].
    ///
    /// # Errors
    ///
    /// Where the value is an error or absent.
    fn internal(self) -> Result<T, Unexpected>;
}

/// An error of which nothing leaves the server. Made by [`Internal::internal`].
#[derive(Debug)]
pub struct Unexpected(Box<dyn StdError + Send + Sync>);

impl<E> From<Unexpected> for Failure<E> {
    fn from(unexpected: Unexpected) -> Self {
        Self::Internal(unexpected.0)
    }
}

impl<T, C: Into<Box<dyn StdError + Send + Sync>>> Internal<T> for Result<T, C> {
    fn internal(self) -> Result<T, Unexpected> {
        self.map_err(|cause| Unexpected(cause.into()))
    }
}

impl<T> Internal<T> for Option<T> {
    fn internal(self) -> Result<T, Unexpected> {
        self.ok_or_else(|| Unexpected("a value that must be there is absent".into()))
    }
}

/// The errors of a service that declares none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoError {}

impl fmt::Display for NoError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl StdError for NoError {}

impl ServiceError for NoError {
    fn code(&self) -> i64 {
        match *self {}
    }
    fn kind(&self) -> &'static str {
        match *self {}
    }
    fn retryable(&self) -> bool {
        match *self {}
    }
    fn message(&self) -> String {
        match *self {}
    }
    fn into_rpc(self) -> RpcError {
        match self {}
    }
    fn from_rpc(_: &RpcError) -> Option<Self> {
        None
    }
    fn set(_: &mut Builder) -> Option<ErrorSet> {
        None
    }
}
