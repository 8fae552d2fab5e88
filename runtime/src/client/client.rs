//! The client as its user holds it: calls that survive a lost connection as far as the protocol allows.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::Stream;
use serde_json::value::RawValue;
use tokio::sync::{broadcast, oneshot};
use tokio_util::sync::CancellationToken;

use super::layer::{ClientCall, ClientFuture, ClientLayers, ClientNext, RawResult};
use super::options::{Connect, Options};
use super::{ClientState, ConnectError, task};
use crate::codec::{notification_frame, request_frame};
use crate::message::{ErrorKind, RpcError};
use crate::service::{
    Answered, EVENTS_KEPT, Endpoint, Environment, MethodTable, Outgoing as Call, Peer, PeerAnswer, PeerFault, PeerLink,
    RawEvent,
};
use crate::session::{Disconnect, Full, Kind, Outgoing, code};
use crate::types::UserId;

/// How long [`Client::close`] waits for what was written to be taken.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// A connection to a server that comes back when it is lost. Cheap to clone.
///
/// When the last clone and the last generated client made from it are dropped, the connection is closed.
#[derive(Clone)]
pub struct Client(Link);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.0.shared.options.url).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) async fn connect(connect: Connect) -> Result<Self, ConnectError> {
        let (options, methods, on_error) = connect.into_parts()?;
        let lazy = options.lazy;
        let environment = Environment { layers: Arc::new([]), on_error, default_timeout: options.call_timeout };
        let shared = Arc::new(Shared::new(options, methods, environment));
        let link = Link { shared: Arc::clone(&shared), guard: Some(Arc::new(CloseOnDrop(shared.closing.clone()))) };
        let (first, connected) = oneshot::channel();
        // The task ends by itself when the last handle is dropped, since that cancels `closing`.
        tokio::spawn(task::run(shared, first));
        if !lazy {
            let ended = || ConnectError::Disconnected(Disconnect::lost("the client's task was stopped"));
            connected.await.unwrap_or_else(|_| Err(ended()))?;
        }
        Ok(Self(link))
    }

    /// What it is doing now.
    pub fn state(&self) -> ClientState {
        self.0.shared.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it does from now on, each change once. A listener that falls 256 changes behind misses the oldest.
    pub fn states(&self) -> impl Stream<Item = ClientState> + Send + Unpin + 'static {
        Box::pin(futures_util::stream::unfold(self.0.shared.states.subscribe(), |mut receiver| async {
            loop {
                match receiver.recv().await {
                    Ok(state) => return Some((state, receiver)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        }))
    }

    /// Who the server says is signed in; `None` while it is not connected.
    pub fn user(&self) -> Option<UserId> {
        match self.state() {
            ClientState::Open { user, .. } => user,
            _ => None,
        }
    }

    /// Closes it: what was queued is written, bounded by 5 s, then the connection ends with 1000. Open calls fail, and
    /// so do new ones.
    ///
    /// # Cancel safety
    ///
    /// The client is closed even if the future is dropped, once it was polled.
    pub async fn close(&self) {
        let shared = &self.0.shared;
        shared.closing.cancel();
        // Whatever hangs then is cut off when the task's own limits are reached.
        drop(tokio::time::timeout(CLOSE_WAIT, shared.ended.cancelled()).await);
    }
}

impl From<&Client> for Peer {
    fn from(client: &Client) -> Self {
        Self(Arc::new(client.0.clone()))
    }
}

impl From<Client> for Peer {
    fn from(client: Client) -> Self {
        Self(Arc::new(client.0))
    }
}

struct CloseOnDrop(CancellationToken);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// What a client's handles and its task share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) methods: Arc<MethodTable>,
    pub(crate) environment: Arc<Environment>,
    desk: Mutex<Desk>,
    state: Mutex<ClientState>,
    states: broadcast::Sender<ClientState>,
    pub(crate) events: broadcast::Sender<RawEvent>,
    /// Cancelled to close the client.
    pub(crate) closing: CancellationToken,
    /// Cancelled when its task is done.
    pub(crate) ended: CancellationToken,
}

/// The messages that are not done, and where they go.
struct Desk {
    outgoing: Outgoing<Waiting>,
    endpoint: Option<Arc<Endpoint>>,
    /// The largest message that the server takes.
    max_message_bytes: usize,
    closed: Option<Disconnect>,
}

/// What is kept of a message that is not done.
struct Waiting {
    call: Call,
    waiter: oneshot::Sender<PeerAnswer>,
    deadline: Option<Instant>,
}

impl Shared {
    fn new(options: Options, methods: MethodTable, environment: Environment) -> Self {
        let outgoing = Outgoing::new(options.queue);
        Self {
            options,
            methods: Arc::new(methods),
            environment: Arc::new(environment),
            desk: Mutex::new(Desk { outgoing, endpoint: None, max_message_bytes: usize::MAX, closed: None }),
            state: Mutex::new(ClientState::Connecting),
            states: broadcast::channel(256).0,
            events: broadcast::channel(EVENTS_KEPT).0,
            closing: CancellationToken::new(),
            ended: CancellationToken::new(),
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_state(&self, state: ClientState) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&state);
        // Without listeners there is nobody to tell.
        drop(self.states.send(state));
    }

    /// A connection is open: what waits is sent.
    pub(crate) fn connected(&self, endpoint: &Arc<Endpoint>, max_calls: usize, max_message_bytes: usize) {
        let mut desk = self.desk();
        desk.endpoint = Some(Arc::clone(endpoint));
        desk.max_message_bytes = max_message_bytes;
        desk.outgoing.connected(max_calls);
        desk.flush();
    }

    /// The server drains: no new call is started here.
    pub(crate) fn hold_back(&self) {
        self.desk().outgoing.hold_back();
    }

    /// The socket took something, so that there may be room for more. Gives whether calls are open.
    pub(crate) fn written(&self) -> bool {
        let mut desk = self.desk();
        let taken = desk.endpoint.as_ref().map_or(0, |endpoint| endpoint.outbox.taken());
        let done = desk.outgoing.taken(taken);
        desk.flush();
        let open = desk.outgoing.open() > 0;
        drop(desk);
        tell(done, || Ok(RawValue::NULL.to_owned()));
        open
    }

    /// The answer to a call; given back if no open call has that id.
    pub(crate) fn answered(&self, id: u64, answer: PeerAnswer) -> Option<PeerAnswer> {
        let mut desk = self.desk();
        let waiting = desk.outgoing.answered(id);
        desk.flush();
        drop(desk);
        let Some(waiting) = waiting else { return Some(answer) };
        // Who no longer waits needs no answer.
        drop(waiting.waiter.send(answer));
        None
    }

    /// The connection is lost.
    pub(crate) fn lost(&self) {
        let mut desk = self.desk();
        let Some(endpoint) = desk.endpoint.take() else { return };
        let unknown = desk.outgoing.lost(endpoint.outbox.taken());
        drop(desk);
        endpoint.end();
        tell(unknown, || Err(PeerFault::ConnectionLost));
    }

    /// The client is closed for good.
    pub(crate) fn end(&self, gave_up: bool, disconnect: &Disconnect) {
        self.lost();
        let mut desk = self.desk();
        desk.closed = Some(disconnect.clone());
        let open = desk.outgoing.end();
        drop(desk);
        tell(open, || Err(PeerFault::Closed(disconnect.clone())));
        self.set_state(ClientState::Closed { gave_up, disconnect: disconnect.clone() });
        self.ended.cancel();
    }

    /// Ends the connection after what is queued, if there is one.
    pub(crate) fn close_connection(&self, disconnect: Disconnect) {
        if let Some(endpoint) = &self.desk().endpoint {
            endpoint.outbox.close_when_written(disconnect);
        }
    }
}

fn tell(waiting: Vec<Waiting>, answer: impl Fn() -> PeerAnswer) {
    for one in waiting {
        // Who no longer waits needs no answer.
        drop(one.waiter.send(answer()));
    }
}

impl Desk {
    /// Sends what may be sent.
    fn flush(&mut self) {
        let Some(endpoint) = &self.endpoint else { return };
        while let Some(turn) = self.outgoing.turn() {
            let (order, id) = (turn.order, turn.id);
            let Waiting { call, deadline, .. } = turn.held;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let meta = if call.spec.notification { None } else { call.meta_json(left) };
            let frame = match request_frame(id, call.spec.method, &*call.params, meta.as_deref()) {
                Ok(frame) if frame.len() <= self.max_message_bytes => Ok(frame),
                Ok(frame) => Err(PeerFault::Rpc(RpcError::new(
                    ErrorKind::TooLarge,
                    format!("the call is {} bytes, and the server takes {}", frame.len(), self.max_message_bytes),
                ))),
                Err(error) => Err(PeerFault::Decode(error)),
            };
            match frame {
                Ok(frame) => match endpoint.outbox.try_push(frame) {
                    Ok(number) => self.outgoing.sent(order, id, number),
                    // It goes when the socket has taken something.
                    Err(_) => return,
                },
                Err(fault) => {
                    if let Some((waiting, _)) = self.outgoing.leave(order) {
                        // Who no longer waits needs no answer.
                        drop(waiting.waiter.send(Err(fault)));
                    }
                }
            }
        }
    }
}

/// The way to the server, as generated clients hold it.
#[derive(Clone)]
pub(crate) struct Link {
    shared: Arc<Shared>,
    /// Closes the client when the last one is dropped. The task's own way back has none.
    #[expect(dead_code, reason = "held for its drop")]
    guard: Option<Arc<CloseOnDrop>>,
}

impl Link {
    /// A link that does not keep the client open: for handlers of the server's calls.
    pub(crate) fn weak(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), guard: None }
    }

    pub(crate) fn layers(&self) -> &ClientLayers {
        &self.shared.options.layers
    }

    /// Sends a call past all layers.
    pub(crate) fn send(&self, call: Call) -> ClientFuture {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { send(&shared, call).await.map(RawResult) })
    }

    fn through_layers(&self, call: Call) -> ClientFuture {
        if self.layers().is_empty() {
            return self.send(call);
        }
        ClientNext { link: self.clone(), index: 0 }.run(ClientCall(call))
    }
}

async fn send(shared: &Arc<Shared>, call: Call) -> PeerAnswer {
    let limit = call.timeout.or(call.spec.timeout_ms.map(Duration::from_millis)).unwrap_or(shared.options.call_timeout);
    let kind = match call.spec.notification {
        true => Kind::Notification,
        false => Kind::Call { idempotent: call.spec.idempotent },
    };
    let (waiter, answer) = oneshot::channel();
    let deadline = Instant::now().checked_add(limit);
    let order = {
        let mut desk = shared.desk();
        if let Some(disconnect) = &desk.closed {
            return Err(PeerFault::Closed(disconnect.clone()));
        }
        let order = desk.outgoing.enter(kind, Waiting { call, waiter, deadline }).map_err(|Full| {
            let text = format!("not connected, and {} calls wait already: the client's queue is full", shared.options.queue);
            PeerFault::Rpc(RpcError::new(ErrorKind::ResourceExhausted, text))
        })?;
        desk.flush();
        order
    };
    let _open = OpenCall { shared, order };
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(PeerFault::ConnectionLost),
        Err(_) => Err(PeerFault::deadline()),
    }
}

/// Gives a call up when its future is done or dropped.
struct OpenCall<'s> {
    shared: &'s Arc<Shared>,
    order: u64,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let mut desk = self.shared.desk();
        let left = desk.outgoing.leave(self.order);
        if let Some((_, Some(id))) = left
            && let Some(endpoint) = &desk.endpoint
            && let Ok(frame) = notification_frame("rpc.cancel", &serde_json::json!({ "id": id }))
        {
            // It must not overtake its own call, so it takes the queue; where that is full the server's time limit
            // ends the call.
            drop(endpoint.outbox.try_push(frame));
        }
        desk.flush();
    }
}

impl PeerLink for Link {
    fn call(&self, call: Call) -> Answered {
        let answered = self.through_layers(call);
        Box::pin(async move { answered.await.map(|result| result.0) })
    }

    fn notify(&self, call: Call) -> Pin<Box<dyn Future<Output = Result<(), PeerFault>> + Send>> {
        let sent = self.through_layers(call);
        Box::pin(async move { sent.await.map(drop) })
    }

    fn events(&self) -> Option<broadcast::Receiver<RawEvent>> {
        Some(self.shared.events.subscribe())
    }
}

/// The end of a client that its user closed.
pub(crate) fn closed_by_user() -> Disconnect {
    Disconnect::new(code::NORMAL, "the client was closed")
}
