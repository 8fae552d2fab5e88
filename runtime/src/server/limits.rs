//! The bounds and times of a server, each with its default and the reason for it.

use std::time::Duration;

use crate::connection::{LEAST_KEPT, OutboxLimits};
use crate::message::HelloLimits;
use crate::service::EndpointConfig;
use crate::session::StoreLimits;

/// The bounds and times of a server.
///
/// # Examples
///
/// ```
/// let mut limits = wirecall::server::Limits::default();
/// limits.max_calls = 8;
/// let builder = wirecall::Server::builder().limits(limits);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest message, in bytes. Default 1 MiB: what is larger blocks the connection and belongs in a stream. A
    /// larger message closes the connection with 1009.
    pub max_message_bytes: usize,
    /// Calls that run at once in a session. Default 64: one client cannot take the whole server.
    pub max_calls: usize,
    /// Streams and uploads that are open at once in a session. Default 128: each is a handler that may live long, so they
    /// are counted apart from calls. One more is answered `resource_exhausted`. What a session's uploads keep for their
    /// handlers is at most 64 times `max_message_bytes`, and one message for each.
    pub max_streams: usize,
    /// Calls that wait for their turn in a session, in number. Default 256. One more is answered `resource_exhausted`.
    pub max_waiting: usize,
    /// Calls that wait for their turn in a session, in bytes. Default 1 MiB; an empty line takes any one call. One more is
    /// answered `resource_exhausted`. As many bytes bound what cannot wait for room: what the reader itself answers in a
    /// session (refusals), above `buffer_bytes`, and what overtakes the queue of a connection (acks, pings, pongs; refusals to
    /// a plain peer). Above that the connection is closed with 4013.
    pub max_waiting_bytes: usize,
    /// Calls of the server that may be open at one client. Default 256. One more fails with `resource_exhausted`.
    pub max_peer_calls: usize,
    /// Entries of a batch. Default 32: a larger array is answered with one `invalid_request`.
    pub max_batch: usize,
    /// Messages queued for one connection that are not written. Default 256: answers above it wait, and an event above it
    /// ends the session of a plain peer (4013). In other sessions events are bounded by `buffer_bytes` alone.
    pub max_queue: usize,
    /// Bytes queued for one connection. Default 1 MiB; an empty queue takes any one message.
    pub max_queue_bytes: usize,
    /// Bytes that are kept for a session until its client acknowledges them. Default: four times `max_message_bytes`, at
    /// least 256 KiB, so that some large messages may be on their way at once. Where they are full answers and calls wait;
    /// an event ends the session. A session's uploads are granted credit for as many bytes, too, and for one item at least.
    pub buffer_bytes: Option<usize>,
    /// How long a session waits for its client to come back. Default 60 s: a tunnel, a lift, a change of networks. What
    /// handlers do meanwhile, and up to `buffer_bytes` of what they send, is kept for so long.
    pub session_ttl: Duration,
    /// How long one waits whose client was never heard of after hello. Default 5 s: it may not know that it has a
    /// session.
    pub unproven_ttl: Duration,
    /// Sessions at once, connected and suspended. Default 20,000: twice the connections. Above it the session that is
    /// suspended for longest ends. Connected ones are bounded by `max_connections`.
    pub max_sessions: usize,
    /// Bytes that are kept for all sessions together, an event to many counted once. Default 1 GiB. Above it the sessions
    /// that are suspended for longest end; where there are none, each has 256 KiB.
    pub max_kept_bytes: usize,
    /// Connections at once. Default 10,000, which fits the usual limit of open files. One more is refused with HTTP 503.
    pub max_connections: usize,
    /// The time limit of calls that declare none. Default 30 s: longer, a person has given up.
    pub call_timeout: Duration,
    /// How soon `rpc.hello` is due, and an HTTP request's headers. Default 10 s. Late: closed with 4001.
    pub hello_timeout: Duration,
    /// Silence after which a peer is pinged. Default 25 s: shorter than the usual 30 to 60 s of proxies.
    pub ping: Duration,
    /// Silence after which a peer is taken for dead. Default 60 s: two pings. It is closed with 4008.
    pub heartbeat_timeout: Duration,
    /// How long a peer may take no byte of what is written. Default 10 s. It is aborted, as 4013.
    pub write_deadline: Duration,
    /// How long a shutdown waits for open calls. Default 10 s.
    pub drain: Duration,
    /// The span over which clients spread their return after a shutdown. Default 5 s.
    pub retry_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_bytes: 1 << 20,
            max_calls: 64,
            max_streams: 128,
            max_waiting: 256,
            max_waiting_bytes: 1 << 20,
            max_peer_calls: 256,
            max_batch: 32,
            max_queue: 256,
            max_queue_bytes: 1 << 20,
            buffer_bytes: None,
            session_ttl: Duration::from_mins(1),
            unproven_ttl: Duration::from_secs(5),
            max_sessions: 20_000,
            max_kept_bytes: 1 << 30,
            max_connections: 10_000,
            call_timeout: Duration::from_secs(30),
            hello_timeout: Duration::from_secs(10),
            ping: Duration::from_secs(25),
            heartbeat_timeout: Duration::from_mins(1),
            write_deadline: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            retry_within: Duration::from_secs(5),
        }
    }
}

impl Limits {
    pub(crate) fn endpoint(&self) -> EndpointConfig {
        EndpointConfig {
            max_calls: self.max_calls,
            max_streams: self.max_streams,
            max_waiting: self.max_waiting,
            max_waiting_bytes: self.max_waiting_bytes,
            max_batch: self.max_batch,
            takes_bytes: self.max_message_bytes,
            upload_bytes: self.kept_bytes(),
            peer_calls: self.max_peer_calls,
        }
    }

    pub(crate) fn outbox(&self) -> OutboxLimits {
        OutboxLimits {
            messages: self.max_queue,
            bytes: self.max_queue_bytes,
            reader_bytes: self.max_waiting_bytes,
            buffer_bytes: self.kept_bytes(),
        }
    }

    /// What cannot be used, and why: the setting, and what it has to be.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        for (setting, time) in [
            ("hello_timeout", self.hello_timeout),
            ("ping", self.ping),
            ("heartbeat_timeout", self.heartbeat_timeout),
            ("write_deadline", self.write_deadline),
        ] {
            if time < Duration::from_millis(1) {
                return Err((setting, "at least 1 ms"));
            }
        }
        // `call_timeout` may be none, and is looked at where it is added to a time.
        for (setting, time) in [
            ("hello_timeout", self.hello_timeout),
            ("ping", self.ping),
            ("heartbeat_timeout", self.heartbeat_timeout),
            ("write_deadline", self.write_deadline),
            ("session_ttl", self.session_ttl),
            ("drain", self.drain),
        ] {
            if time > LONGEST {
                return Err((setting, "at most 3650 days"));
            }
        }
        // Else a client that only listens would be given up before it was asked.
        if self.ping >= self.heartbeat_timeout {
            return Err(("heartbeat_timeout", "longer than `ping`"));
        }
        for (setting, bound) in [
            ("max_message_bytes", self.max_message_bytes),
            ("max_calls", self.max_calls),
            ("max_connections", self.max_connections),
        ] {
            if bound == 0 {
                return Err((setting, "at least 1"));
            }
        }
        Ok(())
    }

    pub(crate) fn store(&self) -> StoreLimits {
        StoreLimits {
            ttl: self.session_ttl,
            unproven_ttl: self.unproven_ttl,
            max_sessions: self.max_sessions,
            max_bytes: self.max_kept_bytes,
            ..StoreLimits::default()
        }
    }

    /// What is kept for a session.
    fn kept_bytes(&self) -> usize {
        self.buffer_bytes.unwrap_or_else(|| self.max_message_bytes.saturating_mul(4).max(LEAST_KEPT))
    }

    pub(crate) fn hello(&self) -> HelloLimits {
        let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        HelloLimits {
            max_message_bytes: self.max_message_bytes as u64,
            max_calls: narrow(self.max_calls),
            max_waiting: narrow(self.max_waiting),
            max_streams: narrow(self.max_streams),
            max_batch: narrow(self.max_batch),
            buffer_bytes: self.kept_bytes() as u64,
        }
    }
}

/// Longer than any time that is meant, and short enough to be added to every clock.
const LONGEST: Duration = Duration::from_hours(24 * 3650);

/// A duration in whole milliseconds, as the wire has it.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
