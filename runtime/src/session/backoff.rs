//! When to try again: full jitter over a doubling bound.

use std::time::Duration;

use super::disconnect::{Disconnect, code};

/// A day: a server that names more has no date in mind.
const LONGEST: Duration = Duration::from_hours(24);

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

    /// The wait before the attempt that follows `end`; `None` to give up. `random` is from 0 up to 1.
    ///
    /// *Clients return after a random time within `retry_within_ms`* to a server that drains. Where another end tells
    /// how long to wait, it is not met sooner. What is told is taken for at most a day, and never makes a wait shorter.
    pub(crate) fn after(&mut self, end: &Disconnect, random: f64) -> Option<Duration> {
        let wait = self.next(random)?;
        let told = end.retry_within.unwrap_or_default().min(LONGEST);
        Some(match end.code {
            code::DRAINING => wait.max(told.mul_f64(random.clamp(0.0, 1.0))),
            _ => wait.saturating_add(told),
        })
    }

    fn next(&mut self, random: f64) -> Option<Duration> {
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
    use crate::session::disconnect::{Disconnect, code};

    /// The first wait in milliseconds after an end with that code and `retry_within`, with half the jitter.
    fn wait_after(code: u16, told: u64) -> u128 {
        let told = Some(Duration::from_millis(told));
        let end = Disconnect { retry_within: told, ..Disconnect::new(code, "") };
        Backoff::new(BackoffOptions::default()).after(&end, 0.5).expect("no limit").as_millis()
    }

    #[test]
    fn the_return_to_a_server_that_drains_is_spread_and_no_sooner_than_without() {
        assert_eq!([0, 100, 10_000].map(|told| wait_after(code::DRAINING, told)), [125, 125, 5000]);
    }

    #[test]
    fn who_is_told_to_wait_waits_that_long_and_a_little_more_but_a_day_at_most() {
        assert_eq!([0, 100, 10_000].map(|told| wait_after(code::RATE_LIMITED, told)), [125, 225, 10_125]);
        assert_eq!(wait_after(code::TRY_AGAIN_LATER, u64::MAX), 86_400_125);
        assert_eq!(wait_after(code::DRAINING, u64::MAX), 43_200_000);
    }

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
