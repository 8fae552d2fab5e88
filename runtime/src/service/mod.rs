//! From a message to the user's handler: what a service is, what a handler is given, what it answers.

mod asking;
mod batch;
mod context;
mod contract;
mod door;
mod endpoint;
mod environment;
mod events;
mod failure;
mod layer;
mod local;
mod method;
mod numbered;
mod open;
mod peer;
mod refused;
mod size;
mod stream;
mod traits;

#[cfg(feature = "client")]
pub(crate) use asking::Answer as PeerAnswer;
pub(crate) use context::Scope;
#[cfg(feature = "server")]
pub(crate) use context::SessionScope;
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) use context::panic_cause;
pub use context::{CallContext, Extract};
pub(crate) use contract::ContractSource;
pub use endpoint::Arrival;
pub(crate) use endpoint::{Endpoint, EndpointConfig};
pub use environment::Incident;
pub(crate) use environment::{Environment, ErrorHook};
pub use events::EventStream;
#[cfg(feature = "client")]
pub(crate) use events::KEPT as EVENTS_KEPT;
pub(crate) use events::RawEvent;
pub use failure::{Failure, Internal, NoError, Reply, Unexpected};
pub use layer::{Answer, Layer, Next};
pub(crate) use local::{Local, ProtocolCall, Reaction};
pub(crate) use method::MethodTable;
pub use method::{CallSpec, Lane, Method, Mounted, Refused, Started, lane, mount, start};
#[cfg(feature = "client")]
pub(crate) use peer::Handed;
pub(crate) use peer::{Answered, Fault as PeerFault, OutgoingCall, PeerLink};
pub use peer::{CallError, Peer, Pending};
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) use refused::incompatible;
#[cfg(feature = "client")]
pub(crate) use size::too_large;
#[cfg(feature = "client")]
pub(crate) use stream::{Demand, UploadMessage};
pub use stream::{Incoming, Items, Outgoing, SendError, Streaming, start_stream};
#[cfg(test)]
pub(crate) use stream::{OpenStream, Source};
pub use traits::{
    Emitted, EncodeError, EncodedEvent, EventEncoder, EventInput, Events, NoEvents, Service, ServiceClient,
    ServiceError,
};
