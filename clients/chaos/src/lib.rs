//! What the chaos run's server, its Rust client and its judge share: the service, and what each end counts.

mod ledger;
mod service;
mod tally;

pub use ledger::Ledger;
pub use service::{
    Added, CONTROL, Chaos, ChaosClient, ChaosEvent, ChaosHandler, ITEMS_DOWN, ITEMS_UP, Probe, ProbeClient,
    ProbeHandler, Summed,
};
pub use tally::{Asked, Calls, ClientTally, Heard, Items, Numbers, Runs, ServerTally, SessionTally, Streams};
