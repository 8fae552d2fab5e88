//! The server's end: its connections, its sessions, and which connection may speak for which session.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::half::{Close, Half, Left, Limits, World};
use super::message::{Incoming, Leaving, Message, Name};
use super::tell::{Ended, Handle, Hook, Tell, UNKNOWN};
use crate::message::{ErrorKind, Id};
use crate::session::disconnect::code;
use crate::session::heartbeat::ServerHeartbeat;
use crate::session::mutant::{self, Mutant};
use crate::session::pending::PendingCalls;
use crate::session::replay::OutOfRange;
use crate::session::store::{ConnectionId, Gone, Left as LeftSession, Resumable, Store, StoreLimits};

/// The settings of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerSettings {
    pub(crate) limits: Limits,
    pub(crate) store: StoreLimits,
    pub(crate) hello_timeout: Duration,
    pub(crate) ping: Duration,
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Expired,
    Forbidden,
}

/// The user of a token.
pub(crate) type User = Option<String>;

/// Who is calling.
pub(crate) type Authenticate = fn(Option<&str>) -> Result<User, Refused>;

/// One connection.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) subprotocol: &'static str,
    /// Since when it is there.
    pub(super) since: Instant,
    pub(super) session: Option<Arc<str>>,
    pub(super) heart: ServerHeartbeat,
    /// Something arrived on it after hello.
    heard: bool,
    /// What is still written of a session that leaves it, at a drain.
    pub(super) queued: VecDeque<Leaving>,
    /// What leaves before it ends, and before hello is answered.
    pub(super) last: VecDeque<Message>,
    /// It is over, but for what is left to be written.
    pub(super) over: bool,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) half: Half,
    pub(super) pending: PendingCalls<Asked>,
    /// Calls and events of this side that wait for room: *new calls wait at their source*.
    pub(super) waiting: VecDeque<Asked>,
    pub(super) number: u64,
    pub(super) user: User,
    pub(super) secret: Arc<str>,
}

/// A call of the server.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) call: Handle,
    pub(super) method: Name,
    pub(super) params: Value,
    pub(super) deadline: Option<Instant>,
}

impl Resumable for Session {
    fn resume(&mut self, peer_received: u64) -> Result<u64, OutOfRange> {
        self.half.replay.resume(peer_received)?;
        self.half.detach();
        Ok(self.half.replay.received())
    }

    fn end(&mut self) -> u64 {
        self.half.replay.received()
    }

    fn kept(&self) -> usize {
        self.half.replay.bytes()
    }
}

/// A drain under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drain {
    pub(super) until: Instant,
    pub(super) retry_within_ms: u64,
}

/// The server's end.
#[derive(Debug)]
pub(crate) struct ServerMachine {
    pub(super) settings: ServerSettings,
    pub(super) world: World,
    pub(super) authenticate: Authenticate,
    pub(super) lines: BTreeMap<ConnectionId, Line>,
    pub(super) store: Store<User, Session>,
    pub(super) tells: VecDeque<Tell>,
    pub(super) sessions: u64,
    pub(super) drain: Option<Drain>,
}

impl ServerMachine {
    pub(crate) fn new(settings: ServerSettings, world: World, authenticate: Authenticate) -> Self {
        Self {
            settings,
            world,
            authenticate,
            lines: BTreeMap::new(),
            store: Store::new(settings.store),
            tells: VecDeque::new(),
            sessions: 0,
            drain: None,
        }
    }

    /// A connection stands.
    pub(crate) fn connect(&mut self, connection: ConnectionId, subprotocol: &'static str, now: Instant) {
        let heart = ServerHeartbeat::new(self.settings.ping, self.settings.limits.heartbeat_timeout, now);
        let line = Line {
            subprotocol,
            since: now,
            session: None,
            heart,
            heard: false,
            queued: VecDeque::new(),
            last: VecDeque::new(),
            over: false,
        };
        self.lines.insert(connection, line);
    }

    /// The session that lives on that connection.
    pub(crate) fn session_of(&self, connection: ConnectionId) -> Option<Arc<str>> {
        let session = self.lines.get(&connection)?.session.clone()?;
        (self.store.connection(&session) == Some(connection)).then_some(session)
    }

    /// The session for which that connection spoke, if it does no more.
    pub(crate) fn stale_session(&self, connection: ConnectionId) -> Option<Arc<str>> {
        let session = self.lines.get(&connection)?.session.clone()?;
        (self.store.connection(&session) != Some(connection)).then_some(session)
    }

    /// Whether that connection spoke for a session once.
    pub(crate) fn has_session(&self, connection: ConnectionId) -> bool {
        self.lines.get(&connection).is_some_and(|line| line.session.is_some())
    }

    /// The connection that speaks for a session.
    pub(crate) fn store_connection(&self, session: &str) -> Option<ConnectionId> {
        self.store.connection(session)
    }

    /// The last attempt of a session that was accepted.
    pub(crate) fn attempt_of(&self, session: &str) -> Option<u64> {
        self.store.attempt(session)
    }

    /// A session, for who looks for what went wrong.
    pub(crate) fn describe(&self, session: &str) -> String {
        let held = self.store.all().find(|(name, _, _)| &***name == session).map(|(_, _, held)| held);
        held.map_or_else(
            || "gone".to_owned(),
            |held| format!("{:?} {:?}", held.half.replay, held.half.starved),
        )
    }

    /// What is kept of a session.
    pub(crate) fn session(&mut self, session: &str) -> Option<&mut Session> {
        self.store.held(session)
    }

    pub(crate) fn tells(&mut self) -> impl Iterator<Item = Tell> {
        self.tells.drain(..)
    }

    /// A message arrives.
    pub(crate) fn receive(&mut self, connection: ConnectionId, incoming: Incoming, now: Instant) {
        let deaf = |line: &Line| line.over && !mutant::is(Mutant::NoFence);
        let Some(line) = self.lines.get_mut(&connection).filter(|line| !deaf(line)) else { return };
        line.heart.received(now);
        let Some(session) = line.session.clone() else {
            return self.receive_hello(connection, incoming, now);
        };
        // *From that point its reader and writer touch nothing.*
        if self.store.connection(&session) != Some(connection) && !mutant::is(Mutant::NoFence) {
            return;
        }
        line.heard = true;
        let taken = self.receive_open(&session, incoming, now);
        self.after(&session, taken, now);
    }

    fn receive_open(&mut self, session: &str, incoming: Incoming, now: Instant) -> Result<(), Close> {
        let Some(held) = self.store.held(session) else { return Ok(()) };
        match held.half.receive(incoming, now)? {
            Left::Own(Message::Answer { id, outcome }) => {
                if let Id::Number(number) = id
                    && let Some(asked) = u64::try_from(number).ok().and_then(|id| held.pending.close(id))
                {
                    held.half.tells.push_back(Tell::Outcome(asked.call, Ended::Answered(outcome)));
                }
            }
            Left::Own(Message::Call { id, .. }) => {
                // *A second hello: `invalid_request` and 1002.*
                let error = Message::error(&id, ErrorKind::InvalidRequest, "rpc.hello was answered before");
                held.half.urgent.push_back(error);
                return Err(Close::PROTOCOL);
            }
            _ => {}
        }
        Ok(())
    }

    /// After anything that happened in a session.
    pub(super) fn after(&mut self, session: &str, result: Result<(), Close>, now: Instant) {
        let flushed = result.and_then(|()| self.flush(session, now));
        self.collect(session);
        if let Err(close) = flushed {
            self.close_session(session, close, now);
        }
        self.drained(now);
        self.evict(now);
    }

    fn flush(&mut self, session: &str, now: Instant) -> Result<(), Close> {
        let Some(held) = self.store.held(session) else { return Ok(()) };
        held.half.progress(now);
        while let Some(asked) = held.waiting.front() {
            let message = asked_message(held.pending.next_id(), asked, now);
            if !held.half.fits(&message) {
                held.half.wait_for_room(now);
                break;
            }
            if let Some(asked) = held.waiting.pop_front() {
                held.pending.open(asked);
                held.half.enter(message)?;
            }
        }
        held.half.fault.take().map_or(Ok(()), Err)
    }

    fn collect(&mut self, session: &str) {
        if let Some(held) = self.store.held(session) {
            self.tells.append(&mut held.half.tells);
        }
    }

    /// Ends the connection of a session, and the session with it where that is so.
    ///
    /// *A server that closes with a code that stays away, 4503 excepted, or with 4050, ends the session.*
    pub(super) fn close_session(&mut self, session: &str, close: Close, now: Instant) {
        let stays_away = !crate::session::Disconnect::new(close.code, "").reconnects();
        let ends = close.ends.is_some() || stays_away;
        let received = self.store.held(session).map(|held| held.half.replay.received());
        if let Some(connection) = self.store.connection(session) {
            self.say_last(connection, close.code, received.filter(|_| ends), None);
            if !ends
                && let LeftSession::Suspended = self.suspend(session, connection, self.heard(connection), now)
            {
                return;
            }
        }
        if ends && let Some(gone) = self.store.end(session, close.ends, now) {
            self.gone(gone);
        }
    }

    /// The last word on a connection: `rpc.close`, after what overtakes, and the end.
    pub(super) fn say_last(
        &mut self,
        connection: ConnectionId,
        code: u16,
        received: Option<u64>,
        retry_within_ms: Option<u64>,
    ) {
        let session = self.session_of(connection);
        let urgent =
            session.and_then(|it| self.store.held(&it).map(|held| std::mem::take(&mut held.half.urgent)));
        let Some(line) = self.lines.get_mut(&connection).filter(|line| !line.over) else { return };
        let mut params = json!({ "code": code, "reason": "told by the machine" });
        if let Some(received) = received {
            params["received"] = received.into();
        }
        if let Some(within) = retry_within_ms {
            params["retry_within_ms"] = within.into();
        }
        line.last.extend(urgent.into_iter().flatten());
        line.last.push_back(Message::notice("rpc.close", params));
        line.over = true;
        self.tells.push_back(Tell::Drop { connection, code });
    }

    /// Ends a connection without a word: *aborted, not drained*.
    pub(super) fn abort(&mut self, connection: ConnectionId, code: u16) {
        if let Some(line) = self.lines.get_mut(&connection).filter(|line| !line.over) {
            line.over = true;
            line.last.clear();
            self.tells.push_back(Tell::Drop { connection, code });
        }
    }

    /// Whether something arrived on a connection after hello.
    pub(super) fn heard(&self, connection: ConnectionId) -> bool {
        self.lines.get(&connection).is_some_and(|line| line.heard)
    }

    /// A connection is gone, with that code of the WebSocket.
    pub(crate) fn lost(&mut self, connection: ConnectionId, code: u16, now: Instant) {
        let session = self.session_of(connection);
        let heard = self.lines.remove(&connection).is_some_and(|line| line.heard);
        if let Some(session) = session {
            // *A client's 1000 ends its session at once; any other code or none suspends it.*
            if code == code::NORMAL {
                if let Some(gone) = self.store.end(&session, None, now) {
                    self.gone(gone);
                }
            } else {
                self.suspend(&session, connection, heard, now);
            }
        }
        self.evict(now);
    }

    pub(super) fn suspend(
        &mut self,
        session: &str,
        connection: ConnectionId,
        heard: bool,
        now: Instant,
    ) -> LeftSession<Session> {
        let Some(held) = self.store.held(session) else { return LeftSession::Stale };
        held.half.detach();
        let (number, sent) = (held.number, held.half.replay.numbered() > 0);
        let left = self.store.suspend(session, connection, heard || sent, now);
        match left {
            LeftSession::Stale => LeftSession::Stale,
            LeftSession::Suspended => {
                self.tells.push_back(Tell::Hook(Hook::Suspend, number));
                LeftSession::Suspended
            }
            LeftSession::Ended(gone) => {
                self.gone(gone);
                LeftSession::Stale
            }
        }
    }

    /// A session ended: its handlers are dropped, and who awaits an answer from it is told.
    pub(super) fn gone(&mut self, gone: Gone<Session>) {
        let Gone { mut held, connection, .. } = gone;
        held.half.end_calls();
        let mut asked: Vec<Asked> = held.pending.end();
        asked.extend(held.waiting.drain(..));
        asked.sort_by_key(|asked| asked.call);
        held.half.tells.extend(asked.into_iter().map(|asked| Tell::Outcome(asked.call, UNKNOWN)));
        self.tells.append(&mut held.half.tells);
        if let Some(connection) = connection {
            self.abort(connection, code::SUPERSEDED);
        }
        self.tells.push_back(Tell::Hook(Hook::End, held.number));
    }

    pub(super) fn evict(&mut self, now: Instant) {
        let bytes =
            |store: &Store<User, Session>| store.all().map(|(_, _, held)| held.half.replay.bytes()).sum();
        while let Some(gone) = self.store.evict(bytes(&self.store), now) {
            self.gone(gone);
        }
    }

    /// What is to be written next on that connection.
    pub(crate) fn next(&mut self, connection: ConnectionId, now: Instant) -> Option<Leaving> {
        let session = self.session_of(connection);
        let line = self.lines.get_mut(&connection)?;
        if let Some(leaving) = line.queued.pop_front() {
            return Some(leaving);
        }
        if let Some(message) = line.last.pop_front() {
            return Some(Leaving { seq: None, message: message.into() });
        }
        if line.over {
            return None;
        }
        let leaving = self.store.held(&session?)?.half.next()?;
        line.heart.sent(now);
        Some(leaving)
    }
}

/// A call of the server, as it leaves.
pub(super) fn asked_message(id: u64, asked: &Asked, now: Instant) -> Message {
    let left = asked.deadline.map(|deadline| deadline.saturating_duration_since(now));
    let timeout_ms = left.and_then(|left| u64::try_from(left.as_millis()).ok());
    let id = Id::Number(i64::try_from(id).unwrap_or_default());
    let meta = super::message::Meta { timeout_ms, credit: None };
    Message::Call { id, method: asked.method.clone(), params: asked.params.clone(), meta }
}
