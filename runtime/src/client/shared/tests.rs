//! What a client takes where its session has no room.

use std::sync::Arc;
use std::time::Duration;

use super::{Shared, Waiting};
use crate::codec::{Codec, Payload};
use crate::connection::LineId;
use crate::message::HelloAnswer;
use crate::service::{CallSpec, Environment, OutgoingCall};
use crate::session::{Disconnect, Kind};

const LINE: LineId = 1;
const CALL: Kind = Kind::Call { idempotent: false, stream: false };

/// A client in a session, whose connection writes nothing.
fn client(queue: usize, buffer_bytes: usize) -> Arc<Shared> {
    let connect = crate::connect("ws://nobody/").queue(queue).buffer_bytes(buffer_bytes);
    let (options, methods, on_error) = connect.into_parts().expect("it can be used");
    let environment =
        Environment { layers: Arc::new([]), on_error, default_timeout: Duration::from_secs(30) };
    let shared = Arc::new(Shared::new(options, methods, environment));
    let limits = serde_json::json!({ "max_message_bytes": 1 << 20, "max_calls": 1000, "max_waiting": 1000,
        "max_streams": 1, "max_batch": 1, "buffer_bytes": 1 << 20 });
    let answer = serde_json::json!({
        "session": "s", "secret": "", "resumed": false, "session_ttl_ms": 60_000, "limits": limits,
    });
    let answer: HelloAnswer = serde_json::from_value(answer).expect("an answer");
    shared.opened(Some(&answer), LINE).expect("a session");
    shared
}

fn enter(shared: &Shared, kind: Kind) -> Option<u64> {
    let spec = match kind {
        Kind::Notification => const { &CallSpec::new("shelf.knock").notification() },
        Kind::Call { .. } => const { &CallSpec::new("shelf.put") },
    };
    let params = Payload::of(Codec::Json, &()).expect("nothing can be written");
    let call = OutgoingCall { spec, params, timeout: None, meta: Vec::new(), demand: None };
    shared.enter(kind, Waiting { call, waiter: None, deadline: None }).ok()
}

#[test]
fn what_a_full_socket_held_back_has_room_when_the_connection_is_gone() {
    let shared = client(3, 1 << 20);
    let entered = std::iter::from_fn(|| enter(&shared, CALL)).count();
    assert_eq!(entered, 256 + 3, "those in the connection's queue, and those that wait");
    shared.parted(LINE, &Disconnect::lost("it was cut"), None);
    assert!(enter(&shared, CALL).is_some());
}

#[test]
fn behind_a_cancel_that_has_no_room_as_many_wait_as_may() {
    let shared = client(3, 9_000);
    shared.parted(LINE, &Disconnect::lost("it was cut"), None);
    let calls = [(); 100].map(|()| enter(&shared, CALL).expect("there is room"));
    assert_eq!(shared.desk().outgoing.open(), 100);
    for order in calls {
        shared.leave(order);
    }
    assert!(!shared.desk().cancels.is_empty(), "they do not fit");
    let waiting = std::iter::from_fn(|| enter(&shared, Kind::Notification)).take(100).count();
    assert_eq!(waiting, 3);
}
