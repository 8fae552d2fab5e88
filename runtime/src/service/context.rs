//! What a call knows of its surroundings, and how a handler asks for it.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::environment::Environment;
use super::layer::Answer;
use super::method::CallSpec;
use super::size::too_large;
use super::traits::{ServiceError, checked};
use super::{Failure, Reply};
use crate::clock;
use crate::codec::{Codec, Meta, result_frame};
use crate::message::{Id, RpcError};
use crate::types::Message;

/// Whom a call came from.
#[derive(Clone)]
pub(crate) enum Scope {
    /// On the server: a session, whose type only the server knows.
    #[cfg(feature = "server")]
    Session(Arc<dyn SessionScope>),
    /// On a client: its server.
    #[cfg(feature = "client")]
    Client(super::Peer),
}

/// The session that a call came from.
#[cfg(feature = "server")]
pub(crate) trait SessionScope: Any + Send + Sync {
    /// The largest message that its client takes now, in bytes.
    fn max_message_bytes(&self) -> usize;
}

impl Scope {
    /// The largest message that the other end takes, in bytes.
    fn max_message_bytes(&self) -> usize {
        match *self {
            #[cfg(feature = "server")]
            Self::Session(ref session) => session.max_message_bytes(),
            #[cfg(feature = "client")]
            Self::Client(ref server) => server.0.max_message_bytes(),
        }
    }
}

/// One call, as its handler's context and the layers around it see it.
#[derive(Clone)]
pub struct CallContext {
    pub(crate) scope: Scope,
    pub(crate) spec: &'static CallSpec,
    pub(crate) id: Option<Id>,
    /// The codec of the call, and so of its answer.
    pub(crate) codec: Codec,
    pub(crate) meta: Meta,
    pub(crate) deadline: Option<Instant>,
    pub(crate) environment: Arc<Environment>,
}

impl std::fmt::Debug for CallContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallContext")
            .field("method", &self.spec.method)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl CallContext {
    /// The method as on the wire, `chat.post`.
    pub fn method(&self) -> &'static str {
        self.spec.method
    }

    /// Whether nobody awaits an answer.
    pub fn is_notification(&self) -> bool {
        self.id.is_none()
    }

    /// How long the call may still take; `None` where it has no time limit.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(clock::now()))
    }

    /// The caller's W3C trace context, `meta.traceparent`.
    pub fn traceparent(&self) -> Option<&str> {
        self.meta.traceparent.as_deref()
    }

    /// The caller's W3C trace state, `meta.tracestate`.
    pub fn tracestate(&self) -> Option<&str> {
        self.meta.tracestate.as_deref()
    }

    /// The largest message that the caller takes, in bytes.
    pub(crate) fn max_message_bytes(&self) -> usize {
        self.scope.max_message_bytes()
    }

    /// Turns what the handler said into the answer.
    pub(crate) fn conclude<R, E>(&self, said: Reply<R, E>) -> Answer
    where
        R: Message,
        E: ServiceError,
    {
        match said {
            Ok(result) => self.encode(&result),
            Err(Failure::Service(error)) => Answer::from(error.into_rpc()),
            Err(Failure::Rpc(error)) => Answer::from(error),
            Err(Failure::Internal(cause)) => Answer::from(self.environment.incident(self.method(), &*cause)),
        }
    }

    /// The answer of a call in which something panicked: its handler, its extractor, a layer.
    #[cold]
    pub(crate) fn panicked(&self, panic: &(dyn Any + Send)) -> Answer {
        Answer::from(self.environment.incident(self.method(), &*panic_cause(panic)))
    }

    fn encode<R: Message + Serialize>(&self, result: &R) -> Answer {
        let Some(id) = &self.id else { return Answer::nothing() };
        let encoded = checked(|at| result.check(at)).and_then(|()| Ok(result_frame(self.codec, id, result)?));
        match encoded {
            Ok(frame) if frame.len() > self.scope.max_message_bytes() => {
                Answer::from(too_large("the result", frame.len(), self.scope.max_message_bytes()))
            }
            Ok(frame) => Answer::result(frame),
            Err(error) => Answer::from(self.environment.incident(self.method(), &error)),
        }
    }
}

/// What a panic said, as an error.
pub(crate) fn panic_cause(panic: &(dyn Any + Send)) -> Box<dyn std::error::Error + Send + Sync> {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a panic: {}", text.unwrap_or("no text")).into()
}

/// Eight random hexadecimal digits that the caller's error and the log share.
pub(crate) fn incident() -> String {
    let mut bytes = [0; 4];
    // Without a source of randomness the log still has the method and the cause.
    let _: Result<(), _> = getrandom::fill(&mut bytes);
    format!("{:08x}", u32::from_be_bytes(bytes))
}

/// What a handler may ask for as its context.
///
/// Implemented for [`CallContext`], `()`, on the server also for its session, user, connection, path and query
/// parameters, headers and state, and for tuples of these. Implement it for types of your own, such as the signed-in
/// account.
///
/// # Examples
///
/// ```
/// use wirecall::{CallContext, ErrorKind, Extract, RpcError, Session};
///
/// struct Admin(Session);
///
/// impl Extract for Admin {
///     async fn extract(call: &CallContext) -> Result<Self, RpcError> {
///         let session = Session::extract(call).await?;
///         if session.user()? == "root" {
///             Ok(Self(session))
///         } else {
///             Err(RpcError::new(ErrorKind::PermissionDenied, "for administrators only"))
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the context of a handler",
    label = "not something that a call can be asked for",
    note = "use `wirecall::Session`, `wirecall::UserId`, `()` or another extractor, or implement `wirecall::Extract` for `{Self}`"
)]
pub trait Extract: Sized + Send + 'static {
    /// Takes the value from the call, or refuses the call with an error. A service's own error converts with `.into()`.
    ///
    /// # Errors
    ///
    /// What the caller is answered instead.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the call is cancelled.
    fn extract(call: &CallContext) -> impl Future<Output = Result<Self, RpcError>> + Send;
}

impl Extract for () {
    async fn extract(_: &CallContext) -> Result<Self, RpcError> {
        Ok(())
    }
}

impl Extract for CallContext {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        Ok(call.clone())
    }
}

macro_rules! tuple {
    ($($name:ident),*) => {
        impl<$($name: Extract),*> Extract for ($($name,)*) {
            async fn extract(call: &CallContext) -> Result<Self, RpcError> {
                Ok(($($name::extract(call).await?,)*))
            }
        }
    };
}

tuple!(A);
tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);
tuple!(A, B, C, D, E);
tuple!(A, B, C, D, E, F);
