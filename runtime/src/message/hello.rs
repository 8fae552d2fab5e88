//! The protocol's own messages: hello, its answer, and the notice before a close.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Which program is at the other end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Program {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
}

/// What a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeerLimits {
    #[serde(default = "default_message_bytes")]
    pub(crate) max_message_bytes: u64,
    #[serde(default = "default_buffer_bytes")]
    pub(crate) buffer_bytes: u64,
}

impl Default for PeerLimits {
    fn default() -> Self {
        Self { max_message_bytes: default_message_bytes(), buffer_bytes: default_buffer_bytes() }
    }
}

const fn default_message_bytes() -> u64 {
    1 << 20
}

const fn default_buffer_bytes() -> u64 {
    4 << 20
}

/// The parameters of `rpc.hello`. Unknown members are ignored.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Hello {
    #[serde(default)]
    pub(crate) client: Program,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    #[serde(default)]
    pub(crate) limits: PeerLimits,
    #[serde(default)]
    pub(crate) contract: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resume: Option<ResumeClaim>,
}

/// Which session a client wants to take up again.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ResumeClaim {
    pub(crate) session: String,
    pub(crate) secret: String,
    /// Counts up with every try.
    pub(crate) attempt: u64,
    /// The last `seq` that the client has received.
    pub(crate) received: u64,
}

impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token and the secret in `resume` are never shown.
        f.debug_struct("Hello")
            .field("client", &self.client)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The limits that a server tells in its answer to hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HelloLimits {
    #[serde(default = "default_message_bytes")]
    pub(crate) max_message_bytes: u64,
    #[serde(default = "default_max_calls")]
    pub(crate) max_calls: u32,
    #[serde(default)]
    pub(crate) max_waiting: u32,
    #[serde(default = "default_max_streams")]
    pub(crate) max_streams: u32,
    #[serde(default)]
    pub(crate) max_batch: u32,
    #[serde(default = "default_buffer_bytes")]
    pub(crate) buffer_bytes: u64,
}

#[cfg(feature = "client")]
impl HelloLimits {
    /// The same, where a limit of zero, which would stop everything, is the protocol's default. A buffer of zero still takes one message
    /// at a time.
    pub(crate) fn or_defaults(self) -> Self {
        let or = |told: u32, default| if told == 0 { default } else { told };
        Self {
            max_message_bytes: match self.max_message_bytes {
                0 => default_message_bytes(),
                told => told,
            },
            max_calls: or(self.max_calls, default_max_calls()),
            max_streams: or(self.max_streams, default_max_streams()),
            ..self
        }
    }
}

const fn default_max_calls() -> u32 {
    64
}

const fn default_max_streams() -> u32 {
    128
}

/// The answer to `rpc.hello`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct HelloAnswer {
    pub(crate) session: String,
    pub(crate) secret: String,
    pub(crate) resumed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) received: u64,
    /// What a session that has ended had received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_received: Option<u64>,
    /// The last `seq` that the server gave in a session that is resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told_time")]
    pub(crate) auth_expires_in_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(default)]
    pub(crate) contract: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) channels: BTreeMap<String, Value>,
    #[serde(default = "default_ping", deserialize_with = "told_ping")]
    pub(crate) ping_ms: u64,
    pub(crate) session_ttl_ms: u64,
    pub(crate) limits: HelloLimits,
}

impl std::fmt::Debug for HelloAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The secret is never shown.
        f.debug_struct("HelloAnswer")
            .field("session", &self.session)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The protocol's default, and the longest that a client waits.
const PING: Duration = Duration::from_secs(25);
const LONGEST_PING: Duration = Duration::from_hours(24);

/// How often a server pings at least that tells this. *A client takes a `ping_ms` for a day at most, and for 25 s where it is
/// absent, no number, or below 1.*
pub(crate) fn ping_of(told: &Value) -> Duration {
    time_of(told).map_or(PING, |ping| ping.min(LONGEST_PING))
}

/// A time that a server tells in milliseconds: `None` for no number, and for one below 1, with which a client would spin.
fn time_of(told: &Value) -> Option<Duration> {
    let ms = told.as_f64().filter(|ms| *ms >= 1.0)?;
    Some(Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn default_ping() -> u64 {
    millis(PING)
}

fn told_ping<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(millis(ping_of(&Value::deserialize(deserializer)?)))
}

fn told_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(time_of(&Value::deserialize(deserializer)?).map(millis))
}

/// The parameters of `rpc.auth`: a fresh token for the live connection. Not shown anywhere.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct AuthRefresh {
    #[serde(default)]
    pub(crate) token: Option<String>,
}

/// The answer to `rpc.auth`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AuthAnswer {
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told_time")]
    pub(crate) auth_expires_in_ms: Option<u64>,
}

/// `rpc.close`: sent before a close, since a close reason is short and proxies lose it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CloseNotice {
    pub(crate) code: u16,
    #[serde(default)]
    pub(crate) reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) in_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_within_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) received: Option<u64>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{AuthAnswer, Duration, HelloAnswer, ping_of};

    fn answer(ping_ms: &Value, auth_expires_in_ms: &Value) -> HelloAnswer {
        let answer = json!({
            "session": "s", "secret": "", "resumed": false, "session_ttl_ms": 0, "limits": {},
            "ping_ms": ping_ms, "auth_expires_in_ms": auth_expires_in_ms,
        });
        serde_json::from_value(answer).expect("an answer")
    }

    #[test]
    fn a_ping_interval_that_is_none_is_the_default_and_one_of_years_a_day() {
        let read = |ping_ms| answer(&ping_ms, &Value::Null).ping_ms;
        for none in [json!(0), json!(0.5), json!(-25_000), json!("25000"), Value::Null] {
            assert_eq!(read(none), 25_000);
        }
        for long in [json!(u64::MAX), json!(1e300), json!(86_400_001)] {
            assert_eq!(read(long), 86_400_000);
        }
        assert_eq!(read(json!(50)), 50);
        assert_eq!(ping_of(&Value::Null), Duration::from_secs(25));
    }

    #[test]
    fn credentials_that_are_good_for_no_time_do_not_expire() {
        for none in [json!(0), json!(0.9), json!(-5), json!("soon"), Value::Null] {
            assert_eq!(answer(&json!(1), &none).auth_expires_in_ms, None);
            let refreshed = json!({ "auth_expires_in_ms": none });
            let refreshed: AuthAnswer = serde_json::from_value(refreshed).expect("an answer");
            assert_eq!(refreshed.auth_expires_in_ms, None);
        }
        assert_eq!(answer(&json!(1), &json!(400)).auth_expires_in_ms, Some(400));
        assert_eq!(answer(&json!(1), &json!(1e300)).auth_expires_in_ms, Some(u64::MAX));
    }
}
