//! One end of a session: what it was asked and has not answered, what it asked and awaits, what it has to write.
//!
//! Servers and Rust clients are both made of it; what only one of them knows is behind [`Local`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use super::asking::Waiter;
use super::context::{CallContext, Scope, panic_cause};
use super::environment::Environment;
use super::layer::Layers;
use super::local::{Local, ProtocolCall, Reaction};
use super::method::{CallSpec, MethodTable, Refused, Started, method_not_found};
use super::open::{Held, Sink};
use super::peer::Fault as CallFault;
use super::stream::Kept;
use crate::check::validation_error;
use crate::codec::{Codec, Fault, Frame, Head, Input, Payload, Raw, id_of, pong_frame, result_frame};
use crate::connection::{LineId, Outbox, Overflow};
use crate::message::{ErrorKind, Id, RpcError};
use crate::session::{Calls, Cancelled, Disconnect, PendingCalls, Place, Refusal, code};

/// The bounds of an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndpointConfig {
    pub(crate) max_calls: usize,
    pub(crate) max_streams: usize,
    pub(crate) max_waiting: usize,
    pub(crate) max_waiting_bytes: usize,
    pub(crate) max_batch: usize,
    /// The largest message that this side takes.
    pub(crate) takes_bytes: usize,
    /// What uploads are granted credit for.
    pub(crate) upload_bytes: usize,
    /// Calls of this side that may be open at the other end.
    pub(crate) peer_calls: usize,
}

/// A call at the door: what it takes to start it.
#[derive(Debug)]
pub struct Arrival<'i, 't> {
    pub(crate) input: &'i mut Input<'t>,
    pub(super) endpoint: &'i Arc<Endpoint>,
    scope: &'i Scope,
    spec: &'static CallSpec,
    now: Instant,
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scope")
    }
}

impl Arrival<'_, '_> {
    /// The call's context, once the whole message was read.
    pub(crate) fn context(&self) -> CallContext {
        CallContext {
            scope: self.scope.clone(),
            spec: self.spec,
            id: self.input.id.clone(),
            codec: self.input.codec(),
            meta: self.input.meta.clone(),
            deadline: self.deadline(),
            environment: Arc::clone(&self.endpoint.environment),
        }
    }

    /// *`meta.timeout_ms` bounds the call*; without it the declaration's limit, else the default, which streams have
    /// none of.
    fn deadline(&self) -> Option<Instant> {
        let limit = self.input.meta.timeout().or(self.spec.timeout_ms.map(Duration::from_millis));
        let default = self.endpoint.environment.default_timeout;
        self.now.checked_add(limit.or((!self.spec.streams()).then_some(default))?)
    }

    /// The layers to run around it, if there are any.
    pub(crate) fn layers(&self) -> Option<Layers> {
        let layers = &self.endpoint.environment.layers;
        (!layers.is_empty()).then(|| Arc::clone(layers))
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One end of a session.
pub(crate) struct Endpoint {
    pub(crate) config: EndpointConfig,
    /// What the messages of both ends are written in.
    pub(crate) codec: Codec,
    pub(crate) outbox: Outbox,
    pub(crate) environment: Arc<Environment>,
    methods: Arc<MethodTable>,
    calls: Mutex<Calls<Held>>,
    pending: Mutex<Option<PendingCalls<Waiter>>>,
    /// *Calls that arrive after the notice of a drain are answered `unavailable`, not run.*
    pub(super) draining: AtomicBool,
    /// The reader lets a call in that has no place yet.
    pub(super) at_the_door: AtomicBool,
    /// Messages whose answers may be in nobody's place yet.
    pub(super) answering: AtomicUsize,
    /// Bytes of whole answers to batches that wait for room.
    pub(super) kept_answers: AtomicUsize,
    /// The tasks of `no_cancel` calls, which may outlive the session. A server has one for all.
    pub(crate) no_cancel: TaskTracker,
    /// The connection's number, for the log.
    pub(crate) name: u64,
    /// The largest message that the other end takes, as far as it told: each hello anew.
    peer_takes: AtomicUsize,
    /// What its uploads keep for their handlers.
    pub(super) kept: Arc<Kept>,
    /// Told when the last open call is done.
    pub(super) idle: Notify,
}

impl Endpoint {
    pub(crate) fn new(
        config: EndpointConfig,
        outbox: Outbox,
        environment: Arc<Environment>,
        methods: Arc<MethodTable>,
    ) -> Self {
        let mut calls =
            Calls::new(config.max_calls, config.max_streams, config.max_waiting, config.max_waiting_bytes);
        calls.lingers = true;
        let pending = Mutex::new(Some(PendingCalls::new()));
        Self {
            config,
            codec: Codec::Json,
            outbox,
            environment,
            methods,
            calls: Mutex::new(calls),
            pending,
            draining: AtomicBool::new(false),
            at_the_door: AtomicBool::new(false),
            answering: AtomicUsize::new(0),
            kept_answers: AtomicUsize::new(0),
            no_cancel: TaskTracker::new(),
            name: 0,
            peer_takes: AtomicUsize::new(usize::MAX),
            kept: Arc::new(Kept::new(config.takes_bytes, config.upload_bytes)),
            idle: Notify::new(),
        }
    }

    pub(super) fn calls(&self) -> MutexGuard<'_, Calls<Held>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Option<PendingCalls<Waiter>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The largest message that the other end takes, in bytes.
    pub(crate) fn max_message_bytes(&self) -> usize {
        self.peer_takes.load(Ordering::Relaxed)
    }

    /// The other end takes messages of that size. What is encoded before is sent as it is.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn set_max_message_bytes(&self, bytes: usize) {
        self.peer_takes.store(bytes, Ordering::Relaxed);
    }

    /// Takes one message. Never waits, for a call or for room.
    pub(crate) fn receive(
        self: &Arc<Self>,
        message: Raw<'_>,
        scope: &Scope,
        local: &dyn Local,
        now: Instant,
    ) -> Result<(), Disconnect> {
        if self.outbox.numbered {
            return self.receive_numbered(message, scope, local, now);
        }
        self.take(message, scope, local, now, &Sink::Direct)
    }

    pub(super) fn take(
        self: &Arc<Self>,
        message: Raw<'_>,
        scope: &Scope,
        local: &dyn Local,
        now: Instant,
        sink: &Sink,
    ) -> Result<(), Disconnect> {
        if message.too_deep() {
            return self.refuse_unreadable(sink, message);
        }
        if message.is_batch() {
            return self.receive_batch(message, scope, local, now);
        }
        self.receive_one(message, scope, local, now, sink)
    }

    pub(super) fn receive_one(
        self: &Arc<Self>,
        message: Raw<'_>,
        scope: &Scope,
        local: &dyn Local,
        now: Instant,
        sink: &Sink,
    ) -> Result<(), Disconnect> {
        let mut input = Input::new(message);
        let method = match input.head() {
            Ok(Head::Request(method)) => method,
            Ok(Head::Response(id, outcome)) => {
                self.receive_response(&id, &outcome, local);
                return sink.pass(self);
            }
            Err(_) => return self.refuse_unreadable(sink, message),
        };
        let Some(found) = self.methods.get(&method) else {
            return self.receive_unknown(&mut input, &method, message, local, sink);
        };
        if let Some(error) = local.refuses(found.service) {
            return self.receive_refused(&mut input, message, &error, sink);
        }
        let spec = found.spec;
        let arrival = Arrival { input: &mut input, endpoint: self, scope, spec, now };
        // Checks and `Deserialize` may be code of the user's own.
        match catch_unwind(AssertUnwindSafe(|| found.start(arrival))) {
            Ok(Ok(started)) => self.admit(started, spec, &mut input, message.len(), local, sink),
            Ok(Err(Refused(Fault::Envelope))) => self.refuse_unreadable(sink, message),
            Err(panic) => {
                let error = self.environment.incident(spec.method, &*panic_cause(&*panic));
                id_of(message).map_or_else(|| sink.pass(self), |id| self.refuse(sink, &id, &error))
            }
            Ok(Err(Refused(Fault::Params(violations)))) => {
                if let Some(id) = input.id.take() {
                    return self.refuse(sink, &id, &validation_error(violations));
                }
                tracing::debug!(target: "wirecall", method = spec.method, ?violations, "a notification does not fit");
                sink.pass(self)
            }
        }
    }

    /// A method that no service has: one of the protocol's, an event, or a mistake.
    fn receive_unknown(
        self: &Arc<Self>,
        input: &mut Input<'_>,
        method: &str,
        message: Raw<'_>,
        local: &dyn Local,
        sink: &Sink,
    ) -> Result<(), Disconnect> {
        let Ok(params) = input.skip() else {
            return self.refuse_unreadable(sink, message);
        };
        let id = input.id.take();
        let sink = &sink.of_the_protocol(method, local.line());
        let reaction = match method {
            "rpc.cancel" => {
                self.receive_cancel(params)?;
                Some(Reaction::Done)
            }
            "rpc.ack" if self.outbox.numbered => {
                self.receive_ack(params, local.line())?;
                Some(Reaction::Done)
            }
            "rpc.ping" => {
                if id.is_none() {
                    self.urgent(local.line(), pong_frame(self.codec))?;
                }
                Some(Reaction::Done)
            }
            _ if self.receive_flow(method, params)? => Some(Reaction::Done),
            _ if method.starts_with("rpc.") => local.protocol(ProtocolCall { method, params })?,
            _ if id.is_some() && self.methods.ends_subscriptions(method) => {
                Payload::of(self.codec, &self.unsubscribe(params)).ok().map(Reaction::Result)
            }
            _ => {
                if id.is_none() {
                    local.notification(method, params);
                }
                None
            }
        };
        if let Some(Reaction::Fatal(error, disconnect)) = reaction {
            self.refuse(sink, &id.unwrap_or_else(Id::null), &error)?;
            return Err(disconnect);
        }
        let Some(id) = id else { return sink.pass(self) };
        let result = match reaction {
            Some(Reaction::Done) => result_frame(self.codec, &id, &()),
            Some(Reaction::Result(result)) => result_frame(self.codec, &id, &result),
            Some(Reaction::Later(later)) => {
                self.answer_later(later, id, method, sink);
                return Ok(());
            }
            Some(Reaction::Error(error) | Reaction::Fatal(error, _)) => {
                return self.refuse(sink, &id, &error);
            }
            None => return self.refuse(sink, &id, &method_not_found(method)),
        };
        match result {
            Ok(frame) => sink.put(self, self.fitting_result(&id, frame)),
            Err(error) => self.refuse(sink, &id, &self.environment.incident(method, &error)),
        }
    }

    fn admit(
        self: &Arc<Self>,
        started: Started,
        spec: &'static CallSpec,
        input: &mut Input<'_>,
        bytes: usize,
        local: &dyn Local,
        sink: &Sink,
    ) -> Result<(), Disconnect> {
        let lane = started.lane.map(|lane| lane.0);
        let place =
            Place { id: input.id.take(), lane, bytes, no_cancel: spec.no_cancel, stream: spec.streams() };
        let id = place.id.clone();
        let Some(door) = self.door(&place) else {
            let error = RpcError::new(ErrorKind::Unavailable, "the server is shutting down");
            return self.refuse(sink, &id.unwrap_or_else(Id::null), &error);
        };
        match self.enter(&door, started.run, place, spec, (started.deadline, started.flow), sink) {
            Ok(()) => Ok(()),
            Err(Refusal::Duplicate) => {
                let error = RpcError::new(ErrorKind::InvalidRequest, "a call of this id is still open");
                self.refuse(sink, &Id::null(), &error)
            }
            Err(Refusal::Streams) => {
                let Some(id) = id else { return sink.pass(self) };
                local.limit_reached("max_streams");
                let text = format!("{} streams are open: max_streams is reached", self.config.max_streams);
                self.refuse(sink, &id, &RpcError::new(ErrorKind::ResourceExhausted, text))
            }
            Err(Refusal::Full) => {
                let Some(id) = id else {
                    let text = "no room for a notification: max_waiting is reached";
                    return Err(Disconnect::over(super::numbered::NO_ROOM, code::TOO_SLOW, text));
                };
                local.limit_reached("max_waiting");
                let text = format!(
                    "{} calls run and {} wait: max_calls and max_waiting are reached",
                    self.config.max_calls, self.config.max_waiting
                );
                self.refuse(sink, &id, &RpcError::new(ErrorKind::ResourceExhausted, text))
            }
        }
    }

    fn receive_cancel(self: &Arc<Self>, params: Raw<'_>) -> Result<(), Disconnect> {
        let Some(id) = id_of(params) else { return Ok(()) };
        self.end_call(&id, &RpcError::new(ErrorKind::Cancelled, "the caller cancelled the call"))
    }

    /// Ends an open call from the reader: it is answered that error at once, and its handler is dropped. *That of a
    /// `no_cancel` call runs on.*
    pub(super) fn end_call(self: &Arc<Self>, id: &Id, error: &RpcError) -> Result<(), Disconnect> {
        // What it leaves to answer may find no room, and be in nobody's place for a moment.
        let _answering = self.answering();
        let mut calls = self.calls();
        let sink = match calls.cancel(id) {
            Cancelled::Nothing => return Ok(()),
            Cancelled::Stop(held, next) => {
                // It goes before those come whose turn it is now.
                if let Some(held) = &held {
                    held.abort();
                }
                Held::start(&mut calls, &next);
                self.tell_idle(calls);
                held.map(|held| held.stop(self))
            }
            Cancelled::RunsOn(key) => {
                let sink = calls.held(key).map(|held| held.over());
                drop(calls);
                sink
            }
        };
        self.refuse(&sink.unwrap_or(Sink::Direct), id, error)
    }

    /// Answers an error from the reader itself.
    pub(super) fn refuse(self: &Arc<Self>, sink: &Sink, id: &Id, error: &RpcError) -> Result<(), Disconnect> {
        tracing::debug!(target: "wirecall", connection = self.name, ?id, code = error.code(), error = error.message(), "refused");
        sink.put(self, self.error_frame(id, error))
    }

    /// Writes what the reader itself answers. *Above the bound there the connection is closed 4013.*
    pub(super) fn answer_now(&self, frame: Frame) -> Result<(), Disconnect> {
        self.outbox.push_reader(frame).map_err(too_slow)
    }

    /// Writes what is not numbered and overtakes, on that connection only.
    pub(crate) fn urgent(&self, line: LineId, frame: Frame) -> Result<(), Disconnect> {
        self.outbox.push_urgent(line, frame).map_err(too_slow)
    }

    /// The session ended: handlers are dropped (but `no_cancel` ones), and who awaits an answer is told.
    pub(crate) fn end(&self) {
        self.outbox.end();
        let mut calls = self.calls();
        let stopped = calls.end();
        for (_, kept) in calls.all() {
            kept.over();
        }
        self.tell_idle(calls);
        for held in stopped {
            held.abort();
        }
        let pending = self.pending().take();
        for waiter in pending.into_iter().flat_map(|mut pending| pending.end()) {
            // Who no longer waits needs no answer.
            drop(waiter.send(Err(CallFault::ConnectionLost)));
        }
    }
}

pub(super) fn too_slow(_: Overflow) -> Disconnect {
    let text = "the peer reads too slowly: the reader's answers exceed max_waiting_bytes";
    Disconnect::over(super::numbered::READER_FULL, code::TOO_SLOW, text)
}
