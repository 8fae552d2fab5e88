// The modules of both test binaries: the same files, once with each codec.

mod lab;
mod stream_lab;
mod support;
mod wire;

mod auth;
mod axum;
mod bad_input;
mod batches;
mod building;
mod calls;
mod cancel;
mod context;
mod contracts;
mod deadlines;
mod errors;
mod events;
mod heartbeat;
mod hello;
mod hooks;
mod hyper;
mod layers;
mod limits;
mod log;
mod numbered;
mod origin;
mod outcomes;
mod paths;
mod peer_calls;
mod proxy;
mod registry;
mod resume;
mod serial;
mod session_faults;
mod session_life;
mod shutdown;
mod slow_peer;
mod specification;
#[cfg(feature = "client")]
mod stream_cost;
#[cfg(feature = "client")]
mod stream_cuts;
mod streams;
mod subscriptions;
mod uploads;
mod validation;

#[cfg(feature = "client")]
mod client_calls;
#[cfg(feature = "client")]
mod client_carried;
#[cfg(feature = "client")]
mod client_close;
#[cfg(feature = "client")]
mod client_connect;
#[cfg(feature = "client")]
mod client_heartbeat;
#[cfg(feature = "client")]
mod client_layers;
#[cfg(feature = "client")]
mod client_peer;
#[cfg(feature = "client")]
mod client_reconnect;
#[cfg(feature = "client")]
mod client_script;
#[cfg(feature = "client")]
mod client_sessions;
#[cfg(feature = "client")]
mod client_streams;
mod client_tokens;
