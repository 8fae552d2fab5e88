//! The session's state machines: which calls are open and may run, when to ping, what a close code means.
//!
//! **Invariant:** nothing here awaits, reads a clock or touches a socket; time comes in as an argument.

#[cfg(feature = "client")]
mod backoff;
mod calls;
mod disconnect;
mod heartbeat;
#[cfg(test)]
#[cfg(feature = "client")]
pub(crate) mod machine;
#[cfg(test)]
pub(crate) mod mutant;
#[cfg(feature = "client")]
mod outgoing;
mod pending;
#[cfg(feature = "client")]
mod pings;
mod reason;
#[cfg(feature = "client")]
mod recovery;
mod replay;
mod store;
mod streams;

#[cfg(feature = "client")]
pub(crate) use backoff::Backoff;
#[cfg(feature = "client")]
pub use backoff::BackoffOptions;
pub(crate) use calls::{Admission, Calls, Cancelled, Place, Refusal};
pub use disconnect::Disconnect;
pub(crate) use disconnect::code;
#[cfg(feature = "client")]
pub(crate) use heartbeat::ClientHeartbeat;
pub(crate) use heartbeat::{Beat, ServerHeartbeat};
#[cfg(feature = "client")]
pub(crate) use outgoing::{Fate, Full, Kind, Outgoing, Room};
pub(crate) use pending::PendingCalls;
#[cfg(feature = "client")]
pub(crate) use pings::Pings;
pub use reason::Reason;
#[cfg(feature = "client")]
pub(crate) use recovery::{Answered, Recovery, Verdict};
pub(crate) use replay::{Body, Exhausted, OutOfRange, Receipt, Replay};
pub(crate) use store::{Claim, Decision, Gone, Left, Owner, Resumable, Store, StoreLimits};
pub(crate) use streams::{BeyondCredit, Credit, STREAM_CREDIT, Window};
