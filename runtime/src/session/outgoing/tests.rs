//! What waits, what leaves, and what becomes of a client's messages when a session is lost.

use std::time::{Duration, Instant};

use super::{Fate, Full, Kind, Outgoing, Room};

const CALL: Kind = Kind::Call { idempotent: false, stream: false };
const IDEMPOTENT: Kind = Kind::Call { idempotent: true, stream: false };
const STREAM: Kind = Kind::Call { idempotent: true, stream: true };

fn room(calls: usize) -> Room {
    Room { calls, streams: 1 }
}

fn connected(kinds: &[(Kind, &'static str)]) -> Outgoing<&'static str> {
    let mut outgoing = Outgoing::new(10);
    outgoing.connected(room(64));
    for (kind, name) in kinds {
        assert!(outgoing.enter(*kind, *name).is_ok());
    }
    outgoing
}

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

fn told(outgoing: &mut Outgoing<&'static str>, number: u64) -> Vec<&'static str> {
    let mut told = Vec::new();
    outgoing.taken(number, |name| told.push(*name));
    told
}

#[test]
fn messages_made_while_away_are_bounded_and_leave_in_order() {
    let mut outgoing = Outgoing::new(2);
    assert!(outgoing.enter(CALL, "a").is_ok() && outgoing.enter(Kind::Notification, "b").is_ok());
    assert_eq!(outgoing.enter(CALL, "c"), Err(Full));
    outgoing.connected(room(64));
    assert_eq!(send(&mut outgoing, &mut 0), ["a", "b"]);
}

#[test]
fn calls_above_what_the_server_takes_are_held_back_until_one_is_answered() {
    let mut outgoing = Outgoing::new(2);
    outgoing.connected(room(1));
    let mut number = 0;
    for name in ["a", "b", "c"] {
        assert!(outgoing.enter(CALL, name).is_ok());
    }
    assert_eq!(send(&mut outgoing, &mut number), ["a"]);
    assert_eq!(outgoing.answered(1), Some("a"));
    assert_eq!(outgoing.answered(1), None);
    assert_eq!(send(&mut outgoing, &mut number), ["b"]);
}

#[test]
fn calls_and_streams_are_held_back_apart_and_pass_each_other() {
    let mut outgoing = Outgoing::new(10);
    outgoing.connected(room(1));
    let mut number = 0;
    for (kind, name) in [(CALL, "a"), (CALL, "b"), (STREAM, "s"), (STREAM, "t")] {
        assert!(outgoing.enter(kind, name).is_ok());
    }
    assert_eq!(send(&mut outgoing, &mut number), ["a", "s"]);
    assert_eq!(outgoing.answered(2), Some("s"));
    assert_eq!(send(&mut outgoing, &mut number), ["t"]);
    assert_eq!(outgoing.answered(1), Some("a"));
    assert_eq!(send(&mut outgoing, &mut number), ["b"]);
}

#[test]
fn a_notification_passes_no_call_that_is_held_back() {
    let mut outgoing = Outgoing::new(10);
    outgoing.connected(room(1));
    let mut number = 0;
    for (kind, name) in [(CALL, "a"), (CALL, "b"), (Kind::Notification, "n"), (STREAM, "s")] {
        assert!(outgoing.enter(kind, name).is_ok());
    }
    assert_eq!(send(&mut outgoing, &mut number), ["a", "s"]);
    assert_eq!(outgoing.answered(1), Some("a"));
    assert_eq!(send(&mut outgoing, &mut number), ["b", "n"]);
}

#[test]
fn while_the_server_drains_no_call_is_started_and_none_fails() {
    let mut outgoing = connected(&[(CALL, "sent"), (CALL, "sent too")]);
    let mut number = 0;
    assert_eq!(send(&mut outgoing, &mut number).len(), 2);
    outgoing.hold_back();
    assert!(outgoing.enter(CALL, "made meanwhile").is_ok());
    assert_eq!(send(&mut outgoing, &mut number), [""; 0]);
    outgoing.connected(room(64));
    assert_eq!(send(&mut outgoing, &mut number), ["made meanwhile"]);
    assert_eq!(outgoing.answered(1), Some("sent"));
    assert_eq!(outgoing.open(), 2);
}

#[test]
fn messages_that_find_no_room_in_the_session_are_bounded() {
    let mut outgoing = Outgoing::new(1);
    outgoing.connected(room(64));
    assert!(outgoing.enter(CALL, "a").is_ok() && outgoing.enter(CALL, "b").is_ok());
    let order = outgoing.turn().expect("a turn").order;
    outgoing.no_room();
    assert_eq!(outgoing.enter(CALL, "c"), Err(Full));
    outgoing.sent(order, Some(1), 1);
    assert!(outgoing.enter(CALL, "c").is_ok());
}

/// The time of looking for a turn a thousand times while so many streams are held back.
fn looking(waiting: usize) -> Duration {
    let mut outgoing = Outgoing::new(10);
    outgoing.connected(room(64));
    for _ in 0..=waiting {
        assert!(outgoing.enter(STREAM, "s").is_ok());
    }
    assert_eq!(send(&mut outgoing, &mut 0), ["s"]);
    let start = Instant::now();
    for _ in 0..1_000 {
        assert!(outgoing.turn().is_none());
    }
    start.elapsed()
}

#[test]
fn streams_that_are_held_back_are_not_looked_through_for_each_message() {
    let (few, many) = (looking(10), looking(100_000));
    assert!(many < few * 100, "{few:?} with ten, {many:?} with ten thousand times as many");
}

#[test]
fn what_was_never_received_goes_into_the_new_session_in_order_and_the_rest_is_unknown() {
    let mut outgoing = connected(&[(CALL, "received"), (CALL, "not"), (IDEMPOTENT, "neither")]);
    assert_eq!(send(&mut outgoing, &mut 0).len(), 3);
    outgoing.hold_back();
    assert!(outgoing.enter(CALL, "made while away").is_ok());
    assert_eq!(outgoing.verdict(1, true), Fate { unknown: vec!["received"], never: vec![] });
    outgoing.connected(room(64));
    assert_eq!(send(&mut outgoing, &mut 0), ["not", "neither", "made while away"]);
}

#[test]
fn a_stream_that_has_begun_is_not_sent_again() {
    let mut outgoing = Outgoing::new(10);
    outgoing.connected(Room { calls: 64, streams: 64 });
    assert!(outgoing.enter(STREAM, "begun").is_ok() && outgoing.enter(STREAM, "not").is_ok());
    assert_eq!(send(&mut outgoing, &mut 0).len(), 2);
    outgoing.begun(1);
    assert_eq!(outgoing.verdict(2, true).unknown, ["begun"]);
    assert_eq!(send(&mut outgoing, &mut 0), ["not"]);
}

#[test]
fn nothing_is_carried_over_to_another_user() {
    let mut outgoing = connected(&[(IDEMPOTENT, "received"), (Kind::Notification, "n"), (CALL, "not")]);
    assert_eq!(send(&mut outgoing, &mut 0).len(), 3);
    outgoing.hold_back();
    assert!(outgoing.enter(CALL, "waiting").is_ok());
    let fate = outgoing.verdict(2, false);
    assert_eq!(fate, Fate { unknown: vec!["received"], never: vec!["not", "waiting"] });
    assert_eq!(outgoing.len(), 0);
}

#[test]
fn an_idempotent_call_is_sent_again_three_times() {
    let mut outgoing = connected(&[(IDEMPOTENT, "again")]);
    for _ in 0..3 {
        assert_eq!(send(&mut outgoing, &mut 0), ["again"]);
        assert!(outgoing.verdict(1, true).unknown.is_empty());
    }
    assert_eq!(send(&mut outgoing, &mut 0), ["again"]);
    assert_eq!(outgoing.verdict(1, true).unknown, ["again"]);
}

#[test]
fn a_plain_server_that_is_lost_may_have_received_what_its_socket_got() {
    let mut outgoing = connected(&[(CALL, "written"), (CALL, "queued")]);
    assert_eq!(send(&mut outgoing, &mut 0).len(), 2);
    assert_eq!(outgoing.lost(1), ["written"]);
    assert_eq!(send(&mut outgoing, &mut 0), [""; 0]);
    outgoing.connected(room(64));
    assert_eq!(send(&mut outgoing, &mut 0), ["queued"]);
}

#[test]
fn at_the_end_of_the_client_what_was_written_is_told_from_what_was_not() {
    let mut outgoing = connected(&[(CALL, "written"), (CALL, "queued")]);
    assert_eq!(send(&mut outgoing, &mut 0).len(), 2);
    assert_eq!(outgoing.end(1), Fate { unknown: vec!["written"], never: vec!["queued"] });
    assert_eq!(outgoing.open(), 0);
}

#[test]
fn a_call_that_was_given_up_is_not_sent_and_a_sent_one_is_to_be_cancelled() {
    let mut outgoing = Outgoing::new(10);
    let first = outgoing.enter(CALL, "a").expect("room");
    let second = outgoing.enter(CALL, "b").expect("room");
    assert_eq!(outgoing.leave(first), Some(("a", None)));
    outgoing.connected(room(64));
    assert_eq!(send(&mut outgoing, &mut 0), ["b"]);
    assert_eq!(outgoing.leave(second), Some(("b", Some(1))));
    assert_eq!(outgoing.open(), 0);
}

#[test]
fn a_notification_is_told_when_the_socket_got_it_and_kept_until_the_other_end_has_it() {
    let mut outgoing = connected(&[(Kind::Notification, "n"), (Kind::Notification, "m")]);
    assert_eq!(send(&mut outgoing, &mut 0), ["n", "m"]);
    assert_eq!(told(&mut outgoing, 0), [""; 0]);
    assert_eq!(told(&mut outgoing, 1), ["n"]);
    assert_eq!(told(&mut outgoing, 2), ["m"]);
    assert_eq!(outgoing.received(1), ["n"]);
    // The new session gets what the old one never had, also if the application thinks no more of it.
    assert_eq!(outgoing.leave(1), None);
    assert_eq!(outgoing.verdict(1, true), Fate { unknown: vec![], never: vec![] });
    assert_eq!(send(&mut outgoing, &mut 0), ["m"]);
}
