//! Whom `authenticate` lets in, and for how long.

use std::time::{Duration, SystemTime};

use crate::types::UserId;

/// Whom [`authenticate`](super::ServerBuilder::authenticate) lets in, and for how long.
///
/// A [`UserId`] and an `Option<UserId>` are credentials that do not expire, so that a server whose tokens have no end
/// returns those.
///
/// ```
/// # use std::time::Duration;
/// # use wirecall::server::Credentials;
/// let credentials = Credentials::of("ada").expires_in(Duration::from_secs(900));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) user: Option<UserId>,
    pub(crate) expires_in: Option<Duration>,
}

impl Credentials {
    /// Those of that user. They do not expire.
    pub fn of(user: impl Into<UserId>) -> Self {
        Some(user.into()).into()
    }

    /// Those of somebody unknown, who may connect all the same. They do not expire.
    pub fn nobody() -> Self {
        None.into()
    }

    /// The same, good for so long from now on.
    ///
    /// The client is told, and gives the server a fresh token before that time is over. Where it does not, its connection
    /// is closed with 4010, and the session waits for it to come back with a fresh one. Zero says that they have expired
    /// already: the peer is refused with `unauthenticated` and 4010, which makes its client ask for a fresh token and
    /// try again.
    #[must_use]
    pub fn expires_in(self, time: Duration) -> Self {
        Self { expires_in: Some(time), ..self }
    }

    /// The same, good until then, as a token's `exp` says it. See [`expires_in`](Self::expires_in); a time in the past is
    /// zero.
    #[must_use]
    pub fn expires_at(self, time: SystemTime) -> Self {
        self.expires_in(time.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

impl From<Option<UserId>> for Credentials {
    fn from(user: Option<UserId>) -> Self {
        Self { user, expires_in: None }
    }
}

impl From<UserId> for Credentials {
    fn from(user: UserId) -> Self {
        Some(user).into()
    }
}
