//! Streams as their handler sees them: items that leave, items that arrive, and the credit that holds both.

#[cfg_attr(not(feature = "client"), expect(dead_code, reason = "only a client makes calls that stream"))]
mod demand;
mod flow;
mod incoming;
mod items;
mod kept;
mod outgoing;
mod receive;
mod start;
mod subscribe;
mod upload;

pub(crate) use demand::Demand;
pub(super) use flow::Flow;
pub use incoming::Incoming;
pub use items::{Items, Streaming};
pub(crate) use items::{OpenStream, Step};
pub(super) use kept::Kept;
pub use outgoing::{Outgoing, SendError};
pub use start::start_stream;
pub(crate) use upload::Source;
pub(crate) use upload::UploadMessage;
