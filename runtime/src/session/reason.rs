//! Why a session was not taken up again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a session was not taken up again: what the answer to hello says, and what the application is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Its client was away for longer than the server waits.
    Expired,
    /// More was to be kept for it than there is room: its client read too slowly, or was away.
    Overflow,
    /// The server has no such session: it was started anew, or forgot it.
    Unknown,
    /// The numbers of its messages no longer fit together.
    Sequence,
    /// It was taken up again several times, and nothing ever got through.
    Stalled,
    /// It belongs to another user.
    Denied,
}

impl Reason {
    /// The reason of that name.
    #[cfg(feature = "client")]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        use Reason::{Denied, Expired, Overflow, Sequence, Stalled, Unknown};
        [Expired, Overflow, Unknown, Sequence, Stalled, Denied]
            .into_iter()
            .find(|reason| reason.name() == name)
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Overflow => "overflow",
            Self::Unknown => "unknown",
            Self::Sequence => "sequence",
            Self::Stalled => "stalled",
            Self::Denied => "denied",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn a_reason_reads_as_its_name() {
        use Reason::{Denied, Expired, Overflow, Sequence, Stalled, Unknown};
        for reason in [Expired, Overflow, Unknown, Sequence, Stalled, Denied] {
            let json = format!("\"{reason}\"");
            assert_eq!(serde_json::to_string(&reason).expect("JSON"), json);
            assert_eq!(serde_json::from_str::<Reason>(&json).expect("a reason"), reason);
        }
    }
}
