//! How a connection ends: the one table of close codes.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::Reason;
use crate::message::{ErrorKind, RpcError};

/// The close codes by name.
pub(crate) mod code {
    pub(crate) const NORMAL: u16 = 1000;
    pub(crate) const GOING_AWAY: u16 = 1001;
    pub(crate) const PROTOCOL: u16 = 1002;
    pub(crate) const UNSUPPORTED: u16 = 1003;
    pub(crate) const NO_STATUS: u16 = 1005;
    pub(crate) const ABNORMAL: u16 = 1006;
    pub(crate) const INVALID_UTF8: u16 = 1007;
    pub(crate) const TOO_LARGE: u16 = 1009;
    pub(crate) const INTERNAL: u16 = 1011;
    pub(crate) const TRY_AGAIN_LATER: u16 = 1013;
    pub(crate) const DRAINING: u16 = 4000;
    pub(crate) const HELLO_TIMEOUT: u16 = 4001;
    pub(crate) const HEARTBEAT_TIMEOUT: u16 = 4008;
    #[cfg(any(feature = "server", test))]
    pub(crate) const EXPIRED: u16 = 4010;
    pub(crate) const TOO_SLOW: u16 = 4013;
    pub(crate) const RATE_LIMITED: u16 = 4029;
    pub(crate) const SEQUENCE: u16 = 4050;
    pub(crate) const FORBIDDEN: u16 = 4501;
    pub(crate) const REVOKED: u16 = 4502;
    pub(crate) const SUPERSEDED: u16 = 4503;
}

/// How a connection ended, or is to end.
///
/// The range of the code says what a client does: **4000–4499 come back, 4500–4999 stay away**; of the standard codes
/// 1001, 1005, 1006, 1011, 1012, 1013 and 1014 come back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnect {
    /// The WebSocket close code.
    pub code: u16,
    /// Why, for people.
    pub reason: Cow<'static, str>,
    /// The span over which clients spread their return, where the server gave one.
    pub retry_within: Option<Duration>,
    /// The setting whose bound was met, if that is why.
    pub(crate) limit: Option<&'static str>,
    /// Why the session ends with the connection, if it does.
    pub(crate) ends: Option<Reason>,
}

impl Disconnect {
    /// An end with that code.
    pub fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into(), retry_within: None, limit: None, ends: None }
    }

    /// An end because a bound was met.
    pub(crate) fn over(limit: &'static str, code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { limit: Some(limit), ..Self::new(code, reason) }
    }

    /// The same, and the session ends with it.
    pub(crate) fn ending(self, reason: Reason) -> Self {
        Self { ends: Some(reason), ..self }
    }

    /// The end of a connection whose hello is answered with that error: *the close that its kind asks for*.
    ///
    /// What is only for now must not keep a client away for good.
    pub(crate) fn refusing(error: &RpcError) -> Self {
        let code = match ErrorKind::from_code(error.code()) {
            Some(ErrorKind::RateLimited) => code::RATE_LIMITED,
            Some(ErrorKind::InternalError) => code::INTERNAL,
            _ if error.retryable() => code::TRY_AGAIN_LATER,
            _ => code::FORBIDDEN,
        };
        Self { retry_within: error.retry_after(), ..Self::new(code, error.message().to_owned()) }
    }

    /// Whether a client may come back. A code that is in no list comes back: a proxy's own is no verdict.
    pub fn reconnects(&self) -> bool {
        !matches!(self.code, 1000 | 1002 | 1003 | 1007..=1009 | 4500..=4999)
    }

    /// Whether a session ends with a close that this side has decided on: nobody comes back from it.
    pub(crate) fn is_final(&self) -> bool {
        self.ends.is_some() || !self.reconnects()
    }

    /// The connection broke without a close frame.
    pub(crate) fn lost(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::ABNORMAL, reason)
    }
}

#[cfg(feature = "client")]
impl From<crate::message::CloseNotice> for Disconnect {
    fn from(notice: crate::message::CloseNotice) -> Self {
        Self {
            retry_within: notice.retry_within_ms.map(Duration::from_millis),
            ..Self::new(notice.code, notice.reason)
        }
    }
}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "closed with {}", self.code)?;
        if self.reason.is_empty() { Ok(()) } else { write!(f, ": {}", self.reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::Disconnect;

    #[test]
    fn the_range_of_a_close_code_says_whether_to_come_back() {
        let reconnects = |code| Disconnect::new(code, "").reconnects();
        for code in [
            1001, 1005, 1006, 1010, 1011, 1012, 1013, 1014, 1015, 3000, 4000, 4001, 4008, 4010, 4013, 4029,
            4050, 4499,
        ] {
            assert!(reconnects(code), "{code}");
        }
        for code in [1000, 1002, 1003, 1007, 1008, 1009, 4500, 4501, 4502, 4503, 4999] {
            assert!(!reconnects(code), "{code}");
        }
    }
}
