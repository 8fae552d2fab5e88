//! From an upgraded stream to a session: hello, who is calling, then the connection's task.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::auth::AuthRequest;
use super::connection::{Connection, UpgradeRequest};
use super::limits::millis;
use super::pump::{RefusalPump, SessionPump, close_frame};
use super::session::{Session, SessionId, SessionParts};
use super::shared::{ConnectionPlace, Shared};
use crate::codec::{Frame, Head, Input, error_frame, explain, result_frame};
use crate::connection::{Driver, DriverConfig, Meter, Outbox, Pump};
use crate::message::{ErrorKind, Hello, HelloAnswer, Id, PeerInfo, RpcError};
use crate::service::Endpoint;
use crate::session::{Disconnect, code};
use crate::types::UserId;

type Socket<S> = WebSocketStream<Meter<S>>;

/// How a connection that gets no session ends: what is sent, and the close.
struct Refusal {
    frames: Vec<Frame>,
    disconnect: Disconnect,
}

impl Refusal {
    fn new(id: &Id, error: &RpcError, disconnect: Disconnect) -> Self {
        let frames = [Some(error_frame(id, error)), close_frame(&disconnect)];
        Self { frames: frames.into_iter().flatten().collect(), disconnect }
    }
}

/// Runs one connection from its upgrade to its end.
pub(crate) async fn run<S>(stream: S, request: UpgradeRequest, plain: bool, shared: Arc<Shared>, place: ConnectionPlace)
where
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
    let connection = Arc::new(Connection { id: place.number, request, plain, opened: Instant::now() });
    if plain {
        open_plain(socket, connection, shared).await;
    } else {
        open_session(socket, connection, shared).await;
    }
    drop(place);
}

/// A plain peer: there is no hello, so who is calling is decided on the request alone.
async fn open_plain<S: AsyncRead + AsyncWrite + Unpin>(socket: Socket<S>, connection: Arc<Connection>, shared: Arc<Shared>) {
    let limit = shared.limits.hello_timeout;
    let decided = tokio::time::timeout(limit, authenticate(&shared, &connection, None)).await;
    match decided.unwrap_or_else(|_| Err(RpcError::new(ErrorKind::Unavailable, "signing in took too long"))) {
        Ok(user) => {
            let session = session(&shared, &connection, user, &Hello::default());
            shared.opened(&session);
            serve(socket, session).await;
        }
        Err(error) => {
            let disconnect = Disconnect::new(code::FORBIDDEN, error.message().to_owned());
            let until = Instant::now() + limit;
            drive(socket, &shared, RefusalPump::at_first_call(error, disconnect, until)).await;
        }
    }
}

/// A client of wirecall's: its first message is hello, and nothing else comes before the answer.
async fn open_session<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: Socket<S>,
    connection: Arc<Connection>,
    shared: Arc<Shared>,
) {
    let limit = shared.limits.hello_timeout;
    let late = || {
        let disconnect = Disconnect::new(code::HELLO_TIMEOUT, "no rpc.hello came in time (hello_timeout)");
        Err(Refusal { frames: close_frame(&disconnect).into_iter().collect(), disconnect })
    };
    let shaken = tokio::time::timeout(limit, shake_hands(&mut socket, &connection, &shared)).await;
    match shaken.unwrap_or_else(|_| late()) {
        Ok((session, answer)) => {
            // The handlers are in place before the client learns that it is connected.
            shared.opened(&session);
            // The queue is empty, so there is room.
            let _: Result<(), _> = session.endpoint().outbox.push_urgent(answer);
            serve(socket, session).await;
        }
        Err(refusal) => {
            tracing::info!(target: "wirecall", connection = connection.id, code = refusal.disconnect.code, reason = %refusal.disconnect.reason, "a connection was refused");
            drive(socket, &shared, RefusalPump::at_once(refusal.frames, refusal.disconnect)).await;
        }
    }
}

async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    connection: &Arc<Connection>,
    shared: &Arc<Shared>,
) -> Result<(Session, Frame), Refusal> {
    let (id, hello) = read_hello(socket).await?;
    let decided = authenticate(shared, connection, hello.token.clone());
    let user = undisturbed(socket, decided).await?.map_err(|error| {
        let disconnect = Disconnect::new(code::FORBIDDEN, error.message().to_owned());
        Refusal::new(&id, &error, disconnect)
    })?;
    let session = session(shared, connection, user, &hello);
    let answer = answer(shared, &session, &hello);
    match result_frame(&id, &answer) {
        Ok(frame) => Ok((session, frame)),
        Err(error) => {
            let error = shared.environment.incident("rpc.hello", &error);
            Err(Refusal::new(&id, &error, Disconnect::new(1011, "hello could not be answered")))
        }
    }
}

/// Reads the first message, which must be hello.
async fn read_hello<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>) -> Result<(Id, Hello), Refusal> {
    let text = loop {
        match socket.next().await {
            Some(Ok(WsMessage::Text(text))) => break text,
            Some(Ok(WsMessage::Binary(_))) => {
                let disconnect = Disconnect::new(code::UNSUPPORTED, "binary frame on wirecall.1.json, which is text");
                return Err(Refusal { frames: Vec::new(), disconnect });
            }
            Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_) | WsMessage::Frame(_))) => {}
            Some(Ok(WsMessage::Close(_)) | Err(_)) | None => {
                return Err(Refusal { frames: Vec::new(), disconnect: Disconnect::lost("gone before hello") });
            }
        }
    };
    let refuse = |id: &Id, error: &RpcError| {
        Refusal::new(id, error, Disconnect::new(code::PROTOCOL, "the first message must be rpc.hello"))
    };
    let mut input = Input::new(&text);
    let Ok(Head::Request(method)) = input.head() else {
        let (id, error) = explain(&text);
        return Err(refuse(&id, &error));
    };
    let Ok(params) = input.skip() else {
        let (id, error) = explain(&text);
        return Err(refuse(&id, &error));
    };
    let id = input.id.take().unwrap_or_else(Id::null);
    if method != "rpc.hello" {
        let error = RpcError::new(ErrorKind::InvalidRequest, "the first message must be rpc.hello");
        return Err(refuse(&id, &error));
    }
    match serde_json::from_str(params) {
        Ok(hello) => Ok((id, hello)),
        Err(_) => Err(refuse(&id, &RpcError::new(ErrorKind::ValidationError, "the parameters of rpc.hello do not fit"))),
    }
}

/// Awaits `work` while the other end keeps still. *Anything but `rpc.pong` before hello's answer is 1002.*
async fn undisturbed<S, T>(socket: &mut Socket<S>, work: impl Future<Output = T>) -> Result<T, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut work = pin!(work);
    loop {
        let message = tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            message = socket.next() => message,
        };
        match message {
            Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_) | WsMessage::Frame(_))) => {}
            Some(Ok(WsMessage::Text(text))) if is_pong(&text) => {}
            Some(Ok(WsMessage::Text(text))) => {
                let (id, _) = explain(&text);
                let error = RpcError::new(ErrorKind::InvalidRequest, "rpc.hello is not answered yet");
                let disconnect = Disconnect::new(code::PROTOCOL, "a message before the answer to rpc.hello");
                return Err(Refusal::new(&id, &error, disconnect));
            }
            Some(Ok(WsMessage::Binary(_))) => {
                let disconnect = Disconnect::new(code::UNSUPPORTED, "binary frame on wirecall.1.json, which is text");
                return Err(Refusal { frames: Vec::new(), disconnect });
            }
            Some(Ok(WsMessage::Close(_)) | Err(_)) | None => {
                return Err(Refusal { frames: Vec::new(), disconnect: Disconnect::lost("gone before hello's answer") });
            }
        }
    }
}

fn is_pong(text: &str) -> bool {
    matches!(Input::new(text).head(), Ok(Head::Request(method)) if method == "rpc.pong")
}

async fn authenticate(
    shared: &Shared,
    connection: &Connection,
    token: Option<String>,
) -> Result<Option<UserId>, RpcError> {
    match &shared.authenticate {
        None => Ok(None),
        Some(authenticate) => {
            authenticate.authenticate(AuthRequest { request: connection.request.clone(), token }).await
        }
    }
}

fn session(shared: &Arc<Shared>, connection: &Arc<Connection>, user: Option<UserId>, hello: &Hello) -> Session {
    let endpoint = Endpoint::new(
        shared.limits.endpoint(),
        Outbox::new(shared.limits.outbox()),
        Arc::clone(&shared.environment),
        Arc::clone(&shared.methods),
    );
    let max_message_bytes = if connection.plain {
        usize::MAX
    } else {
        usize::try_from(hello.limits.max_message_bytes).unwrap_or(usize::MAX)
    };
    Session::new(SessionParts {
        id: SessionId::new(random()),
        user,
        endpoint: Arc::new(endpoint),
        connection: Arc::clone(connection),
        shared: Arc::clone(shared),
        client: PeerInfo { name: shown(&hello.client.name), version: shown(&hello.client.version) },
        max_message_bytes,
    })
}

/// What a client says of itself ends up in logs and lists.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(64).collect()
}

fn answer(shared: &Shared, session: &Session, hello: &Hello) -> HelloAnswer {
    let judge = |service: &String, theirs: &String| {
        let same = shared.fingerprints.get(service) == Some(theirs);
        (service.clone(), if same { "same" } else { "unknown" }.to_owned())
    };
    HelloAnswer {
        session: session.id().as_str().to_owned(),
        secret: random(),
        resumed: false,
        reason: hello.resume.is_some().then(|| "unknown".to_owned()),
        received: 0,
        user: session.user_id().map(|user| user.as_str().to_owned()),
        contract: hello.contract.iter().take(MAX_SERVICES).map(|(service, theirs)| judge(service, theirs)).collect(),
        channels: std::collections::BTreeMap::default(),
        ping_ms: millis(shared.limits.ping),
        session_ttl_ms: 0,
        limits: shared.limits.hello(),
    }
}

/// More services than any client has, so that a hello cannot ask for a huge answer.
const MAX_SERVICES: usize = 256;

/// 128 random bits as hexadecimal digits.
fn random() -> String {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        // Without randomness no secret is safe: the session's name is still unique, its secret is of no use yet.
        tracing::error!(target: "wirecall", %error, "the system has no randomness");
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(socket: Socket<S>, session: Session) {
    let shared = Arc::clone(session.shared());
    let ending = EndOnDrop { session: session.clone(), disconnect: None };
    let disconnect = drive(socket, &shared, SessionPump::new(session, Instant::now())).await;
    ending.end(disconnect);
}

/// Ends the session when its connection's task ends, however that comes about.
struct EndOnDrop {
    session: Session,
    disconnect: Option<Disconnect>,
}

impl EndOnDrop {
    fn end(mut self, disconnect: Disconnect) {
        self.disconnect = Some(disconnect);
    }
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        let disconnect = self.disconnect.take().unwrap_or_else(|| Disconnect::lost("the connection's task was stopped"));
        self.session.shared().ended(&self.session, &disconnect);
    }
}

async fn drive<S, P>(socket: Socket<S>, shared: &Shared, pump: P) -> Disconnect
where
    S: AsyncRead + AsyncWrite + Unpin,
    P: Pump + Unpin,
{
    let config = DriverConfig { write_deadline: shared.limits.write_deadline };
    Driver::new(socket, pump, config).run().await.1
}
