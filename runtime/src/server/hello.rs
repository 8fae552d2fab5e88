//! The first exchange of a session: what must come, who it is, and what is answered.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message as WsMessage;

use super::accept::{Socket, random, session};
use super::admission::{Admitted, Denied, Lease, authenticate};
use super::connection::Connection;
use super::life::Resumption;
use super::limits::millis;
use super::refusal::close_frame;
use super::session::Session;
use super::shared::Shared;
use crate::codec::{Codec, Frame, Head, Input, Raw, error_frame, explain, result_frame};
use crate::connection::{Framing, disconnect_of};
use crate::message::{ErrorKind, Hello, HelloAnswer, Id, RpcError};
use crate::session::{Disconnect, code};

/// How a connection that gets no session ends: the error that answers its call, if there is one, and the close.
pub(crate) struct Refusal {
    error: Option<(Id, RpcError)>,
    pub(crate) disconnect: Disconnect,
}

impl Refusal {
    fn new(id: Id, error: RpcError, disconnect: Disconnect) -> Self {
        Self { error: Some((id, error)), disconnect }
    }

    /// Without an error, since there is no call that it would answer.
    pub(crate) fn bare(disconnect: Disconnect) -> Self {
        Self { error: None, disconnect }
    }

    /// What is sent before the close.
    pub(crate) fn frames(&self, codec: Codec) -> impl Iterator<Item = Frame> {
        let error = self.error.as_ref().map(|(id, error)| error_frame(codec, id, error));
        error.into_iter().chain(close_frame(codec, &self.disconnect))
    }
}

/// Awaits hello and decides on it. Gives the session, and the credentials that this connection has.
pub(crate) async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    connection: &Connection,
    shared: &Arc<Shared>,
) -> Result<(Session, Lease), Refusal> {
    let framing = connection.framing();
    let (id, hello) = read_hello(socket, framing).await?;
    let decided = authenticate(shared, connection, hello.token.clone());
    let admitted = match undisturbed(socket, framing, decided).await? {
        Ok(admitted) => admitted,
        Err(Denied { error, disconnect }) => return Err(Refusal::new(id, error, disconnect)),
    };
    // From here on nothing waits: the session is on this connection, and the answer is its first message. The handlers
    // are in place before the client learns that it is connected.
    let (session, mut answer) = admit(shared, connection, &admitted, &hello)?;
    answer.contract = judge(shared, connection, &session, &hello);
    match result_frame(connection.codec(), &id, &answer) {
        Ok(frame) => {
            // Nothing but a notice of the end is before it, and an empty queue takes any one message.
            let _: Result<(), _> = session.endpoint().outbox.push_urgent(connection.id(), frame);
        }
        Err(error) => {
            let error = shared.environment.incident("rpc.hello", &error);
            session.close_with(Disconnect::new(code::INTERNAL, error.message().to_owned()));
        }
    }
    Ok((session, Lease::new(admitted.until)))
}

/// Finds the session that is to be resumed, or opens one.
fn admit(
    shared: &Arc<Shared>,
    connection: &Connection,
    admitted: &Admitted,
    hello: &Hello,
) -> Result<(Session, HelloAnswer), Refusal> {
    let user = admitted.user.as_ref();
    let resumption =
        hello.resume.as_ref().map(|claim| (claim, shared.resume(claim, &hello.limits, user, connection)));
    let verdict = match resumption {
        Some((claim, Resumption::Resumed { session, received })) => {
            let answer = HelloAnswer {
                resumed: true,
                received,
                sent: Some(session.endpoint().outbox.numbered_so_far()),
                ..answer(shared, &session, admitted, &claim.secret)
            };
            return Ok((session, answer));
        }
        Some((_, Resumption::Superseded)) => {
            let text = "a newer attempt has taken the session up";
            return Err(Refusal::bare(Disconnect::new(code::SUPERSEDED, text)));
        }
        Some((_, Resumption::Fresh { reason, ended_received })) => Some((reason, ended_received)),
        None => None,
    };
    let secret: Arc<str> = random().map_err(Refusal::bare)?.into();
    let session = session(shared, connection, admitted.user.clone(), hello).map_err(Refusal::bare)?;
    shared.opened(&session, Some(Arc::clone(&secret)));
    let answer = HelloAnswer {
        reason: verdict.map(|(reason, _)| reason.name().to_owned()),
        ended_received: verdict.and_then(|(_, ended_received)| ended_received),
        ..answer(shared, &session, admitted, &secret)
    };
    Ok((session, answer))
}

/// Reads the first message, which must be hello.
async fn read_hello<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    framing: Framing,
) -> Result<(Id, Hello), Refusal> {
    let received = next_message(socket).await?;
    let message = message(framing, &received)?;
    let refuse = |id: Id, error: RpcError| {
        Refusal::new(id, error, Disconnect::new(code::PROTOCOL, "the first message must be rpc.hello"))
    };
    let mut input = Input::new(message);
    let (Ok(Head::Request(method)), false) = (input.head(), message.too_deep()) else {
        let (id, error) = explain(message);
        return Err(refuse(id, error));
    };
    let Ok(params) = input.skip() else {
        let (id, error) = explain(message);
        return Err(refuse(id, error));
    };
    // Without an id it is a notification, which could not be answered.
    let (Some(id), "rpc.hello") = (input.id.clone(), &*method) else {
        let error = RpcError::new(ErrorKind::InvalidRequest, "the first message must be the call rpc.hello");
        return Err(refuse(input.id.take().unwrap_or_else(Id::null), error));
    };
    let Ok(hello) = params.read() else {
        let text = "the parameters of rpc.hello do not fit";
        return Err(refuse(id, RpcError::new(ErrorKind::ValidationError, text)));
    };
    Ok((id, hello))
}

/// The message in a frame.
fn message(framing: Framing, received: &WsMessage) -> Result<Raw<'_>, Refusal> {
    let lost = || Err(Disconnect::lost("gone before the answer to rpc.hello"));
    framing.message(received).unwrap_or_else(lost).map_err(Refusal::bare)
}

/// The next frame that carries a message.
///
/// Cancel safe: a dropped future has taken no message.
async fn next_message<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
) -> Result<WsMessage, Refusal> {
    loop {
        let disconnect = match socket.next().await {
            Some(Ok(message @ (WsMessage::Text(_) | WsMessage::Binary(_)))) => return Ok(message),
            Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_) | WsMessage::Frame(_))) => continue,
            Some(Err(error)) => disconnect_of(&error),
            Some(Ok(WsMessage::Close(_))) | None => Disconnect::lost("gone before the answer to rpc.hello"),
        };
        return Err(Refusal::bare(disconnect));
    }
}

/// Awaits `work` while the other end keeps still. *Anything but `rpc.pong` before hello's answer is 1002.*
async fn undisturbed<S, T>(
    socket: &mut Socket<S>,
    framing: Framing,
    work: impl Future<Output = T>,
) -> Result<T, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut work = pin!(work);
    loop {
        let received = tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            received = next_message(socket) => received?,
        };
        let message = message(framing, &received)?;
        if !is_pong(message) {
            let (id, _) = explain(message);
            let error = RpcError::new(ErrorKind::InvalidRequest, "rpc.hello is not answered yet");
            let disconnect = Disconnect::new(code::PROTOCOL, "a message before the answer to rpc.hello");
            return Err(Refusal::new(id, error, disconnect));
        }
    }
}

fn is_pong(message: Raw<'_>) -> bool {
    matches!(Input::new(message).head(), Ok(Head::Request(method)) if method == "rpc.pong")
}

fn answer(shared: &Shared, session: &Session, admitted: &Admitted, secret: &str) -> HelloAnswer {
    HelloAnswer {
        session: session.id().as_str().to_owned(),
        secret: secret.to_owned(),
        resumed: false,
        reason: None,
        received: 0,
        ended_received: None,
        sent: None,
        auth_expires_in_ms: admitted.expires_in_ms(),
        user: session.user_id().map(|user| user.as_str().to_owned()),
        contract: BTreeMap::default(),
        channels: BTreeMap::default(),
        ping_ms: millis(shared.limits.ping),
        session_ttl_ms: millis(shared.limits.session_ttl),
        limits: shared.limits.hello(),
    }
}

/// What the client is told of its contracts. From here on calls to incompatible services fail, on this connection: a
/// later hello is judged anew.
fn judge(
    shared: &Shared,
    connection: &Connection,
    session: &Session,
    hello: &Hello,
) -> BTreeMap<String, String> {
    let judgement = shared.verdicts.on(&hello.contract);
    if !judgement.incompatible.is_empty() {
        let services = &judgement.incompatible;
        tracing::info!(target: "wirecall", session = %session.id(), client = session.client_name(), version = session.client_version(), ?services, "a client was generated from an incompatible contract");
        connection.set_incompatible(judgement.incompatible);
    }
    judgement.words
}
