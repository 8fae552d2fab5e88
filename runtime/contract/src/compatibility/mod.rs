//! Whether a client that was generated from an older contract of a service can be served by the present one.
//!
//! There is one question, asked in both directions: can what one side writes be read by the other? What a client
//! sends is written by the released contract and read by the current one, what the server sends the other way round.
//! Where that cannot be decided the answer is no.

use std::fmt;

use crate::Contract;

mod form;
mod object;
mod range;
mod schema;
mod service;

#[cfg(test)]
mod tests;

/// Who reads what has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Clients send it: parameters, uploads, answers to the server's calls.
    ToServer,
    /// The server sends it: results, items, events, errors, its own calls.
    ToClient,
}

/// One difference between a released contract of a service and the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Where it is: ``call `chat.post`, params.text``.
    pub path: String,
    /// Who reads it.
    pub direction: Direction,
    /// What has changed, as the rest of a sentence about the place.
    pub sentence: String,
    /// Whether clients of the released contract cannot be served because of it.
    pub breaking: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.sentence)
    }
}

/// What has changed in the service of that name since the released contract, as far as it is on the wire.
///
/// Clients of the released contract can be served where no change is [breaking](Change::breaking). A service that is
/// not in `released` has changed in nothing; one that is only there is gone, which is breaking.
///
/// # Examples
///
/// ```
/// use wirecall_contract::{Contract, compatibility};
///
/// let text = |calls| format!(r#"{{ "wirecall": 1, "services": [
///     {{ "name": "chat", "rust_name": "Chat", "side": "server", "calls": [{calls}] }}
/// ] }}"#);
/// let call = r#"{ "method": "chat.post", "rust_name": "Post", "kind": "call", "params": { "fields": [], "schema": {} } }"#;
/// let released = Contract::from_json(&text(call))?;
/// let current = Contract::from_json(&text(""))?;
///
/// let changes = compatibility::compare("chat", &released, &current);
/// assert!(changes[0].breaking);
/// assert_eq!(changes[0].to_string(), "call `chat.post` is gone");
/// # Ok::<(), wirecall_contract::ParseError>(())
/// ```
pub fn compare(service: &str, released: &Contract, current: &Contract) -> Vec<Change> {
    service::compare(service, released, current)
}
