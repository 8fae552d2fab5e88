//! What must hold of the sessions after every step, whatever the applications see. The numbers are those of the design's list.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::model::Violation;
use crate::session::Reason;
use crate::session::machine::message::Kept;
use crate::session::machine::{ClientMachine, Hook, Message, ServerMachine};
use crate::session::replay::Replay;

/// The tracked messages of one direction of a session.
#[derive(Debug, Default)]
struct Log {
    /// What was written, by its number.
    sent: Vec<Arc<Message>>,
    received: u64,
    acked: u64,
}

/// What is known of all sessions.
#[derive(Debug)]
pub(super) struct Checks {
    server_bound: usize,
    client_bound: usize,
    ttl: Duration,
    /// By the number of the session, and whether it is the client's direction.
    logs: BTreeMap<(u64, bool), Log>,
    hooks: BTreeMap<u64, Hook>,
    suspended: BTreeMap<u64, Instant>,
    opened: u32,
    /// Connections of somebody who imitates the client.
    ghosts: Vec<u64>,
}

impl Checks {
    pub(super) fn new(server_bound: usize, client_bound: usize, ttl: Duration) -> Self {
        Self {
            server_bound,
            client_bound,
            ttl,
            logs: BTreeMap::new(),
            hooks: BTreeMap::new(),
            suspended: BTreeMap::new(),
            opened: 0,
            ghosts: Vec::new(),
        }
    }

    pub(super) fn ghost(&mut self, id: u64) {
        self.ghosts.push(id);
    }

    pub(super) fn is_ghost(&self, id: u64) -> bool {
        self.ghosts.contains(&id)
    }

    fn log(&mut self, session: &str, up: bool) -> &mut Log {
        let number = session.strip_prefix("s-").and_then(|number| number.parse().ok()).unwrap_or_default();
        self.logs.entry((number, up)).or_default()
    }

    /// A tracked message was written.
    pub(super) fn sent(
        &mut self,
        session: &str,
        up: bool,
        seq: u64,
        message: &Arc<Message>,
    ) -> Result<(), Violation> {
        let log = self.log(session, up);
        let at = usize::try_from(seq - 1).unwrap_or(usize::MAX);
        match log.sent.get(at) {
            // The same number is the same message, however often it is written.
            Some(before) if same(before, message) => Ok(()),
            None if at == log.sent.len() => {
                log.sent.push(Arc::clone(message));
                Ok(())
            }
            _ => Err(format!("{session}: {seq} is written out of order, or is another message than before")),
        }
    }

    /// A tracked message arrived, after which its receiver says to have `received` so far; `None`: its session is gone.
    /// Gives whether it was taken.
    pub(super) fn received(
        &mut self,
        session: &str,
        up: bool,
        seq: u64,
        message: &Arc<Message>,
        received: Option<u64>,
    ) -> Result<bool, Violation> {
        let log = self.log(session, up);
        let Some(received) = received else { return Ok(false) };
        if received == log.received {
            return Ok(false);
        }
        // 1. The receiver's log is a prefix of the sender's.
        let original = usize::try_from(seq - 1).ok().and_then(|at| log.sent.get(at));
        if received != log.received + 1
            || seq != received
            || !original.is_some_and(|original| same(original, message))
        {
            return Err(format!(
                "{session}: {seq} arrives after {}, and {received} is received",
                log.received
            ));
        }
        log.received = received;
        Ok(true)
    }

    /// The invariants of both halves of a session, as far as both have it.
    pub(super) fn halves(
        &mut self,
        client: &mut ClientMachine,
        server: &mut ServerMachine,
        session: &str,
    ) -> Result<(), Violation> {
        let (server_bound, client_bound) = (self.server_bound, self.client_bound);
        let Some(held) = server.session(session) else { return Ok(()) };
        bounded(&held.half.replay, server_bound)?;
        self.kept(session, false, &held.half.replay)?;
        if client.recovery.session() != Some(session) {
            return Ok(());
        }
        bounded(&client.half.replay, client_bound)?;
        self.kept(session, true, &client.half.replay)?;
        // 3. acked ≤ peer.received ≤ sent.
        let ordered = |here: &Replay<Kept>, there: &Replay<Kept>| {
            here.peer_received() <= there.received() && there.received() <= here.sent()
        };
        let (ours, theirs) = (&client.half.replay, &held.half.replay);
        if !ordered(ours, theirs) || !ordered(theirs, ours) {
            return Err(format!("{session}: acked, received and sent are out of order: {ours:?} {theirs:?}"));
        }
        Ok(())
    }

    /// 4. The buffer is exactly what was not acknowledged.
    fn kept(&mut self, session: &str, up: bool, replay: &Replay<Kept>) -> Result<(), Violation> {
        let log = self.log(session, up);
        // 3. … all monotonic.
        if replay.peer_received() < log.acked {
            return Err(format!("{session}: acked {} after {}", replay.peer_received(), log.acked));
        }
        log.acked = replay.peer_received();
        let wrong = replay.kept().find(|(seq, kept)| {
            let written = usize::try_from(seq - 1).ok().and_then(|at| log.sent.get(at));
            written.is_some_and(|written| !same(written, &kept.message))
        });
        wrong.map_or(Ok(()), |(seq, _)| Err(format!("{session}: another message is kept as {seq}")))
    }

    /// 13. Hooks alternate: open (suspend resume)* suspend? end.
    pub(super) fn hook(&mut self, hook: Hook, session: u64, now: Instant) -> Result<(), Violation> {
        use Hook::{End, Open, Resume, Suspend};
        let before = self.hooks.insert(session, hook);
        let fits = matches!(
            (before, hook),
            (None, Open)
                | (Some(Open | Resume), Suspend)
                | (Some(Suspend), Resume)
                | (Some(Open | Resume | Suspend), End)
        );
        if !fits {
            return Err(format!("session {session}: {hook:?} after {before:?}"));
        }
        if hook == Suspend {
            self.suspended.insert(session, now);
        }
        // A session waits for its client exactly so long.
        let waited = self.suspended.get(&session).map(|since| now - *since);
        if hook == Resume && waited.is_some_and(|waited| waited >= self.ttl) {
            return Err(format!("session {session} is resumed after {waited:?}"));
        }
        Ok(())
    }

    /// 13. One verdict event a lost session.
    pub(super) fn opened(&mut self, resumed: bool, reason: Option<Reason>) -> Result<(), Violation> {
        let first = self.opened == 0;
        self.opened += u32::from(!resumed);
        match (resumed, reason) {
            (resumed, None) if resumed != first => Ok(()),
            // Nobody here breaks a rule.
            (false, Some(Reason::Expired | Reason::Overflow | Reason::Stalled | Reason::Unknown))
                if !first =>
            {
                Ok(())
            }
            _ => Err(format!("opened with {resumed} and {reason:?}")),
        }
    }
}

/// Whether both are the same message; mostly they are one.
fn same(one: &Arc<Message>, other: &Arc<Message>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}

/// 2. The bytes in a buffer are within its bound, or one message; what the reader itself answers may be above.
fn bounded(replay: &Replay<Kept>, bound: usize) -> Result<(), Violation> {
    if replay.bytes() <= bound {
        return Ok(());
    }
    let waits = |kept: &Kept| !matches!(&*kept.message, Message::Answer { outcome: Err(_), .. });
    let waited: Vec<usize> =
        replay.kept().filter(|(_, kept)| waits(kept)).map(|(_, kept)| kept.bytes).collect();
    let bytes: usize = waited.iter().sum();
    if bytes > bound && waited.len() > 1 {
        return Err(format!("{bytes} bytes are kept, and {bound} is the bound"));
    }
    Ok(())
}
