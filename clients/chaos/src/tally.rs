//! What each end counts. Clients print theirs as one line of JSON; the judge compares.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::Ledger;

/// Numbers from 1 on, as somebody received them.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct Numbers {
    /// How many came.
    pub received: u64,
    /// The last one.
    pub last: u64,
    /// Those that came again.
    pub duplicated: u64,
    /// Those that came before an earlier one.
    pub reordered: u64,
    /// Which came, where order is not promised.
    #[serde(skip)]
    seen: Ledger,
}

impl Numbers {
    /// Takes the next one.
    pub fn take(&mut self, number: u64) {
        self.received += 1;
        match number {
            _ if number <= self.last => self.duplicated += 1,
            _ if number > self.last + 1 => self.reordered += 1,
            _ => {}
        }
        self.last = self.last.max(number);
    }

    /// Takes one that may come in any order: calls are made at once.
    pub fn take_any(&mut self, number: u64) {
        self.received += 1;
        self.duplicated += u64::from(!self.seen.take(number));
        self.last = self.last.max(number);
    }
}

/// What a client heard in one session.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct Heard {
    /// Its session's events.
    pub ticks: Numbers,
    /// The server's calls, by how often each number came.
    pub asks: Numbers,
}

/// The calls of one kind that a client made, numbered from 1.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct Calls {
    /// How many.
    pub made: u64,
    /// How many have the right result.
    pub results: u64,
    /// Those whose outcome is unknown.
    pub unknown: BTreeSet<u64>,
    /// What else came out, in words: faults, all of them.
    pub failed: Vec<String>,
}

/// The items of the streams of one kind, each 1, 2, 3 …, as one end counts them.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct Items {
    /// How many this end sent.
    pub sent: u64,
    /// How many it received.
    pub received: u64,
    /// Of these, those that came again in their stream.
    pub duplicated: u64,
    /// Of these, those before which one was left out in their stream.
    pub reordered: u64,
}

impl Items {
    /// Takes the item after `last` of the same stream, and tells what its last one is now.
    pub fn take(&mut self, last: u64, item: u64) -> u64 {
        self.received += 1;
        match item {
            _ if item <= last => self.duplicated += 1,
            _ if item > last + 1 => self.reordered += 1,
            _ => {}
        }
        last.max(item)
    }
}

/// The streams of one kind that a client ran.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct Streams {
    /// How many.
    pub made: u64,
    /// How many came to their end.
    pub complete: u64,
    /// How many were lost with their session.
    pub unknown: u64,
    /// What went through them, as the client counts it.
    pub items: Items,
    /// What else came out, in words: faults, all of them.
    pub failed: Vec<String>,
}

impl Streams {
    /// The number of the next one.
    pub fn begin(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

/// All that a client counts.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct ClientTally {
    /// Calls that must not run twice.
    pub adds: Calls,
    /// Idempotent calls.
    pub looks: Calls,
    /// Notifications that were made.
    pub notes: u64,
    /// Notifications that were refused, in words: faults.
    pub notes_failed: Vec<String>,
    /// Streams down.
    pub counts: Streams,
    /// Streams up.
    pub sums: Streams,
    /// By session.
    pub heard: BTreeMap<String, Heard>,
    /// The sessions that it opened.
    pub opened: BTreeSet<String>,
    /// How many sessions it was told are lost, by the reason that it was given.
    pub lost: BTreeMap<String, u64>,
}

/// The server's own calls to one session.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct Asked {
    /// How many.
    pub made: u64,
    /// How many had the right answer.
    pub answered: u64,
    /// How many were lost with their session.
    pub lost: u64,
    /// What else came out, in words: faults.
    pub failed: Vec<String>,
}

impl Asked {
    /// How many are not answered yet.
    pub fn open(&self) -> u64 {
        self.made.saturating_sub(self.answered + self.lost + self.failed.len() as u64)
    }
}

/// What the server did in one session.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct SessionTally {
    /// Events that were emitted.
    pub ticks: u64,
    /// Its calls to the client.
    pub asked: Asked,
    /// How often another connection took it up while the server still held the one before.
    pub fenced: u64,
    /// Whether it is over.
    pub ended: bool,
}

/// The streams of one kind that ran at the server.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct Runs {
    /// How many began, each counted once.
    pub begun: u64,
    /// Numbers of those that began more than once.
    pub begun_again: Vec<u64>,
    /// What went through them, as the server counts it.
    pub items: Items,
    /// Which began.
    #[serde(skip)]
    seen: Ledger,
}

impl Runs {
    /// Notes that the stream of this number begins.
    pub fn begin(&mut self, number: u64) {
        if self.seen.take(number) {
            self.begun += 1;
        } else {
            self.begun_again.push(number);
        }
    }
}

/// What the server counted of one user.
#[wirecall::message]
#[derive(Default, PartialEq, Eq)]
pub struct ServerTally {
    /// Numbers of calls that ran once.
    pub added: u64,
    /// Numbers of calls that ran more than once.
    pub added_again: Vec<u64>,
    /// The largest number that ran, and those below it that did not.
    pub missing: Vec<u64>,
    /// Runs of idempotent calls.
    pub looked: u64,
    /// Notifications.
    pub notes: Numbers,
    /// Streams down.
    pub counts: Runs,
    /// Streams up.
    pub sums: Runs,
    /// By session.
    pub sessions: BTreeMap<String, SessionTally>,
}

impl ServerTally {
    /// With the numbers of calls that ran.
    pub fn of(ran: &Ledger) -> Self {
        Self { added: ran.count(), added_again: ran.again(), missing: ran.missing(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    fn noted(numbers: &[u64]) -> (u64, u64) {
        let mut noted = Numbers::default();
        for number in numbers {
            noted.take(*number);
        }
        (noted.duplicated, noted.reordered)
    }

    #[test]
    fn numbers_in_order_have_no_fault() {
        let mut numbers = Numbers::default();
        (1..=3).for_each(|number| numbers.take(number));
        assert_eq!(numbers, Numbers { received: 3, last: 3, ..Numbers::default() });
    }

    #[test]
    fn a_repeat_and_a_jump_are_noted() {
        let mut numbers = Numbers::default();
        for number in [1, 1, 3] {
            numbers.take(number);
        }
        assert_eq!(
            numbers,
            Numbers { received: 3, last: 3, duplicated: 1, reordered: 1, ..Numbers::default() }
        );
    }

    #[test]
    fn what_is_lost_doubled_or_overtaken_in_any_place_is_noted() {
        const MOST: u64 = 9;
        let all: Vec<u64> = (1..=MOST).collect();
        for place in 0..all.len() {
            let mut lost = all.clone();
            let number = lost.remove(place);
            // Of the last one only the number that was sent tells.
            assert_eq!(noted(&lost), (0, u64::from(number != MOST)), "{lost:?}");
            for doubled in 1..=MOST {
                let mut twice = all.clone();
                twice.insert(place + 1, doubled);
                let (duplicated, reordered) = noted(&twice);
                assert!(duplicated + reordered > 0, "{twice:?}");
            }
            if place > 0 {
                let mut swapped = all.clone();
                swapped.swap(place - 1, place);
                assert_eq!(noted(&swapped), (1, 1), "{swapped:?}");
            }
        }
    }

    #[test]
    fn calls_may_come_in_any_order_but_each_once() {
        for again in 0..=4 {
            let mut numbers = Numbers::default();
            for number in [3, 1, 4, 2] {
                numbers.take_any(number);
            }
            (1..=again).for_each(|number| numbers.take_any(number));
            assert_eq!((numbers.received, numbers.last), (4 + again, 4));
            assert_eq!((numbers.duplicated, numbers.reordered), (again, 0));
        }
    }
}
