//! The life of a session over its connections: opened, suspended, resumed, ended.
//!
//! Who decides on a transition is the [`Store`](crate::session::Store), once; what it means to hooks, handlers and the
//! queue happens here, in the same order. Hooks run in the tasks of connections and of suspended sessions only, never
//! in whoever emits or closes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

use super::connection::Connection;
use super::event::ServerEvent;
use super::session::Session;
use super::shared::{Shared, guarded};
use crate::clock;
use crate::connection::LineId;
use crate::message::{PeerLimits, ResumeClaim};
use crate::session::{Claim, Decision, Disconnect, Gone, Left, OutOfRange, Owner, Reason, Resumable, code};
use crate::types::UserId;

/// What a session knows of its life.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// Held over a transition and its hooks, so that they run in its order.
    turn: Mutex<()>,
    /// How it is to end, once that is decided.
    fate: OnceLock<Disconnect>,
    /// Its end was told.
    concluded: AtomicBool,
    /// How its last connection ended.
    lost: Mutex<Option<Disconnect>>,
    /// The connection that is about to take it up.
    arriving: AtomicU64,
    /// Counts suspensions and resumes, so that a suspension knows whether it is over.
    moves: AtomicU64,
    /// Told after each of them, and when its fate is decided.
    moved: Notify,
}

impl Life {
    /// While it is held no other transition happens, and no connection takes the session up.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moved(&self) -> u64 {
        let moves = self.moves.fetch_add(1, Ordering::AcqRel) + 1;
        self.moved.notify_waiters();
        moves
    }

    fn note_lost(&self, disconnect: &Disconnect) {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).replace(disconnect.clone());
    }

    /// How the end of a session reads that waited for its client for too long.
    fn expired(&self) -> Disconnect {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lost = lost.unwrap_or_else(|| Disconnect::lost("its client did not come back"));
        // Its limit was told when it was lost.
        Disconnect { limit: None, ..lost }
    }
}

impl Resumable for Session {
    fn resume(&mut self, peer_received: u64) -> Result<u64, OutOfRange> {
        let line = self.life().arriving.load(Ordering::Acquire);
        self.endpoint().outbox.attach(line, peer_received)
    }

    fn end(&mut self) -> u64 {
        self.endpoint().outbox.deafen()
    }

    fn kept(&self) -> usize {
        self.endpoint().outbox.kept_bytes()
    }
}

/// What a hello with `resume` came to.
pub(crate) enum Resumption {
    /// The session goes on, on the new connection.
    Resumed { session: Session, received: u64 },
    /// There is to be a new one.
    Fresh { reason: Reason, ended_received: Option<u64> },
    /// A newer connection has it.
    Superseded,
}

impl Shared {
    /// A session begins. One with a secret may be taken up again.
    pub(crate) fn opened(self: &Arc<Self>, session: &Session, secret: Option<Arc<str>>) {
        let turn = session.life().turn();
        if let Some(secret) = secret {
            let user = session.user_id().cloned();
            let owner = Owner { secret, subprotocol: session.codec().subprotocol(), user };
            let line = session.last_connection().id();
            self.store().open(session.id().into(), owner, line, session.clone());
        }
        self.registry.insert(session);
        for hook in &self.hooks.open {
            guarded("on_open", || hook(session));
        }
        self.publish(ServerEvent::Opened { session: session.id().clone(), user: session.user_id().cloned() });
        drop(turn);
        self.make_room();
        // A shutdown that began before this session was entered does not know it.
        if self.is_draining() {
            session.close_with(self.draining());
        }
    }

    /// Decides on a hello with `resume`, whose `limits` count from here on where the session goes on.
    pub(crate) fn resume(
        self: &Arc<Self>,
        claim: &ResumeClaim,
        limits: &PeerLimits,
        user: Option<&UserId>,
        connection: &Connection,
    ) -> Resumption {
        let user = user.cloned();
        let claim = Claim {
            session: &claim.session,
            secret: &claim.secret,
            attempt: claim.attempt,
            received: claim.received,
            subprotocol: connection.codec().subprotocol(),
            user: &user,
        };
        let Some(session) = self.registry.session(claim.session).filter(|session| !session.is_plain()) else {
            let decision = self.store().resume(&claim, connection.id(), clock::now());
            return match decision {
                Decision::Fresh { reason, ended_received, .. } => {
                    Resumption::Fresh { reason, ended_received }
                }
                // What is not in the registry is not in the store either.
                _ => Resumption::Fresh { reason: Reason::Unknown, ended_received: None },
            };
        };
        let life = session.life();
        let turn = life.turn();
        let decision = {
            // What its old connection has begun to read is read to the end.
            let _reading = session.endpoint().outbox.reading();
            life.arriving.store(connection.id(), Ordering::Release);
            self.store().resume(&claim, connection.id(), clock::now())
        };
        match decision {
            Decision::Resumed { received, fenced } => {
                if fenced.is_some() {
                    let newer = Disconnect::new(code::SUPERSEDED, "a newer connection took the session up");
                    self.tell_suspended(&session, &newer);
                }
                session.keep_to(limits);
                session.set_connection(connection.clone());
                life.moved();
                for hook in &self.hooks.resume {
                    guarded("on_resume", || hook(&session));
                }
                let (id, user) = (session.id().clone(), session.user_id().cloned());
                self.publish(ServerEvent::Resumed { session: id, user });
                tracing::debug!(target: "wirecall", session = %session.id(), connection = connection.id(), "a session is resumed");
                drop(turn);
                Resumption::Resumed { session, received }
            }
            Decision::Fresh { reason, ended_received, gone } => {
                if gone.is_some() {
                    let end = match reason {
                        Reason::Sequence => {
                            let text = "its client tells to have received what cannot be";
                            Disconnect::new(code::SEQUENCE, text).ending(reason)
                        }
                        _ => life.expired(),
                    };
                    doom(&session, &end);
                    self.conclude(&session);
                }
                Resumption::Fresh { reason, ended_received }
            }
            Decision::Superseded => Resumption::Superseded,
        }
    }

    /// A connection of a session is gone; gives the suspension, if there is one now.
    pub(crate) fn left(
        self: &Arc<Self>,
        session: &Session,
        connection: LineId,
        disconnect: Disconnect,
    ) -> Option<Suspension> {
        let life = session.life();
        let _turn = life.turn();
        if session.is_plain() {
            life.fate.get_or_init(|| disconnect);
            self.conclude(session);
            return None;
        }
        let current = self.store().connection(session.id().as_str()) == Some(connection);
        let suspension = if current { self.part(session, connection, disconnect) } else { None };
        // Whoever decided on its end has left it to this task to tell of it.
        let ended = life.fate.get().is_some() && self.store().held(session.id().as_str()).is_none();
        if suspension.is_none() && ended {
            self.conclude(session);
        }
        suspension
    }

    /// A session and its current connection part.
    fn part(
        self: &Arc<Self>,
        session: &Session,
        connection: LineId,
        disconnect: Disconnect,
    ) -> Option<Suspension> {
        let outbox = &session.endpoint().outbox;
        // *A client's 1000 ends its session at once; 1001, any other code or none suspends it.*
        let goodbye = disconnect.code == code::NORMAL;
        let decided = outbox.closing(connection);
        // Nobody comes back to a server that is gone.
        if goodbye || self.is_draining() || decided.as_ref().is_some_and(Disconnect::is_final) {
            let decided = decided.unwrap_or(disconnect);
            self.finish(session, decided.ends, &decided);
            return None;
        }
        let disconnect = decided.unwrap_or(disconnect);
        let proven = outbox.detach(connection);
        let outcome = self.store().suspend(session.id().as_str(), connection, proven, clock::now());
        match outcome {
            Left::Stale => None,
            Left::Ended(_) => {
                doom(session, &disconnect);
                None
            }
            Left::Suspended => {
                self.tell_suspended(session, &disconnect);
                let number = session.life().moved();
                // What was decided in between was not seen above.
                let decided = outbox.closing(connection).filter(Disconnect::is_final);
                if let Some(decided) = decided.or_else(|| self.is_draining().then(|| self.draining())) {
                    self.finish(session, decided.ends, &decided);
                }
                Some(Suspension { session: session.clone(), number, over: false })
            }
        }
    }

    /// Ends a session, wherever it is: nothing is received any more, and its connection closes with that. Its hooks
    /// run later, in a task.
    pub(crate) fn finish(&self, session: &Session, reason: Option<Reason>, disconnect: &Disconnect) {
        doom(session, disconnect);
        let gone = self.store().end(session.id().as_str(), reason, clock::now());
        if gone.is_some() {
            // A connection that took it up in between ends as well.
            doom(session, disconnect);
            session.life().moved.notify_waiters();
        }
    }

    /// Ends suspended sessions, while more is kept than there may be.
    pub(crate) fn make_room(&self) {
        loop {
            let mut store = self.store();
            let gone = store.evict(self.budget.kept(), clock::now());
            let Some(Gone { held: session, .. }) = gone else { return };
            let limit = if self.budget.is_exceeded() { "max_kept_bytes" } else { "max_sessions" };
            let text = format!("the server has no room for sessions that wait: {limit} is reached");
            self.evicted.fetch_add(1, Ordering::Relaxed);
            doom(&session, &Disconnect::over(limit, code::TOO_SLOW, text).ending(Reason::Overflow));
            drop(store);
            session.endpoint().outbox.end();
            session.life().moved.notify_waiters();
        }
    }

    fn expire(&self) {
        let mut store = self.store();
        for Gone { held: session, .. } in store.expire(clock::now()) {
            let expired = session.life().expired();
            doom(&session, &expired);
            session.life().moved.notify_waiters();
        }
    }

    fn tell_suspended(&self, session: &Session, disconnect: &Disconnect) {
        session.life().note_lost(disconnect);
        session.set_away();
        if let Some(limit) = disconnect.limit {
            self.limit_reached(limit, Some(session));
        }
        tracing::debug!(target: "wirecall", session = %session.id(), code = disconnect.code, reason = %disconnect.reason, "a session is suspended");
        for hook in &self.hooks.suspend {
            guarded("on_suspend", || hook(session, disconnect));
        }
        self.publish(ServerEvent::Suspended {
            session: session.id().clone(),
            user: session.user_id().cloned(),
            disconnect: disconnect.clone(),
        });
    }

    /// The end of a session whose fate is decided, told once. The turn is held.
    fn conclude(&self, session: &Session) {
        let life = session.life();
        if life.concluded.swap(true, Ordering::AcqRel) {
            return;
        }
        let disconnect = life.fate.get_or_init(|| life.expired());
        self.registry.remove(session);
        session.set_away();
        session.endpoint().end();
        life.moved.notify_waiters();
        if let Some(limit) = disconnect.limit {
            self.limit_reached(limit, Some(session));
        }
        tracing::debug!(target: "wirecall", session = %session.id(), code = disconnect.code, reason = %disconnect.reason, "a session ended");
        for hook in &self.hooks.close {
            guarded("on_close", || hook(session, disconnect));
        }
        self.publish(ServerEvent::Ended {
            session: session.id().clone(),
            user: session.user_id().cloned(),
            disconnect: disconnect.clone(),
        });
    }
}

/// Decides how a session ends. The first reason counts.
fn doom(session: &Session, disconnect: &Disconnect) {
    let fate = session.life().fate.get_or_init(|| disconnect.clone());
    session.endpoint().outbox.close(fate.clone());
}

/// A session that waits for its client. Dropped before it is over, as when the runtime ends, the session ends too.
#[derive(Debug)]
pub(crate) struct Suspension {
    session: Session,
    number: u64,
    over: bool,
}

impl Suspension {
    /// Waits until the session is resumed, or ends.
    pub(crate) async fn wait(mut self) {
        let session = self.session.clone();
        let (life, shared) = (session.life(), session.shared());
        loop {
            let moved = life.moved.notified();
            if life.moves.load(Ordering::Acquire) != self.number {
                self.over = true;
                return;
            }
            let until = shared.store().waits_until(session.id().as_str());
            let Some(until) = until else { break };
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep_until(until.into()) => shared.expire(),
            }
        }
        self.over = true;
        let _turn = life.turn();
        // Resumed just now, it waits no more and has not ended either.
        if shared.store().held(session.id().as_str()).is_none() {
            shared.conclude(&session);
        }
    }
}

impl Drop for Suspension {
    fn drop(&mut self) {
        if self.over || self.session.life().moves.load(Ordering::Acquire) != self.number {
            return;
        }
        let shared = self.session.shared();
        shared.finish(&self.session, None, &Disconnect::lost("the server's tasks were stopped"));
        let _turn = self.session.life().turn();
        shared.conclude(&self.session);
    }
}
