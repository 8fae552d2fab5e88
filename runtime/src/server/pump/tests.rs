//! A session on its connection, without a socket.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Uri};

use super::SessionPump;
use crate::clock;
use crate::codec::Codec;
use crate::connection::Pump;
use crate::message::{Hello, ResumeClaim};
use crate::server::Server;
use crate::server::accept::session;
use crate::server::admission::Lease;
use crate::server::connection::{Connection, UpgradeRequest};
use crate::server::life::Resumption;
use crate::session::{Disconnect, code};

fn connection(id: u64) -> Connection {
    let request = UpgradeRequest::keep(&Uri::default(), &HeaderMap::new(), Vec::new(), None);
    Connection::new(id, request, Some(Codec::Json))
}

/// Does that once, as soon as something is logged.
fn when_logging(what: impl Fn() + Send + Sync + 'static) -> tracing::subscriber::DefaultGuard {
    let done = AtomicBool::new(false);
    let writer = move || {
        if !done.swap(true, Ordering::AcqRel) {
            what();
        }
        io::sink()
    };
    tracing::subscriber::set_default(
        tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(writer).finish(),
    )
}

#[test]
fn the_close_of_a_connection_is_not_that_of_one_that_resumes_meanwhile() {
    let server = Server::builder().build().expect("the server builds");
    let shared = Arc::clone(&server.shared);
    let on = connection(1);
    let session = session(&shared, &on, None, &Hello::default()).expect("a session");
    shared.opened(&session, Some("secret".into()));
    let mut pump = SessionPump::new(session.clone(), &on, Lease::new(None), clock::now());
    let resumption = Arc::new(Mutex::new(None));
    let guard = when_logging({
        let (resumption, id) = (Arc::clone(&resumption), session.id().as_str().to_owned());
        move || {
            let claim =
                ResumeClaim { session: id.clone(), secret: "secret".to_owned(), attempt: 1, received: 0 };
            *resumption.lock().expect("a lock") = Some(shared.resume(&claim, None, &connection(2)));
        }
    });
    pump.closing(&Disconnect::new(code::PROTOCOL, "of the first connection"));
    drop(guard);
    let resumption = resumption.lock().expect("a lock").take().expect("something was logged");
    let ended = session.endpoint().outbox.is_ending();
    assert_eq!(
        matches!(resumption, Resumption::Resumed { .. }),
        !ended,
        "resumed, and ended by another's close"
    );
}
