//! The sessions of a server that can be taken up again: who may, how long they wait for their clients, and what is
//! remembered of those that ended.
//!
//! Every transition of a session is decided here, once, and told by what a method gives back: its hooks (open, suspend,
//! resume, end) run from that and cannot run twice.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(test)]
use super::mutant::{self, Mutant};
use super::reason::Reason;
use super::replay::OutOfRange;

/// The bounds of a [`Store`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreLimits {
    /// *A session waits `session_ttl_ms` (default 60 s) for its client.*
    pub(crate) ttl: Duration,
    /// How long one waits that was never used: *ends 5 s after that connection.*
    pub(crate) unproven_ttl: Duration,
    /// Sessions of the whole server, connected and suspended.
    pub(crate) max_sessions: usize,
    /// Bytes that all sessions together keep for their clients.
    pub(crate) max_bytes: usize,
    /// *`ended_received` is kept an hour for ended sessions,*
    pub(crate) remembered_for: Duration,
    /// of at most so many.
    pub(crate) remembered: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            ttl: Duration::from_mins(1),
            unproven_ttl: Duration::from_secs(5),
            max_sessions: 20_000,
            max_bytes: 1 << 30,
            remembered_for: Duration::from_hours(1),
            remembered: 10_000,
        }
    }
}

/// What a server keeps of a session: its replay buffer, at the least.
pub(crate) trait Resumable {
    /// A new connection takes it up: what the other end has not received is to be written again, and the old connection
    /// writes and reads nothing from here on. Gives what this side has received. An error changes nothing.
    fn resume(&mut self, peer_received: u64) -> Result<u64, OutOfRange>;
    /// It is over: nothing is received for it from here on. Gives the last number that was.
    fn end(&mut self) -> u64;
    /// Bytes that it keeps for its client.
    fn kept(&self) -> usize;
}

/// The number of a connection, inside this process.
pub(crate) type ConnectionId = u64;

/// Who a session belongs to, as far as taking it up is concerned.
#[derive(Clone)]
pub(crate) struct Owner<U> {
    /// 128 random bits as text. *It never changes and is never logged.*
    pub(crate) secret: Arc<str>,
    /// The subprotocol, which names the codec.
    pub(crate) subprotocol: &'static str,
    pub(crate) user: U,
}

/// A hello with `resume`.
pub(crate) struct Claim<'c, U> {
    pub(crate) session: &'c str,
    pub(crate) secret: &'c str,
    pub(crate) attempt: u64,
    pub(crate) received: u64,
    pub(crate) subprotocol: &'static str,
    /// Who this is, as the server has found out just now.
    pub(crate) user: &'c U,
}

impl<U: fmt::Debug> fmt::Debug for Owner<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("user", &self.user).finish_non_exhaustive()
    }
}

impl<U: fmt::Debug> fmt::Debug for Claim<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Claim");
        shown.field("session", &self.session).field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a hello with `resume` is answered.
#[derive(Debug)]
pub(crate) enum Decision<S> {
    /// The session goes on; its old connection, if it still had one, is ended (4503): *aborted, not drained*.
    Resumed {
        /// What this side has received.
        received: u64,
        /// The connection to abort. With one, the session is suspended now, before it is resumed.
        fenced: Option<ConnectionId>,
    },
    /// A new session is to be opened.
    Fresh {
        reason: Reason,
        ended_received: Option<u64>,
        /// The session that ended at this moment.
        gone: Option<Box<Gone<S>>>,
    },
    /// *A resume that is not above the last accepted one is closed 4503 and changes nothing.*
    Superseded,
}

/// A session that ended.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "what the running server keeps of a session knows its name and its connection itself"
    )
)]
pub(crate) struct Gone<S> {
    pub(crate) session: Arc<str>,
    pub(crate) held: S,
    /// The connection to abort, if it still had one.
    pub(crate) connection: Option<ConnectionId>,
    /// Why; `None` where its client or the application ended it for good.
    pub(crate) reason: Option<Reason>,
}

/// What became of a session whose connection is gone.
#[derive(Debug)]
pub(crate) enum Left<S> {
    /// That connection is not its current one: nothing changed.
    Stale,
    /// It waits for its client.
    Suspended,
    /// It does not wait.
    Ended(Gone<S>),
}

/// The sessions of a server that can be taken up again. `U` is a user, `S` what the server keeps of a session.
#[derive(Debug)]
pub(crate) struct Store<U, S> {
    limits: StoreLimits,
    live: HashMap<Arc<str>, Entry<U, S>>,
    /// The suspended ones, oldest first.
    suspended: BTreeMap<Moment, Arc<str>>,
    /// The same, by the end of their waiting.
    expiring: BTreeMap<Moment, Arc<str>>,
    ended: HashMap<Arc<str>, Ended<U>>,
    /// The ended ones, oldest first.
    forgetting: VecDeque<(Instant, Arc<str>)>,
    moments: u64,
    /// Until then no suspended session is looked for that keeps something, since none was found.
    barren_until: Option<Instant>,
}

/// How long a search for a session that keeps something counts, which found none: what begins to be kept for one that is
/// suspended may be beyond the bound for so long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A time, and a number that makes it unique.
type Moment = (Instant, u64);

#[derive(Debug)]
struct Entry<U, S> {
    name: Arc<str>,
    owner: Owner<U>,
    place: Place,
    /// The last attempt that was accepted.
    attempt: u64,
    /// Something arrived on some connection of it after hello, or something was sent.
    proven: bool,
    held: S,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Connected(ConnectionId),
    Suspended { since: Moment, until: Moment },
}

/// What is remembered of a session that ended.
#[derive(Debug)]
struct Ended<U> {
    owner: Owner<U>,
    reason: Reason,
    received: u64,
}

impl<U: PartialEq, S: Resumable> Store<U, S> {
    pub(crate) fn new(limits: StoreLimits) -> Self {
        Self {
            limits,
            live: HashMap::new(),
            suspended: BTreeMap::new(),
            expiring: BTreeMap::new(),
            ended: HashMap::new(),
            forgetting: VecDeque::new(),
            moments: 0,
            barren_until: None,
        }
    }

    /// Enters a new session, on that connection.
    pub(crate) fn open(&mut self, session: Arc<str>, owner: Owner<U>, connection: ConnectionId, held: S) {
        let place = Place::Connected(connection);
        let name = Arc::clone(&session);
        self.live.insert(session, Entry { name, owner, place, attempt: 0, proven: false, held });
    }

    /// What is kept of a session.
    pub(crate) fn held(&mut self, session: &str) -> Option<&mut S> {
        self.live.get_mut(session).map(|entry| &mut entry.held)
    }

    /// The connection that a session lives on now.
    pub(crate) fn connection(&self, session: &str) -> Option<ConnectionId> {
        match self.live.get(session)?.place {
            Place::Connected(connection) => Some(connection),
            Place::Suspended { .. } => None,
        }
    }

    /// Until when a suspended session waits for its client.
    pub(crate) fn waits_until(&self, session: &str) -> Option<Instant> {
        match self.live.get(session)?.place {
            Place::Connected(_) => None,
            Place::Suspended { until: (until, _), .. } => Some(until),
        }
    }

    /// A connection is gone. `proven`: something arrived on it after hello, or something was sent to its session.
    ///
    /// *A session on whose connection nothing arrived after hello (no ack, no pong) and to which nothing was sent ends
    /// 5 s after that connection.*
    pub(crate) fn suspend(
        &mut self,
        session: &str,
        connection: ConnectionId,
        proven: bool,
        now: Instant,
    ) -> Left<S> {
        // *From that point its reader and writer touch nothing.*
        if self.connection(session) != Some(connection) {
            return Left::Stale;
        }
        let Some(entry) = self.live.get_mut(session) else { return Left::Stale };
        entry.proven |= proven;
        let ttl = if entry.proven { self.limits.ttl } else { self.limits.ttl.min(self.limits.unproven_ttl) };
        self.moments += 1;
        let (since, until) = ((now, self.moments), (now + ttl, self.moments));
        entry.place = Place::Suspended { since, until };
        self.barren_until = None;
        self.suspended.insert(since, Arc::clone(&entry.name));
        self.expiring.insert(until, Arc::clone(&entry.name));
        if ttl.is_zero()
            && let Some(gone) = self.end(session, Some(Reason::Expired), now)
        {
            return Left::Ended(gone);
        }
        Left::Suspended
    }

    /// Decides on a hello with `resume`, whose parameters were read and whose user was found out before.
    ///
    /// *The server checks in this order: parse, authenticate, find, secret (constant time), user, attempt, range of
    /// `received`; only then the old connection is ended. A failed check changes nothing, except a `received` out of
    /// range.*
    pub(crate) fn resume(
        &mut self,
        claim: &Claim<'_, U>,
        connection: ConnectionId,
        now: Instant,
    ) -> Decision<S> {
        let gone = self.expire_one(claim.session, now);
        let Some(entry) = self.live.get_mut(claim.session) else {
            return self.recall(claim, gone, now);
        };
        if let Some(reason) = refusal(&entry.owner, claim) {
            return Decision::Fresh { reason, ended_received: None, gone: None };
        }
        let is_stale = claim.attempt <= entry.attempt;
        #[cfg(test)]
        let is_stale = is_stale && !mutant::is(Mutant::StaleAttempt);
        if is_stale {
            return Decision::Superseded;
        }
        let Ok(received) = entry.held.resume(claim.received) else {
            // *Secret and user were right, so the old session ends (`sequence`), its connection is aborted, and
            // `ended_received` is final.*
            let gone = self.end(claim.session, Some(Reason::Sequence), now);
            return self.recall(claim, gone, now);
        };
        entry.attempt = claim.attempt;
        entry.proven = true;
        let before = std::mem::replace(&mut entry.place, Place::Connected(connection));
        Decision::Resumed { received, fenced: self.leave(before) }
    }

    /// Ends a session. One that ends for a reason is remembered, so that its client learns what was received.
    pub(crate) fn end(&mut self, session: &str, reason: Option<Reason>, now: Instant) -> Option<Gone<S>> {
        let (session, mut entry) = self.live.remove_entry(session)?;
        let connection = self.leave(entry.place);
        let received = entry.held.end();
        if let Some(reason) = reason {
            self.remember(Arc::clone(&session), Ended { owner: entry.owner, reason, received }, now);
        }
        Some(Gone { session, held: entry.held, connection, reason })
    }

    /// Ends the sessions that have waited long enough.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Gone<S>> {
        let mut gone = Vec::new();
        while let Some(session) = self.expired(now) {
            gone.extend(self.end(&session, Some(Reason::Expired), now));
        }
        gone
    }

    /// When [`Store::expire`] has something to do next.
    #[cfg(test)]
    pub(crate) fn expires_at(&self) -> Option<Instant> {
        self.expiring.first_key_value().map(|((at, _), _)| *at)
    }

    /// Ends the oldest suspended session, if the server keeps more than it may; `bytes` is what all sessions keep
    /// together. To be asked again until there is none.
    ///
    /// *The whole server is bounded too, suspended sessions going first, oldest first.*
    pub(crate) fn evict(&mut self, bytes: usize, now: Instant) -> Option<Gone<S>> {
        let many = self.live.len() > self.limits.max_sessions;
        if !many && bytes <= self.limits.max_bytes {
            return None;
        }
        if !many && self.barren_until.is_some_and(|until| now < until) {
            return None;
        }
        // One that keeps nothing makes no room for bytes.
        let counts =
            |session: &Arc<str>| many || self.live.get(session).is_some_and(|entry| entry.held.kept() > 0);
        let Some(oldest) = self.suspended.values().find(|session| counts(session)).cloned() else {
            // Asked for every message, it does not look at all of them again at once.
            self.barren_until = now.checked_add(LOOK_AGAIN);
            return None;
        };
        self.end(&oldest, Some(Reason::Overflow), now)
    }

    /// The last attempt of a session that was accepted.
    #[cfg(test)]
    pub(crate) fn attempt(&self, session: &str) -> Option<u64> {
        self.live.get(session).map(|entry| entry.attempt)
    }

    /// All sessions: their names, whether they are connected, and what is kept of them.
    #[cfg(test)]
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Arc<str>, bool, &S)> {
        self.live.iter().map(|(name, entry)| (name, matches!(entry.place, Place::Connected(_)), &entry.held))
    }

    /// What is kept of all sessions.
    #[cfg(test)]
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut S> {
        self.live.values_mut().map(|entry| &mut entry.held)
    }

    /// How many sessions there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// How many of them wait for their clients.
    pub(crate) fn waiting(&self) -> usize {
        self.suspended.len()
    }

    /// How many ended ones are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.ended.len()
    }

    /// What is known of a session that is not there: *`ended_received` is only ever told of a session that has ended.*
    fn recall(&mut self, claim: &Claim<'_, U>, gone: Option<Gone<S>>, now: Instant) -> Decision<S> {
        self.forget(now);
        let (reason, ended_received) = match self.ended.get(claim.session) {
            None => (Reason::Unknown, None),
            Some(ended) => match refusal(&ended.owner, claim) {
                Some(reason) => (reason, None),
                None => (ended.reason, Some(ended.received)),
            },
        };
        Decision::Fresh { reason, ended_received, gone: gone.map(Box::new) }
    }

    /// Takes a session out of those that wait; the connection that it was on, if any.
    fn leave(&mut self, place: Place) -> Option<ConnectionId> {
        match place {
            Place::Connected(connection) => Some(connection),
            Place::Suspended { since, until } => {
                self.suspended.remove(&since);
                self.expiring.remove(&until);
                None
            }
        }
    }

    /// The first session that has waited long enough.
    fn expired(&self, now: Instant) -> Option<Arc<str>> {
        let ((at, _), session) = self.expiring.first_key_value()?;
        (*at <= now).then(|| Arc::clone(session))
    }

    /// Ends that session, if it has waited long enough: the clock counts, and not who looked at it first.
    fn expire_one(&mut self, session: &str, now: Instant) -> Option<Gone<S>> {
        #[cfg(test)]
        if mutant::is(Mutant::Undead) {
            return None;
        }
        match self.live.get(session)?.place {
            Place::Suspended { until: (until, _), .. } if until <= now => {
                self.end(session, Some(Reason::Expired), now)
            }
            _ => None,
        }
    }

    fn remember(&mut self, session: Arc<str>, ended: Ended<U>, now: Instant) {
        self.forgetting.push_back((now, Arc::clone(&session)));
        self.ended.insert(session, ended);
        self.forget(now);
    }

    fn forget(&mut self, now: Instant) {
        let (kept, most) = (self.limits.remembered_for, self.limits.remembered);
        while let Some((since, session)) = self.forgetting.front()
            && (now.saturating_duration_since(*since) >= kept || self.forgetting.len() > most)
        {
            self.ended.remove(session);
            self.forgetting.pop_front();
        }
    }
}

/// Why that claim is not one of the owner's.
fn refusal<U: PartialEq>(owner: &Owner<U>, claim: &Claim<'_, U>) -> Option<Reason> {
    // *A wrong secret or another subprotocol reads `unknown`.*
    if !same_secret(&owner.secret, claim.secret) || owner.subprotocol != claim.subprotocol {
        return Some(Reason::Unknown);
    }
    (owner.user != *claim.user).then_some(Reason::Denied)
}

/// Compares in a time that does not tell where two secrets differ.
fn same_secret(ours: &str, theirs: &str) -> bool {
    #[cfg(test)]
    if mutant::is(Mutant::AnySecret) {
        return true;
    }
    let differing = ours.bytes().zip(theirs.bytes()).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    ours.len() == theirs.len() && differing == 0
}

#[cfg(test)]
mod tests;
