//! The clock of everything that is not pure: tokio's, so that a test may move it.

use std::time::Instant;

/// The time now.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
