//! The tokio side of one connection: its bounded queue, its task, how it ends.

mod driver;
mod framing;
mod meter;
mod outbox;

pub(crate) use driver::{Driver, DriverConfig, Pump, Tick, disconnect_of};
pub(crate) use framing::Framing;
pub(crate) use meter::Meter;
pub(crate) use outbox::{Outbox, OutboxLimits, Overflow};
