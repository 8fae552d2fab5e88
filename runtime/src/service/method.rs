//! Methods: from a name and parameters to the future of a handler.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use serde::Serialize;

use super::endpoint::Arrival;
use super::layer::{Answer, Layers, Next, Run};
use super::stream::Flow;
use super::traits::{Service, ServiceError};
use super::{CallContext, ContractSource, Extract, Reply};
use crate::codec::Fault;
use crate::message::RpcError;
use crate::types::{Message, Params};

/// What is known of a call at compile time. Written by `#[derive(Service)]`.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(Debug)]
#[non_exhaustive]
pub struct CallSpec {
    /// The whole method as on the wire.
    pub method: &'static str,
    /// Whether it is never answered.
    pub notification: bool,
    /// The time limit of the declaration, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Whether running it twice does the same as once.
    pub idempotent: bool,
    /// Whether its handler runs to the end once it was started.
    pub no_cancel: bool,
    /// Whether its calls run one after the other.
    pub serial: bool,
    /// Whether clients send the parameters by position.
    pub positional: bool,
    /// Whether it answers with items before its result.
    pub stream: bool,
    /// Whether it takes items beside its parameters.
    pub upload: bool,
    /// The names of its stream in the publish/subscribe form.
    pub(crate) subscription: Option<SubscriptionForm>,
}

/// The names that existing publish/subscribe clients know a stream by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SubscriptionForm {
    /// The method of the notifications that carry the items.
    pub(crate) notification: &'static str,
    /// The method of the call that ends it.
    pub(crate) unsubscribe: &'static str,
}

impl CallSpec {
    /// A call of that method, with nothing special about it.
    pub const fn new(method: &'static str) -> Self {
        Self {
            method,
            notification: false,
            timeout_ms: None,
            idempotent: false,
            no_cancel: false,
            serial: false,
            positional: false,
            stream: false,
            upload: false,
            subscription: None,
        }
    }

    /// A notification.
    #[must_use]
    pub const fn notification(mut self) -> Self {
        self.notification = true;
        self
    }

    /// With a time limit of its own.
    #[must_use]
    pub const fn timeout_ms(mut self, ms: u64) -> Self {
        self.timeout_ms = Some(ms);
        self
    }

    /// Running it twice does the same as once.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Its handler runs to the end once it was started.
    #[must_use]
    pub const fn no_cancel(mut self) -> Self {
        self.no_cancel = true;
        self
    }

    /// Its calls run one after the other.
    #[must_use]
    pub const fn serial(mut self) -> Self {
        self.serial = true;
        self
    }

    /// Clients send the parameters by position.
    #[must_use]
    pub const fn positional(mut self) -> Self {
        self.positional = true;
        self
    }

    /// It answers with items before its result.
    #[must_use]
    pub const fn stream(mut self) -> Self {
        self.stream = true;
        self
    }

    /// It takes items beside its parameters.
    #[must_use]
    pub const fn upload(mut self) -> Self {
        self.upload = true;
        self
    }

    /// Existing publish/subscribe clients know its stream by these names.
    #[must_use]
    pub const fn subscription(mut self, notification: &'static str, unsubscribe: &'static str) -> Self {
        self.subscription = Some(SubscriptionForm { notification, unsubscribe });
        self
    }

    /// Whether more crosses the wire than its parameters and its result.
    pub(crate) const fn streams(&self) -> bool {
        self.stream || self.upload
    }
}

/// A value that calls of one serial lane share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane(pub(crate) String);

/// The lane of a parameter's value.
pub fn lane<T: Serialize + ?Sized>(value: &T) -> Lane {
    // What does not serialize shares one lane: slower, never out of order.
    Lane(serde_json::to_string(value).unwrap_or_default())
}

/// A call that is ready to run.
pub struct Started {
    pub(crate) run: Run,
    pub(crate) lane: Option<Lane>,
    pub(crate) deadline: Option<Instant>,
    /// Of a call that streams.
    pub(crate) flow: Option<Arc<Flow>>,
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").field("lane", &self.lane).finish_non_exhaustive()
    }
}

/// Why a call did not start.
#[derive(Debug)]
pub struct Refused(pub(crate) Fault);

/// How one method of a handler of type `H` starts.
type StartFn<H> = fn(&Arc<H>, Arrival<'_, '_>) -> Result<Started, Refused>;

/// One method of a handler. Written by `#[derive(Service)]`.
pub struct Method<H> {
    spec: &'static CallSpec,
    start: StartFn<H>,
}

impl<H> fmt::Debug for Method<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl<H> Method<H> {
    /// The method of that spec.
    pub const fn new(spec: &'static CallSpec, start: StartFn<H>) -> Self {
        Self { spec, start }
    }
}

/// Reads the parameters and boxes the handler's future, once. Called by what `#[derive(Service)]` writes.
///
/// # Errors
///
/// Where the message or its parameters do not fit.
#[expect(clippy::needless_pass_by_value, reason = "the macro hands on what it was given")]
pub fn start<H, C, P, R, E, F, Fut>(
    handler: &Arc<H>,
    arrival: Arrival<'_, '_>,
    lane: Option<fn(&P) -> Lane>,
    run: F,
) -> Result<Started, Refused>
where
    H: Send + Sync + 'static,
    C: Extract,
    P: Params,
    R: Message,
    E: ServiceError,
    F: FnOnce(Arc<H>, C, P) -> Fut + Send + 'static,
    Fut: Future<Output = Reply<R, E>> + Send + 'static,
{
    let params = arrival.input.decode::<P>().map_err(Refused)?;
    let call = arrival.context();
    let lane = lane_of(&call, &params, lane);
    let handler = Arc::clone(handler);
    let layers = arrival.layers();
    let answered = {
        let call = call.clone();
        async move {
            let context = C::extract(&call).await;
            let said = match context {
                Ok(context) => run(handler, context, params).await,
                Err(refused) => Err(refused.into()),
            };
            call.conclude::<R, E>(said)
        }
    };
    Ok(prepare(call, layers, lane, answered))
}

/// The serial lane of a call.
pub(super) fn lane_of<P>(call: &CallContext, params: &P, lane: Option<fn(&P) -> Lane>) -> Option<Lane> {
    match lane {
        Some(lane) => Some(Lane(format!("{}:{}", call.method(), lane(params).0))),
        None => call.spec.serial.then(|| Lane(call.method().to_owned())),
    }
}

/// Boxes the future of a call, with what is around it.
pub(super) fn prepare(
    call: CallContext,
    layers: Option<Layers>,
    lane: Option<Lane>,
    answered: impl Future<Output = Answer> + Send + 'static,
) -> Started {
    let deadline = call.deadline;
    let info = layers.as_ref().map(|_| call.clone());
    let body = async move {
        let answer = AssertUnwindSafe(answered).catch_unwind().await;
        answer.unwrap_or_else(|panic| call.panicked(&*panic))
    };
    let run: Run = match (layers, info) {
        (Some(layers), Some(info)) => Box::pin(surrounded(layers, info, Box::pin(body))),
        _ => Box::pin(body),
    };
    Started { run, lane, deadline, flow: None }
}

/// Runs the layers around a call, from its turn on and not before.
async fn surrounded(layers: Layers, call: CallContext, body: Run) -> Answer {
    let around = async { Next::new(layers, call.clone(), body).run().await };
    let answer = AssertUnwindSafe(around).catch_unwind().await;
    answer.unwrap_or_else(|panic| call.panicked(&*panic))
}

/// A handler and its methods, with the type of the handler gone.
trait Served: Send + Sync {
    fn start(&self, index: usize, arrival: Arrival<'_, '_>) -> Result<Started, Refused>;
}

struct ServedBy<H> {
    handler: Arc<H>,
    methods: Vec<Method<H>>,
}

impl<H: Send + Sync + 'static> Served for ServedBy<H> {
    fn start(&self, index: usize, arrival: Arrival<'_, '_>) -> Result<Started, Refused> {
        match self.methods.get(index) {
            Some(method) => (method.start)(&self.handler, arrival),
            None => Err(Refused(Fault::Envelope)),
        }
    }
}

/// A service with its handler, ready to be mounted on a server (or, of a client's side, on a client).
///
/// Made by the `serve` function of an enum that derives [`Service`](macro@crate::Service).
pub struct Mounted {
    pub(crate) source: ContractSource,
    specs: Vec<&'static CallSpec>,
    served: Arc<dyn Served>,
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mounted").field("service", &self.source.name).finish_non_exhaustive()
    }
}

/// Joins a handler and its methods. Called by what `#[derive(Service)]` writes.
pub fn mount<S: Service, H: Send + Sync + 'static>(handler: H, methods: Vec<Method<H>>) -> Mounted {
    let specs = methods.iter().map(|method| method.spec).collect();
    Mounted {
        source: ContractSource::of::<S>(),
        specs,
        served: Arc::new(ServedBy { handler: Arc::new(handler), methods }),
    }
}

/// One method, found by its name.
#[derive(Clone)]
pub(crate) struct MethodRef {
    pub(crate) spec: &'static CallSpec,
    /// Whose it is, by its name on the wire.
    pub(crate) service: &'static str,
    served: Arc<dyn Served>,
    index: usize,
}

impl MethodRef {
    pub(crate) fn start(&self, arrival: Arrival<'_, '_>) -> Result<Started, Refused> {
        self.served.start(self.index, arrival)
    }
}

/// All methods that one side answers.
#[derive(Default)]
pub(crate) struct MethodTable {
    methods: HashMap<&'static str, MethodRef>,
    /// Methods that end subscriptions; several kinds may share one.
    unsubscribe: HashSet<&'static str>,
}

impl MethodTable {
    /// Adds a service; gives the name of a method that is there already.
    pub(crate) fn mount(&mut self, mounted: &Mounted) -> Result<(), &'static str> {
        for (index, spec) in mounted.specs.iter().enumerate() {
            let service = mounted.source.name;
            let method = MethodRef { spec, service, served: Arc::clone(&mounted.served), index };
            if self.methods.insert(spec.method, method).is_some() {
                return Err(spec.method);
            }
            self.unsubscribe.extend(spec.subscription.map(|form| form.unsubscribe));
        }
        // A method of the services comes first, so that this would never be asked.
        self.unsubscribe.iter().find(|name| self.methods.contains_key(*name)).map_or(Ok(()), |name| Err(name))
    }

    /// Whether a call of it ends a subscription.
    pub(crate) fn ends_subscriptions(&self, method: &str) -> bool {
        self.unsubscribe.contains(method)
    }

    pub(crate) fn get(&self, method: &str) -> Option<&MethodRef> {
        self.methods.get(method)
    }
}

/// The answer to a method that is not there.
pub(crate) fn method_not_found(method: &str) -> RpcError {
    let shown: String = method.chars().take(100).collect();
    RpcError::new(crate::message::ErrorKind::MethodNotFound, format!("the method {shown:?} does not exist"))
}
