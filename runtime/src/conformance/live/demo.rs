//! The service of the vectors, whose handlers do what the script says.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::log::Log;
use crate::check::Checker;
use crate::contract::{self, Builder, Side};
use crate::message::{Id, RpcError};
use crate::service::{
    Arrival, CallContext, CallSpec, EncodeError, EncodedEvent, EventEncoder, EventInput, Method, Refused,
    Started, mount, start, start_stream,
};
use crate::session::machine::{Ask, Demand, Ended, Outcome, Tell};
use crate::types::Params;
use crate::{
    CallError, Emitted, Events, Failure, Incoming, Mounted, NoError, Outgoing, Peer, Pending, Reply, Service,
    ServiceClient,
};

static ECHO: CallSpec = CallSpec::new("demo.echo");
static SLOW: CallSpec = CallSpec::new("demo.slow");
static KEEP: CallSpec = CallSpec::new("demo.keep").no_cancel();
static WATCH: CallSpec = CallSpec::new("demo.watch").stream();
static PUT: CallSpec = CallSpec::new("demo.put").upload();
static TALK: CallSpec = CallSpec::new("demo.talk").stream().upload();
static TYPING: CallSpec = CallSpec::new("demo.typing").notification();

/// The service, whose parameters are whatever comes.
#[derive(Debug)]
pub(super) struct Demo;

impl Service for Demo {
    const NAME: &'static str = "demo";
    const SIDE: Side = Side::Server;
    type Error = NoError;
    type Events = Emit;

    fn service(_: &mut Builder) -> contract::Service {
        contract::Service {
            name: Self::NAME.to_owned(),
            rust_name: "Demo".to_owned(),
            docs: String::new(),
            side: Self::SIDE,
            calls: Vec::new(),
            events: None,
            error: None,
            peer: None,
        }
    }
}

/// Any parameters.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Any(pub(super) Value);

impl Params for Any {
    fn check(&self, _: &mut Checker<'_>) {}

    fn params(_: &mut Builder, _: Side) -> contract::Params {
        contract::Params { fields: Vec::new(), schema: json!({}), positional: false }
    }
}

/// An event of the script's.
#[derive(Debug)]
pub(super) struct Emit {
    pub(super) method: String,
    pub(super) params: Value,
}

impl Events for Emit {
    fn encode(self, out: EventEncoder<'_>) -> Result<EncodedEvent, EncodeError> {
        out.event(&self.method, true, &Any(self.params))
    }

    fn decode(_: &str, _: EventInput<'_>) -> Option<Result<Self, EncodeError>> {
        None
    }

    fn set(_: &mut Builder, _: &str) -> Option<contract::EventSet> {
        None
    }
}

impl Emitted for Emit {
    const SERVICE: &'static str = Demo::NAME;
}

/// Calls the client, which is called with `demo.echo`.
#[derive(Debug)]
pub(super) struct Client(Peer);

impl ServiceClient for Client {
    type Service = Demo;

    fn from_peer(peer: Peer) -> Self {
        Self(peer)
    }
}

impl Client {
    pub(super) fn call(&self, method: &str, params: Value) -> Pending<Value, NoError> {
        assert_eq!(method, ECHO.method, "a client is called with that");
        self.0.__call(&ECHO, &Any(params))
    }
}

/// Where the handlers wait for what the script says. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    log: Log,
    working: Arc<Mutex<Vec<Working>>>,
}

/// A handler at work, by the id of its call.
type Working = (Id, mpsc::Sender<Order>);

/// What the script says to a handler.
#[derive(Debug)]
pub(super) enum Order {
    /// It ends.
    Answer(Outcome),
    /// It has an item.
    Item(Value),
    /// It can take items.
    Grant,
    /// Something arrived for it.
    Look,
}

impl Desk {
    pub(super) fn new(log: Log) -> Self {
        Self { log, working: Arc::default() }
    }

    pub(super) fn service(&self) -> Mounted {
        let mut methods: Vec<Method<Self>> =
            [&ECHO, &SLOW, &KEEP, &TYPING].map(|spec| Method::new(spec, call)).into();
        methods.extend([&WATCH, &PUT, &TALK].map(|spec| Method::new(spec, stream)));
        mount::<Demo, Self>(self.clone(), methods)
    }

    fn working(&self) -> MutexGuard<'_, Vec<Working>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that to the handler of a call, if it still runs.
    pub(super) fn order(&self, id: &Id, order: Order) {
        if let Some((_, orders)) = self.working().iter().rfind(|(known, _)| known == id) {
            super::say(orders, order);
        }
    }

    fn begin(&self, id: &Id, told: bool) -> (AtWork, mpsc::Receiver<Order>) {
        let (orders, taken) = mpsc::channel(super::AHEAD);
        self.working().push((id.clone(), orders.clone()));
        (AtWork { desk: self.clone(), id: id.clone(), orders, told, done: false }, taken)
    }

    async fn work(self, call: CallContext, params: Value, mut streams: Option<Streams>) -> Reply<Value> {
        let method = call.method().into();
        let Some(id) = call.id.clone() else {
            self.log.tell(Tell::Event { method, params });
            return Ok(Value::Null);
        };
        let (mut at_work, mut orders) = self.begin(&id, !call.spec.no_cancel);
        self.log.tell(Tell::Serve { id: id.clone(), method, params });
        while let Some(order) = orders.recv().await {
            match (order, &mut streams) {
                (Order::Answer(outcome), _) => {
                    at_work.done = true;
                    return outcome.map_err(|error| failure(&error));
                }
                (Order::Item(item), Some(streams)) => streams.outgoing.send(item).await?,
                (Order::Grant, Some(streams)) => streams.grant(),
                (Order::Look, Some(streams)) => streams.look(&id, &self.log),
                (Order::Item(_) | Order::Grant | Order::Look, None) => {}
            }
        }
        pending().await
    }
}

fn call(desk: &Arc<Desk>, arrival: Arrival<'_, '_>) -> Result<Started, Refused> {
    start::<_, CallContext, Any, Value, NoError, _, _>(desk, arrival, None, |desk, call, params| {
        Desk::clone(&desk).work(call, params.0, None)
    })
}

fn stream(desk: &Arc<Desk>, arrival: Arrival<'_, '_>) -> Result<Started, Refused> {
    start_stream::<_, CallContext, Any, Value, NoError, Value, Value, _, _>(
        desk,
        arrival,
        None,
        |desk, call, params, incoming, outgoing| {
            let streams = Streams { incoming, outgoing, seen: 0, ended: false };
            Desk::clone(&desk).work(call, params.0, Some(streams))
        },
    )
}

/// The error that a script gives, as it is.
fn failure(error: &Value) -> Failure<NoError> {
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    Failure::Rpc(RpcError::raw(
        error["code"].as_i64().unwrap_or_default(),
        message,
        error.get("data").cloned(),
    ))
}

/// How a call that this end made has ended.
pub(super) fn ended<E>(outcome: Result<Value, CallError<E>>) -> Ended {
    match outcome {
        Ok(result) => Ended::Answered(Ok(result)),
        Err(CallError::Rpc(error)) => Ended::Answered(Err(serde_json::to_value(error).unwrap_or_default())),
        Err(CallError::ConnectionLost) => Ended::Failed("connection_lost"),
        Err(CallError::Closed(_)) => Ended::Failed("closed"),
        Err(_) => Ended::Failed("not a message"),
    }
}

/// What a client knows of a call that the script makes.
pub(super) fn spec(ask: &Ask) -> &'static CallSpec {
    let mut spec = CallSpec::new(String::leak(ask.method.to_string()));
    spec.idempotent = ask.idempotent;
    spec.stream = ask.stream != Demand::None;
    spec.upload = ask.upload;
    Box::leak(Box::new(spec))
}

/// The same of a notification.
pub(super) fn notice(method: &str) -> &'static CallSpec {
    Box::leak(Box::new(CallSpec::new(String::leak(method.to_owned())).notification()))
}

/// The streams of a call.
struct Streams {
    incoming: Incoming<Value>,
    outgoing: Outgoing<Value>,
    /// Items that were told of.
    seen: usize,
    ended: bool,
}

impl Streams {
    /// Asks for the first item, which grants what there is room for. None is ever taken, since that would grant more, which
    /// is the runtime's matter and not the script's.
    fn grant(&mut self) {
        assert!(self.incoming.next().now_or_never().is_none(), "a script grants before anything arrives");
    }

    /// Tells what has arrived.
    fn look(&mut self, id: &Id, log: &Log) {
        let (items, all) = self.incoming.arrived();
        for item in items.into_iter().skip(self.seen) {
            self.seen += 1;
            log.tell(Tell::Chunk(id.clone(), item));
        }
        if all && !self.ended {
            self.ended = true;
            log.tell(Tell::ChunksEnd(id.clone()));
        }
    }
}

/// A handler at work. Dropped before it is done, it tells so, unless it is one that is never dropped.
struct AtWork {
    desk: Desk,
    id: Id,
    orders: mpsc::Sender<Order>,
    told: bool,
    done: bool,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.desk.working().retain(|(_, orders)| !orders.same_channel(&self.orders));
        if self.told && !self.done {
            self.desk.log.tell(Tell::Abort(self.id.clone()));
        }
    }
}
