//! Queues of plain peers and of sessions, without a socket.

use std::task::Waker;
use std::time::Instant;

use super::{Next, Outbox, OutboxLimits, Overflow};
use crate::codec::Frame;
use crate::connection::Arrived;
use crate::session::{Disconnect, OutOfRange};

const LIMITS: OutboxLimits = OutboxLimits { messages: 2, bytes: 10, reader_bytes: 10, buffer_bytes: 20 };

fn plain() -> Outbox {
    Outbox::plain(LIMITS)
}

/// A session on line 1.
fn session() -> Outbox {
    Outbox::session(LIMITS, 1000, 1, None)
}

fn frame(bytes: usize) -> Frame {
    Frame::from(vec![b'x'; bytes])
}

fn next(outbox: &Outbox, line: u64) -> Next {
    outbox.next(line, Waker::noop()).expect("the current line")
}

/// The lengths and numbers of what is written now.
fn written(outbox: &Outbox, line: u64) -> Vec<(usize, Option<u64>)> {
    let mut written = Vec::new();
    while let Next::Write(frame, seq) = next(outbox, line) {
        written.push((frame.len(), seq));
    }
    written
}

#[test]
fn the_queue_is_bounded_in_messages_and_bytes_but_takes_any_one() {
    let outbox = plain();
    assert!(outbox.try_push(frame(100)).is_ok());
    assert!(outbox.try_push(frame(1)).is_err());
    assert_eq!(written(&outbox, 0), [(100, None)]);
    assert!(outbox.try_push(frame(1)).is_ok());
    assert!(outbox.try_push(frame(1)).is_ok());
    assert_eq!(outbox.push_or_overflow(frame(1)), Err(Overflow));
}

#[test]
fn urgent_messages_overtake_and_leave_before_the_close() {
    let outbox = plain();
    assert!(outbox.try_push(frame(1)).is_ok());
    outbox.close(Disconnect::new(1002, "protocol"));
    outbox.push_urgent(0, frame(2)).expect("room");
    assert!(matches!(next(&outbox, 0), Next::Write(frame, None) if frame.len() == 2));
    assert!(matches!(next(&outbox, 0), Next::Close(Disconnect { code: 1002, .. })));
}

#[test]
fn an_ack_overtakes_ten_numbered_messages_that_are_queued() {
    let outbox = Outbox::session(OutboxLimits { messages: 10, ..LIMITS }, 1000, 1, None);
    for _ in 0..10 {
        assert!(outbox.try_push(frame(1)).is_ok());
    }
    let now = Instant::now();
    assert_eq!(outbox.receive(1, Some(1), 100_000, now), Ok(Arrived::Take { due: true }));
    outbox.push_ack(1, now, |_| frame(9)).expect("room");
    let queued = (1..=10).map(|seq| (1, Some(seq)));
    assert_eq!(written(&outbox, 1), [(9, None)].into_iter().chain(queued).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_needs_more_than_half_of_the_queue_gets_it_when_it_is_free() {
    let outbox = plain();
    assert!(outbox.try_push(frame(4)).is_ok());
    let mut waiting = std::pin::pin!(outbox.push(frame(8)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert_eq!(written(&outbox, 0), [(4, None)]);
    assert!(futures_util::poll!(&mut waiting).is_ready());
}

#[tokio::test]
async fn who_waits_for_room_goes_on_when_there_is_some_and_at_the_end() {
    let outbox = plain();
    assert!(outbox.try_push(frame(10)).is_ok());
    let mut waiting = std::pin::pin!(outbox.push(frame(5)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert_eq!(written(&outbox, 0), [(10, None)]);
    assert!(futures_util::poll!(&mut waiting).is_ready());
    let mut waiting = std::pin::pin!(outbox.push(frame(10)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    outbox.end();
    assert!(futures_util::poll!(&mut waiting).is_ready());
}

#[test]
fn a_session_numbers_what_it_writes_but_not_what_is_urgent() {
    let outbox = session();
    assert_eq!(outbox.try_push(frame(1)), Ok(1));
    assert_eq!(outbox.try_push(frame(2)), Ok(2));
    outbox.push_urgent(1, frame(3)).expect("room");
    assert_eq!(written(&outbox, 1), [(3, None), (1, Some(1)), (2, Some(2))]);
}

#[tokio::test]
async fn the_buffer_of_a_session_has_room_again_when_something_is_acknowledged() {
    let outbox = session();
    for _ in 0..2 {
        assert!(outbox.try_push(frame(10)).is_ok());
        assert_eq!(written(&outbox, 1).len(), 1);
    }
    let mut waiting = std::pin::pin!(outbox.push(frame(10)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert!(outbox.full_since(1).is_some());
    outbox.acked(1, 1).expect("in range");
    assert!(outbox.full_since(1).is_none());
    assert!(futures_util::poll!(&mut waiting).is_ready());
    assert_eq!(written(&outbox, 1), [(10, Some(3))]);
}

#[test]
fn what_enters_while_nobody_writes_is_bounded_by_the_buffer_alone() {
    let outbox = session();
    assert!(outbox.detach(1) || outbox.kept_bytes() == 0);
    for _ in 0..20 {
        assert!(outbox.try_push(frame(1)).is_ok());
    }
    assert_eq!(outbox.push_or_overflow(frame(1)), Err(Overflow));
    assert_eq!(outbox.attach(2, 0), Ok(0));
    assert_eq!(written(&outbox, 2).len(), 20);
}

#[test]
fn answers_to_batches_and_what_is_numbered_leave_in_turns() {
    let outbox = session();
    for _ in 0..2 {
        assert!(outbox.try_push(frame(1)).is_ok());
        assert!(outbox.try_push_batch(1, frame(2)).is_ok());
    }
    assert_eq!(written(&outbox, 1), [(2, None), (1, Some(1)), (2, None), (1, Some(2))]);
    for _ in 0..2 {
        assert!(outbox.try_push_batch(1, frame(2)).is_ok());
    }
    assert_eq!(written(&outbox, 1), [(2, None), (2, None)]);
}

#[test]
fn the_readers_own_answers_may_be_beyond_the_buffer_but_not_without_bound() {
    let outbox = session();
    for _ in 0..31 {
        assert!(!outbox.is_reader_full());
        assert_eq!(outbox.push_reader(frame(1)), Ok(()));
    }
    assert!(outbox.is_reader_full());
    assert_eq!(outbox.push_reader(frame(1)), Err(Overflow));
    assert_eq!(written(&outbox, 1).last(), Some(&(1, Some(31))), "they are numbered as everything else");
}

#[test]
fn a_new_connection_writes_what_was_not_received_and_the_old_one_nothing_any_more() {
    let outbox = session();
    let now = Instant::now();
    for _ in 0..2 {
        assert!(outbox.try_push(frame(1)).is_ok());
    }
    assert_eq!(written(&outbox, 1).len(), 2);
    assert_eq!(outbox.receive(1, Some(1), 1, now), Ok(Arrived::Take { due: false }));
    outbox.push_urgent(1, frame(9)).expect("room");
    assert_eq!(outbox.attach(2, 1), Ok(1));
    let stale = outbox.next(1, Waker::noop()).expect_err("stale");
    assert_eq!(stale.code, 4503);
    assert_eq!(outbox.begin_reading(1).expect_err("stale").code, 4503);
    assert_eq!(outbox.receive(1, Some(2), 1, now), Ok(Arrived::Drop));
    outbox.acked(1, 99).expect("not looked at");
    outbox.close_line(1, Disconnect::new(4008, "late"));
    assert!(!outbox.is_closing());
    assert_eq!(written(&outbox, 2), [(1, Some(2))]);
}

#[test]
fn a_session_whose_connection_is_closed_goes_on_unless_it_ends_with_it() {
    let outbox = session();
    outbox.close_line(1, Disconnect::new(4008, "silent"));
    assert!(outbox.is_closing() && !outbox.is_ending());
    assert!(outbox.try_push(frame(1)).is_ok());
    assert_eq!(outbox.attach(2, 0), Ok(0));
    assert_eq!(written(&outbox, 2), [(1, Some(1))], "what was added meanwhile is written by the next");
    outbox.close_line(2, Disconnect::new(4502, "revoked"));
    assert!(outbox.is_ending());
}

#[test]
fn a_connection_that_left_carries_nothing_that_only_it_could() {
    let outbox = session();
    assert!(!outbox.detach(1), "nothing was heard or sent");
    outbox.push_urgent(1, frame(9)).expect("dropped");
    assert_eq!(outbox.attach(2, 0), Ok(0));
    assert_eq!(written(&outbox, 2), []);
}

#[test]
fn a_message_larger_than_the_buffer_takes_no_room_from_the_readers_own_answers() {
    let outbox = session();
    assert!(outbox.try_push(frame(1000)).is_ok(), "an empty buffer takes any one message");
    assert!(!outbox.is_reader_full());
    assert_eq!(outbox.push_reader(frame(1)), Ok(()));
}

/// A session whose buffer is full with 4 and 16 bytes that were written.
fn full() -> Outbox {
    let outbox = session();
    for bytes in [4, 16] {
        assert!(outbox.try_push(frame(bytes)).is_ok());
        assert_eq!(written(&outbox, 1).len(), 1);
    }
    outbox
}

#[tokio::test]
async fn somebody_who_waits_on_after_an_ack_or_a_resume_is_waited_for_from_then_on() {
    let outbox = full();
    let mut waiting = std::pin::pin!(outbox.push(frame(10)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    let since = outbox.full_since(1).expect("full");
    outbox.acked(1, 1).expect("in range");
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert!(outbox.full_since(1).is_some_and(|later| later >= since), "a part was acknowledged");
    assert_eq!(outbox.attach(2, 1), Ok(0));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert!(outbox.full_since(2).is_some());
    assert_eq!(written(&outbox, 2).len(), 1);
    outbox.acked(2, 2).expect("in range");
    assert!(futures_util::poll!(&mut waiting).is_ready());
    assert!(outbox.full_since(2).is_none());
}

#[tokio::test]
async fn who_waits_for_a_queue_enters_when_its_connection_is_gone() {
    let outbox = session();
    for _ in 0..2 {
        assert!(outbox.try_push(frame(1)).is_ok());
    }
    let mut waiting = std::pin::pin!(outbox.push(frame(1)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    outbox.detach(1);
    assert!(futures_util::poll!(&mut waiting).is_ready());
}

#[test]
fn a_close_that_nobody_comes_back_from_takes_the_place_of_one_that_lets_the_client_come_back() {
    let outbox = session();
    for (code, then) in [(4008, 4008), (4013, 4008), (4502, 4502), (4501, 4502), (4008, 4502)] {
        outbox.close(Disconnect::new(code, ""));
        assert_eq!(outbox.closing(1).map(|disconnect| disconnect.code), Some(then));
    }
}

#[test]
fn what_is_not_numbered_reaches_only_the_connection_that_it_is_of() {
    let outbox = session();
    let now = Instant::now();
    assert_eq!(outbox.receive(1, Some(1), 100_000, now), Ok(Arrived::Take { due: true }));
    assert_eq!(outbox.attach(2, 0), Ok(1));
    outbox.push_urgent(1, frame(9)).expect("dropped");
    outbox.push_ack(1, now, |_| frame(8)).expect("dropped");
    outbox.push_urgent(2, frame(7)).expect("room");
    outbox.push_notice(frame(3)).expect("room");
    assert_eq!(written(&outbox, 2), [(7, None), (3, None)]);
    // What is due on the new connection is not told by the task of the old one, and not lost with it.
    assert_eq!(outbox.receive(2, Some(2), 100_000, now), Ok(Arrived::Take { due: true }));
    outbox.push_ack(1, now, |_| frame(8)).expect("dropped");
    outbox.push_ack(2, now, |_| frame(6)).expect("room");
    assert_eq!(written(&outbox, 2), [(6, None)]);
}

#[test]
fn an_ack_that_is_due_is_queued_once_and_on_its_connection() {
    let outbox = session();
    let now = Instant::now();
    assert_eq!(outbox.receive(1, Some(1), 100_000, now), Ok(Arrived::Take { due: true }));
    for _ in 0..2 {
        outbox.push_ack(1, now, |seq| frame(usize::try_from(seq).expect("small"))).expect("room");
    }
    assert_eq!(written(&outbox, 1), [(1, None)]);
}

#[test]
fn numbers_out_of_range_and_gaps_end_the_session() {
    let outbox = session();
    let now = Instant::now();
    assert_eq!(outbox.attach(2, 1), Err(OutOfRange));
    for error in
        [outbox.acked(1, 1).expect_err("never sent"), outbox.receive(1, Some(2), 1, now).expect_err("gap")]
    {
        assert_eq!(error.code, 4050);
        assert!(error.ends.is_some());
    }
}

#[test]
fn a_repeated_message_is_dropped_and_one_that_was_not_taken_is_taken_the_next_time() {
    let outbox = session();
    let now = Instant::now();
    assert_eq!(outbox.receive(1, Some(1), 1, now), Ok(Arrived::Take { due: false }));
    assert_eq!(outbox.receive(1, Some(1), 1, now), Ok(Arrived::Drop));
    assert_eq!(outbox.receive(1, Some(2), 1, now), Ok(Arrived::Take { due: false }));
    outbox.not_taken(1);
    assert_eq!(outbox.receive(1, Some(2), 1, now), Ok(Arrived::Take { due: false }));
    assert_eq!(outbox.deafen(), 2);
    assert_eq!(outbox.receive(1, Some(3), 1, now), Ok(Arrived::Drop));
}

#[tokio::test]
async fn answers_to_batches_have_bounds_of_their_own_in_a_session_and_hold_up_nothing_that_overtakes() {
    let outbox = session();
    assert!(outbox.try_push(frame(2)).is_ok());
    assert!(outbox.try_push_batch(1, frame(100)).is_ok(), "an empty lane takes any one");
    let mut room = std::pin::pin!(outbox.room());
    assert!(outbox.try_push_batch(1, frame(1)).is_err());
    outbox.push_urgent(1, frame(9)).expect("room");
    outbox.close_when_written(Disconnect::new(4000, "draining"));
    assert!(matches!(next(&outbox, 1), Next::Write(frame, None) if frame.len() == 9));
    assert!(futures_util::poll!(&mut room).is_pending());
    assert_eq!(written(&outbox, 1), [(100, None), (2, Some(1))], "before the close");
    assert!(futures_util::poll!(&mut room).is_ready());
    assert!(outbox.try_push_batch(1, frame(1)).is_ok());
    assert_eq!(written(&outbox, 1), [(1, None)]);
}

#[tokio::test]
async fn who_waits_to_answer_a_batch_is_told_when_its_connection_is_gone() {
    for leave in [|outbox: &Outbox| outbox.detach(1), |outbox: &Outbox| outbox.attach(2, 0).is_err()] {
        let outbox = session();
        assert!(outbox.try_push_batch(1, frame(100)).is_ok());
        let mut room = std::pin::pin!(outbox.room());
        assert!(outbox.try_push_batch(1, frame(1)).is_err());
        assert!(!leave(&outbox));
        assert!(futures_util::poll!(&mut room).is_ready());
        assert_eq!(outbox.try_push_batch(1, frame(1)), Ok(()), "dropped");
        assert_eq!(outbox.attach(3, 0), Ok(0));
        assert_eq!(written(&outbox, 3), []);
    }
}
