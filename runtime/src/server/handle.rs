//! The server as the rest of the program sees it: who is here, events to them, shutdown.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, Weak};

use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::event::ServerEvent;
use super::session::{Session, SessionId, encode};
use super::shared::Shared;
use crate::codec::Codec;
use crate::listener::Listener;
use crate::service::{Emitted, EncodeError};
use crate::types::UserId;

/// A handle on a server. Cheap to clone, and weak: it keeps no server alive.
///
/// [`ServerBuilder::handle`](super::ServerBuilder::handle) gives one before there is a server, so that handlers can
/// own it. Until the server is built, and after it is gone, it reaches nobody.
#[derive(Debug, Clone, Default)]
pub struct ServerHandle(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    server: OnceLock<Weak<Shared>>,
    /// The server's own `told`, which is there before the server.
    told: CancellationToken,
}

impl ServerHandle {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::new(Inner { server: OnceLock::from(Arc::downgrade(shared)), told: shared.told.clone() }))
    }

    /// Joins a handle that was given out before to its server.
    pub(crate) fn bind(&self, shared: &Arc<Shared>) {
        self.0.server.get_or_init(|| Arc::downgrade(shared));
    }

    /// What the server is to cancel once every client was told that it drains.
    pub(crate) fn told(&self) -> CancellationToken {
        self.0.told.clone()
    }

    fn shared(&self) -> Option<Arc<Shared>> {
        self.0.server.get()?.upgrade()
    }

    /// The session of that id.
    pub fn session(&self, id: impl AsRef<str>) -> Option<Session> {
        self.shared()?.registry.session(id.as_ref())
    }

    /// All open sessions, suspended ones included, in no order.
    pub fn sessions(&self) -> Vec<Session> {
        self.shared().map(|shared| shared.registry.sessions()).unwrap_or_default()
    }

    /// The connections of all open sessions, in no order; suspended ones have none.
    pub fn connections(&self) -> Vec<Connection> {
        self.sessions().iter().filter_map(Session::connection).collect()
    }

    /// All users who have a session, in no order.
    pub fn users(&self) -> Vec<UserId> {
        self.shared().map(|shared| shared.registry.users()).unwrap_or_default()
    }

    /// How many connections are open, those included that are still shaking hands.
    pub fn connection_count(&self) -> usize {
        self.shared().map_or(0, |shared| shared.connection_count())
    }

    /// How many sessions are open, suspended ones included.
    pub fn session_count(&self) -> usize {
        self.shared().map_or(0, |shared| shared.registry.session_count())
    }

    /// How many sessions wait for their clients.
    pub fn suspended_count(&self) -> usize {
        self.shared().map_or(0, |shared| shared.store().waiting())
    }

    /// How many suspended sessions had to end since the server was built, because there were too many, or too much was
    /// kept for them: [`Limits::max_sessions`](super::Limits::max_sessions),
    /// [`Limits::max_kept_bytes`](super::Limits::max_kept_bytes).
    pub fn evicted_count(&self) -> u64 {
        self.shared().map_or(0, |shared| shared.evicted.load(Ordering::Relaxed))
    }

    /// Bytes that are kept for all sessions until their clients acknowledge them. An event to many is kept once.
    pub fn kept_bytes(&self) -> usize {
        self.shared().map_or(0, |shared| shared.budget.kept())
    }

    /// How many users have a session.
    pub fn user_count(&self) -> usize {
        self.shared().map_or(0, |shared| shared.registry.user_count())
    }

    /// One user: all sessions of theirs.
    pub fn user(&self, id: impl AsRef<str>) -> Audience {
        let sessions =
            self.shared().map(|shared| shared.registry.sessions_of(id.as_ref())).unwrap_or_default();
        Audience { sessions }
    }

    /// Everybody.
    pub fn everyone(&self) -> Audience {
        Audience { sessions: self.sessions() }
    }

    /// Sends an event to every session; gives the number of sessions that it entered. Encoded once.
    ///
    /// # Errors
    ///
    /// Where the event cannot be encoded; the error names the field.
    pub fn broadcast<E: Emitted>(&self, event: E) -> Result<usize, EncodeError> {
        self.everyone().emit(event)
    }

    /// Everybody but one session: `server.except(cx.id()).emit(…)`.
    pub fn except(&self, id: impl AsRef<str>) -> Audience {
        self.everyone().except([id])
    }

    /// Several sessions by their ids; ids of ended sessions are skipped.
    pub fn select<I: AsRef<str>>(&self, ids: impl IntoIterator<Item = I>) -> Audience {
        let Some(shared) = self.shared() else { return Audience::default() };
        let sessions = ids.into_iter().filter_map(|id| shared.registry.session(id.as_ref()));
        // Named twice is still once.
        let sessions: HashMap<SessionId, Session> =
            sessions.map(|session| (session.id().clone(), session)).collect();
        Audience { sessions: sessions.into_values().collect() }
    }

    /// What happens on the server from now on. Never holds it up: a listener that falls 1,024 events behind misses
    /// the oldest. Ends with the server.
    pub fn events(&self) -> Listener<ServerEvent> {
        Listener::new(match self.shared() {
            Some(shared) => shared.events.subscribe(),
            // The sender is dropped at once: an empty stream.
            None => tokio::sync::broadcast::channel(1).1,
        })
    }

    /// Ready once the server is being shut down and every client was told so, or the server is gone; at once where that is
    /// so already.
    ///
    /// A handler that would go on for ever, like an endless stream, awaits it beside its work and ends then; else it is dropped when
    /// [`Limits::drain`](super::Limits::drain) is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn draining(&self) {
        self.0.told.cancelled().await;
    }

    /// Stops taking connections and calls, lets open calls finish for at most [`Limits::drain`](super::Limits::drain),
    /// then closes every session with 4000 and waits for the connections to end. `serve` returns.
    ///
    /// # Cancel safety
    ///
    /// The shutdown goes on when the future is dropped, unless it was not polled.
    pub async fn shutdown(&self) {
        let Some(shared) = self.shared() else { return };
        super::shutdown::shutdown(shared).await;
    }
}

/// Several sessions, fixed at the moment they were asked for.
#[derive(Debug, Clone, Default)]
pub struct Audience {
    sessions: Vec<Session>,
}

impl Audience {
    /// The sessions of these, in no order.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// How many sessions these are.
    pub fn count(&self) -> usize {
        self.sessions.len()
    }

    /// All of these but some.
    #[must_use]
    pub fn except<I: AsRef<str>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        let ids: HashSet<String> = ids.into_iter().map(|id| id.as_ref().to_owned()).collect();
        self.sessions.retain(|session| !ids.contains(session.id().as_str()));
        self
    }

    /// Sends an event to each; gives the number of sessions that it entered. Encoded once, waits for none.
    ///
    /// It enters no session that has ended, that ends because it has no room, or whose client takes no message so large.
    ///
    /// # Errors
    ///
    /// Where the event cannot be encoded; the error names the field.
    pub fn emit<E: Emitted>(&self, event: E) -> Result<usize, EncodeError> {
        let codecs = self.sessions.iter().map(Session::codec);
        // With nobody to receive it, an event that cannot be encoded is still an error.
        let nobody = self.sessions.is_empty().then_some(Codec::Json);
        let event = encode(codecs.chain(nobody).collect(), event)?;
        let event = match self.server() {
            Some(shared) => {
                let event = event.shared(&shared.budget);
                if shared.budget.is_exceeded() {
                    shared.make_room();
                }
                event
            }
            None => event,
        };
        Ok(self.sessions.iter().filter(|session| session.emit_encoded(&event)).count())
    }

    /// The server that keeps one event for several of these. Sessions of another count it on their own.
    fn server(&self) -> Option<&Arc<Shared>> {
        let mut keeping = self.sessions.iter().filter(|session| !session.is_plain()).map(Session::shared);
        let (first, second) = (keeping.next()?, keeping.next()?);
        let alike = |other| Arc::ptr_eq(first, other);
        (alike(second) && keeping.all(alike)).then_some(first)
    }

    /// Ends each session: the clients stay away (4502, *revoked*).
    pub fn close(&self, reason: &str) {
        for session in &self.sessions {
            session.close(reason);
        }
    }
}

impl FromIterator<Session> for Audience {
    fn from_iter<I: IntoIterator<Item = Session>>(sessions: I) -> Self {
        Self { sessions: sessions.into_iter().collect() }
    }
}

impl Extend<Session> for Audience {
    fn extend<I: IntoIterator<Item = Session>>(&mut self, sessions: I) {
        self.sessions.extend(sessions);
    }
}

/// The ids of a list of sessions.
impl AsRef<[Session]> for Audience {
    fn as_ref(&self) -> &[Session] {
        &self.sessions
    }
}

impl AsRef<str> for Session {
    fn as_ref(&self) -> &str {
        SessionId::as_str(self.id())
    }
}
