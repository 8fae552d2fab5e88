//! Hello, as a server answers it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::half::Half;
use super::message::{Arrival, Incoming, Message};
use super::server::{Refused, ServerMachine, Session, User};
use super::tell::{Hook, Tell};
use crate::message::{ErrorKind, Id};
use crate::session::Reason;
use crate::session::disconnect::code;
use crate::session::pending::PendingCalls;
use crate::session::store::{Claim, ConnectionId, Decision, Owner};

/// The verdict on a session before, for the answer.
#[derive(Debug, Default)]
struct Before {
    reason: Option<Reason>,
    ended_received: Option<u64>,
}

impl ServerMachine {
    fn new_session(&mut self, user: User, peer_bytes: usize, peer_buffer: usize) -> Session {
        self.sessions += 1;
        let first = self.sessions == 1;
        let mut half = Half::new(self.settings.limits, self.world, peer_bytes, peer_buffer, first);
        half.drains = self.drain.is_some();
        Session {
            half,
            pending: PendingCalls::new(),
            waiting: VecDeque::new(),
            number: self.sessions,
            user,
            secret: format!("k-{}", self.sessions).into(),
        }
    }

    /// A message before hello was answered.
    pub(super) fn receive_hello(&mut self, connection: ConnectionId, incoming: Incoming, now: Instant) {
        let refused = match incoming.arrival {
            Arrival::Message(Message::Call { id, method, params, .. }) if method == "rpc.hello" => {
                return self.hello(connection, &id, &params, now);
            }
            Arrival::Message(Message::Notice { method, .. }) if method == "rpc.pong" => return,
            Arrival::Message(Message::Call { id, .. }) => {
                Message::error(&id, ErrorKind::InvalidRequest, "the first message must be the call rpc.hello")
            }
            Arrival::Wrong { id, error } => Message::answer(&id, Err(super::message::error(&error))),
            _ => {
                Message::error(&Id::null(), ErrorKind::InvalidRequest, "the first message must be rpc.hello")
            }
        };
        if let Some(line) = self.lines.get_mut(&connection) {
            line.last.push_back(refused);
        }
        self.say_last(connection, code::PROTOCOL, None, None);
    }

    /// *The server checks in this order: parse, authenticate, find, secret, user, attempt, range of `received`.*
    fn hello(&mut self, connection: ConnectionId, id: &Id, params: &Value, now: Instant) {
        let Ok(resume) = resume_of(params) else {
            let error =
                Message::error(id, ErrorKind::ValidationError, "the parameters of rpc.hello do not fit");
            return self.refuse_hello(connection, error, code::PROTOCOL);
        };
        let user = match (self.authenticate)(params["token"].as_str()) {
            Ok(user) => user,
            Err(Refused::Expired) => {
                let error = Message::error(id, ErrorKind::Unauthenticated, "the credentials have expired");
                return self.refuse_hello(connection, error, code::EXPIRED);
            }
            Err(Refused::Forbidden) => {
                let error = Message::error(id, ErrorKind::PermissionDenied, "not allowed");
                return self.refuse_hello(connection, error, code::FORBIDDEN);
            }
        };
        let limit = |name: &str, default: usize| {
            let told = params["limits"][name].as_u64().and_then(|it| usize::try_from(it).ok());
            told.unwrap_or(default)
        };
        let takes = (limit("max_message_bytes", 1 << 20), limit("buffer_bytes", 4 << 20));
        let Some(resume) = resume else {
            return self.open(connection, id, user, takes, &Before::default());
        };
        let Some(subprotocol) = self.lines.get(&connection).map(|line| line.subprotocol) else { return };
        let claim = Claim {
            session: &resume.session,
            secret: &resume.secret,
            attempt: resume.attempt,
            received: resume.received,
            subprotocol,
            user: &user,
        };
        match self.store.resume(&claim, connection, now) {
            Decision::Resumed { received, fenced } => {
                self.resumed(connection, id, &resume.session, takes, received, fenced);
                self.after(&resume.session, Ok(()), now);
            }
            Decision::Fresh { reason, ended_received, gone } => {
                if let Some(gone) = gone {
                    self.gone(*gone);
                }
                let before = Before { reason: Some(reason), ended_received };
                self.open(connection, id, user, takes, &before);
                self.evict(now);
            }
            Decision::Superseded => self.say_last(connection, code::SUPERSEDED, None, None),
        }
    }

    fn refuse_hello(&mut self, connection: ConnectionId, error: Message, code: u16) {
        if let Some(line) = self.lines.get_mut(&connection) {
            line.last.push_back(error);
        }
        self.say_last(connection, code, None, None);
    }

    fn open(
        &mut self,
        connection: ConnectionId,
        id: &Id,
        user: User,
        (peer_bytes, peer_buffer): (usize, usize),
        before: &Before,
    ) {
        let Some(line) = self.lines.get(&connection) else { return };
        let subprotocol = line.subprotocol;
        let session = self.new_session(user.clone(), peer_bytes, peer_buffer);
        let (number, secret) = (session.number, Arc::clone(&session.secret));
        let name: Arc<str> = format!("s-{number}").into();
        let mut answer = self.told(&name, &session);
        answer["resumed"] = false.into();
        answer["received"] = 0.into();
        if let Some(reason) = before.reason {
            answer["reason"] = reason.name().into();
        }
        if let Some(received) = before.ended_received {
            answer["ended_received"] = received.into();
        }
        self.store.open(Arc::clone(&name), Owner { secret, subprotocol, user }, connection, session);
        self.welcome(connection, id, &name, answer);
        self.tells.push_back(Tell::Hook(Hook::Open, number));
    }

    fn resumed(
        &mut self,
        connection: ConnectionId,
        id: &Id,
        session: &str,
        (peer_bytes, peer_buffer): (usize, usize),
        received: u64,
        fenced: Option<ConnectionId>,
    ) {
        let Some(held) = self.store.held(session) else { return };
        held.half.peer_bytes = peer_bytes;
        held.half.replay.peer_keeps(peer_buffer);
        let (number, sent) = (held.number, held.half.replay.numbered());
        // *Only then the old connection is ended (4503): aborted, not drained.*
        if let Some(fenced) = fenced {
            self.abort(fenced, code::SUPERSEDED);
            self.tells.push_back(Tell::Hook(Hook::Suspend, number));
        }
        let Some(held) = self.store.all().find(|(name, _, _)| &***name == session).map(|(_, _, held)| held)
        else {
            return;
        };
        let mut answer = self.told(session, held);
        answer["resumed"] = true.into();
        answer["received"] = received.into();
        answer["sent"] = sent.into();
        self.welcome(connection, id, session, answer);
        self.tells.push_back(Tell::Hook(Hook::Resume, number));
    }

    /// What every answer to hello tells.
    fn told(&self, name: &str, session: &Session) -> Value {
        let limits = self.settings.limits;
        let mut answer = json!({
            "session": name,
            "secret": *session.secret,
            "contract": {},
            "channels": {},
            "ping_ms": millis(self.settings.ping),
            "session_ttl_ms": millis(self.settings.store.ttl),
            "limits": {
                "max_message_bytes": limits.max_message_bytes,
                "max_calls": limits.max_calls,
                "max_waiting": limits.max_waiting,
                "max_streams": limits.max_streams,
                "max_batch": limits.max_batch,
                "buffer_bytes": limits.buffer_bytes,
            },
        });
        if let Some(user) = &session.user {
            answer["user"] = user.clone().into();
        }
        answer
    }

    fn welcome(&mut self, connection: ConnectionId, id: &Id, session: &str, answer: Value) {
        if let Some(line) = self.lines.get_mut(&connection) {
            line.session = Some(session.into());
            line.last.push_back(Message::answer(id, Ok(answer)));
        }
    }
}

/// `resume` of a hello.
struct Resume {
    session: String,
    secret: String,
    attempt: u64,
    received: u64,
}

fn resume_of(params: &Value) -> Result<Option<Resume>, ()> {
    let resume = &params["resume"];
    if resume.is_null() {
        return Ok(None);
    }
    let text = |name: &str| resume[name].as_str().map(str::to_owned).ok_or(());
    let number = |name: &str| resume[name].as_u64().ok_or(());
    Ok(Some(Resume {
        session: text("session")?,
        secret: text("secret")?,
        attempt: number("attempt")?,
        received: number("received")?,
    }))
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
