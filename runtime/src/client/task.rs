//! The task of a client: connects, runs the connection, and comes back when it is lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::contracts::Incompatible;
use super::pump::ClientPump;
use super::shared::{Shared, closed_by_user};
use super::{ClientState, ConnectError, credentials, handshake};
use crate::clock;
use crate::connection::{Driver, DriverConfig, LineId, Meter, Outbox, OutboxLimits};
use crate::message::HelloAnswer;
use crate::service::{Endpoint, EndpointConfig};
use crate::session::{Backoff, Disconnect};
use crate::types::UserId;

/// What a connection runs over: TCP, and for the vectors a piece of memory.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Carrier for S {}

/// The stream of a connection, with TLS or without.
pub(crate) type Socket<S = TcpStream> = WebSocketStream<MaybeTlsStream<Meter<S>>>;

/// Tells once how the first attempt went.
pub(super) type First = oneshot::Sender<Result<(), ConnectError>>;

/// Runs a client to its end.
pub(crate) async fn run(mut ending: Ending, first: First) {
    let shared = Arc::clone(&ending.shared);
    (ending.gave_up, ending.disconnect) = keep_connected(&shared, first).await;
}

/// Ends a client when its task is done, also one that panicked or was dropped: nobody waits for it in vain.
pub(crate) struct Ending {
    shared: Arc<Shared>,
    gave_up: bool,
    disconnect: Disconnect,
}

impl Ending {
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared, gave_up: false, disconnect: Disconnect::lost("the client's task was stopped") }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.end(self.gave_up, &self.disconnect);
    }
}

async fn keep_connected(shared: &Arc<Shared>, first: First) -> (bool, Disconnect) {
    let mut first = Some(first);
    let mut backoff = Backoff::new(shared.options.backoff);
    loop {
        let attempt = tokio::select! {
            biased;
            () = shared.closing.cancelled() => return (false, closed_by_user()),
            attempt = handshake::connect(&shared.options, shared.resumes()) => attempt,
        };
        let error = match attempt {
            Ok((socket, answer)) => {
                let start = clock::now();
                let disconnect = converse(shared, socket, answer, first.take()).await;
                backoff.connected(clock::now().saturating_duration_since(start));
                ConnectError::Disconnected(disconnect)
            }
            Err(error) => {
                let eager = if shared.options.lazy { None } else { first.take() };
                if let Some(first) = eager {
                    let (gave_up, disconnect) = (!error.is_final(), error.to_disconnect());
                    // Whoever dropped the future of the connect no longer asks.
                    drop(first.send(Err(error)));
                    return (gave_up, disconnect);
                }
                error
            }
        };
        if shared.closing.is_cancelled() {
            return (false, closed_by_user());
        }
        if error.is_final() {
            return (false, error.to_disconnect());
        }
        if !shared.options.reconnect {
            return (true, error.to_disconnect());
        }
        let attempt = backoff.attempt();
        let Some(wait) = backoff.after(&error.to_disconnect(), random()) else {
            return (true, error.to_disconnect());
        };
        shared.set_state(ClientState::Reconnecting { attempt, error: Arc::new(error), wait });
        tokio::select! {
            biased;
            () = shared.closing.cancelled() => return (false, closed_by_user()),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Runs one connection to its end.
pub(super) async fn converse<S: Carrier>(
    shared: &Arc<Shared>,
    mut socket: Socket<S>,
    answer: Option<HelloAnswer>,
    first: Option<First>,
) -> Disconnect {
    // A plain server's queue has only one connection, and no number for it.
    let line = if answer.is_some() { shared.next_line() } else { 0 };
    let opened = match shared.opened(answer.as_ref(), line) {
        Ok(opened) => opened,
        Err(disconnect) => return refuse(&mut socket, disconnect).await,
    };
    let ping = answer.as_ref().map(|answer| Duration::from_millis(answer.ping_ms));
    let lasts = answer.as_ref().and_then(|answer| answer.auth_expires_in_ms);
    let endpoint = Arc::clone(&opened.endpoint);
    let incompatible =
        answer.as_ref().map(|answer| Incompatible::of(&answer.contract, &shared.options.contracts));
    let incompatible = incompatible.unwrap_or_default();
    let pump = ClientPump::new(Arc::clone(shared), opened.endpoint, line, ping, incompatible, clock::now());
    let config =
        DriverConfig { write_deadline: shared.options.write_deadline, framing: shared.options.framing() };
    let driver = Driver::new(socket, pump, config);

    let (session, user) = answer.map(|answer| (answer.session, answer.user)).unwrap_or_default();
    let user = user.map(UserId::from);
    shared.set_state(ClientState::Open { session, user, resumed: opened.resumed, lost: opened.lost });
    if let Some(first) = first {
        // Whoever dropped the future of the connect no longer asks.
        drop(first.send(Ok(())));
    }

    let mut running = std::pin::pin!(driver.run());
    let talk = async {
        tokio::select! {
            biased;
            () = shared.closing.cancelled() => {}
            ended = &mut running => return Some(ended),
        }
        tokio::time::timeout(GOODBYE, say_goodbye(shared, line, running.as_mut())).await.ok()
    };
    // To the end, the goodbye included: credentials that expire during that would leave the session behind, suspended.
    let ended = tokio::select! {
        biased;
        ended = talk => ended,
        never = credentials::keep_fresh(shared, &endpoint, line, lasts) => match never {},
    };
    let (notice, disconnect) =
        ended.map_or_else(|| (None, closed_by_user()), |(pump, disconnect)| (pump.notice, disconnect));
    let own = endpoint.outbox.closing(line).filter(Disconnect::is_final);
    let disconnect = match (own, &notice) {
        // What the server said before this side found fault with it says nothing of that.
        (Some(own), _) => own,
        // *It counts more than the WebSocket code.*
        (None, Some(notice)) => notice.clone().into(),
        (None, None) => disconnect,
    };
    shared.parted(line, &disconnect, notice.as_ref());
    disconnect
}

/// *`close()` waits, bounded, for the acks of what it wrote.* Then the connection ends.
async fn say_goodbye<P>(
    shared: &Shared,
    line: LineId,
    mut running: std::pin::Pin<&mut impl Future<Output = (P, Disconnect)>>,
) -> (P, Disconnect) {
    shared.hold_back();
    let received = tokio::time::timeout(ACK_WAIT, shared.settled(line));
    tokio::select! {
        biased;
        ended = &mut running => return ended,
        _ = received => {}
    }
    shared.close_connection(closed_by_user());
    running.await
}

/// Ends a connection on which something impossible came before the session was open.
pub(crate) async fn refuse<S: Carrier>(socket: &mut Socket<S>, disconnect: Disconnect) -> Disconnect {
    let frame = CloseFrame { code: disconnect.code.into(), reason: disconnect.reason.to_string().into() };
    // The server sees the same when the socket is dropped.
    drop(tokio::time::timeout(ACK_WAIT, socket.close(Some(frame))).await);
    disconnect
}

/// How long a client that closes waits for the acks of what it wrote: longer than a server takes for one.
const ACK_WAIT: Duration = Duration::from_secs(3);

/// How long a connection may take to its end, once the client is to close: the acks, what is queued, and the close.
const GOODBYE: Duration = Duration::from_millis(4500);

/// How long [`Client::close`](super::Client::close) waits.
pub(crate) const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// This end of a new session, or of a connection to a plain server.
pub(super) fn endpoint(shared: &Shared, answer: Option<&HelloAnswer>, line: LineId) -> Arc<Endpoint> {
    let limits = OutboxLimits {
        messages: 256,
        bytes: 1 << 20,
        reader_bytes: 1 << 20,
        buffer_bytes: shared.options.kept_bytes(),
    };
    let outbox = match answer {
        Some(answer) => {
            let peer_keeps = usize::try_from(answer.limits.buffer_bytes).unwrap_or(usize::MAX);
            Outbox::session(limits, peer_keeps, line, None)
        }
        None => Outbox::plain(limits),
    };
    let mut endpoint =
        Endpoint::new(ENDPOINT, outbox, Arc::clone(&shared.environment), Arc::clone(&shared.methods));
    endpoint.codec = shared.options.codec;
    Arc::new(endpoint)
}

/// What a client takes of its server's calls.
const ENDPOINT: EndpointConfig = EndpointConfig {
    max_calls: 64,
    max_streams: 0,
    max_waiting: 256,
    max_waiting_bytes: 1 << 20,
    max_batch: 32,
    takes_bytes: 1 << 20,
    upload_bytes: 4 << 20,
    peer_calls: 0,
};

/// From 0 up to 1.
pub(super) fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness every client waits half: no jitter, but no storm at once either.
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}
