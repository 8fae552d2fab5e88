//! A client without the task that comes back by itself, for the vectors: it is connected when and over what a script says.

use std::sync::Arc;

use super::task::{Carrier, converse};
use super::{Connect, ConnectError, Shared, handshake};
use crate::service::{Environment, Mounted};

/// A client that answers the calls of that service.
pub(crate) fn alone(connect: Connect, service: &Mounted) -> Arc<Shared> {
    let (options, mut methods, on_error) = connect.into_parts().expect("it can be used");
    methods.mount(service).expect("there is no other service");
    let environment = Environment { layers: Arc::new([]), on_error, default_timeout: options.call_timeout };
    Arc::new(Shared::new(options, methods, environment))
}

/// One attempt to connect over that stream, and the connection to its end.
pub(crate) async fn run_over<S: Carrier>(shared: &Arc<Shared>, stream: S) {
    let error = match handshake::connect_over(&shared.options, shared.resumes(), stream).await {
        Ok((socket, answer)) => ConnectError::Disconnected(converse(shared, socket, answer, None).await),
        Err(error) => error,
    };
    if error.is_final() {
        shared.end(false, &error.to_disconnect());
    }
}

/// As if so many messages had been numbered before, once there is a session.
pub(crate) fn number_after(shared: &Shared, sent: u64) -> bool {
    let desk = shared.desk();
    let Some(endpoint) = &desk.endpoint else { return false };
    endpoint.outbox.starting_after(sent);
    true
}
