//! How a client takes its session up again, and what it learns of one that it cannot.

use std::fmt;

use super::disconnect::{Disconnect, code};
#[cfg(test)]
use super::mutant::{self, Mutant};
use super::reason::Reason;
use super::replay::{Body, OutOfRange, Replay};

/// *After three resumes in a row without progress a client gives the session up.*
const FRUITLESS: u32 = 3;

/// What hello says to take a session up again.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Resume {
    pub(crate) session: String,
    pub(crate) secret: String,
    pub(crate) attempt: u64,
    pub(crate) received: u64,
}

/// What the answer to hello says about the session.
#[derive(Clone, Default)]
pub(crate) struct Answered {
    pub(crate) session: String,
    pub(crate) secret: String,
    pub(crate) resumed: bool,
    pub(crate) reason: Option<Reason>,
    pub(crate) received: u64,
    pub(crate) ended_received: Option<u64>,
    pub(crate) sent: Option<u64>,
    pub(crate) user: Option<String>,
}

/// What an answer to hello means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A session begins, and none was before it.
    Opened,
    /// The session goes on: its replay is set back to what the server has not received.
    Resumed,
    /// A session begins, and the one before it is lost; its calls meet their fate by [`super::Outgoing::verdict`].
    Lost {
        /// *The application is told of a lost session once, with the reason.*
        reason: Reason,
        /// The last number that it may have received.
        received: u64,
        /// Whether calls go into the new session.
        carry: bool,
    },
}

/// The session of a client, as far as taking it up again is concerned.
#[derive(Debug, Default)]
pub(crate) struct Recovery {
    /// The session that was last heard of.
    known: Option<Known>,
    /// Why this side gave it up.
    given_up: Option<Reason>,
    /// Resumes in a row that were answered, with something to send again, and that got nothing through.
    fruitless: u32,
}

struct Known {
    session: String,
    secret: String,
    user: Option<String>,
    attempt: u64,
    /// What either side had received when hello was last answered.
    progress: (u64, u64),
    /// What the server said in `rpc.close` to have received.
    told: Option<u64>,
}

/// *The secret is never logged.*
macro_rules! without_secret {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("session", &self.session).finish_non_exhaustive()
            }
        }
    )*};
}

without_secret!(Resume, Answered, Known);

impl Recovery {
    /// What the next hello says, which counts as an attempt; `None` for one that opens a new session.
    pub(crate) fn resume<B: Body>(&mut self, replay: &Replay<B>) -> Option<Resume> {
        let known = self.known.as_mut().filter(|_| self.given_up.is_none())?;
        if known.progress != (replay.peer_received(), replay.received()) {
            self.fruitless = 0;
        }
        if self.fruitless >= FRUITLESS {
            self.given_up = Some(Reason::Stalled);
            return None;
        }
        // *`attempt` counts up with every hello that resumes this session, from 1.*
        known.attempt += 1;
        Some(Resume {
            session: known.session.clone(),
            secret: known.secret.clone(),
            attempt: known.attempt,
            received: replay.received(),
        })
    }

    /// Hello was answered. Where the session goes on, its replay is set back; where it does not, the new one begins with
    /// a new replay.
    ///
    /// An error is an answer that cannot be: the session is given up, and the connection to be closed with 4050.
    pub(crate) fn answered<B: Body>(
        &mut self,
        answer: Answered,
        replay: &mut Replay<B>,
    ) -> Result<Verdict, OutOfRange> {
        if answer.resumed {
            return self.goes_on(&answer, replay).inspect_err(|OutOfRange| self.give_up(Reason::Sequence));
        }
        let known = Known {
            session: answer.session,
            secret: answer.secret,
            user: answer.user,
            attempt: 0,
            progress: (0, 0),
            told: None,
        };
        let given_up = self.given_up.take();
        self.fruitless = 0;
        let Some(lost) = self.known.replace(known) else { return Ok(Verdict::Opened) };
        // *A client that ended the session itself reports its own reason.*
        let reason = given_up.or(answer.reason).unwrap_or(Reason::Unknown);
        // *Without `ended_received`, only calls of which no byte was written were never received.*
        let ended_received = answer.ended_received.or(lost.told).unwrap_or(replay.sent());
        #[cfg(test)]
        let ended_received = match () {
            () if mutant::is(Mutant::EndedReceivedIgnored) => replay.sent(),
            () if mutant::is(Mutant::NothingReceived) => 0,
            () => ended_received,
        };
        let same_user = self.known.as_ref().is_some_and(|known| known.user == lost.user);
        Ok(Verdict::Lost {
            reason,
            received: ended_received.max(replay.peer_received()),
            // *Where the reason is `denied`, or the new session has another user, nothing is carried over.*
            carry: same_user && reason != Reason::Denied,
        })
    }

    /// The session is over at this end: the next hello opens a new one.
    pub(crate) fn give_up(&mut self, reason: Reason) {
        self.given_up.get_or_insert(reason);
    }

    /// The server said in `rpc.close` what it has received. *It is final, and counts as the `ended_received` if the
    /// session is not resumed and the answer has none.*
    pub(crate) fn told(&mut self, received: u64) {
        if let Some(known) = &mut self.known {
            known.told = Some(received);
        }
    }

    /// A connection ended, whichever side closed it.
    ///
    /// *A server that closes with a code that stays away, 4503 excepted, or with 4050, ends the session. So does a client
    /// that was closed so, or closes so itself.*
    pub(crate) fn disconnected(&mut self, disconnect: &Disconnect) {
        match disconnect.code {
            code::SEQUENCE => self.give_up(Reason::Sequence),
            code::SUPERSEDED => {}
            _ if !disconnect.reconnects() => self.give_up(Reason::Unknown),
            _ => {}
        }
    }

    /// The name of the session that was last heard of.
    #[cfg(test)]
    pub(crate) fn session(&self) -> Option<&str> {
        self.known.as_ref().map(|known| known.session.as_str())
    }

    /// The last number that the session may have received, were it to end now.
    pub(crate) fn received_at_most<B: Body>(&self, replay: &Replay<B>) -> u64 {
        let told = self.known.as_ref().and_then(|known| known.told);
        told.unwrap_or(replay.sent()).max(replay.peer_received())
    }

    /// Whether there is a session that may go on.
    pub(crate) fn is_open(&self) -> bool {
        self.known.is_some() && self.given_up.is_none()
    }

    fn goes_on<B: Body>(&mut self, answer: &Answered, replay: &mut Replay<B>) -> Result<Verdict, OutOfRange> {
        // One that was not asked for is as wrong as a number that cannot be.
        let known = self.known.as_mut().filter(|_| self.given_up.is_none()).ok_or(OutOfRange)?;
        replay.resume(answer.received)?;
        known.told = None;
        let progress = (replay.peer_received(), replay.received());
        if known.progress != progress {
            self.fruitless = 0;
        }
        known.progress = progress;
        // *With something to send again on either side: what it keeps itself, or a `sent` above its own `received`.*
        let repeats = replay.pending() || answer.sent.is_some_and(|sent| sent > replay.received());
        self.fruitless += u32::from(repeats);
        Ok(Verdict::Resumed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;

    use super::{Answered, Recovery, Verdict};
    use crate::session::disconnect::{Disconnect, code};
    use crate::session::reason::Reason;
    use crate::session::replay::{OutOfRange, Receipt, Replay};

    fn fresh(session: &str) -> Answered {
        let user = Some("ada".to_owned());
        Answered { session: session.to_owned(), secret: "k".to_owned(), user, ..Answered::default() }
    }

    fn resumed(received: u64) -> Answered {
        Answered { resumed: true, received, ..fresh("s-1") }
    }

    /// A client with a session in which `written` messages were written.
    fn open(written: u64) -> (Recovery, Replay) {
        let mut recovery = Recovery::default();
        let mut replay = Replay::new(1000);
        assert_eq!(recovery.resume(&replay), None);
        assert_eq!(recovery.answered(fresh("s-1"), &mut replay), Ok(Verdict::Opened));
        for _ in 0..written {
            assert!(replay.push(Bytes::from_static(b"m")).is_ok() && replay.next().is_some());
        }
        (recovery, replay)
    }

    fn lost(reason: Reason, received: u64, carry: bool) -> Verdict {
        Verdict::Lost { reason, received, carry }
    }

    #[test]
    fn the_secret_is_not_shown() {
        let (mut recovery, replay) = open(0);
        let answer = Answered { secret: "hush".to_owned(), ..fresh("s-1") };
        assert_eq!(format!("{answer:?}"), "Answered { session: \"s-1\", .. }");
        recovery.known.as_mut().expect("a session").secret = "hush".to_owned();
        let shown = format!("{recovery:?} {:?}", recovery.resume(&replay));
        assert!(shown.contains("s-1") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn every_hello_of_a_session_counts_as_an_attempt_also_one_without_an_answer() {
        let (mut recovery, mut replay) = open(0);
        for attempt in 1..=20 {
            let resume = recovery.resume(&replay).expect("the session is known");
            assert_eq!((&*resume.session, &*resume.secret, resume.attempt), ("s-1", "k", attempt));
            if attempt % 3 == 0 {
                assert_eq!(recovery.answered(resumed(0), &mut replay), Ok(Verdict::Resumed));
            }
        }
    }

    #[test]
    fn a_session_that_ended_tells_what_it_had_received() {
        let (mut recovery, mut replay) = open(3);
        assert!(recovery.resume(&replay).is_some());
        let answer = Answered { reason: Some(Reason::Expired), ended_received: Some(1), ..fresh("s-2") };
        assert_eq!(recovery.answered(answer, &mut replay), Ok(lost(Reason::Expired, 1, true)));
        assert_eq!(recovery.resume(&Replay::<Bytes>::new(1000)).expect("the new one").attempt, 1);
    }

    #[test]
    fn of_a_session_that_nobody_knows_all_that_was_written_may_have_been_received() {
        let (mut recovery, mut replay) = open(3);
        assert!(replay.push(Bytes::from_static(b"not written")).is_ok());
        let answer = Answered { reason: Some(Reason::Unknown), ..fresh("s-2") };
        assert_eq!(recovery.answered(answer, &mut replay), Ok(lost(Reason::Unknown, 3, true)));
    }

    #[test]
    fn what_rpc_close_said_counts_where_the_answer_says_nothing() {
        let (mut recovery, mut replay) = open(3);
        recovery.told(2);
        let answer = Answered { reason: Some(Reason::Unknown), ..fresh("s-2") };
        assert_eq!(recovery.answered(answer, &mut replay), Ok(lost(Reason::Unknown, 2, true)));
    }

    #[test]
    fn nothing_is_carried_over_when_the_reason_is_denied_or_the_user_differs() {
        let (mut recovery, mut replay) = open(1);
        let answer = Answered { reason: Some(Reason::Denied), ..fresh("s-2") };
        assert_eq!(recovery.answered(answer, &mut replay), Ok(lost(Reason::Denied, 1, false)));
        let answer = Answered { reason: Some(Reason::Expired), user: Some("eve".to_owned()), ..fresh("s-3") };
        let verdict = recovery.answered(answer, &mut Replay::<Bytes>::new(1000));
        assert_eq!(verdict, Ok(lost(Reason::Expired, 0, false)));
    }

    #[test]
    fn a_session_that_this_side_ended_is_not_asked_for_and_its_reason_is_reported() {
        let (mut recovery, mut replay) = open(2);
        recovery.disconnected(&Disconnect::new(code::SEQUENCE, ""));
        assert!(!recovery.is_open());
        // An attempt without an answer changes nothing.
        assert_eq!((recovery.resume(&replay), recovery.resume(&replay)), (None, None));
        assert_eq!(recovery.answered(fresh("s-2"), &mut replay), Ok(lost(Reason::Sequence, 2, true)));
        assert!(recovery.is_open());
    }

    #[test]
    fn a_connection_that_was_superseded_leaves_the_session_to_another() {
        let (mut recovery, _) = open(0);
        recovery.disconnected(&Disconnect::new(code::SUPERSEDED, ""));
        recovery.disconnected(&Disconnect::lost(""));
        assert!(recovery.is_open());
        recovery.disconnected(&Disconnect::new(code::REVOKED, ""));
        assert!(!recovery.is_open());
    }

    #[test]
    fn an_answer_that_cannot_be_ends_the_session() {
        for received in [0, 4] {
            let (mut recovery, mut replay) = open(3);
            assert_eq!(replay.acked(1), Ok(true));
            assert!(recovery.resume(&replay).is_some());
            assert_eq!(recovery.answered(resumed(received), &mut replay), Err(OutOfRange));
            assert_eq!(recovery.resume(&replay), None);
        }
        let unasked = Recovery::default().answered(resumed(0), &mut Replay::<Bytes>::new(1000));
        assert_eq!(unasked, Err(OutOfRange));
    }

    #[test]
    fn three_answered_resumes_without_progress_make_a_session_stalled() {
        let (mut recovery, mut replay) = open(1);
        for _ in 0..3 {
            assert!(recovery.resume(&replay).is_some());
            // Lost answers do not count.
            assert!(recovery.resume(&replay).is_some());
            assert_eq!(recovery.answered(resumed(0), &mut replay), Ok(Verdict::Resumed));
        }
        assert_eq!(recovery.resume(&replay), None);
        assert_eq!(recovery.answered(fresh("s-2"), &mut replay), Ok(lost(Reason::Stalled, 1, true)));
    }

    #[test]
    fn what_the_server_has_to_send_again_counts_too() {
        let (mut recovery, mut replay) = open(0);
        for _ in 0..3 {
            assert!(recovery.resume(&replay).is_some());
            let answer = Answered { sent: Some(1), ..resumed(0) };
            assert_eq!(recovery.answered(answer, &mut replay), Ok(Verdict::Resumed));
        }
        assert_eq!(recovery.resume(&replay), None);
    }

    #[test]
    fn progress_on_either_side_starts_the_count_over_and_nothing_to_send_again_does_not_count() {
        let (mut recovery, mut replay) = open(9);
        for received in [0, 0, 1, 1, 1] {
            assert!(recovery.resume(&replay).is_some());
            assert_eq!(recovery.answered(resumed(received), &mut replay), Ok(Verdict::Resumed));
        }
        assert_eq!(replay.receive(1, 1, Instant::now()), Receipt::New);
        assert!(recovery.resume(&replay).is_some());
        let (mut recovery, mut replay) = open(0);
        for _ in 0..9 {
            assert!(recovery.resume(&replay).is_some());
            assert_eq!(recovery.answered(resumed(0), &mut replay), Ok(Verdict::Resumed));
        }
    }
}
