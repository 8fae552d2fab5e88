//! Who may take a session up again, and what becomes of those that nobody takes up.

use std::time::{Duration, Instant};

use super::{Claim, Decision, Gone, Left, Owner, Resumable, Store, StoreLimits};
use crate::session::Reason;
use crate::session::replay::OutOfRange;

const JSON: &str = "wirecall.1.json";
const SECRET: &str = "c0ffee";

/// A session that received 7 messages and sent `sent`.
#[derive(Debug, PartialEq)]
struct Held {
    sent: u64,
    resumed: u32,
    ended: bool,
    kept: usize,
}

impl Resumable for Held {
    fn resume(&mut self, peer_received: u64) -> Result<u64, OutOfRange> {
        if peer_received > self.sent {
            return Err(OutOfRange);
        }
        self.resumed += 1;
        Ok(7)
    }

    fn end(&mut self) -> u64 {
        self.ended = true;
        7
    }

    fn kept(&self) -> usize {
        self.kept
    }
}

type Sessions = Store<&'static str, Held>;

fn limits() -> StoreLimits {
    StoreLimits { max_sessions: 3, max_bytes: 1000, remembered: 2, ..StoreLimits::default() }
}

fn open(store: &mut Sessions, session: &str, connection: u64) {
    let owner = Owner { secret: SECRET.into(), subprotocol: JSON, user: "ada" };
    store.open(session.into(), owner, connection, Held { sent: 5, resumed: 0, ended: false, kept: 1 });
}

/// One session, `a`, on connection 1.
fn one() -> (Sessions, Instant) {
    let mut store = Store::new(limits());
    open(&mut store, "a", 1);
    (store, Instant::now())
}

fn claim(attempt: u64, received: u64) -> Claim<'static, &'static str> {
    Claim { session: "a", secret: SECRET, attempt, received, subprotocol: JSON, user: &"ada" }
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[track_caller]
fn fresh(decision: Decision<Held>) -> (Reason, Option<u64>, Option<Gone<Held>>) {
    match decision {
        Decision::Fresh { reason, ended_received, gone } => (reason, ended_received, gone.map(|gone| *gone)),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(decision: Decision<Held>, expected: Reason) {
    let (reason, ended_received, gone) = fresh(decision);
    assert_eq!((reason, ended_received), (expected, None));
    assert!(gone.is_none());
}

#[track_caller]
fn resumed(decision: Decision<Held>) -> Option<u64> {
    match decision {
        Decision::Resumed { received: 7, fenced } => fenced,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_suspended_session_is_taken_up_again() {
    let (mut store, now) = one();
    assert!(matches!(store.suspend("a", 1, true, now), Left::Suspended));
    assert_eq!(store.waiting(), 1);
    assert_eq!(resumed(store.resume(&claim(1, 5), 2, now + secs(59))), None);
    assert_eq!(store.waiting(), 0);
    assert_eq!(store.connection("a"), Some(2));
    assert!(store.expire(now + secs(3600)).is_empty(), "it waits for nobody any more");
}

#[test]
fn a_session_that_is_still_connected_is_taken_from_its_old_connection() {
    let (mut store, now) = one();
    assert_eq!(resumed(store.resume(&claim(1, 5), 2, now)), Some(1));
    assert!(matches!(store.suspend("a", 1, true, now), Left::Stale), "the old one changes nothing");
    assert_eq!(store.connection("a"), Some(2));
}

#[test]
fn an_attempt_that_is_not_above_the_last_accepted_one_changes_nothing() {
    let (mut store, now) = one();
    assert!(resumed(store.resume(&claim(2, 5), 2, now)).is_some());
    for attempt in [0, 1, 2] {
        assert!(matches!(store.resume(&claim(attempt, 99), 3, now), Decision::Superseded));
    }
    assert_eq!(store.connection("a"), Some(2));
    assert_eq!(resumed(store.resume(&claim(3, 5), 3, now)), Some(2));
}

#[test]
fn a_wrong_secret_and_another_subprotocol_read_unknown_and_change_nothing() {
    let (mut store, now) = one();
    for secret in ["c0ffed", "", "c0ffeec0ffee"] {
        refused(store.resume(&Claim { secret, ..claim(1, 99) }, 2, now), Reason::Unknown);
    }
    let msgpack = Claim { subprotocol: "wirecall.1.msgpack", ..claim(1, 99) };
    refused(store.resume(&msgpack, 2, now), Reason::Unknown);
    let nobody = Claim { session: "b", ..claim(1, 0) };
    refused(store.resume(&nobody, 2, now), Reason::Unknown);
    assert_eq!(store.connection("a"), Some(1));
}

#[test]
fn another_user_is_denied_and_changes_nothing() {
    let (mut store, now) = one();
    refused(store.resume(&Claim { user: &"eve", ..claim(1, 99) }, 2, now), Reason::Denied);
    assert_eq!(store.connection("a"), Some(1));
    assert!(store.end("a", Some(Reason::Expired), now).is_some());
    refused(store.resume(&Claim { user: &"eve", ..claim(1, 0) }, 2, now), Reason::Denied);
}

#[test]
fn received_out_of_range_ends_the_session_and_tells_what_it_received() {
    let (mut store, now) = one();
    let (reason, ended_received, gone) = fresh(store.resume(&claim(1, 6), 2, now));
    assert_eq!((reason, ended_received), (Reason::Sequence, Some(7)));
    let gone = gone.expect("the old session");
    assert_eq!(gone.connection, Some(1), "its connection is aborted");
    assert!(gone.held.ended);
    // Who asks again is told the same.
    let (reason, ended_received, gone) = fresh(store.resume(&claim(2, 5), 3, now));
    assert_eq!((reason, ended_received), (Reason::Sequence, Some(7)));
    assert!(gone.is_none());
}

#[test]
fn a_session_waits_exactly_its_time() {
    let (mut store, now) = one();
    assert!(matches!(store.suspend("a", 1, true, now), Left::Suspended));
    assert_eq!(store.expires_at(), Some(now + secs(60)));
    assert!(store.expire(now + Duration::from_millis(59_999)).is_empty());
    let gone = store.expire(now + secs(60));
    assert_eq!(gone.len(), 1);
    assert_eq!((&*gone[0].session, gone[0].reason), ("a", Some(Reason::Expired)));
    assert_eq!(store.expires_at(), None);
    let (reason, ended_received, _) = fresh(store.resume(&claim(1, 5), 2, now + secs(60)));
    assert_eq!((reason, ended_received), (Reason::Expired, Some(7)));
}

#[test]
fn a_hello_that_comes_too_late_finds_the_session_ended_although_no_timer_has_fired() {
    let (mut store, now) = one();
    assert!(matches!(store.suspend("a", 1, true, now), Left::Suspended));
    let (reason, ended_received, gone) = fresh(store.resume(&claim(1, 5), 2, now + secs(60)));
    assert_eq!((reason, ended_received), (Reason::Expired, Some(7)));
    assert!(gone.is_some_and(|gone| gone.held.ended));
    assert!(store.expire(now + secs(60)).is_empty(), "it ends once");
}

#[test]
fn a_session_that_was_never_used_waits_five_seconds() {
    let (mut store, now) = one();
    assert!(matches!(store.suspend("a", 1, false, now), Left::Suspended));
    assert_eq!(store.expires_at(), Some(now + secs(5)));
    // Who takes it up again has read the answer to hello.
    assert!(resumed(store.resume(&claim(1, 0), 2, now + secs(4))).is_none());
    assert!(matches!(store.suspend("a", 2, false, now + secs(4)), Left::Suspended));
    assert_eq!(store.expires_at(), Some(now + secs(64)));
}

#[test]
fn a_server_that_waits_for_nobody_ends_a_session_with_its_connection() {
    let mut store = Store::new(StoreLimits { ttl: Duration::ZERO, ..limits() });
    let now = Instant::now();
    open(&mut store, "a", 1);
    match store.suspend("a", 1, true, now) {
        Left::Ended(gone) => assert_eq!((gone.reason, gone.connection), (Some(Reason::Expired), None)),
        other => panic!("{other:?}"),
    }
    assert_eq!((store.len(), store.waiting()), (0, 0));
}

#[test]
fn too_many_sessions_make_the_oldest_suspended_ones_end() {
    let mut store = Store::new(limits());
    let now = Instant::now();
    for (number, session) in (1..).zip(["a", "b", "c", "d"]) {
        open(&mut store, session, number);
    }
    assert!(store.evict(0, now).is_none(), "connected ones do not end");
    for (number, session) in [(2, "b"), (1, "a")] {
        assert!(matches!(store.suspend(session, number, true, now), Left::Suspended));
    }
    let gone = store.evict(0, now).expect("one above the bound");
    assert_eq!((&*gone.session, gone.reason), ("b", Some(Reason::Overflow)));
    assert!(store.evict(0, now).is_none());
    assert_eq!(store.len(), 3);
}

#[test]
fn too_many_bytes_make_the_oldest_suspended_ones_end_as_well() {
    let (mut store, now) = one();
    assert!(matches!(store.suspend("a", 1, true, now), Left::Suspended));
    assert!(store.evict(1000, now).is_none());
    assert!(store.evict(1001, now).is_some());
    assert!(store.evict(1001, now).is_none(), "there is none left");
    let (reason, ended_received, _) = fresh(store.resume(&claim(1, 5), 2, now));
    assert_eq!((reason, ended_received), (Reason::Overflow, Some(7)));
}

#[test]
fn a_session_that_keeps_nothing_does_not_end_for_the_bytes_of_others() {
    let (mut store, now) = one();
    open(&mut store, "b", 2);
    if let Some(held) = store.held("a") {
        held.kept = 0;
    }
    for (number, session) in [(1, "a"), (2, "b")] {
        assert!(matches!(store.suspend(session, number, true, now), Left::Suspended));
    }
    let gone = store.evict(1001, now).expect("what keeps something");
    assert_eq!(&*gone.session, "b");
    assert!(store.evict(1001, now).is_none());
}

#[test]
fn a_search_for_what_keeps_something_that_found_nothing_is_not_made_again_at_once() {
    let (mut store, now) = one();
    open(&mut store, "b", 2);
    let keeps = |store: &mut Store<_, Held>, session: &str, kept| {
        store.held(session).expect("it lives").kept = kept;
    };
    keeps(&mut store, "a", 0);
    keeps(&mut store, "b", 0);
    assert!(matches!(store.suspend("a", 1, true, now), Left::Suspended));
    assert!(store.evict(1001, now).is_none());
    keeps(&mut store, "a", 5);
    assert!(store.evict(1001, now + Duration::from_millis(999)).is_none());
    assert!(store.evict(1001, now + secs(1)).is_some());
    assert!(store.evict(1001, now + secs(1)).is_none());
    keeps(&mut store, "b", 5);
    assert!(matches!(store.suspend("b", 2, true, now + secs(1)), Left::Suspended));
    assert!(store.evict(1001, now + secs(1)).is_some(), "one was suspended since");
}

#[test]
fn an_ended_session_is_remembered_for_an_hour_and_they_are_bounded() {
    let (mut store, now) = one();
    assert!(store.end("a", Some(Reason::Overflow), now).is_some());
    let later = now + Duration::from_millis(3_599_999);
    assert_eq!(fresh(store.resume(&claim(1, 5), 2, later)).1, Some(7));
    refused(store.resume(&claim(1, 5), 2, now + secs(3600)), Reason::Unknown);
    for session in ["b", "c", "d"] {
        open(&mut store, session, 9);
        assert!(store.end(session, Some(Reason::Expired), now).is_some());
    }
    assert_eq!(store.remembered(), 2);
}

#[test]
fn a_session_that_was_ended_for_good_is_not_remembered() {
    let (mut store, now) = one();
    let gone = store.end("a", None, now).expect("the session");
    assert_eq!((gone.connection, gone.reason), (Some(1), None));
    assert!(store.end("a", None, now).is_none());
    refused(store.resume(&claim(1, 5), 2, now), Reason::Unknown);
}
