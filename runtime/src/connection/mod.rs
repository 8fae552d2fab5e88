//! The tokio side of one connection: its bounded queue, its task, how it ends.

mod budget;
mod driver;
mod framing;
mod lane;
mod line;
mod meter;
mod outbox;
mod queue;
mod tracking;

#[cfg(feature = "client")]
pub(crate) use budget::Buffer;
pub(crate) use budget::{Budget, LEAST_KEPT, Queued};
pub(crate) use driver::{Driver, DriverConfig, Pump, Tick, disconnect_of};
pub(crate) use framing::Framing;
#[cfg(feature = "client")]
pub(crate) use framing::said;
pub(crate) use line::LineId;
pub(crate) use meter::Meter;
pub(crate) use outbox::{Outbox, OutboxLimits, Overflow};
pub(crate) use tracking::{Arrived, full_too_long};
