//! The end of a schedule: the network is good again, everybody does their work, and everything must come to rest.

use std::time::Duration;

use super::model::Violation;
use super::world::World;

/// Rounds of a connection, of work and of a second, after which everything must be done.
const ROUNDS: usize = 80;

impl World {
    /// Lets everything come to rest, and checks that nothing is missing.
    pub(super) fn rest(&mut self) -> Result<(), Violation> {
        for _ in 0..ROUNDS {
            self.settle_links()?;
            if self.current.is_none() {
                self.connect()?;
            }
            self.move_everything()?;
            self.do_all_work()?;
            self.move_everything()?;
            self.advance(Duration::from_millis(1100))?;
            self.move_everything()?;
            if self.is_at_rest() {
                return self.nothing_is_missing();
            }
        }
        // 10. Nothing read is left waiting for something behind it.
        Err(format!("it does not come to rest: {}", self.what_is_left()))
    }

    /// Old connections come to their ends, and a silent one is given up.
    fn settle_links(&mut self) -> Result<(), Violation> {
        let ids: Vec<u64> = self.links.keys().copied().collect();
        for id in ids {
            let silent = self.links.get(&id).is_some_and(|link| link.swallows);
            if silent && self.current == Some(id) {
                self.client_loses(1006)?;
            }
            for _ in 0..200 {
                let Some(link) = self.links.get_mut(&id) else { break };
                if silent {
                    link.up.end.get_or_insert(1006);
                }
                let news = (link.up.has_news(), link.down.has_news());
                if self.current == Some(id) && link.down.end.is_none() && link.up.end.is_none()
                    || news == (false, false)
                {
                    break;
                }
                self.deliver_up(id)?;
                self.deliver_down(id)?;
            }
            if self.links.get(&id).is_some_and(super::link::Link::is_over) {
                self.links.remove(&id);
            }
        }
        Ok(())
    }

    fn do_all_work(&mut self) -> Result<(), Violation> {
        for number in self.model.open_uploads() {
            self.end_upload(number)?;
        }
        let untaken: Vec<u64> =
            self.model.calls.iter().filter(|(_, call)| call.untaken > 0).map(|(number, _)| *number).collect();
        for number in untaken {
            while self.model.calls.get(&number).is_some_and(|call| call.untaken > 0) {
                self.take(number)?;
            }
        }
        let answering: Vec<i64> = self.model.answering.keys().copied().collect();
        for id in answering {
            self.answer(id)?;
        }
        let open: Vec<i64> =
            self.model.runs.iter().filter(|(_, run)| !run.answered).map(|(id, _)| *id).collect();
        for id in open {
            self.work(id, true)?;
        }
        Ok(())
    }

    fn is_at_rest(&mut self) -> bool {
        let done = self.model.calls.values().chain(self.model.asked.values()).all(|call| call.outcomes == 1);
        let Some(session) = self.current.and_then(|id| self.server.session_of(id)) else { return false };
        let Some(held) = self.server.session(&session) else { return false };
        done && self.client.half.replay.bytes() == 0 && held.half.replay.bytes() == 0
    }

    /// 1. … and equal at rest.
    fn nothing_is_missing(&mut self) -> Result<(), Violation> {
        let Some(session) = self.current.and_then(|id| self.server.session_of(id)) else {
            return Err("there is no session at rest".to_owned());
        };
        self.checks.halves(&mut self.client, &mut self.server, &session)?;
        let Some(held) = self.server.session(&session) else { return Ok(()) };
        let (ours, theirs) = (&self.client.half.replay, &held.half.replay);
        if ours.received() != theirs.numbered() || theirs.received() != ours.numbered() {
            return Err(format!("{session}: the logs differ at rest: {ours:?} {theirs:?}"));
        }
        let (emitted, number) =
            (self.model.emitted.get(&held.number).copied().unwrap_or_default(), held.number);
        let events = self.model.events.get(&number).copied().unwrap_or_default();
        if events != emitted {
            return Err(format!("{events} of {emitted} events arrived in session {number}"));
        }
        if self.model.lost == 0 && self.model.notices.len() as u64 != self.model.notified {
            return Err(format!(
                "{} of {} notifications arrived",
                self.model.notices.len(),
                self.model.notified
            ));
        }
        Ok(())
    }

    fn what_is_left(&mut self) -> String {
        let open = |call: &&super::model::Call| call.outcomes == 0;
        let calls: Vec<_> = self.model.calls.iter().filter(|(_, call)| open(call)).map(|it| *it.0).collect();
        let asked: Vec<_> = self.model.asked.iter().filter(|(_, call)| open(call)).map(|it| *it.0).collect();
        let theirs = self.session().map(|session| self.server.describe(&session));
        format!(
            "calls {calls:?}, the server's {asked:?}, current {:?},\n client {:?}\n server {theirs:?}\n runs {:?}",
            self.current, self.client.half.replay, self.model.runs
        )
    }
}
