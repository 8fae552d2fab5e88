//! Nothing lost, nothing twice: what this side sent and the other has not acknowledged, and what this side received.
//!
//! The queue of a session *is* its replay buffer: a message is numbered where it enters, is written when its turn
//! comes, and stays until it is acknowledged. A connection that takes the session up again only sets the place back
//! from which messages are written.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

#[cfg(test)]
use super::mutant::{self, Mutant};

/// *Integers 1 … 2^53−1*: what every language counts exactly. The last one is never given.
pub(crate) const LAST_SEQ: u64 = (1 << 53) - 1;

/// *Each side sends `rpc.ack` after at most 64 messages,*
const ACK_MESSAGES: u64 = 64;
/// *64 KiB*
const ACK_BYTES: usize = 64 * 1024;
/// *or 1 s.*
const ACK_DELAY: Duration = Duration::from_secs(1);

/// All numbers are used up: *at the last one the sender ends the session (`sequence`).*
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// The other end claims to have received what cannot be: *that ends the session (`sequence`).*
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfRange;

/// What a received number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// The next one: its message is to be taken.
    New,
    /// *`seq ≤ last` is dropped.*
    Repeated,
    /// *`seq > last + 1` closes 4050, which ends the session at both ends.*
    Gap,
}

/// A message without its number. Clones share it.
pub(crate) trait Body: Clone {
    /// Its size on the wire.
    fn bytes(&self) -> usize;
    /// What it takes where it is kept, beside what it shares with others.
    fn own_bytes(&self) -> usize {
        self.bytes()
    }
}

impl Body for Bytes {
    fn bytes(&self) -> usize {
        self.len()
    }
}

/// One side of a session's tracked messages, over all of its connections.
#[derive(Debug)]
pub(crate) struct Replay<B = Bytes> {
    /// Bytes that are kept at most; an empty buffer takes any one message.
    bound: usize,
    /// Exactly the messages `acked + 1 ..= acked + kept.len()`.
    kept: VecDeque<B>,
    bytes: usize,
    /// What of them is this session's alone.
    own_bytes: usize,
    /// The last one that the other end has told to have received.
    acked: u64,
    /// The last one that the current connection was given to write.
    written: u64,
    /// The last one that any connection was given: what the other end may have received at most.
    sent: u64,
    /// The last one that arrived here.
    received: u64,
    /// The last one that the other end was told of.
    told: u64,
    /// Bytes that arrived since, and when the first of them did.
    untold_bytes: usize,
    untold_since: Option<Instant>,
    /// Bytes after which the other end is to be told.
    ack_bytes: usize,
}

impl<B: Body> Replay<B> {
    /// Both numberings start at 1.
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bound,
            kept: VecDeque::new(),
            bytes: 0,
            own_bytes: 0,
            acked: 0,
            written: 0,
            sent: 0,
            received: 0,
            told: 0,
            untold_bytes: 0,
            untold_since: None,
            ack_bytes: ACK_BYTES,
        }
    }

    /// A session that has counted so far already, for tests of the end of all numbers.
    #[cfg(test)]
    pub(crate) fn starting_after(bound: usize, sent: u64, received: u64) -> Self {
        let mut replay = Self { received, told: received, ..Self::new(bound) };
        replay.sent_before(sent);
        replay
    }

    /// As if so much had been sent and acknowledged before anything.
    #[cfg(test)]
    pub(crate) fn sent_before(&mut self, sent: u64) {
        (self.acked, self.written, self.sent) = (sent, sent, sent);
    }

    /// The other end keeps so many bytes: it is told *after ¼ of the peer's buffer*, so that it never stands still
    /// for want of an ack.
    pub(crate) fn peer_keeps(&mut self, bytes: usize) {
        self.ack_bytes = ACK_BYTES.min(bytes / 4);
    }

    /// Whether there is room for a message of that size. *Full, connected or not: new calls, answers and items wait
    /// at their source.*
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        #[cfg(test)]
        if mutant::is(Mutant::NoBound) {
            return true;
        }
        // *An empty buffer takes any one message.*
        self.kept.is_empty() || self.bytes.saturating_add(bytes) <= self.bound
    }

    /// Numbers and keeps a message, room or not: who could wait has asked [`Replay::fits`].
    ///
    /// *Each side gives `seq` from 1, +1, in one place, where a message enters the session.*
    pub(crate) fn push(&mut self, body: B) -> Result<u64, Exhausted> {
        let seq = self.numbered() + 1;
        if seq >= LAST_SEQ {
            return Err(Exhausted);
        }
        self.bytes += body.bytes();
        self.own_bytes += body.own_bytes();
        self.kept.push_back(body);
        Ok(seq)
    }

    /// What the current connection is to write next.
    ///
    /// *Tracked messages leave in `seq` order. Both sides send again what the other has not received, in order, before
    /// anything new.*
    pub(crate) fn next(&mut self) -> Option<(u64, B)> {
        #[cfg(test)]
        if mutant::is(Mutant::SeqSkipped) && self.written + 2 <= self.numbered() && self.written % 8 == 7 {
            self.written += 1;
        }
        let body = self.kept.get(self.place_of(self.written + 1))?.clone();
        self.written += 1;
        self.sent = self.sent.max(self.written);
        Some((self.written, body))
    }

    /// Whether the current connection has something to write.
    pub(crate) fn pending(&self) -> bool {
        self.written < self.numbered()
    }

    /// Notes a number that arrived. *The receiver checks `seq` before the content.*
    pub(crate) fn receive(&mut self, seq: u64, bytes: usize, now: Instant) -> Receipt {
        if seq <= self.received {
            #[cfg(test)]
            if mutant::is(Mutant::RepeatRun) {
                return Receipt::New;
            }
            return Receipt::Repeated;
        }
        if seq > self.received + 1 {
            return Receipt::Gap;
        }
        // *Received means in the session's memory, not that a handler ran.*
        self.received = seq;
        self.untold_bytes = self.untold_bytes.saturating_add(bytes);
        self.untold_since.get_or_insert(now);
        Receipt::New
    }

    /// The message that arrived last was not taken: *the connection is closed 4013 and the resume brings it again.*
    pub(crate) fn not_taken(&mut self) {
        self.received = self.received.saturating_sub(1).max(self.told);
        if self.received == self.told {
            self.note_told();
        }
    }

    /// The other end has received everything up to `seq`: it is not kept any longer. Gives whether room appeared.
    pub(crate) fn acked(&mut self, seq: u64) -> Result<bool, OutOfRange> {
        // *An ack above what was sent ends the session (`sequence`).*
        if seq > self.sent {
            return Err(OutOfRange);
        }
        #[cfg(test)]
        let seq = if mutant::is(Mutant::TrimmedEarly) { seq + 1 } else { seq };
        // *A lower ack than before is ignored.*
        Ok(self.forget(seq))
    }

    /// The number to acknowledge now, if that is due; it counts as told.
    pub(crate) fn take_ack(&mut self, now: Instant) -> Option<u64> {
        if self.ack_at()? > now {
            return None;
        }
        self.note_told();
        #[cfg(test)]
        if mutant::is(Mutant::AckLost) {
            return None;
        }
        Some(self.received)
    }

    /// When an ack is due, as things are. *Never when nothing is new.*
    pub(crate) fn ack_at(&self) -> Option<Instant> {
        let since = self.untold_since?;
        let many = self.received - self.told >= ACK_MESSAGES || self.untold_bytes >= self.ack_bytes;
        Some(if many { since } else { since + ACK_DELAY })
    }

    /// The last number that arrived: what hello and its answer tell the other end.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// A connection takes the session up again, and the other end has told how far it had received; hello, or its
    /// answer, tells it the same of this side. What comes after that is written again.
    ///
    /// *It works when nothing was received yet, and any number of times.* A number out of range changes nothing here.
    pub(crate) fn resume(&mut self, peer_received: u64) -> Result<(), OutOfRange> {
        if peer_received < self.acked || peer_received > self.sent {
            return Err(OutOfRange);
        }
        self.forget(peer_received);
        #[cfg(test)]
        let peer_received = match () {
            () if mutant::is(Mutant::CursorKept) => self.written,
            () if mutant::is(Mutant::ReplayAfterNew) => self.written.max(self.numbered().saturating_sub(1)),
            () => peer_received,
        };
        self.written = peer_received;
        #[cfg(test)]
        if mutant::is(Mutant::ReceivedForgotten) {
            self.received = 0;
            self.told = 0;
        }
        self.note_told();
        Ok(())
    }

    /// Bytes of the oldest message that is kept: it may have entered an empty buffer, which takes any one.
    pub(crate) fn first_bytes(&self) -> usize {
        self.kept.front().map_or(0, Body::bytes)
    }

    /// Bytes that are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Those of them that no other session has as well.
    pub(crate) fn own_bytes(&self) -> usize {
        self.own_bytes
    }

    /// What is kept, with its numbers.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> impl Iterator<Item = (u64, &B)> {
        (self.acked + 1..).zip(&self.kept)
    }

    /// The last number given to a message.
    pub(crate) fn numbered(&self) -> u64 {
        self.acked + self.kept.len() as u64
    }

    /// The last number that some connection was given to write: what the other end may have received at most.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// The last number that the other end is known to have received.
    #[cfg(any(test, feature = "client"))]
    pub(crate) fn peer_received(&self) -> u64 {
        self.acked
    }

    /// Where the message of that number is kept.
    fn place_of(&self, seq: u64) -> usize {
        usize::try_from(seq - self.acked - 1).unwrap_or(usize::MAX)
    }

    fn forget(&mut self, up_to: u64) -> bool {
        let before = self.bytes;
        while self.acked < up_to
            && let Some(body) = self.kept.pop_front()
        {
            self.acked += 1;
            self.bytes -= body.bytes();
            self.own_bytes -= body.own_bytes();
        }
        self.written = self.written.max(self.acked);
        if self.kept.is_empty() && self.kept.capacity() > 64 {
            // One flood is not paid for as long as the session lives.
            self.kept = VecDeque::new();
        }
        self.bytes < before
    }

    fn note_told(&mut self) {
        self.told = self.received;
        self.untold_bytes = 0;
        self.untold_since = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use bytes::Bytes;

    use super::{Exhausted, LAST_SEQ, OutOfRange, Receipt, Replay};

    fn replay(messages: &[&'static str]) -> Replay {
        let mut replay = Replay::new(100);
        for message in messages {
            assert!(replay.push(Bytes::from_static(message.as_bytes())).is_ok());
        }
        replay
    }

    fn written(replay: &mut Replay) -> Vec<(u64, Bytes)> {
        std::iter::from_fn(|| replay.next()).collect()
    }

    fn seqs(replay: &mut Replay) -> Vec<u64> {
        written(replay).into_iter().map(|(seq, _)| seq).collect()
    }

    #[test]
    fn messages_are_numbered_from_one_and_leave_in_order() {
        let mut replay = replay(&["a", "b"]);
        assert!(replay.pending());
        let expected = [(1, Bytes::from_static(b"a")), (2, Bytes::from_static(b"b"))];
        assert_eq!(written(&mut replay), expected);
        assert!(!replay.pending());
    }

    #[test]
    fn what_is_written_stays_until_it_is_acknowledged() {
        let mut replay = replay(&["a", "bb", "ccc"]);
        assert_eq!(seqs(&mut replay), [1, 2, 3]);
        assert_eq!(replay.bytes(), 6);
        assert_eq!(replay.acked(2), Ok(true));
        assert_eq!(replay.bytes(), 3);
    }

    #[test]
    fn a_lower_ack_is_ignored_and_one_above_what_was_sent_is_out_of_range() {
        let mut replay = replay(&["a", "b", "c"]);
        assert_eq!(replay.acked(1), Err(OutOfRange), "nothing was written yet");
        assert_eq!(seqs(&mut replay), [1, 2, 3]);
        assert_eq!(replay.acked(2), Ok(true));
        assert_eq!(replay.acked(1), Ok(false));
        assert_eq!(replay.acked(2), Ok(false));
        assert_eq!(replay.acked(4), Err(OutOfRange));
        assert_eq!(replay.peer_received(), 2);
    }

    #[test]
    fn the_buffer_is_bounded_and_an_empty_one_takes_any_one_message() {
        let mut replay = Replay::new(10);
        assert!(replay.fits(1000));
        assert!(replay.push(Bytes::from_static(&[0; 1000])).is_ok());
        assert!(!replay.fits(1));
        assert!(replay.next().is_some());
        assert_eq!(replay.acked(1), Ok(true));
        assert!(replay.push(Bytes::from_static(&[0; 4])).is_ok());
        assert!(replay.fits(6) && !replay.fits(7));
    }

    #[test]
    fn after_a_resume_everything_that_was_not_received_is_written_again_before_what_is_new() {
        let mut replay = replay(&["a", "b", "c"]);
        assert_eq!(seqs(&mut replay), [1, 2, 3]);
        assert!(replay.push(Bytes::from_static(b"d")).is_ok());
        assert_eq!(replay.resume(1), Ok(()));
        assert_eq!(seqs(&mut replay), [2, 3, 4]);
    }

    #[test]
    fn a_resume_works_when_nothing_was_received_and_any_number_of_times() {
        let mut replay = replay(&["a", "b"]);
        for _ in 0..5 {
            assert_eq!(replay.resume(0), Ok(()));
            assert_eq!(seqs(&mut replay), [1, 2]);
        }
        assert_eq!(replay.resume(2), Ok(()));
        assert_eq!(seqs(&mut replay), [0; 0]);
    }

    #[test]
    fn a_resume_in_the_middle_of_a_replay_starts_over_where_the_other_end_stands() {
        let mut replay = replay(&["a", "b", "c"]);
        assert_eq!(seqs(&mut replay), [1, 2, 3]);
        assert_eq!(replay.resume(0), Ok(()));
        assert!(replay.next().is_some() && replay.next().is_some());
        assert_eq!(replay.resume(1), Ok(()));
        assert_eq!(seqs(&mut replay), [2, 3]);
        // What was written once may have been received, although it was not written again.
        assert_eq!(replay.resume(1), Ok(()));
        assert_eq!(replay.resume(3), Ok(()));
    }

    #[test]
    fn a_resume_out_of_range_changes_nothing() {
        let mut replay = replay(&["a", "b", "c"]);
        assert!(replay.next().is_some() && replay.next().is_some());
        assert_eq!(replay.acked(1), Ok(true));
        assert_eq!(replay.resume(0), Err(OutOfRange));
        assert_eq!(replay.resume(3), Err(OutOfRange), "the third was never written");
        assert_eq!(seqs(&mut replay), [3]);
    }

    #[test]
    fn an_ack_that_arrives_in_the_middle_of_a_replay_moves_on_what_is_written() {
        let mut replay = replay(&["a", "b", "c"]);
        assert_eq!(seqs(&mut replay), [1, 2, 3]);
        assert_eq!(replay.resume(0), Ok(()));
        assert_eq!(replay.acked(2), Ok(true));
        assert_eq!(seqs(&mut replay), [3]);
    }

    #[test]
    fn the_last_number_is_never_given() {
        let mut replay = Replay::starting_after(100, LAST_SEQ - 2, 0);
        assert_eq!(replay.push(Bytes::from_static(b"a")), Ok(LAST_SEQ - 1));
        assert_eq!(replay.push(Bytes::from_static(b"b")), Err(Exhausted));
    }

    #[test]
    fn a_repeated_number_is_told_from_a_new_one_and_from_a_gap() {
        let mut replay: Replay = Replay::new(100);
        let now = Instant::now();
        assert_eq!(replay.receive(2, 1, now), Receipt::Gap);
        assert_eq!(replay.receive(1, 1, now), Receipt::New);
        assert_eq!(replay.receive(1, 1, now), Receipt::Repeated);
        assert_eq!(replay.receive(3, 1, now), Receipt::Gap);
        assert_eq!(replay.received(), 1);
    }

    #[test]
    fn an_ack_is_due_after_64_messages() {
        let mut replay: Replay = Replay::new(100);
        let now = Instant::now();
        for seq in 1..=63 {
            replay.receive(seq, 1, now);
            assert_eq!(replay.take_ack(now), None);
        }
        replay.receive(64, 1, now);
        assert_eq!(replay.take_ack(now), Some(64));
        assert_eq!(replay.take_ack(now), None);
    }

    #[test]
    fn an_ack_is_due_after_64_kib_or_a_quarter_of_what_the_other_end_keeps() {
        let mut replay: Replay = Replay::new(100);
        let now = Instant::now();
        replay.receive(1, 64 * 1024 - 1, now);
        assert_eq!(replay.take_ack(now), None);
        replay.receive(2, 1, now);
        assert_eq!(replay.take_ack(now), Some(2));
        replay.peer_keeps(4000);
        replay.receive(3, 1000, now);
        assert_eq!(replay.take_ack(now), Some(3));
    }

    #[test]
    fn an_ack_is_due_a_second_after_the_first_message_and_never_when_nothing_is_new() {
        let mut replay: Replay = Replay::new(100);
        let start = Instant::now();
        let ms = Duration::from_millis;
        assert_eq!(replay.ack_at(), None);
        replay.receive(1, 1, start);
        replay.receive(2, 1, start + ms(900));
        assert_eq!(replay.ack_at(), Some(start + ms(1000)));
        assert_eq!(replay.take_ack(start + ms(999)), None);
        assert_eq!(replay.take_ack(start + ms(1000)), Some(2));
        assert_eq!(replay.ack_at(), None);
        replay.receive(2, 1, start + ms(2000));
        assert_eq!(replay.ack_at(), None, "a repeated one is nothing new");
    }

    #[test]
    fn a_message_that_was_not_taken_is_received_again() {
        let mut replay = Replay::<Bytes>::new(100);
        let now = Instant::now();
        replay.receive(1, 1, now);
        replay.not_taken();
        assert_eq!((replay.received(), replay.ack_at()), (0, None));
        assert_eq!(replay.receive(1, 1, now), Receipt::New);
        assert_eq!(replay.receive(2, 1, now), Receipt::New);
        replay.not_taken();
        assert_eq!(replay.received(), 1);
        assert!(replay.ack_at().is_some());
    }

    #[test]
    fn hello_tells_what_was_received_so_that_no_ack_follows_it() {
        let mut replay: Replay = Replay::new(100);
        let now = Instant::now();
        replay.receive(1, 1, now);
        assert_eq!(replay.resume(0), Ok(()));
        assert_eq!(replay.ack_at(), None);
        assert_eq!(replay.received(), 1);
    }
}
