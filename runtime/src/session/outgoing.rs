//! The calls and notifications of a client: which wait, which were sent, and what becomes of them when the
//! connection, or the session, is lost.

use std::collections::{BTreeMap, HashMap, VecDeque};

#[cfg(test)]
use super::mutant::{self, Mutant};

/// The place of a message in the order in which the application made them.
pub(crate) type Order = u64;

/// *Calls marked idempotent are sent again too, at most three times.*
const MAX_RESENDS: u32 = 3;

/// What the machine has to know of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A call.
    Call {
        /// Whether running it twice does the same as once.
        idempotent: bool,
        /// Whether it streams, up or down: *open streams count against `max_streams`, not `max_calls`*.
        stream: bool,
    },
    /// A notification: done when the socket got it.
    Notification,
}

/// How many calls the server takes at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Room {
    /// Unary ones.
    pub(crate) calls: usize,
    /// Those that stream.
    pub(crate) streams: usize,
}

/// The messages of a client that are not done. `T` is what its driver keeps of each.
#[derive(Debug)]
pub(crate) struct Outgoing<T> {
    /// Messages that may wait while there is no session, or no room in it.
    max_waiting: usize,
    /// What the server takes; nothing while there is no session.
    room: Room,
    connected: bool,
    /// The next one found no room in the session.
    blocked: bool,
    next_order: Order,
    next_id: u64,
    messages: BTreeMap<Order, Message<T>>,
    /// Open calls by their ids on the wire.
    ids: HashMap<u64, Order>,
    /// How many of them stream.
    streams: usize,
    /// Notifications that were sent and that the other end is not known to have, with their numbers.
    untaken: VecDeque<(u64, Order)>,
    /// The application was told of those up to that number.
    told: u64,
    /// Messages from here on may still wait; before, all were sent.
    first_waiting: Order,
    waiting: usize,
    /// How many of them are calls that stream.
    waiting_streams: usize,
}

#[derive(Debug)]
struct Message<T> {
    kind: Kind,
    held: T,
    sent: Option<Sent>,
    resends: u32,
    /// *A stream is sent again only if it delivered no item, an upload only if it sent none.*
    begun: bool,
}

impl<T> Message<T> {
    fn streams(&self) -> bool {
        matches!(self.kind, Kind::Call { stream: true, .. })
    }
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    id: Option<u64>,
    /// Its number: in a session its `seq`, for a plain server its place in the connection's queue.
    number: u64,
    /// A notification of which the application was told that it left.
    told: bool,
}

/// As many messages wait as may.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// A message whose turn it is.
#[derive(Debug)]
pub(crate) struct Turn<'m, T> {
    pub(crate) order: Order,
    /// The id to send it with; `None` for a notification.
    pub(crate) id: Option<u64>,
    pub(crate) held: &'m mut T,
}

/// The messages that end with their session, or with the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fate<T> {
    /// Calls that may have been received: *connection lost, outcome unknown*.
    pub(crate) unknown: Vec<T>,
    /// Calls and notifications that were never received, and will not be.
    pub(crate) never: Vec<T>,
}

impl<T> Outgoing<T> {
    pub(crate) fn new(max_waiting: usize) -> Self {
        Self {
            max_waiting,
            room: Room::default(),
            connected: false,
            blocked: false,
            next_order: 0,
            next_id: 1,
            messages: BTreeMap::new(),
            ids: HashMap::new(),
            streams: 0,
            untaken: VecDeque::new(),
            told: 0,
            first_waiting: 0,
            waiting: 0,
            waiting_streams: 0,
        }
    }

    /// Enters a message. *Calls made while there is no session, or no room in it, wait, at most so many*; where there is
    /// one a thousand calls at once simply take their turn.
    pub(crate) fn enter(&mut self, kind: Kind, held: T) -> Result<Order, Full> {
        if (!self.connected || self.blocked) && self.waiting >= self.max_waiting {
            return Err(Full);
        }
        let order = self.next_order;
        self.next_order += 1;
        let message = Message { kind, held, sent: None, resends: 0, begun: false };
        self.count_waiting(&message, true);
        self.messages.insert(order, message);
        Ok(order)
    }

    /// There is a session, a new one or the one before, and its server takes so many calls at once. From here on messages
    /// enter it, *connected or not*.
    ///
    /// *Calls and streams in flight go on*: what was sent is not sent again here, since the replay does that.
    pub(crate) fn connected(&mut self, room: Room) {
        self.connected = true;
        self.blocked = false;
        self.room = room;
        self.first_waiting = 0;
    }

    /// There is no session, or the server drains, when *the client starts no new call*.
    pub(crate) fn hold_back(&mut self) {
        self.room = Room::default();
        self.connected = false;
    }

    /// The next message to send, in the order of their making. Unary calls and those that stream wait for each their
    /// own room and pass each other; notifications pass nobody.
    pub(crate) fn turn(&mut self) -> Option<Turn<'_, T>> {
        if !self.connected || self.waiting == 0 {
            return None;
        }
        let calls_full = self.ids.len() - self.streams >= self.room.calls;
        let streams_full = self.streams >= self.room.streams;
        let (mut first, mut passed) = (None, false);
        let mut waiting = self.messages.range_mut(self.first_waiting..).filter(|(_, it)| it.sent.is_none());
        let (order, message) = waiting.find_map(|(order, message)| {
            first.get_or_insert(*order);
            let held_back = match message.kind {
                Kind::Notification => passed,
                Kind::Call { stream: true, .. } => streams_full,
                Kind::Call { stream: false, .. } => calls_full,
            };
            // Where nobody behind can pass there is nothing to look for.
            let only_streams = self.waiting == self.waiting_streams;
            let last = (calls_full || only_streams) && (streams_full || self.waiting_streams == 0);
            passed |= held_back;
            match held_back {
                true if last => Some(None),
                true => None,
                false => Some(Some((*order, message))),
            }
        })??;
        self.first_waiting = first.unwrap_or(order);
        let id = match message.kind {
            Kind::Notification => None,
            Kind::Call { .. } => Some(self.next_id),
        };
        Some(Turn { order, id, held: &mut message.held })
    }

    /// The message whose turn it was, or what goes before it, found no room; it has its turn again.
    pub(crate) fn no_room(&mut self) {
        self.blocked = true;
    }

    /// What found no room tries again.
    pub(crate) fn try_again(&mut self) {
        self.blocked = false;
    }

    /// A message was numbered, where it entered the session or the queue of a plain server.
    pub(crate) fn sent(&mut self, order: Order, id: Option<u64>, number: u64) {
        let Some(mut message) = self.messages.remove(&order) else { return };
        self.count_waiting(&message, false);
        self.blocked = false;
        message.sent = Some(Sent { id, number, told: false });
        match id {
            Some(id) => {
                self.next_id = id + 1;
                self.ids.insert(id, order);
                self.streams += usize::from(message.streams());
            }
            None => self.untaken.push_back((number, order)),
        }
        self.messages.insert(order, message);
    }

    /// The answer to the call of that id is here: what was kept of it.
    pub(crate) fn answered(&mut self, id: u64) -> Option<T> {
        let order = *self.ids.get(&id)?;
        self.leave(order).map(|(held, _)| held)
    }

    /// The number that the open call of that id was sent with.
    pub(crate) fn number_of(&self, id: u64) -> Option<u64> {
        let order = self.ids.get(&id)?;
        self.messages.get(order)?.sent.map(|sent| sent.number)
    }

    /// What is kept of the open call of that id.
    pub(crate) fn held(&mut self, id: u64) -> Option<&mut T> {
        let order = self.ids.get(&id)?;
        self.messages.get_mut(order).map(|message| &mut message.held)
    }

    /// Whether the message is not done.
    pub(crate) fn is_open(&self, order: Order) -> bool {
        self.messages.contains_key(&order)
    }

    /// The id of a call that was sent.
    pub(crate) fn id_of(&self, order: Order) -> Option<u64> {
        self.messages.get(&order)?.sent?.id
    }

    /// An item of that call's stream was delivered, or one of its upload was sent: it is not sent again.
    pub(crate) fn begun(&mut self, id: u64) {
        if let Some(message) = self.ids.get(&id).and_then(|order| self.messages.get_mut(order)) {
            message.begun = true;
        }
    }

    /// The socket got all messages up to that number: `tell` is given the notifications that are done with that, each
    /// once. They are kept until [`Outgoing::received`], since they may have to be sent again.
    pub(crate) fn taken(&mut self, number: u64, mut tell: impl FnMut(&mut T)) {
        let first = self.untaken.partition_point(|(untaken, _)| *untaken <= self.told);
        self.told = self.told.max(number);
        for (_, order) in self.untaken.range(first..).take_while(|(untaken, _)| *untaken <= number) {
            if let Some(message) = self.messages.get_mut(order)
                && let Some(sent) = &mut message.sent
                && !std::mem::replace(&mut sent.told, true)
            {
                tell(&mut message.held);
            }
        }
    }

    /// The other end has everything up to that number: its notifications are done with. A plain server never tells;
    /// for it that is what the socket got.
    pub(crate) fn received(&mut self, number: u64) -> Vec<T> {
        let mut done = Vec::new();
        while let Some((_, order)) = self.untaken.pop_front_if(|(untaken, _)| *untaken <= number) {
            done.extend(self.messages.remove(&order).map(|message| message.held));
        }
        done
    }

    /// The application gave a message up; the id to cancel at the server, if it was sent there. A notification that
    /// was sent cannot be called back.
    pub(crate) fn leave(&mut self, order: Order) -> Option<(T, Option<u64>)> {
        let id = match self.messages.get(&order)?.sent {
            Some(Sent { id: None, .. }) => return None,
            Some(Sent { id, .. }) => id,
            None => None,
        };
        let message = self.messages.remove(&order)?;
        match id {
            None => self.count_waiting(&message, false),
            Some(id) => {
                self.ids.remove(&id);
                self.streams -= usize::from(message.streams());
            }
        }
        Some((message.held, id))
    }

    /// The session is lost, and a new one begins: what its calls meet.
    ///
    /// `received` is the last number that the old session may have received: *`ended_received` says what the old
    /// session had received: calls above it were never received. Without it, only calls of which no byte was written
    /// count as never received.* `carry` is false where *nothing is carried over, when the reason is `denied` or the
    /// user differs*.
    ///
    /// *Into the new session go, in order and with new numbers, only calls and notifications that the old one never
    /// received. Calls marked idempotent are sent again too, at most three times; a stream only if it delivered no
    /// item, an upload only if it sent none. Every other open call and stream fails.*
    pub(crate) fn verdict(&mut self, received: u64, carry: bool) -> Fate<T> {
        let mut fate = Fate { unknown: Vec::new(), never: Vec::new() };
        let messages = std::mem::take(&mut self.messages);
        self.forget_sent();
        for (order, mut message) in messages {
            if message.sent.take().is_some_and(|sent| sent.number <= received) {
                let again = message.kind.is_idempotent() && !message.begun && message.resends < MAX_RESENDS;
                #[cfg(test)]
                let again = match () {
                    () if mutant::is(Mutant::AllIdempotent) => true,
                    () if mutant::is(Mutant::BegunAgain) => message.kind.is_idempotent(),
                    () => again,
                };
                if message.kind == Kind::Notification {
                    continue;
                }
                if !carry || !again {
                    fate.unknown.push(message.held);
                    continue;
                }
                message.resends += 1;
            } else if !carry {
                fate.never.push(message.held);
                continue;
            }
            self.count_waiting(&message, true);
            self.messages.insert(order, message);
        }
        fate
    }

    /// The connection to a plain server is lost, and its socket got all messages up to `taken`. Gives the calls whose
    /// outcome is unknown.
    pub(crate) fn lost(&mut self, taken: u64) -> Vec<T> {
        self.hold_back();
        self.verdict(taken, true).unknown
    }

    /// The client is closed for good: everything that is not done. What was numbered up to `received` may have been
    /// received.
    pub(crate) fn end(&mut self, received: u64) -> Fate<T> {
        self.hold_back();
        self.verdict(received, false)
    }

    /// Calls that were sent and not answered.
    pub(crate) fn open(&self) -> usize {
        self.ids.len()
    }

    /// Everything that is not done: its place, the id it was sent with, and what is kept of it.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Order, Option<u64>, &T)> {
        self.messages.iter().map(|(order, message)| {
            let id = message.sent.and_then(|sent| sent.id);
            (*order, id, &message.held)
        })
    }

    /// What is kept of everything that is not done.
    #[cfg(test)]
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.messages.values_mut().map(|message| &mut message.held)
    }

    /// How much is not done.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    fn count_waiting(&mut self, message: &Message<T>, more: bool) {
        let streams = usize::from(message.streams());
        if more {
            self.waiting += 1;
            self.waiting_streams += streams;
        } else {
            self.waiting -= 1;
            self.waiting_streams -= streams;
        }
    }

    fn forget_sent(&mut self) {
        self.ids.clear();
        self.untaken.clear();
        self.told = 0;
        self.streams = 0;
        self.waiting = 0;
        self.waiting_streams = 0;
        self.first_waiting = 0;
    }
}

impl Kind {
    fn is_idempotent(self) -> bool {
        matches!(self, Self::Call { idempotent: true, .. })
    }
}

#[cfg(test)]
mod tests;
