//! What a client's handles and its task share: the messages that are not done, its state, its events.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::ClientState;
use super::broadcast::Broadcast;
use super::credentials::Refreshing;
use super::options::Options;
use crate::clock;
use crate::codec::{Payload, about_frame, credit_frame, request_frame};
use crate::message::{ErrorKind, Id, RpcError};
use crate::service::{
    EVENTS_KEPT, Endpoint, Environment, MethodTable, OutgoingCall as Call, PeerAnswer, PeerFault, RawEvent,
    too_large,
};
use crate::session::{Disconnect, Full, Kind, Outgoing, Pings, Recovery, code};

/// States kept for a listener that does not keep up.
const STATES_KEPT: usize = 256;

/// What a client's handles and its task share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) methods: Arc<MethodTable>,
    pub(crate) environment: Arc<Environment>,
    desk: Mutex<Desk>,
    state: Mutex<ClientState>,
    pub(crate) states: Broadcast<ClientState>,
    pub(crate) events: Broadcast<RawEvent>,
    /// Cancelled to close the client.
    pub(crate) closing: CancellationToken,
    /// Cancelled when its task is done.
    pub(crate) ended: CancellationToken,
    /// Told while it closes, whenever the server has received something.
    pub(super) progress: Notify,
    /// The call that gives the server a fresh token.
    pub(super) refreshing: Refreshing,
    /// Numbers connections.
    pub(super) lines: AtomicU64,
}

/// The messages that are not done, and where they go.
pub(super) struct Desk {
    pub(super) outgoing: Outgoing<Waiting>,
    /// Calls of this session that were given up and that the server has not been told of. They leave before any
    /// new call, so they are no more than the server takes at once.
    pub(super) cancels: VecDeque<u64>,
    /// Items that the application took, and that the server has not been told of: at most two grants for each stream.
    pub(super) grants: VecDeque<(u64, u32)>,
    /// This end of the session, which outlives connections; of a plain server's connection.
    pub(super) endpoint: Option<Arc<Endpoint>>,
    /// Whether the session may be taken up again.
    pub(super) recovery: Recovery,
    /// The last number that the server must have received, since it has answered it.
    pub(super) known: u64,
    /// The largest message that the server takes.
    pub(super) max_message_bytes: usize,
    /// The calls that the socket has not taken yet.
    pub(super) unwritten: Unwritten,
    /// The pings of the current connection.
    pub(super) pings: Pings,
    closed: Option<Disconnect>,
}

/// The numbers between which calls stand in the queue that the socket has not taken yet. Other messages stand there, too.
#[derive(Default)]
pub(super) struct Unwritten(Option<(u64, u64)>);

impl Unwritten {
    /// A call entered the queue under that number.
    fn entered(&mut self, number: u64) {
        let first = self.0.map_or(number, |(first, _)| first);
        self.0 = Some((first, number));
    }

    /// Everything that is not acknowledged is written again, calls that are open among it.
    pub(super) fn repeated(&mut self) {
        self.0 = Some((0, self.0.map_or(0, |(_, last)| last)));
    }

    /// The socket has taken everything up to that number. Gives whether a call has become one of it.
    fn taken(&mut self, number: u64) -> bool {
        let Some((first, last)) = self.0 else { return false };
        if number < first {
            return false;
        }
        self.0 = (number < last).then_some((number + 1, last));
        true
    }
}

/// What is kept of a message that is not done.
pub(crate) struct Waiting {
    pub(crate) call: Call,
    /// Who waits, until it was told: of a notification when the socket got it, although that may have to be sent again.
    pub(crate) waiter: Option<oneshot::Sender<PeerAnswer>>,
    pub(crate) deadline: Option<Instant>,
}

impl Waiting {
    /// Tells who waits, if somebody does.
    pub(super) fn tell(self, answer: PeerAnswer) {
        if let Some(waiter) = self.waiter {
            // Who no longer waits needs no answer.
            drop(waiter.send(answer));
        }
    }
}

impl Shared {
    pub(crate) fn new(options: Options, methods: MethodTable, environment: Environment) -> Self {
        let outgoing = Outgoing::new(options.queue);
        Self {
            options,
            methods: Arc::new(methods),
            environment: Arc::new(environment),
            desk: Mutex::new(Desk {
                outgoing,
                cancels: VecDeque::new(),
                grants: VecDeque::new(),
                endpoint: None,
                recovery: Recovery::default(),
                known: 0,
                max_message_bytes: usize::MAX,
                unwritten: Unwritten::default(),
                pings: Pings::default(),
                closed: None,
            }),
            state: Mutex::new(ClientState::Connecting),
            states: Broadcast::new(STATES_KEPT),
            events: Broadcast::new(EVENTS_KEPT),
            closing: CancellationToken::new(),
            ended: CancellationToken::new(),
            progress: Notify::new(),
            refreshing: Refreshing::default(),
            lines: AtomicU64::new(1),
        }
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state(&self) -> ClientState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_state(&self, state: ClientState) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&state);
        self.states.send(state);
    }

    /// The largest message that the server takes, in bytes.
    pub(crate) fn max_message_bytes(&self) -> usize {
        self.desk().max_message_bytes
    }

    /// Takes a message, and sends it if its turn is now. Gives its place in the order of making.
    pub(crate) fn enter(&self, kind: Kind, waiting: Waiting) -> Result<u64, PeerFault> {
        let mut desk = self.desk();
        if let Some(disconnect) = &desk.closed {
            return Err(PeerFault::Closed(disconnect.clone()));
        }
        let demand = waiting.call.demand.clone();
        let order = desk.outgoing.enter(kind, waiting).map_err(|Full| {
            let text = format!(
                "{} messages wait already, for a connection or for room: the client's `queue` is full",
                self.options.queue
            );
            PeerFault::Rpc(RpcError::new(ErrorKind::ResourceExhausted, text))
        })?;
        if demand.is_some_and(|demand| !demand.enter(order)) {
            desk.outgoing.leave(order);
            let text = "a call that has streamed something cannot be made again";
            return Err(PeerFault::Rpc(RpcError::new(ErrorKind::InvalidRequest, text)));
        }
        desk.flush();
        Ok(order)
    }

    /// Nobody waits for that message any more: if it was sent and not answered, the server is told.
    pub(crate) fn leave(&self, order: u64) {
        let mut desk = self.desk();
        if let Some((_, Some(id))) = desk.outgoing.leave(order) {
            desk.cancels.push_back(id);
        }
        desk.flush();
    }

    /// The server drains: no new call is started here.
    pub(crate) fn hold_back(&self) {
        self.desk().outgoing.hold_back();
    }

    /// The socket took something, as `sent` says, or something was acknowledged, so that there may be room for more. Gives
    /// whether a call was among what the socket took.
    pub(crate) fn written(&self, sent: bool) -> bool {
        let mut desk = self.desk();
        let (taken, received) = desk.endpoint.as_ref().map_or((0, 0), |endpoint| endpoint.outbox.progress());
        let mut told = Vec::new();
        desk.outgoing.taken(taken, |waiting| told.extend(waiting.waiter.take()));
        desk.outgoing.received(received);
        desk.flush();
        let called = sent && desk.unwritten.taken(taken);
        drop(desk);
        for waiter in told {
            // Who no longer waits needs no answer.
            drop(waiter.send(Payload::of(self.options.codec, &()).map_err(PeerFault::Decode)));
        }
        if self.closing.is_cancelled() {
            self.progress.notify_waiters();
        }
        called
    }

    /// The answer to a call; given back if no open call has that id.
    pub(crate) fn answered(&self, id: u64, answer: PeerAnswer) -> Option<PeerAnswer> {
        let mut desk = self.desk();
        // *Tracked messages leave in `seq` order*: who has answered it has all before it, too.
        desk.known = desk.known.max(desk.outgoing.number_of(id).unwrap_or(0));
        let waiting = desk.outgoing.answered(id);
        desk.flush();
        drop(desk);
        let Some(waiting) = waiting else { return Some(answer) };
        waiting.tell(answer);
        None
    }

    /// The client is closed for good.
    pub(crate) fn end(&self, gave_up: bool, disconnect: &Disconnect) {
        let mut desk = self.desk();
        desk.closed = Some(disconnect.clone());
        let endpoint = desk.endpoint.take();
        let received = endpoint.as_ref().map_or(0, |endpoint| {
            // What the server said last of the session counts more than what was written to it.
            let known = endpoint.outbox.with_replay(|replay| desk.recovery.received_at_most(replay));
            known.unwrap_or_else(|| endpoint.outbox.taken())
        });
        let fate = desk.outgoing.end(received);
        drop(desk);
        if let Some(endpoint) = endpoint {
            endpoint.end();
        }
        tell(fate.unknown, || Err(PeerFault::ConnectionLost));
        tell(fate.never, || Err(PeerFault::Closed(disconnect.clone())));
        self.set_state(ClientState::Closed { gave_up, disconnect: disconnect.clone() });
        self.states.end();
        self.events.end();
        self.ended.cancel();
    }

    /// Ends the connection after what is queued for it, if there is one; nothing more is queued.
    pub(crate) fn close_connection(&self, disconnect: Disconnect) {
        let mut desk = self.desk();
        desk.outgoing.hold_back();
        if let Some(endpoint) = &desk.endpoint {
            endpoint.outbox.close_when_written(disconnect);
        }
    }
}

/// Tells all of them the same.
pub(super) fn tell(waiting: Vec<Waiting>, answer: impl Fn() -> PeerAnswer) {
    for one in waiting {
        one.tell(answer());
    }
}

impl Desk {
    /// Sends what may be sent.
    pub(super) fn flush(&mut self) {
        let Some(endpoint) = &self.endpoint else { return };
        self.outgoing.try_again();
        while let Some(id) = self.cancels.front() {
            let frame = about_frame(endpoint.codec, "rpc.cancel", &id_on_wire(*id));
            // It takes the queue, since it must not overtake its own call.
            if endpoint.outbox.try_push(frame).is_err() {
                return self.outgoing.no_room();
            }
            self.cancels.pop_front();
        }
        while let Some((order, credit)) = self.grants.front() {
            if let Some(id) = self.outgoing.id_of(*order) {
                let frame = credit_frame(endpoint.codec, "rpc.credit", &id_on_wire(id), *credit);
                if endpoint.outbox.try_push(frame).is_err() {
                    return self.outgoing.no_room();
                }
            }
            self.grants.pop_front();
        }
        while let Some(turn) = self.outgoing.turn() {
            let (order, id) = (turn.order, turn.id);
            let Waiting { call, deadline, .. } = turn.held;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(clock::now()));
            let meta = if call.spec.notification { None } else { call.meta(left) };
            let frame = match request_frame(endpoint.codec, id, call.spec.method, &call.params, meta.as_ref())
            {
                Ok(frame) if frame.len() <= self.max_message_bytes => Ok(frame),
                Ok(frame) => Err(PeerFault::Rpc(too_large("the call", frame.len(), self.max_message_bytes))),
                Err(error) => Err(PeerFault::Decode(error)),
            };
            match frame {
                Ok(frame) => match endpoint.outbox.try_push(frame) {
                    Ok(number) => {
                        if let Some(demand) = &call.demand {
                            demand.begin();
                        }
                        self.outgoing.sent(order, id, number);
                        if id.is_some() {
                            self.unwritten.entered(number);
                        }
                    }
                    // It goes when the socket has taken something, or the server has acknowledged something.
                    Err(_) => return self.outgoing.no_room(),
                },
                Err(fault) => {
                    if let Some((waiting, _)) = self.outgoing.leave(order) {
                        waiting.tell(Err(fault));
                    }
                }
            }
        }
    }
}

/// The id that this side gave a call, as on the wire.
pub(super) fn id_on_wire(id: u64) -> Id {
    // The session ends long before ids are that large.
    Id::Number(i64::try_from(id).unwrap_or(i64::MAX))
}

/// The end of a client that its user closed.
pub(crate) fn closed_by_user() -> Disconnect {
    Disconnect::new(code::NORMAL, "the client was closed")
}

#[cfg(test)]
mod tests;
