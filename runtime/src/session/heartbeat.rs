//! When to ping, and when the other end is taken for dead.
//!
//! *In a session the server sends `rpc.ping` when for `ping` it has received nothing, and also when it has sent nothing
//! for that long. Any received message counts as life.* Clients keep a watchdog instead.

use std::time::{Duration, Instant};

/// What is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing, until then.
    Wait(Instant),
    /// Send a ping, then ask again.
    Ping,
    /// The other end is gone.
    Dead,
}

/// The server's side of a connection.
#[derive(Debug, Clone)]
pub(crate) struct ServerHeartbeat {
    ping: Duration,
    timeout: Duration,
    received: Instant,
    sent: Instant,
    last_ping: Instant,
    /// The first ping that no pong has answered yet.
    unanswered: Option<Instant>,
}

impl ServerHeartbeat {
    pub(crate) fn new(ping: Duration, timeout: Duration, now: Instant) -> Self {
        Self { ping, timeout, received: now, sent: now, last_ping: now, unanswered: None }
    }

    /// Something arrived.
    pub(crate) fn received(&mut self, now: Instant) {
        self.received = now;
    }

    /// A pong arrived: the time since its ping.
    pub(crate) fn ponged(&mut self, now: Instant) -> Option<Duration> {
        self.unanswered.take().map(|pinged| now.saturating_duration_since(pinged))
    }

    /// Something was written.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.sent = now;
    }

    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        let dead = self.received + self.timeout;
        if now >= dead {
            return Beat::Dead;
        }
        // A ping that is not answered yet is not repeated before another `ping` has passed.
        let due = self.received.min(self.sent).max(self.last_ping) + self.ping;
        if now >= due {
            self.unanswered.get_or_insert(now);
            self.last_ping = now;
            return Beat::Ping;
        }
        Beat::Wait(due.min(dead))
    }
}

/// The client's side: a watchdog, and a ping after a call that meets silence.
#[cfg(any(feature = "client", test))]
#[derive(Debug, Clone)]
pub(crate) struct ClientHeartbeat {
    silence: Duration,
    call_silence: Duration,
    call_grace: Duration,
    received: Instant,
    asked: Option<Instant>,
    pinged: Option<Instant>,
}

#[cfg(any(feature = "client", test))]
impl ClientHeartbeat {
    /// `silence` is the server's `ping_ms` and the grace.
    pub(crate) fn new(silence: Duration, call_silence: Duration, call_grace: Duration, now: Instant) -> Self {
        Self { silence, call_silence, call_grace, received: now, asked: None, pinged: None }
    }

    pub(crate) fn received(&mut self, now: Instant) {
        self.received = now;
        self.asked = None;
        self.pinged = None;
    }

    /// A call was written.
    pub(crate) fn called(&mut self, now: Instant) {
        self.asked.get_or_insert(now);
    }

    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        let dead = self.received + self.silence;
        let dead = self.pinged.map_or(dead, |pinged| dead.min(pinged + self.call_grace));
        if now >= dead {
            return Beat::Dead;
        }
        match self.asked {
            Some(asked) if self.pinged.is_none() => {
                let due = asked + self.call_silence;
                if now >= due {
                    self.pinged = Some(now);
                    return Beat::Ping;
                }
                Beat::Wait(due.min(dead))
            }
            _ => Beat::Wait(dead),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Beat, ClientHeartbeat, ServerHeartbeat};

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_server_pings_a_silent_peer_and_gives_up_after_the_timeout() {
        let start = Instant::now();
        let mut heart = ServerHeartbeat::new(secs(25), secs(60), start);
        assert_eq!(heart.beat(start), Beat::Wait(start + secs(25)));
        assert_eq!(heart.beat(start + secs(25)), Beat::Ping);
        assert_eq!(heart.beat(start + secs(25)), Beat::Wait(start + secs(50)));
        assert_eq!(heart.beat(start + secs(50)), Beat::Ping);
        assert_eq!(heart.beat(start + secs(60)), Beat::Dead);
    }

    #[test]
    fn a_peer_that_only_listens_is_pinged_although_events_are_sent_to_it() {
        let start = Instant::now();
        let mut heart = ServerHeartbeat::new(secs(25), secs(60), start);
        let mut pings = 0;
        for second in 0..600 {
            let now = start + secs(second);
            if second % 10 == 0 {
                heart.sent(now);
            }
            match heart.beat(now) {
                Beat::Ping => {
                    pings += 1;
                    heart.received(now);
                    heart.ponged(now);
                }
                Beat::Wait(_) => {}
                Beat::Dead => panic!("dead at {second} s"),
            }
        }
        assert!((23..=24).contains(&pings), "{pings}");
    }

    #[test]
    fn a_busy_caller_that_is_answered_nothing_still_hears_a_ping() {
        let start = Instant::now();
        let mut heart = ServerHeartbeat::new(secs(25), secs(60), start);
        for second in 0..25 {
            heart.received(start + secs(second));
            assert!(matches!(heart.beat(start + secs(second)), Beat::Wait(_)));
        }
        heart.received(start + secs(25));
        assert_eq!(heart.beat(start + secs(25)), Beat::Ping);
    }

    #[test]
    fn a_pong_tells_the_round_trip_time() {
        let start = Instant::now();
        let mut heart = ServerHeartbeat::new(secs(25), secs(60), start);
        assert_eq!(heart.beat(start + secs(25)), Beat::Ping);
        assert_eq!(heart.ponged(start + secs(26)), Some(secs(1)));
        assert_eq!(heart.ponged(start + secs(26)), None);
    }

    #[test]
    fn the_client_drops_a_connection_that_is_silent_for_too_long() {
        let start = Instant::now();
        let mut heart = ClientHeartbeat::new(secs(35), secs(10), secs(5), start);
        assert_eq!(heart.beat(start + secs(34)), Beat::Wait(start + secs(35)));
        assert_eq!(heart.beat(start + secs(35)), Beat::Dead);
    }

    #[test]
    fn the_client_pings_after_a_call_that_meets_silence_and_drops_soon_after() {
        let start = Instant::now();
        let mut heart = ClientHeartbeat::new(secs(35), secs(10), secs(5), start);
        heart.called(start + secs(1));
        assert_eq!(heart.beat(start + secs(1)), Beat::Wait(start + secs(11)));
        assert_eq!(heart.beat(start + secs(11)), Beat::Ping);
        assert_eq!(heart.beat(start + secs(11)), Beat::Wait(start + secs(16)));
        heart.received(start + secs(12));
        assert_eq!(heart.beat(start + secs(16)), Beat::Wait(start + secs(47)));
    }
}
