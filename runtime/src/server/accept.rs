//! From an upgraded stream to a session and the task of its connection, or to a refusal.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::admission::{Denied, Lease, authenticate};
use super::connection::{Connection, UpgradeRequest};
use super::hello::{Refusal, shake_hands};
use super::pump::SessionPump;
use super::refusal::RefusalPump;
use super::session::{Session, SessionId, SessionParts};
use super::shared::{ConnectionPlace, Shared};
use crate::clock;
use crate::codec::Codec;
use crate::connection::{Driver, DriverConfig, LineId, Meter, Outbox, Pump};
use crate::message::{ErrorKind, Hello, Program, RpcError};
use crate::service::Endpoint;
use crate::session::{Disconnect, code};
use crate::types::UserId;

pub(crate) type Socket<S> = WebSocketStream<Meter<S>>;

/// Runs one connection from its upgrade to its end.
pub(crate) async fn run<S>(
    stream: S,
    request: UpgradeRequest,
    negotiated: Option<Codec>,
    shared: Arc<Shared>,
    place: ConnectionPlace,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        // The sizes and the measurements behind them: docs/architecture.md, "The socket".
        .read_buffer_size(4 * 1024)
        .write_buffer_size(16 * 1024)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(Some(shared.limits.max_message_bytes))
        .max_frame_size(Some(shared.limits.max_message_bytes));
    let socket = WebSocketStream::from_raw_socket(Meter::new(stream), Role::Server, Some(config)).await;
    let connection = Connection::new(place.number, request, negotiated);
    if connection.is_plain() {
        open_plain(socket, connection, shared).await;
    } else {
        open_session(socket, connection, shared).await;
    }
    drop(place);
}

/// A plain peer: there is no hello, so who is calling is decided on the request alone.
async fn open_plain<S: AsyncRead + AsyncWrite + Unpin>(
    socket: Socket<S>,
    connection: Connection,
    shared: Arc<Shared>,
) {
    let limit = shared.limits.hello_timeout;
    let decided = tokio::select! {
        biased;
        () = shared.stop.cancelled() => return refuse(socket, &connection, &shared, Refusal::bare(shared.draining())).await,
        decided = tokio::time::timeout(limit, authenticate(&shared, &connection, None)) => decided,
    };
    match decided
        .unwrap_or_else(|_| Err(RpcError::new(ErrorKind::Unavailable, "signing in took too long").into()))
    {
        Ok(admitted) => {
            let session = match session(&shared, &connection, admitted.user, &Hello::default()) {
                Ok(session) => session,
                Err(disconnect) => {
                    return refuse(socket, &connection, &shared, Refusal::bare(disconnect)).await;
                }
            };
            shared.opened(&session, None);
            serve(socket, session, &connection, Lease::new(admitted.until)).await;
        }
        Err(Denied { error, disconnect }) => {
            let until = clock::now() + limit;
            log_refusal(&connection, &disconnect);
            tokio::select! {
                // Nothing was promised to it, and the shutdown need not wait.
                () = shared.stop.cancelled() => {}
                _ = drive(socket, &connection, &shared, RefusalPump::at_first_call(error, disconnect, shared.limits.max_batch, until)) => {}
            }
        }
    }
}

/// A client of wirecall's: its first message is hello, and nothing else comes before the answer.
async fn open_session<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: Socket<S>,
    connection: Connection,
    shared: Arc<Shared>,
) {
    let late = |_| {
        let disconnect = Disconnect::new(code::HELLO_TIMEOUT, "no rpc.hello came in time (hello_timeout)");
        Err(Refusal::bare(disconnect))
    };
    let shaken = tokio::select! {
        biased;
        () = shared.stop.cancelled() => Err(Refusal::bare(shared.draining())),
        shaken = tokio::time::timeout(shared.limits.hello_timeout, shake_hands(&mut socket, &connection, &shared)) => {
            shaken.unwrap_or_else(late)
        }
    };
    match shaken {
        Ok((session, lease)) => serve(socket, session, &connection, lease).await,
        Err(refusal) => refuse(socket, &connection, &shared, refusal).await,
    }
}

/// Ends a connection that got no session.
async fn refuse<S>(socket: Socket<S>, connection: &Connection, shared: &Shared, refusal: Refusal)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    log_refusal(connection, &refusal.disconnect);
    // Where the connection is gone there is nobody to tell.
    if refusal.disconnect.code != code::ABNORMAL {
        // A plain peer would not know what the notice is.
        let frames = (!connection.is_plain()).then(|| refusal.frames(connection.codec()));
        let refused = RefusalPump::at_once(frames.into_iter().flatten(), refusal.disconnect.clone());
        drive(socket, connection, shared, refused).await;
    }
}

fn log_refusal(connection: &Connection, disconnect: &Disconnect) {
    tracing::info!(target: "wirecall", connection = connection.id(), code = disconnect.code, reason = %disconnect.reason, "a connection is refused");
}

/// A session that nobody knows of yet.
pub(crate) fn session(
    shared: &Arc<Shared>,
    connection: &Connection,
    user: Option<UserId>,
    hello: &Hello,
) -> Result<Session, Disconnect> {
    let id = SessionId::new(random()?);
    let limits = shared.limits.outbox();
    let outbox = if connection.is_plain() {
        Outbox::plain(limits)
    } else {
        // What the client keeps is told below, as it is by each hello that resumes.
        Outbox::session(limits, usize::MAX, connection.id(), Some(Arc::clone(&shared.budget)))
    };
    let mut endpoint = Endpoint::new(
        shared.limits.endpoint(),
        outbox,
        Arc::clone(&shared.environment),
        Arc::clone(&shared.methods),
    );
    endpoint.no_cancel = shared.no_cancel.clone();
    endpoint.name = connection.id();
    endpoint.codec = connection.codec();
    let session = Session::new(SessionParts {
        id,
        user,
        endpoint: Arc::new(endpoint),
        connection: connection.clone(),
        shared: Arc::clone(shared),
        client: Program { name: shown(&hello.client.name), version: shown(&hello.client.version) },
    });
    if !connection.is_plain() {
        session.keep_to(&hello.limits);
    }
    Ok(session)
}

/// What a client says of itself ends up in logs and lists.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(64).collect()
}

/// 128 random bits as hexadecimal digits. Without randomness no secret is safe, and nobody is let in.
pub(crate) fn random() -> Result<String, Disconnect> {
    random_from(getrandom::fill)
}

fn random_from<E: std::fmt::Display>(
    fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
) -> Result<String, Disconnect> {
    let mut bytes = [0; 16];
    if let Err(error) = fill(&mut bytes) {
        tracing::error!(target: "wirecall", %error, "the system has no randomness");
        return Err(Disconnect::new(code::INTERNAL, "the server cannot make a session now"));
    }
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    socket: Socket<S>,
    session: Session,
    connection: &Connection,
    lease: Lease,
) {
    let shared = Arc::clone(session.shared());
    let pump = SessionPump::new(session.clone(), connection, lease, clock::now());
    let leaving = LeaveOnDrop { session, line: connection.id(), disconnect: None };
    let disconnect = drive(socket, connection, &shared, pump).await;
    leaving.with(disconnect);
}

/// Takes the session off its connection when the connection's task ends, however that comes about.
struct LeaveOnDrop {
    session: Session,
    line: LineId,
    disconnect: Option<Disconnect>,
}

impl LeaveOnDrop {
    fn with(mut self, disconnect: Disconnect) {
        self.disconnect = Some(disconnect);
    }
}

impl Drop for LeaveOnDrop {
    fn drop(&mut self) {
        let disconnect =
            self.disconnect.take().unwrap_or_else(|| Disconnect::lost("the connection's task was stopped"));
        let shared = self.session.shared();
        let suspension = shared.left(&self.session, self.line, disconnect);
        // Without a runtime, at its end, nobody can wait.
        if let (Some(suspension), Ok(runtime)) = (suspension, tokio::runtime::Handle::try_current()) {
            shared.tasks.spawn_on(suspension.wait(), &runtime);
        }
        shared.make_room();
    }
}

async fn drive<S, P>(socket: Socket<S>, connection: &Connection, shared: &Shared, pump: P) -> Disconnect
where
    S: AsyncRead + AsyncWrite + Unpin,
    P: Pump + Unpin,
{
    let config = DriverConfig { write_deadline: shared.limits.write_deadline, framing: connection.framing() };
    Driver::new(socket, pump, config).run().await.1
}

#[cfg(test)]
mod tests {
    use super::{random, random_from};
    use crate::session::code;

    #[test]
    fn without_randomness_nobody_is_let_in() {
        let refused = random_from(|_| Err("no entropy")).expect_err("no secret");
        assert_eq!(refused.code, code::INTERNAL);
        assert!(refused.reconnects());
        let secret = random().expect("this system has some");
        assert_eq!(secret.len(), 32);
    }
}
