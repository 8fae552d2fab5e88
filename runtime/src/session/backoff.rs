//! When to try again: full jitter over a doubling bound.

use std::time::Duration;

/// How a client waits between attempts.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BackoffOptions {
    /// The bound of the first wait. Default 250 ms: a restarted server is met soon, not by all at once.
    pub base: Duration,
    /// The bound of any wait. Default 20 s: longer feels broken to a person.
    pub cap: Duration,
    /// How many attempts in a row may fail before the client gives up. Default: no limit.
    pub attempts: Option<u32>,
    /// How long a connection must live before waits start over. Default 10 s, so that a server that dies right after
    /// each hello is not hammered.
    pub reset_after: Duration,
}

impl Default for BackoffOptions {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(250),
            cap: Duration::from_secs(20),
            attempts: None,
            reset_after: Duration::from_secs(10),
        }
    }
}

/// Counts attempts.
#[derive(Debug)]
pub(crate) struct Backoff {
    options: BackoffOptions,
    failed: u32,
}

impl Backoff {
    pub(crate) fn new(options: BackoffOptions) -> Self {
        Self { options, failed: 0 }
    }

    /// Which attempt comes next, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        self.failed + 1
    }

    /// Notes a connection that lived for `lived`.
    pub(crate) fn connected(&mut self, lived: Duration) {
        if lived >= self.options.reset_after {
            self.failed = 0;
        }
    }

    /// The wait before the next attempt; `None` to give up. `random` is from 0 up to 1.
    pub(crate) fn next(&mut self, random: f64) -> Option<Duration> {
        if self.options.attempts.is_some_and(|attempts| self.failed >= attempts) {
            return None;
        }
        let doubled = self.options.base.saturating_mul(1 << self.failed.min(16));
        self.failed = self.failed.saturating_add(1);
        Some(doubled.min(self.options.cap).mul_f64(random.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, BackoffOptions};

    #[test]
    fn waits_double_up_to_the_cap_and_are_jittered_in_full() {
        let mut backoff = Backoff::new(BackoffOptions::default());
        let waits: Vec<u128> = (0..9).map(|_| backoff.next(1.0).expect("no limit").as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 16000, 20000, 20000]);
        assert_eq!(backoff.next(0.0), Some(Duration::ZERO));
    }

    #[test]
    fn waits_start_over_only_after_a_connection_that_lived() {
        let mut backoff = Backoff::new(BackoffOptions::default());
        backoff.next(1.0);
        backoff.connected(Duration::from_secs(9));
        assert_eq!(backoff.attempt(), 2);
        backoff.connected(Duration::from_secs(10));
        assert_eq!(backoff.attempt(), 1);
    }

    #[test]
    fn it_gives_up_after_the_last_attempt() {
        let mut backoff = Backoff::new(BackoffOptions { attempts: Some(2), ..BackoffOptions::default() });
        assert!(backoff.next(0.5).is_some() && backoff.next(0.5).is_some());
        assert_eq!(backoff.next(0.5), None);
    }
}
