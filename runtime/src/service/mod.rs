//! From a message to the user's handler: what a service is, what a handler is given, what it answers.

mod context;
mod contract;
mod endpoint;
mod events;
mod failure;
mod layer;
mod method;
mod open;
mod peer;
mod traits;

pub use context::{CallContext, Extract};
pub(crate) use context::{Scope, incident, panic_cause};
pub(crate) use contract::ContractSource;
pub use endpoint::{Arrival, Incident};
pub(crate) use endpoint::{Answer as PeerAnswer, Endpoint, EndpointConfig, Environment, Local, ProtocolCall, Reaction};
pub use events::EventStream;
pub(crate) use events::{KEPT as EVENTS_KEPT, RawEvent};
pub use failure::{Failure, Internal, NoError, Reply, Unexpected};
pub use layer::{Answer, CallInfo, Layer, Next};
pub(crate) use layer::{Layers, Run};
pub use method::{CallSpec, Lane, Method, Mounted, Refused, Started, lane, mount, start};
pub(crate) use method::{MethodRef, MethodTable};
pub use peer::{CallError, Peer, Pending};
pub(crate) use peer::{Answered, Fault as PeerFault, Outgoing, PeerLink};
pub use traits::{
    Emitted, EncodeError, EncodedEvent, EventEncoder, EventInput, Events, NoEvents, Params, Service, ServiceClient, ServiceError,
};
