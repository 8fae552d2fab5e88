//! What all connections of a server share.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Limits;
use super::auth::Authenticate;
use super::event::ServerEvent;
use super::origin::OriginPolicy;
use super::registry::Registry;
use super::session::Session;
use super::verdict::Verdicts;
use crate::connection::Budget;
use crate::contract::Contract;
use crate::service::{Environment, MethodTable};
use crate::session::{Disconnect, Store, code};
use crate::types::UserId;

/// A hook for the open of a session.
pub(crate) type OpenHook = Box<dyn Fn(&Session) + Send + Sync>;
/// A hook for the resume of a session.
pub(crate) type ResumeHook = OpenHook;
/// A hook for the loss of a session's connection.
pub(crate) type SuspendHook = CloseHook;
/// A hook for the end of a session.
pub(crate) type CloseHook = Box<dyn Fn(&Session, &Disconnect) + Send + Sync>;
/// A hook for a heartbeat's round trip.
pub(crate) type HeartbeatHook = Box<dyn Fn(&Session, Duration) + Send + Sync>;

/// The hooks of a server.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) open: Vec<OpenHook>,
    pub(crate) suspend: Vec<SuspendHook>,
    pub(crate) resume: Vec<ResumeHook>,
    pub(crate) close: Vec<CloseHook>,
    pub(crate) heartbeat: Vec<HeartbeatHook>,
}

/// The sessions that can be taken up again.
pub(crate) type Sessions = Store<Option<UserId>, Session>;

/// Values that extractors find by their type.
pub(crate) type States = HashMap<TypeId, Arc<dyn Any + Send + Sync>>;

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) environment: Arc<Environment>,
    pub(crate) methods: Arc<MethodTable>,
    pub(crate) authenticate: Option<Box<dyn Authenticate>>,
    pub(crate) origin: OriginPolicy,
    pub(crate) hooks: Hooks,
    pub(crate) states: States,
    pub(crate) contract: Contract,
    pub(crate) verdicts: Verdicts,
    /// Whether `rpc.contract` is answered.
    pub(crate) exposed: bool,
    pub(crate) paths: matchit::Router<()>,
    pub(crate) registry: Registry,
    /// Which sessions may be taken up again.
    store: Mutex<Sessions>,
    /// What is kept for all of them.
    pub(crate) budget: Arc<Budget>,
    /// Suspended sessions that had to make room.
    pub(crate) evicted: AtomicU64,
    pub(crate) events: broadcast::Sender<ServerEvent>,
    /// Every task of a connection.
    pub(crate) tasks: TaskTracker,
    /// Every task of a `no_cancel` call. Some may be left when their connections are gone.
    pub(crate) no_cancel: TaskTracker,
    /// Cancelled when a shutdown begins.
    pub(crate) stop: CancellationToken,
    /// Cancelled when every client was told of it, and when the server is gone without one.
    pub(crate) told: CancellationToken,
    /// Somebody asked for the shutdown, and does it.
    pub(crate) stopping: AtomicBool,
    /// Cancelled when it is done.
    pub(crate) drained: CancellationToken,
    connections: AtomicUsize,
    next_connection: AtomicU64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The parts that a builder has collected.
pub(crate) struct SharedParts {
    pub(crate) limits: Limits,
    pub(crate) environment: Environment,
    pub(crate) methods: MethodTable,
    pub(crate) authenticate: Option<Box<dyn Authenticate>>,
    pub(crate) origin: OriginPolicy,
    pub(crate) hooks: Hooks,
    pub(crate) states: States,
    pub(crate) contract: Contract,
    pub(crate) verdicts: Verdicts,
    pub(crate) expose_contract: bool,
    pub(crate) paths: matchit::Router<()>,
    pub(crate) told: CancellationToken,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.told.cancel();
    }
}

impl Shared {
    pub(crate) fn new(parts: SharedParts) -> Self {
        Self {
            store: Mutex::new(Store::new(parts.limits.store())),
            budget: Arc::new(Budget::new(parts.limits.max_kept_bytes)),
            evicted: AtomicU64::new(0),
            limits: parts.limits,
            environment: Arc::new(parts.environment),
            methods: Arc::new(parts.methods),
            authenticate: parts.authenticate,
            origin: parts.origin,
            hooks: parts.hooks,
            states: parts.states,
            contract: parts.contract,
            verdicts: parts.verdicts,
            exposed: parts.expose_contract,
            paths: parts.paths,
            registry: Registry::default(),
            events: broadcast::channel(super::event::KEPT).0,
            tasks: TaskTracker::new(),
            no_cancel: TaskTracker::new(),
            stop: CancellationToken::new(),
            told: parts.told,
            stopping: AtomicBool::new(false),
            drained: CancellationToken::new(),
            connections: AtomicUsize::new(0),
            next_connection: AtomicU64::new(1),
        }
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Sessions> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connection_count(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Takes a place for a connection, if there is one.
    pub(crate) fn take_place(self: &Arc<Self>) -> Option<ConnectionPlace> {
        let max = self.limits.max_connections;
        let taken = self
            .connections
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < max).then_some(open + 1));
        if taken.is_err() {
            self.limit_reached("max_connections", None);
            return None;
        }
        let number = self.next_connection.fetch_add(1, Ordering::Relaxed);
        Some(ConnectionPlace { shared: Arc::clone(self), number })
    }

    /// Tells who listens. Never waits.
    pub(crate) fn publish(&self, event: ServerEvent) {
        // Without listeners there is nobody to tell.
        drop(self.events.send(event));
    }

    pub(crate) fn limit_reached(&self, limit: &'static str, session: Option<&Session>) {
        tracing::warn!(target: "wirecall", limit, session = session.map(|session| session.id().as_str()), "a limit is reached");
        self.publish(ServerEvent::LimitReached {
            limit,
            session: session.map(|session| session.id().clone()),
        });
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// How connections end in a shutdown.
    pub(crate) fn draining(&self) -> Disconnect {
        let disconnect = Disconnect::new(code::DRAINING, "the server is shutting down");
        Disconnect { retry_within: Some(self.limits.retry_within), ..disconnect }
    }
}

/// Runs a hook of the user's own, whose panic is no reason to end a connection.
pub(crate) fn guarded(name: &'static str, hook: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(hook)).is_err() {
        tracing::error!(target: "wirecall", hook = name, "a hook panicked");
    }
}

/// One of the server's places for connections, given back when dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPlace {
    shared: Arc<Shared>,
    pub(crate) number: u64,
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.shared.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
