//! Who is let in: the server's own code is asked, at the beginning of a connection and when its credentials are renewed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::auth::AuthRequest;
use super::connection::Connection;
use super::limits::millis;
use super::session::Session;
use super::shared::Shared;
use crate::clock;
use crate::codec::Payload;
use crate::message::{AuthAnswer, ErrorKind, RpcError};
use crate::service::{Reaction, panic_cause};
use crate::session::{Disconnect, code};
use crate::types::UserId;

/// Who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) user: Option<UserId>,
    /// When the credentials expire.
    pub(crate) until: Option<Instant>,
}

impl Admitted {
    /// For how long the credentials are good, in milliseconds.
    pub(crate) fn expires_in_ms(&self) -> Option<u64> {
        self.until.map(|until| millis(until.saturating_duration_since(clock::now())))
    }
}

/// Who is not let in: what a call is answered, and how the connection is closed.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) error: RpcError,
    pub(crate) disconnect: Disconnect,
}

impl From<RpcError> for Denied {
    fn from(error: RpcError) -> Self {
        let disconnect = Disconnect::refusing(&error);
        Self { error, disconnect }
    }
}

/// *4010 for credentials that have expired.*
fn expired() -> Disconnect {
    Disconnect::new(code::EXPIRED, "the credentials have expired")
}

/// Asks the server's own code who is calling. Where it panics nobody is let in.
pub(crate) async fn authenticate(
    shared: &Shared,
    connection: &Connection,
    token: Option<String>,
) -> Result<Admitted, Denied> {
    let Some(authenticate) = &shared.authenticate else {
        return Ok(Admitted { user: None, until: None });
    };
    let decided = async {
        authenticate.authenticate(AuthRequest { request: connection.request().clone(), token }).await
    };
    let decided = AssertUnwindSafe(decided).catch_unwind().await;
    let credentials = decided
        .unwrap_or_else(|panic| Err(shared.environment.incident("authenticate", &*panic_cause(&*panic))))?;
    if credentials.expires_in.is_some_and(|left| left.is_zero()) {
        let disconnect = expired();
        let error = RpcError::new(ErrorKind::Unauthenticated, disconnect.reason.clone());
        return Err(Denied { error, disconnect });
    }
    // An end that the clock cannot hold is none.
    let until = credentials.expires_in.and_then(|left| clock::now().checked_add(left));
    Ok(Admitted { user: credentials.user, until })
}

/// The credentials of one connection, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Lease {
    state: Arc<LeaseState>,
    /// Ends what is asked when the connection is gone.
    gone: DropGuard,
}

const NEVER: u64 = u64::MAX;

#[derive(Debug)]
struct LeaseState {
    /// What `until` counts from.
    start: Instant,
    /// When they expire, in milliseconds: read before every wait of the connection's task.
    until: AtomicU64,
    /// The server's own code is being asked.
    asked: AtomicBool,
}

impl LeaseState {
    fn until(&self) -> Option<Instant> {
        match self.until.load(Ordering::Acquire) {
            NEVER => None,
            passed => Some(self.start + Duration::from_millis(passed)),
        }
    }

    fn set(&self, until: Option<Instant>) {
        let until = until.map_or(NEVER, |until| millis(until.saturating_duration_since(self.start)));
        self.until.store(until, Ordering::Release);
    }
}

impl Lease {
    pub(crate) fn new(until: Option<Instant>) -> Self {
        let state =
            LeaseState { start: clock::now(), until: AtomicU64::new(NEVER), asked: AtomicBool::new(false) };
        state.set(until);
        let state = Arc::new(state);
        Self { state, gone: CancellationToken::new().drop_guard() }
    }

    /// When they expire.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.state.until()
    }

    /// *Then the server closes 4010.*
    pub(crate) fn check(&self, now: Instant) -> Result<(), Disconnect> {
        if self.until().is_some_and(|until| now >= until) { Err(expired()) } else { Ok(()) }
    }

    /// Decides on `rpc.auth`. *Another user than the session's is refused, and changes nothing.*
    pub(crate) fn renew(&self, session: &Session, token: Option<String>) -> Reaction {
        if self.state.asked.swap(true, Ordering::AcqRel) {
            let text = "the rpc.auth before is not answered yet";
            return Reaction::Error(RpcError::new(ErrorKind::ResourceExhausted, text));
        }
        // Also where nobody waits for the answer, so that nothing of this is ever run.
        let asking = Asking(Arc::clone(&self.state));
        let (gone, session) = (self.gone.token().clone(), session.clone());
        Reaction::Later(Box::pin(
            async move { gone.run_until_cancelled(renew(&asking.0, &session, token)).await },
        ))
    }
}

/// One `rpc.auth` that is decided on.
struct Asking(Arc<LeaseState>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.asked.store(false, Ordering::Release);
    }
}

async fn renew(state: &LeaseState, session: &Session, token: Option<String>) -> Result<Payload, RpcError> {
    let (shared, connection) = (session.shared(), session.last_connection());
    let decided = authenticate(shared, &connection, token);
    let admitted = match tokio::time::timeout(shared.limits.hello_timeout, decided).await {
        Ok(decided) => decided.map_err(|denied| denied.error)?,
        Err(_) => return Err(RpcError::new(ErrorKind::Unavailable, "signing in took too long")),
    };
    if admitted.user.as_ref() != session.user_id() {
        let text = "the token is another user's than the session";
        return Err(RpcError::new(ErrorKind::PermissionDenied, text));
    }
    state.set(admitted.until);
    let answer = AuthAnswer { auth_expires_in_ms: admitted.expires_in_ms() };
    Payload::of(session.codec(), &answer).map_err(|error| shared.environment.incident("rpc.auth", &error))
}
