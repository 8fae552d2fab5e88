//! From a URL to a connection: token, TCP, TLS, upgrade, hello.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::{HeaderName, HeaderValue};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as WsMessage};

use super::ConnectError;
use super::credentials::{self, OWN_ID};
use super::options::Options;
use super::task::{self, Carrier, Socket};
use crate::codec::{Head, Input, Outcome, Raw, pong_frame, request_frame};
use crate::connection::{Framing, Meter, said};
use crate::message::{CloseNotice, Hello, HelloAnswer, Id, PeerLimits, Program, ResumeClaim, RpcError};
use crate::session::{Disconnect, code};

/// Makes one attempt. Gives the socket and the answer to hello; none from a plain server.
pub(crate) async fn connect(
    options: &Options,
    resume: Option<ResumeClaim>,
) -> Result<(Socket, Option<HelloAnswer>), ConnectError> {
    // With TLS it is large, and a client holds it for as long as it lives.
    within(options, Box::pin(attempt(options, resume))).await
}

/// The same over a stream that is there, without a token.
#[cfg(test)]
pub(crate) async fn connect_over<S: Carrier>(
    options: &Options,
    resume: Option<ResumeClaim>,
    stream: S,
) -> Result<(Socket<S>, Option<HelloAnswer>), ConnectError> {
    within(options, Box::pin(greet(options, request(options)?.0, None, stream, resume))).await
}

/// *Connecting, token and answer to hello share one limit.*
async fn within<T>(
    options: &Options,
    attempt: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    let limit = options.connect_timeout;
    let late = || Err(ConnectError::Timeout { url: options.shown_url(), limit });
    tokio::time::timeout(limit, attempt).await.unwrap_or_else(|_| late())
}

async fn attempt(
    options: &Options,
    resume: Option<ResumeClaim>,
) -> Result<(Socket, Option<HelloAnswer>), ConnectError> {
    let (request, host, port) = request(options)?;
    let token = match &options.token {
        Some(provider) => credentials::ask(provider).await.map_err(ConnectError::Token)?,
        None => None,
    };
    let unreachable = |source| ConnectError::Unreachable { url: options.shown_url(), source };
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    greet(options, request, token, stream, resume).await
}

/// Upgrades a stream, and says hello.
async fn greet<S: Carrier>(
    options: &Options,
    request: Request,
    token: Option<String>,
    stream: S,
    resume: Option<ResumeClaim>,
) -> Result<(Socket<S>, Option<HelloAnswer>), ConnectError> {
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(16 * 1024)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(Some(options.max_message_bytes))
        .max_frame_size(Some(options.max_message_bytes));
    let upgraded = upgrade(request, Meter::new(stream), config).await;
    let (mut socket, response) = upgraded.map_err(|failure| failure.into_error(options))?;
    if options.plain {
        return Ok((socket, None));
    }
    let chosen = response.headers().get("sec-websocket-protocol").map(HeaderValue::as_bytes);
    if chosen != Some(options.codec.subprotocol().as_bytes()) {
        return Err(ConnectError::NotWirecall { url: options.shown_url() });
    }
    let answer = say_hello(&mut socket, options, token, resume).await?;
    warn_of_contracts(options, &answer);
    Ok((socket, Some(answer)))
}

/// *`incompatible` fails that service's calls, not the connection.* The log says once why.
fn warn_of_contracts(options: &Options, answer: &HelloAnswer) {
    let incompatible = answer.contract.iter().filter(|(_, word)| *word == "incompatible");
    let services: Vec<&str> = incompatible.map(|(service, _)| service.as_str()).collect();
    if !services.is_empty() {
        options.warned.call_once(|| {
            tracing::warn!(target: "wirecall", ?services, "this program was built with an older, incompatible contract of the server: calls of these services fail, and their events are not told");
        });
    }
}

type Upgraded<S> = Result<(Socket<S>, Response), Failure>;

#[cfg(feature = "client-tls")]
async fn upgrade<S: Carrier>(request: Request, stream: Meter<S>, config: WebSocketConfig) -> Upgraded<S> {
    let connector = match request.uri().scheme_str() {
        Some("wss") => Some(super::tls::connector().map_err(Failure::Tls)?),
        _ => None,
    };
    let upgrading = tokio_tungstenite::client_async_tls_with_config(request, stream, Some(config), connector);
    upgrading.await.map_err(Failure::WebSocket)
}

#[cfg(not(feature = "client-tls"))]
async fn upgrade<S: Carrier>(request: Request, stream: Meter<S>, config: WebSocketConfig) -> Upgraded<S> {
    let stream = tokio_tungstenite::MaybeTlsStream::Plain(stream);
    let upgrading = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
    upgrading.await.map_err(Failure::WebSocket)
}

/// Why a TCP connection did not become a WebSocket.
enum Failure {
    #[cfg(feature = "client-tls")]
    Tls(String),
    WebSocket(WsError),
}

fn request(options: &Options) -> Result<(Request, String, u16), ConnectError> {
    let bad = |reason: String| ConnectError::Url { url: options.shown_url(), reason };
    let url = url::Url::parse(&options.url).map_err(|error| bad(error.to_string()))?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(bad(format!("its scheme is {:?}, not ws or wss", url.scheme())));
    }
    if url.scheme() == "wss" && !cfg!(feature = "client-tls") {
        return Err(bad("wss needs the feature `client-tls` of the crate wirecall".to_owned()));
    }
    let host = url.host_str().ok_or_else(|| bad("it names no host".to_owned()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let mut request = url.as_str().into_client_request().map_err(|error| bad(error.to_string()))?;
    for (name, value) in &options.headers {
        let header = || ConnectError::Header { name: name.clone() };
        let key = HeaderName::try_from(name.as_str()).map_err(|_| header())?;
        if key.as_str().starts_with("sec-websocket-") {
            return Err(header());
        }
        request.headers_mut().insert(key, HeaderValue::try_from(value.as_str()).map_err(|_| header())?);
    }
    if !options.plain {
        request
            .headers_mut()
            .insert("sec-websocket-protocol", HeaderValue::from_static(options.codec.subprotocol()));
    }
    Ok((request, host, port))
}

impl Failure {
    fn into_error(self, options: &Options) -> ConnectError {
        let url = options.shown_url();
        let error = match self {
            #[cfg(feature = "client-tls")]
            Self::Tls(reason) => return ConnectError::Upgrade { url, reason },
            Self::WebSocket(error) => error,
        };
        match error {
            WsError::Http(response) => {
                let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
                let text: String =
                    body.chars().filter(|character| !character.is_control()).take(200).collect();
                let separator = if text.is_empty() { "" } else { ": " };
                ConnectError::Upgrade { url, reason: format!("HTTP {}{separator}{text}", response.status()) }
            }
            WsError::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) if !options.plain => {
                ConnectError::NotWirecall { url }
            }
            other => ConnectError::Upgrade { url, reason: other.to_string() },
        }
    }
}

async fn say_hello<S: Carrier>(
    socket: &mut Socket<S>,
    options: &Options,
    token: Option<String>,
    resume: Option<ResumeClaim>,
) -> Result<HelloAnswer, ConnectError> {
    let hello = Hello {
        client: Program { name: options.name.clone(), version: options.version.clone() },
        token,
        limits: PeerLimits {
            max_message_bytes: options.max_message_bytes as u64,
            buffer_bytes: options.kept_bytes() as u64,
        },
        contract: options
            .contracts
            .iter()
            .map(|told| (told.service.clone(), told.fingerprint.clone()))
            .collect(),
        resume,
    };
    let framing = options.framing();
    let frame = request_frame(options.codec, Some(OWN_ID), "rpc.hello", &hello, None);
    if let Err(error) = socket.send(framing.frame(frame.unwrap_or_default())).await {
        return Err(ConnectError::Disconnected(Disconnect::lost(error.to_string())));
    }
    let mut notice = None;
    let error = loop {
        match next_greeting(socket, framing, &mut notice).await.map_err(ConnectError::Disconnected)? {
            Greeting::Answer(mut answer) => {
                answer.limits = answer.limits.or_defaults();
                return Ok(*answer);
            }
            Greeting::Refusal(error) => break error,
            Greeting::Ping => {
                let pong = framing.frame(pong_frame(options.codec));
                let lost = |error: WsError| ConnectError::Disconnected(Disconnect::lost(error.to_string()));
                socket.send(pong).await.map_err(lost)?;
            }
            Greeting::Nothing => {}
            // *A client closes, too, when something else comes before the answer.*
            Greeting::Fault(fault) => {
                return Err(ConnectError::Disconnected(task::refuse(socket, fault).await));
            }
        }
    };
    let disconnect = verdict(socket, framing, notice, &error).await;
    Err(ConnectError::Refused { url: options.shown_url(), error, disconnect })
}

/// The close code that follows a refusal; where none comes, the one that its error asks for.
async fn verdict<S: Carrier>(
    socket: &mut Socket<S>,
    framing: Framing,
    mut notice: Option<CloseNotice>,
    error: &RpcError,
) -> Disconnect {
    let closed = async {
        loop {
            if let Err(disconnect) = next_greeting(socket, framing, &mut notice).await {
                return disconnect;
            }
        }
    };
    tokio::time::timeout(VERDICT_WAIT, closed).await.unwrap_or_else(|_| Disconnect::refusing(error))
}

/// How long a server may take from its refusal to the close.
const VERDICT_WAIT: Duration = Duration::from_secs(2);

/// What a server says before its session is open.
enum Greeting {
    Answer(Box<HelloAnswer>),
    Refusal(RpcError),
    /// *Either side may ping; the other answers at once.*
    Ping,
    Nothing,
    /// What a server must not say then.
    Fault(Disconnect),
}

/// *The first server message is the answer or `rpc.close`.* What ends the connection is the error.
async fn next_greeting<S: Carrier>(
    socket: &mut Socket<S>,
    framing: Framing,
    notice: &mut Option<CloseNotice>,
) -> Result<Greeting, Disconnect> {
    match socket.next().await {
        Some(Ok(message @ (WsMessage::Text(_) | WsMessage::Binary(_)))) => match framing.message(&message) {
            Some(Ok(message)) => Ok(read_greeting(message, notice).unwrap_or_else(Greeting::Fault)),
            Some(Err(fault)) => Ok(Greeting::Fault(fault)),
            None => Ok(Greeting::Nothing),
        },
        Some(Ok(WsMessage::Close(frame))) => Err(notice.take().map_or_else(|| said(frame), Disconnect::from)),
        Some(Ok(_)) => Ok(Greeting::Nothing),
        Some(Err(error)) => {
            Err(notice.take().map_or_else(|| Disconnect::lost(error.to_string()), Disconnect::from))
        }
        None => {
            let lost = || Disconnect::lost("the server went away during hello");
            Err(notice.take().map_or_else(lost, Disconnect::from))
        }
    }
}

fn read_greeting(message: Raw<'_>, notice: &mut Option<CloseNotice>) -> Result<Greeting, Disconnect> {
    let misfit = || fault("the answer to hello does not fit");
    let mut input = Input::new(message);
    match input.head() {
        Ok(Head::Response(Id::Number(0), Outcome::Result(result))) => {
            result.read().map(|answer| Greeting::Answer(Box::new(answer))).map_err(|_| misfit())
        }
        Ok(Head::Response(id, Outcome::Error(error))) if id == Id::Number(0) || id == Id::null() => {
            error.read().map(Greeting::Refusal).map_err(|_| misfit())
        }
        Ok(Head::Request(method)) if method == "rpc.close" => {
            *notice = input.skip().ok().and_then(|params| params.read().ok());
            Ok(Greeting::Nothing)
        }
        Ok(Head::Request(method)) if method == "rpc.ping" => Ok(Greeting::Ping),
        _ => Err(fault("the server sent something before the answer to hello")),
    }
}

fn fault(reason: &'static str) -> Disconnect {
    Disconnect::new(code::PROTOCOL, reason)
}
