//! What a server does when the time has come, and how it shuts down.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::half::Close;
use super::message::Message;
use super::server::{Asked, Drain, ServerMachine};
use super::tell::Handle;
use crate::session::disconnect::code;
use crate::session::heartbeat::Beat;
use crate::session::store::ConnectionId;

impl ServerMachine {
    /// The server shuts down.
    pub(crate) fn drain(&mut self, in_ms: u64, retry_within_ms: u64, now: Instant) {
        self.drain = Some(Drain { until: now + Duration::from_millis(in_ms), retry_within_ms });
        let notice = json!({
            "code": code::DRAINING, "reason": "told by the machine", "in_ms": in_ms, "retry_within_ms": retry_within_ms,
        });
        for held in self.store.all_mut() {
            held.half.drains = true;
            held.half.urgent.push_back(Message::notice("rpc.close", notice.clone()));
        }
        self.drained(now);
    }

    /// *At `in_ms`, or when nothing is open, `rpc.close` with `received`, then the close.*
    pub(super) fn drained(&mut self, now: Instant) {
        let Some(drain) = self.drain else { return };
        let lines: Vec<(ConnectionId, Arc<str>)> = self
            .lines
            .iter()
            .filter(|(_, line)| !line.over)
            .filter_map(|(connection, line)| Some((*connection, line.session.clone()?)))
            .collect();
        for (connection, session) in lines {
            let Some(held) = self.store.held(&session) else { continue };
            if now < drain.until && held.half.calls.open() > 0 {
                continue;
            }
            let received = held.half.replay.received();
            // What is queued leaves first.
            let mut queued = VecDeque::new();
            while let Some(leaving) = held.half.next() {
                queued.push_back(leaving);
            }
            self.say_last(connection, code::DRAINING, Some(received), Some(drain.retry_within_ms));
            if let Some(line) = self.lines.get_mut(&connection) {
                line.queued = queued;
            }
            self.suspend(&session, connection, self.heard(connection), now);
        }
    }

    /// When the time is to be looked at next.
    pub(crate) fn wakes_at(&mut self, now: Instant) -> Option<Instant> {
        let mut due = Vec::new();
        due.extend(self.store.expires_at());
        due.extend(self.drain.filter(|drain| drain.until > now).map(|drain| drain.until));
        for (connection, line) in &self.lines {
            match &line.session {
                _ if line.over => {}
                None => due.push(line.since + self.settings.hello_timeout),
                Some(session) if self.store.connection(session) == Some(*connection) => {
                    due.push(match line.heart.clone().beat(now) {
                        Beat::Wait(until) => until,
                        Beat::Ping | Beat::Dead => now,
                    });
                }
                Some(_) => {}
            }
        }
        for (_, connected, held) in self.store.all() {
            due.extend(held.half.wakes_at(connected));
            due.extend(held.pending.iter().filter_map(|(_, asked)| asked.deadline).min());
            due.extend(held.waiting.iter().filter_map(|asked| asked.deadline).min());
        }
        due.into_iter().min()
    }

    /// The time has come.
    pub(crate) fn wake(&mut self, now: Instant) {
        for gone in self.store.expire(now) {
            self.gone(gone);
        }
        let lines: Vec<ConnectionId> = self.lines.keys().copied().collect();
        for connection in lines {
            self.wake_line(connection, now);
        }
        let sessions: Vec<Arc<str>> = self.store.all().map(|(name, _, _)| Arc::clone(name)).collect();
        for session in sessions {
            let connected = self.store.connection(&session).is_some();
            let Some(held) = self.store.held(&session) else { continue };
            let late = |asked: &Asked| asked.deadline.is_some_and(|deadline| deadline <= now);
            let calls: Vec<Handle> = held
                .pending
                .iter()
                .map(|(_, asked)| asked)
                .chain(&held.waiting)
                .filter(|asked| late(asked))
                .map(|asked| asked.call)
                .collect();
            let woken = held.half.wake(connected, now);
            for call in calls {
                self.give_up(&session, call, "deadline_exceeded", now);
            }
            self.after(&session, woken, now);
        }
        self.drained(now);
    }

    fn wake_line(&mut self, connection: ConnectionId, now: Instant) {
        let session = self.session_of(connection);
        let Some(line) = self.lines.get_mut(&connection).filter(|line| !line.over) else { return };
        if line.session.is_none() {
            if now >= line.since + self.settings.hello_timeout {
                self.say_last(connection, code::HELLO_TIMEOUT, None, None);
            }
            return;
        }
        let Some(session) = session else { return };
        match line.heart.beat(now) {
            Beat::Wait(_) => {}
            Beat::Ping => {
                line.heart.sent(now);
                if let Some(held) = self.store.held(&session) {
                    held.half.urgent.push_back(Message::notice("rpc.ping", json!({})));
                }
            }
            Beat::Dead => {
                self.close_session(&session, Close { code: code::HEARTBEAT_TIMEOUT, ends: None }, now);
            }
        }
    }
}
