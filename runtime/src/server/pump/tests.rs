//! A session on its connection, without a network.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, Uri};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::SessionPump;
use crate::clock;
use crate::codec::{Codec, Frame};
use crate::connection::{Driver, DriverConfig, Meter, Pump};
use crate::message::{Hello, PeerLimits, ResumeClaim};
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

#[tokio::test(start_paused = true)]
async fn credentials_that_expire_while_the_socket_takes_nothing_do_not_keep_the_task_busy() {
    let server = Server::builder().build().expect("the server builds");
    let shared = Arc::clone(&server.shared);
    let on = connection(1);
    let session = session(&shared, &on, None, &Hello::default()).expect("a session");
    shared.opened(&session, Some("secret".into()));
    let lease = Lease::new(Some(clock::now() + Duration::from_millis(200)));
    let pump = SessionPump::new(session.clone(), &on, lease, clock::now());
    let (socket, _peer) = tokio::io::duplex(64);
    let config = WebSocketConfig::default().write_buffer_size(16 * 1024).max_write_buffer_size(256 * 1024);
    let socket = WebSocketStream::from_raw_socket(Meter::new(socket), Role::Server, Some(config)).await;
    let frame = Frame::from(vec![b' '; 1_000_000]);
    session.endpoint().outbox.push(frame).await;
    let write_deadline = shared.limits.write_deadline;
    let config = DriverConfig { write_deadline, framing: on.framing() };
    let start = clock::now();
    let mut running = std::pin::pin!(Driver::new(socket, pump, config).run());
    let mut polls = 0;
    let (_, disconnect) = std::future::poll_fn(|cx| {
        polls += 1;
        running.as_mut().poll(cx)
    })
    .await;
    assert!(polls < 50, "{polls}");
    assert_eq!(disconnect.code, code::EXPIRED, "{disconnect}");
    assert!(clock::now() - start <= write_deadline + Duration::from_secs(1));
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
            *resumption.lock().expect("a lock") =
                Some(shared.resume(&claim, &PeerLimits::default(), None, &connection(2)));
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
