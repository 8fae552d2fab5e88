//! A session: the peer at the other end, as handlers and the rest of the program see it.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::handle::ServerHandle;
use super::life::Life;
use super::shared::Shared;
use crate::clock;
use crate::codec::{Codec, Codecs, SEAL_BYTES, notification_frame};
use crate::connection::Overflow;
use crate::message::{CloseNotice, ErrorKind, PeerLimits, Program, RpcError};
use crate::service::{
    Answered, Emitted, EncodeError, EncodedEvent, Endpoint, EventEncoder, OutgoingCall, Peer, PeerFault,
    PeerLink, ServiceClient,
};
use crate::session::{Disconnect, Reason, code};
use crate::types::UserId;

/// The name of a session: 128 random bits, told to its client. It opens nothing; the secret does.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Arc<str>);

impl SessionId {
    pub(crate) fn new(id: String) -> Self {
        Self(id.into())
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SessionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&SessionId> for Arc<str> {
    fn from(id: &SessionId) -> Self {
        Self::clone(&id.0)
    }
}

impl AsRef<str> for SessionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// The peer at the other end. Cheap to clone.
///
/// As an extractor it is the caller of the handler. A session outlives its connections: while its client is away it is
/// suspended, its handlers run on, and what is sent to it is kept for the client's return. A plain peer's ends with its
/// connection.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    id: SessionId,
    user: Option<UserId>,
    endpoint: Arc<Endpoint>,
    plain: bool,
    /// The connection it lives on, or lived on last.
    connection: Mutex<Connection>,
    /// Whether it lives on it, as hooks are told.
    connected: AtomicBool,
    life: Life,
    shared: Arc<Shared>,
    client: Program,
    opened: Instant,
    /// The last round trip, in microseconds; 0 before the first.
    round_trip: AtomicU64,
    /// The limits that the session's calls have met.
    met: Mutex<BTreeSet<&'static str>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.0.id).field("user", &self.0.user).finish_non_exhaustive()
    }
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Session {}

/// What a new session is made of.
pub(crate) struct SessionParts {
    pub(crate) id: SessionId,
    pub(crate) user: Option<UserId>,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) connection: Connection,
    pub(crate) shared: Arc<Shared>,
    pub(crate) client: Program,
}

impl Session {
    pub(crate) fn new(parts: SessionParts) -> Self {
        let SessionParts { id, user, endpoint, connection, shared, client } = parts;
        Self(Arc::new(Inner {
            id,
            user,
            endpoint,
            plain: connection.is_plain(),
            connection: Mutex::new(connection),
            connected: AtomicBool::new(true),
            life: Life::default(),
            shared,
            client,
            opened: clock::now(),
            round_trip: AtomicU64::new(0),
            met: Mutex::default(),
        }))
    }

    /// Its name.
    pub fn id(&self) -> &SessionId {
        &self.0.id
    }

    /// The user that it belongs to.
    ///
    /// # Errors
    ///
    /// `unauthenticated`, where nobody is signed in; `?` answers the call with it.
    pub fn user(&self) -> Result<UserId, RpcError> {
        self.0
            .user
            .clone()
            .ok_or_else(|| RpcError::new(ErrorKind::Unauthenticated, "this needs a signed-in user"))
    }

    /// The user that it belongs to, if somebody is signed in.
    pub fn user_id(&self) -> Option<&UserId> {
        self.0.user.as_ref()
    }

    /// The connection it lives on now; `None` while its client is away, and when it has ended.
    pub fn connection(&self) -> Option<Connection> {
        self.is_connected().then(|| self.last_connection())
    }

    /// The connection it lives on, or the last one that it lived on.
    pub fn last_connection(&self) -> Connection {
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether its client is connected. While it is not, what is sent to it is kept for its return.
    pub fn is_connected(&self) -> bool {
        self.0.connected.load(Ordering::Acquire)
    }

    /// Whether the other end is a plain JSON-RPC 2.0 peer, whose session ends with its connection.
    pub fn is_plain(&self) -> bool {
        self.0.plain
    }

    /// The server it lives on.
    pub fn server(&self) -> ServerHandle {
        ServerHandle::of(&self.0.shared)
    }

    /// The name of the program at the other end, as it tells; empty for a plain peer.
    pub fn client_name(&self) -> &str {
        &self.0.client.name
    }

    /// The version of the program at the other end, as it tells; empty for a plain peer.
    pub fn client_version(&self) -> &str {
        &self.0.client.version
    }

    /// How long ago it was opened.
    pub fn age(&self) -> Duration {
        clock::now().saturating_duration_since(self.0.opened)
    }

    /// The time between the last ping and its pong; `None` before the first.
    pub fn round_trip(&self) -> Option<Duration> {
        match self.0.round_trip.load(Ordering::Relaxed) {
            0 => None,
            micros => Some(Duration::from_micros(micros)),
        }
    }

    /// Sends an event to this session.
    ///
    /// It is queued at once, and leaves in that order, when the client comes back if it is away; an answer that waits for
    /// room enters behind it. An event cannot wait: where there is no room the session ends with 4013, *too slow*. An
    /// event for an ended session is dropped, and so is one that is larger than the client takes (its
    /// `max_message_bytes`), of which [`LimitReached`](super::ServerEvent::LimitReached) tells once a session.
    ///
    /// # Errors
    ///
    /// Where the event cannot be encoded; the error names the field.
    pub fn emit<E: Emitted>(&self, event: E) -> Result<(), EncodeError> {
        let event = encode(std::iter::once(self.codec()).collect(), event)?;
        self.emit_encoded(&event);
        Ok(())
    }

    /// A typed client for what this peer answers: `session.peer::<UiClient>().confirm("sure?").await`.
    pub fn peer<C: ServiceClient>(&self) -> C {
        C::from_peer(Peer(Arc::new(SessionPeer(Arc::clone(&self.0.endpoint)))))
    }

    /// Ends the session: its client stays away (4502, *revoked*).
    pub fn close(&self, reason: impl Into<String>) {
        self.close_with(Disconnect::new(code::REVOKED, reason.into()));
    }

    /// Ends the session's connection with a code of the application's choice; see [`Disconnect`] for what the range
    /// of the code makes clients do. Where it makes them stay away the session ends, connected or not, and so it does
    /// with 4050; else it waits for its client.
    pub fn close_with(&self, disconnect: Disconnect) {
        let disconnect = match disconnect.code {
            // It ends the session at both ends, whoever says it.
            code::SEQUENCE => disconnect.ending(Reason::Sequence),
            _ => disconnect,
        };
        if !self.is_plain() && disconnect.is_final() {
            // *Where the session ends with the close, `rpc.close` carries `received`*, which is final from here on.
            let received = self.0.endpoint.outbox.deafen();
            self.tell_last(&disconnect, None, Some(received));
            self.0.shared.finish(self, disconnect.ends, &disconnect);
        } else {
            self.tell_close(&disconnect, None);
            self.0.endpoint.outbox.close(disconnect);
        }
    }

    /// Gives whether the event entered the session.
    pub(crate) fn emit_encoded(&self, event: &EncodedEvent) -> bool {
        if self.0.endpoint.outbox.is_ending() {
            return false;
        }
        let Some(message) = event.message(self.codec()) else { return false };
        let bytes = message.frame.len();
        if bytes > self.max_message_bytes() {
            // What the client does not take would cost it the connection, and each one that comes after.
            tracing::debug!(target: "wirecall", session = %self.0.id, bytes, "an event is larger than the client takes");
            if self.is_first("max_message_bytes") {
                self.0.shared.limit_reached("max_message_bytes", Some(self));
            }
            return false;
        }
        if let Err(Overflow) = self.0.endpoint.outbox.push_or_overflow(message.clone()) {
            self.close_with(self.overflow(bytes));
            return false;
        }
        if self.0.shared.budget.is_exceeded() {
            self.0.shared.make_room();
        }
        true
    }

    /// How a session ends that has no room for an event of that size.
    fn overflow(&self, bytes: usize) -> Disconnect {
        let (limits, outbox) = (&self.0.shared.limits, &self.0.endpoint.outbox);
        if outbox.is_buffer_full(bytes) {
            let text =
                format!("too slow: {} bytes are kept for the client (`buffer_bytes`)", outbox.kept_bytes());
            return Disconnect::over("buffer_bytes", code::TOO_SLOW, text).ending(Reason::Overflow);
        }
        let text =
            format!("too slow: {} messages or {} bytes are queued", limits.max_queue, limits.max_queue_bytes);
        Disconnect::over("max_queue", code::TOO_SLOW, text).ending(Reason::Overflow)
    }

    /// *Before closing, the server sends `rpc.close`.* Not to plain peers, who would not know it.
    pub(crate) fn tell_close(&self, disconnect: &Disconnect, in_ms: Option<u64>) {
        self.tell_last(disconnect, in_ms, None);
    }

    /// The same, with the last number that was received.
    pub(crate) fn tell_last(&self, disconnect: &Disconnect, in_ms: Option<u64>, received: Option<u64>) {
        if self.is_plain() || !self.0.endpoint.outbox.takes_close(disconnect) {
            return;
        }
        let notice = CloseNotice {
            code: disconnect.code,
            reason: disconnect.reason.to_string(),
            in_ms,
            retry_within_ms: disconnect.retry_within.map(super::limits::millis),
            received,
        };
        if let Ok(frame) = notification_frame(self.codec(), "rpc.close", &notice) {
            // Where even this finds no room the code says enough.
            let _: Result<(), Overflow> = self.0.endpoint.outbox.push_notice(frame);
        }
    }

    pub(crate) fn codec(&self) -> Codec {
        self.0.endpoint.codec
    }

    pub(crate) fn life(&self) -> &Life {
        &self.0.life
    }

    pub(crate) fn set_connection(&self, connection: Connection) {
        *self.0.connection.lock().unwrap_or_else(PoisonError::into_inner) = connection;
        self.0.connected.store(true, Ordering::Release);
    }

    pub(crate) fn set_away(&self) {
        self.0.connected.store(false, Ordering::Release);
    }

    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.0.endpoint
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn max_message_bytes(&self) -> usize {
        self.0.endpoint.max_message_bytes()
    }

    /// Keeps to what its client tells that it takes and keeps, from here on.
    pub(crate) fn keep_to(&self, limits: &PeerLimits) {
        let narrow = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let takes = narrow(limits.max_message_bytes).saturating_sub(SEAL_BYTES);
        self.0.endpoint.set_max_message_bytes(takes);
        self.0.endpoint.outbox.peer_keeps(narrow(limits.buffer_bytes));
    }

    /// Whether the session's calls meet that limit for the first time.
    pub(crate) fn is_first(&self, limit: &'static str) -> bool {
        self.0.met.lock().unwrap_or_else(PoisonError::into_inner).insert(limit)
    }

    pub(crate) fn note_round_trip(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        self.0.round_trip.store(micros, Ordering::Relaxed);
    }
}

/// Encodes an event, once for all who receive it.
pub(crate) fn encode<E: Emitted>(codecs: Codecs, event: E) -> Result<EncodedEvent, EncodeError> {
    event.encode(EventEncoder { service: E::SERVICE, codecs })
}

/// Calls from the server to one session.
struct SessionPeer(Arc<Endpoint>);

impl PeerLink for SessionPeer {
    fn codec(&self) -> Codec {
        self.0.codec
    }

    fn call(&self, call: OutgoingCall) -> Answered {
        Box::pin(Arc::clone(&self.0).call(call))
    }

    fn notify(
        &self,
        call: OutgoingCall,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), PeerFault>> + Send>> {
        Box::pin(Arc::clone(&self.0).notify(call))
    }
}
