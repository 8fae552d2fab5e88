//! Where calls come in and answers go, without a socket.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use super::Sink;
use crate::connection::{Outbox, OutboxLimits};
use crate::message::Id;
use crate::service::{Endpoint, EndpointConfig, Environment, MethodTable};
use crate::session::{Disconnect, Place, code};

/// A session on line 1.
fn endpoint() -> Endpoint {
    let config = EndpointConfig {
        max_calls: 1,
        max_streams: 1,
        max_waiting: 1,
        max_waiting_bytes: 10,
        max_batch: 1,
        takes_bytes: 100,
        upload_bytes: 100,
        peer_calls: 1,
    };
    let limits = OutboxLimits { messages: 2, bytes: 10, reader_bytes: 10, buffer_bytes: 20 };
    let layers: [Box<dyn crate::service::Layer>; 0] = [];
    let environment = Environment {
        layers: Arc::new(layers),
        on_error: Vec::new(),
        default_timeout: Duration::from_secs(30),
    };
    let outbox = Outbox::session(limits, 1000, 1, None);
    Endpoint::new(config, outbox, Arc::new(environment), Arc::new(MethodTable::default()))
}

#[test]
fn an_answer_without_room_ends_the_connection_that_it_was_for_and_none_that_has_come_since() {
    let (endpoint, sink) = (endpoint(), Sink::Aside(1));
    let slow = || Disconnect::new(code::TOO_SLOW, "too slow");
    assert_eq!(endpoint.outbox.attach(2, 0), Ok(0));
    sink.close(&endpoint, slow());
    assert!(!endpoint.outbox.is_closing(), "the next connection took the session up in between");
    assert_eq!(endpoint.outbox.attach(1, 0), Ok(0));
    sink.close(&endpoint, slow());
    assert!(endpoint.outbox.is_closing());
}

#[test]
fn a_drain_waits_for_answers_that_are_in_nobodys_place_yet() {
    let endpoint = Arc::new(endpoint());
    let answering = (endpoint.answering(), endpoint.answering());
    let mut drained = std::pin::pin!(endpoint.drain());
    assert!(drained.as_mut().now_or_never().is_none());
    drop(answering.0);
    assert!(drained.as_mut().now_or_never().is_none());
    drop(answering.1);
    assert!(drained.as_mut().now_or_never().is_some());
}

#[test]
fn a_drain_waits_for_a_call_that_has_no_place_yet_and_lets_no_other_in() {
    let endpoint = endpoint();
    let place = |id| Place { id, lane: None, bytes: 1, no_cancel: false, stream: false };
    let door = endpoint.door(&place(Some(Id::Number(1)))).expect("nothing drains");
    assert!(door.runs_now);
    let mut drained = std::pin::pin!(endpoint.drain());
    assert!(drained.as_mut().now_or_never().is_none());
    drop(door);
    assert!(drained.as_mut().now_or_never().is_some());
    assert!(endpoint.door(&place(Some(Id::Number(2)))).is_none());
    assert!(endpoint.door(&place(None)).is_some(), "a notification is run");
}
