//! The protocol's own messages: hello, its answer, and the notice before a close.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_expires_in_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(default)]
    pub(crate) contract: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) channels: BTreeMap<String, Value>,
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

/// The parameters of `rpc.auth`: a fresh token for the live connection. Not shown anywhere.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct AuthRefresh {
    #[serde(default)]
    pub(crate) token: Option<String>,
}

/// The answer to `rpc.auth`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AuthAnswer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
