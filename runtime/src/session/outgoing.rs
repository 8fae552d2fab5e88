//! The calls and notifications of a client: which wait, which were written, and what becomes of them when the
//! connection is lost.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// The place of a message in the order in which the application made them.
pub(crate) type Order = u64;

/// Times that an idempotent call is sent again.
const MAX_RESENDS: u32 = 3;

/// What the machine has to know of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A call.
    Call {
        /// Whether running it twice does the same as once.
        idempotent: bool,
    },
    /// A notification: done when the socket got it.
    Notification,
}

/// The messages of a client that are not done. `T` is what its driver keeps of each.
#[derive(Debug)]
pub(crate) struct Outgoing<T> {
    /// Messages that may wait while the client is away.
    max_waiting: usize,
    /// Calls that the server takes at once; 0 while away.
    max_calls: usize,
    connected: bool,
    next_order: Order,
    next_id: u64,
    messages: BTreeMap<Order, Message<T>>,
    /// Open calls by their ids on the wire.
    ids: HashMap<u64, Order>,
    /// Notifications that were sent and that the socket has not got, with their numbers in the connection's queue.
    untaken: VecDeque<(u64, Order)>,
    /// Messages from here on may still wait; before, all were sent.
    first_waiting: Order,
    waiting: usize,
}

#[derive(Debug)]
struct Message<T> {
    kind: Kind,
    held: T,
    sent: Option<Sent>,
    resends: u32,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    id: Option<u64>,
    /// Its number in the connection's queue.
    number: u64,
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

impl<T> Outgoing<T> {
    pub(crate) fn new(max_waiting: usize) -> Self {
        Self {
            max_waiting,
            max_calls: 0,
            connected: false,
            next_order: 0,
            next_id: 1,
            messages: BTreeMap::new(),
            ids: HashMap::new(),
            untaken: VecDeque::new(),
            first_waiting: 0,
            waiting: 0,
        }
    }

    /// Enters a message. While the client is away their number is bounded; while it is connected a thousand calls at
    /// once simply take their turn.
    pub(crate) fn enter(&mut self, kind: Kind, held: T) -> Result<Order, Full> {
        if !self.connected && self.waiting >= self.max_waiting {
            return Err(Full);
        }
        let order = self.next_order;
        self.next_order += 1;
        self.waiting += 1;
        self.messages.insert(order, Message { kind, held, sent: None, resends: 0 });
        Ok(order)
    }

    /// A connection is open, and its server takes so many calls at once.
    pub(crate) fn connected(&mut self, max_calls: usize) {
        self.connected = true;
        self.max_calls = max_calls;
        self.first_waiting = 0;
    }

    /// *The client starts no new call* while the server drains.
    pub(crate) fn hold_back(&mut self) {
        self.max_calls = 0;
        self.connected = false;
    }

    /// The next message to send, in the order of their making.
    pub(crate) fn turn(&mut self) -> Option<Turn<'_, T>> {
        if !self.connected || self.waiting == 0 {
            return None;
        }
        let full = self.ids.len() >= self.max_calls;
        let (order, message) =
            self.messages.range_mut(self.first_waiting..).find(|(_, message)| message.sent.is_none())?;
        self.first_waiting = *order;
        let id = match message.kind {
            Kind::Notification => None,
            Kind::Call { .. } if full => return None,
            Kind::Call { .. } => Some(self.next_id),
        };
        Some(Turn { order: *order, id, held: &mut message.held })
    }

    /// A message was put into the connection's queue, with that number there.
    pub(crate) fn sent(&mut self, order: Order, id: Option<u64>, number: u64) {
        let Some(message) = self.messages.get_mut(&order) else { return };
        message.sent = Some(Sent { id, number });
        self.waiting -= 1;
        match id {
            Some(id) => {
                self.next_id = id + 1;
                self.ids.insert(id, order);
            }
            None => self.untaken.push_back((number, order)),
        }
    }

    /// The answer to the call of that id is here: what was kept of it.
    pub(crate) fn answered(&mut self, id: u64) -> Option<T> {
        let order = *self.ids.get(&id)?;
        self.leave(order).map(|(held, _)| held)
    }

    /// The socket got all messages up to that number: their notifications are done.
    pub(crate) fn taken(&mut self, number: u64) -> Vec<T> {
        let mut done = Vec::new();
        while let Some((_, order)) = self.untaken.pop_front_if(|(untaken, _)| *untaken <= number) {
            // One that was given up is not there any more.
            done.extend(self.leave(order).map(|(held, _)| held));
        }
        done
    }

    /// The application gave a message up; the id to cancel at the server, if it was sent there.
    pub(crate) fn leave(&mut self, order: Order) -> Option<(T, Option<u64>)> {
        let message = self.messages.remove(&order)?;
        match message.sent {
            None => self.waiting -= 1,
            Some(Sent { id: Some(id), .. }) => {
                self.ids.remove(&id);
            }
            Some(_) => {}
        }
        Some((message.held, message.sent.and_then(|sent| sent.id)))
    }

    /// The connection is lost, and its socket got all messages up to `taken`. Gives the calls whose outcome is
    /// unknown.
    ///
    /// *Only calls of which no byte was written count as never received*: they stay, in order. *Calls marked
    /// idempotent are sent again too, at most three times.*
    pub(crate) fn lost(&mut self, taken: u64) -> Vec<T> {
        self.connected = false;
        self.max_calls = 0;
        self.ids.clear();
        self.untaken.clear();
        self.first_waiting = 0;
        let mut unknown = Vec::new();
        for (order, mut message) in std::mem::take(&mut self.messages) {
            let written = message.sent.take().is_some_and(|sent| sent.number <= taken);
            if written {
                let again = message.kind == Kind::Call { idempotent: true } && message.resends < MAX_RESENDS;
                if !again {
                    unknown.push(message.held);
                    continue;
                }
                message.resends += 1;
            }
            self.messages.insert(order, message);
        }
        self.waiting = self.messages.len();
        unknown
    }

    /// The client is closed for good: everything that is not done.
    pub(crate) fn end(&mut self) -> Vec<T> {
        self.connected = false;
        self.ids.clear();
        self.untaken.clear();
        self.waiting = 0;
        std::mem::take(&mut self.messages).into_values().map(|message| message.held).collect()
    }

    /// Calls that were sent and not answered.
    pub(crate) fn open(&self) -> usize {
        self.ids.len()
    }

    /// Everything that is not done.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.messages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, Kind, Outgoing};

    const CALL: Kind = Kind::Call { idempotent: false };
    const IDEMPOTENT: Kind = Kind::Call { idempotent: true };

    /// Sends what may be sent; gives what was kept of it.
    fn send(outgoing: &mut Outgoing<&'static str>, number: &mut u64) -> Vec<&'static str> {
        let mut sent = Vec::new();
        while let Some(turn) = outgoing.turn() {
            sent.push(*turn.held);
            let (order, id) = (turn.order, turn.id);
            *number += 1;
            outgoing.sent(order, id, *number);
        }
        sent
    }

    #[test]
    fn messages_made_while_away_are_bounded_and_leave_in_order() {
        let mut outgoing = Outgoing::new(2);
        assert!(outgoing.enter(CALL, "a").is_ok() && outgoing.enter(Kind::Notification, "b").is_ok());
        assert_eq!(outgoing.enter(CALL, "c"), Err(Full));
        outgoing.connected(64);
        assert_eq!(send(&mut outgoing, &mut 0), ["a", "b"]);
    }

    #[test]
    fn calls_above_what_the_server_takes_are_held_back_until_one_is_answered() {
        let mut outgoing = Outgoing::new(2);
        outgoing.connected(1);
        let mut number = 0;
        assert!(
            outgoing.enter(CALL, "a").is_ok()
                && outgoing.enter(CALL, "b").is_ok()
                && outgoing.enter(CALL, "c").is_ok()
        );
        assert_eq!(send(&mut outgoing, &mut number), ["a"]);
        assert_eq!(outgoing.answered(1), Some("a"));
        assert_eq!(outgoing.answered(1), None);
        assert_eq!(send(&mut outgoing, &mut number), ["b"]);
    }

    #[test]
    fn what_was_not_written_is_carried_over_in_order_and_the_rest_is_unknown() {
        let mut outgoing = Outgoing::new(10);
        outgoing.connected(3);
        let mut number = 0;
        for name in ["written", "queued", "queued too", "held back"] {
            assert!(outgoing.enter(CALL, name).is_ok());
        }
        assert_eq!(send(&mut outgoing, &mut number).len(), 3);
        assert_eq!(outgoing.lost(1), ["written"]);
        outgoing.connected(64);
        assert_eq!(send(&mut outgoing, &mut number), ["queued", "queued too", "held back"]);
    }

    #[test]
    fn an_idempotent_call_is_sent_again_three_times() {
        let mut outgoing = Outgoing::new(10);
        assert!(outgoing.enter(IDEMPOTENT, "again").is_ok());
        for _ in 0..3 {
            outgoing.connected(64);
            let mut number = 0;
            assert_eq!(send(&mut outgoing, &mut number), ["again"]);
            assert!(outgoing.lost(1).is_empty());
        }
        outgoing.connected(64);
        assert_eq!(send(&mut outgoing, &mut 0), ["again"]);
        assert_eq!(outgoing.lost(1), ["again"]);
    }

    #[test]
    fn a_call_that_was_given_up_is_not_sent_and_a_sent_one_is_to_be_cancelled() {
        let mut outgoing = Outgoing::new(10);
        let first = outgoing.enter(CALL, "a").expect("room");
        let second = outgoing.enter(CALL, "b").expect("room");
        assert_eq!(outgoing.leave(first), Some(("a", None)));
        outgoing.connected(64);
        assert_eq!(send(&mut outgoing, &mut 0), ["b"]);
        assert_eq!(outgoing.leave(second), Some(("b", Some(1))));
        assert_eq!(outgoing.open(), 0);
    }

    #[test]
    fn a_notification_is_done_when_the_socket_got_it() {
        let mut outgoing = Outgoing::new(10);
        outgoing.connected(64);
        assert!(outgoing.enter(Kind::Notification, "n").is_ok());
        assert_eq!(send(&mut outgoing, &mut 0), ["n"]);
        assert!(outgoing.taken(0).is_empty());
        assert_eq!(outgoing.taken(1), ["n"]);
        assert_eq!(outgoing.len(), 0);
    }
}
