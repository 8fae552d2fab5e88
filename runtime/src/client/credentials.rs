//! Fresh tokens for a live connection, before the server's patience with the old one is over.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::options::{TokenKind, TokenProvider};
use super::shared::Shared;
use super::task::random;
use crate::codec::request_frame;
use crate::connection::LineId;
use crate::message::{AuthAnswer, AuthRefresh, ErrorKind};
use crate::service::{Endpoint, PeerAnswer, PeerFault, panic_cause};
use crate::session::{Backoff, BackoffOptions, Disconnect};

/// The id of hello and of `rpc.auth`, of which one is open at a time. Calls count from 1.
pub(crate) const OWN_ID: u64 = 0;

/// A fresh token is asked for so long before the old one expires, or a quarter of its time.
const AHEAD: Duration = Duration::from_mins(1);

/// The call `rpc.auth`, while it is open.
#[derive(Debug, Default)]
pub(crate) struct Refreshing(Mutex<Option<oneshot::Sender<PeerAnswer>>>);

impl Refreshing {
    fn waiter(&self) -> std::sync::MutexGuard<'_, Option<oneshot::Sender<PeerAnswer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the answer to `rpc.auth`.
    pub(crate) fn answered(&self, answer: PeerAnswer) {
        if let Some(waiter) = self.waiter().take() {
            // A connection that is gone no longer waits.
            drop(waiter.send(answer));
        }
    }
}

/// How long after they were told credentials are to be renewed that are good for `lasts`.
fn due(lasts: Duration) -> Duration {
    lasts.saturating_sub(AHEAD.min(lasts / 4))
}

/// Gives the server a fresh token before the one before expires, for as long as the connection lives.
///
/// A token that cannot be had, or that the server cannot judge now, is asked for again after the waits of coming back, while the old
/// one lasts. One that is refused changes nothing: the old one is good until it expires. Then the server closes the connection, and
/// the way back begins with another try.
pub(crate) async fn keep_fresh(
    shared: &Shared,
    endpoint: &Endpoint,
    line: LineId,
    mut lasts: Option<u64>,
) -> Infallible {
    let provider = shared.options.token.as_ref().filter(|_| shared.options.token_kind == TokenKind::Provided);
    while let (Some(provider), Some(left)) = (provider, lasts) {
        let left = Duration::from_millis(left);
        let end = Instant::now().checked_add(left);
        tokio::time::sleep(due(left)).await;
        let mut backoff = Backoff::new(BackoffOptions { attempts: None, ..shared.options.backoff });
        lasts = loop {
            let error = match renew(shared, endpoint, line, provider).await {
                Ok(answer) => break answer.auth_expires_in_ms,
                Err(error) => error,
            };
            tracing::warn!(target: "wirecall", error = error.text, "the token could not be refreshed");
            let wait = backoff.after(&Disconnect::lost(""), random()).filter(|_| error.passes);
            let again = wait.and_then(|wait| Instant::now().checked_add(wait.max(LEAST_WAIT)));
            match again {
                Some(again) if end.is_none_or(|end| again < end) => tokio::time::sleep_until(again).await,
                _ => break None,
            }
        };
    }
    std::future::pending().await
}

/// Why there are no fresh credentials.
#[derive(Debug)]
struct RenewError {
    text: String,
    /// Whether asking again can help.
    passes: bool,
}

impl RenewError {
    fn passing(text: impl Into<String>) -> Self {
        Self { text: text.into(), passes: true }
    }

    fn last(text: impl Into<String>) -> Self {
        Self { text: text.into(), passes: false }
    }
}

/// Asks for a token, in the time of one attempt, and shows it to the server.
async fn renew(
    shared: &Shared,
    endpoint: &Endpoint,
    line: LineId,
    provider: &TokenProvider,
) -> Result<AuthAnswer, RenewError> {
    let token = match tokio::time::timeout(shared.options.connect_timeout, ask(provider)).await {
        Ok(Ok(Some(token))) => token,
        Ok(Ok(None)) => return Err(RenewError::passing("the token provider gave none")),
        Ok(Err(error)) => return Err(RenewError::passing(error.to_string())),
        Err(_) => return Err(RenewError::passing("the token provider took longer than `connect_timeout`")),
    };
    refresh(shared, endpoint, line, token).await
}

/// A provider that fails at once is not asked without pause, whatever the backoff says.
const LEAST_WAIT: Duration = Duration::from_millis(100);

/// Asks for the token. A provider that panics has failed.
pub(crate) async fn ask(
    provider: &TokenProvider,
) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
    // The panic may be before its first await, too.
    let asked = AssertUnwindSafe(async { provider().await }).catch_unwind().await;
    asked.unwrap_or_else(|panic| Err(panic_cause(&*panic)))
}

async fn refresh(
    shared: &Shared,
    endpoint: &Endpoint,
    line: LineId,
    token: String,
) -> Result<AuthAnswer, RenewError> {
    let params = AuthRefresh { token: Some(token) };
    let frame = request_frame(endpoint.codec, Some(OWN_ID), "rpc.auth", &params, None)
        .map_err(|error| RenewError::last(error.to_string()))?;
    let (waiter, answer) = oneshot::channel();
    *shared.refreshing.waiter() = Some(waiter);
    endpoint.urgent(line, frame).map_err(|disconnect| RenewError::last(disconnect.to_string()))?;
    match answer.await {
        Ok(Ok(answer)) => answer.read().map_err(|error| RenewError::last(error.to_string())),
        // *An error that passes is no verdict on the token.*
        Ok(Err(PeerFault::Rpc(error))) => {
            Err(RenewError { passes: is_passing(error.code()), text: error.to_string() })
        }
        Ok(Err(_)) | Err(_) => Err(RenewError::last("the answer to rpc.auth does not fit")),
    }
}

/// Whether credentials that were refused with this code may be accepted the next time.
fn is_passing(code: i64) -> bool {
    let passing = [
        ErrorKind::InternalError,
        ErrorKind::RateLimited,
        ErrorKind::DeadlineExceeded,
        ErrorKind::Unavailable,
        ErrorKind::ResourceExhausted,
    ];
    passing.iter().any(|kind| kind.code() == code)
}

#[cfg(test)]
mod tests {
    use super::{Duration, due};

    #[test]
    fn a_token_is_renewed_a_minute_before_its_end_or_after_three_quarters_of_its_time() {
        let seconds = Duration::from_secs;
        assert_eq!(due(seconds(3600)), seconds(3540));
        assert_eq!(due(seconds(240)), seconds(180));
        assert_eq!(due(seconds(40)), seconds(30));
        assert_eq!(due(Duration::ZERO), Duration::ZERO);
    }
}
