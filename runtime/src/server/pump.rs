//! Joins a session to the task of its connection: what arrives goes to the endpoint, the clock to the heartbeat.

use std::sync::Arc;
use std::time::Instant;

use super::admission::Lease;
use super::connection::Connection;
use super::extract::Caller;
use super::limits::millis;
use super::session::Session;
use super::shared::guarded;
use crate::codec::{Payload, Raw, ping_frame};
use crate::connection::{LineId, Outbox, Pump, Tick, full_too_long};
use crate::message::{AuthRefresh, ErrorKind, RpcError};
use crate::service::{Local, ProtocolCall, Reaction, Scope, incompatible};
use crate::session::{Beat, Disconnect, ServerHeartbeat, code};

/// One session on its connection.
pub(crate) struct SessionPump {
    session: Session,
    line: LineId,
    scope: Scope,
    heart: ServerHeartbeat,
    lease: Lease,
    connection: Connection,
}

impl SessionPump {
    pub(crate) fn new(session: Session, connection: &Connection, lease: Lease, now: Instant) -> Self {
        let limits = &session.shared().limits;
        let heart = ServerHeartbeat::new(limits.ping, limits.heartbeat_timeout, now);
        let caller = Caller { session: session.clone(), connection: connection.clone() };
        let scope = Scope::Session(Arc::new(caller));
        // A plain peer's queue has only one connection, and no number for it.
        let line = if session.is_plain() { 0 } else { connection.id() };
        Self { session, line, scope, heart, lease, connection: connection.clone() }
    }

    fn ponged(&mut self, now: Instant) {
        if let Some(time) = self.heart.ponged(now) {
            self.session.note_round_trip(time);
            for hook in &self.session.shared().hooks.heartbeat {
                guarded("on_heartbeat", || hook(&self.session, time));
            }
        }
    }
}

impl Pump for SessionPump {
    fn outbox(&self) -> &Outbox {
        &self.session.endpoint().outbox
    }

    fn line(&self) -> LineId {
        self.line
    }

    fn message(&mut self, message: Raw<'_>, now: Instant) -> Result<(), Disconnect> {
        self.heart.received(now);
        let local = ServerSide {
            session: &self.session,
            line: self.line,
            lease: &self.lease,
            ponged: std::cell::Cell::new(false),
            incompatible: self.connection.incompatible(),
        };
        self.session.endpoint().receive(message, &self.scope, &local, now)?;
        if local.ponged.get() {
            self.ponged(now);
        }
        if self.session.shared().budget.is_exceeded() {
            self.session.shared().make_room();
        }
        Ok(())
    }

    fn alive(&mut self, is_pong: bool, now: Instant) {
        self.heart.received(now);
        if is_pong {
            self.ponged(now);
        }
    }

    fn sent(&mut self, now: Instant) {
        self.heart.sent(now);
    }

    fn tick(&mut self, now: Instant) -> Result<Tick, Disconnect> {
        let mut ping = false;
        let (endpoint, timeout) = (self.session.endpoint(), self.session.shared().limits.heartbeat_timeout);
        self.lease.check(now)?;
        endpoint.tell_received(self.line, now)?;
        let full = endpoint.outbox.full_since(self.line).map(|since| since + timeout);
        if full.is_some_and(|until| now >= until) {
            return Err(full_too_long(timeout));
        }
        loop {
            match self.heart.beat(now) {
                Beat::Wait(next) => {
                    return Ok(Tick { next: Some(full.map_or(next, |until| next.min(until))), ping });
                }
                // *Plain peers get WebSocket Pings by the same rule.*
                Beat::Ping if self.session.is_plain() => ping = true,
                Beat::Ping => self.session.endpoint().urgent(self.line, ping_frame(self.session.codec()))?,
                Beat::Dead => {
                    let silent = millis(self.session.shared().limits.heartbeat_timeout);
                    let text = format!("nothing was heard for heartbeat_timeout, {silent} ms");
                    return Err(Disconnect::new(code::HEARTBEAT_TIMEOUT, text));
                }
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        self.lease.until()
    }

    fn closing(&mut self, disconnect: &Disconnect) {
        {
            // No other connection takes the session up between the question and the close, which is not meant for that.
            let _turn = self.session.life().turn();
            if !self.session.endpoint().outbox.is_on(self.line) {
                return;
            }
            self.session.close_with(disconnect.clone());
        }
        tracing::info!(target: "wirecall", session = %self.session.id(), code = disconnect.code, reason = %disconnect.reason, "closing a connection");
    }
}

/// The methods of the protocol that only a server knows.
struct ServerSide<'s> {
    session: &'s Session,
    line: LineId,
    lease: &'s Lease,
    ponged: std::cell::Cell<bool>,
    /// The services whose calls fail.
    incompatible: &'s [&'static str],
}

impl Local for ServerSide<'_> {
    fn protocol(&self, call: ProtocolCall<'_>) -> Result<Option<Reaction>, Disconnect> {
        Ok(match call.method {
            "rpc.pong" => {
                self.ponged.set(true);
                Some(Reaction::Done)
            }
            "rpc.hello" if self.session.is_plain() => Some(Reaction::Error(RpcError::new(
                ErrorKind::InvalidRequest,
                "rpc.hello needs a subprotocol, such as wirecall.1.json, which this connection did not ask for",
            ))),
            "rpc.hello" => Some(Reaction::Fatal(
                RpcError::new(ErrorKind::InvalidRequest, "rpc.hello was answered before"),
                Disconnect::new(code::PROTOCOL, "a second rpc.hello"),
            )),
            "rpc.auth" => Some(if let Ok(refresh) = call.params.read::<AuthRefresh>() {
                self.lease.renew(self.session, refresh.token)
            } else {
                let text = "the parameters of rpc.auth do not fit";
                Reaction::Error(RpcError::new(ErrorKind::ValidationError, text))
            }),
            "rpc.contract" => {
                let shared = self.session.shared();
                let contract =
                    shared.exposed.then(|| Payload::of(self.session.codec(), &shared.contract).ok());
                contract.flatten().map(Reaction::Result)
            }
            _ => None,
        })
    }

    fn refuses(&self, service: &'static str) -> Option<RpcError> {
        self.incompatible.contains(&service).then(|| incompatible(service))
    }

    fn line(&self) -> LineId {
        self.line
    }

    fn limit_reached(&self, limit: &'static str) {
        // Once a session: who sends too much shall not fill the log with it.
        if self.session.is_first(limit) {
            self.session.shared().limit_reached(limit, Some(self.session));
        }
    }

    fn notification(&self, method: &str, _: Raw<'_>) {
        let method: String = method.chars().take(100).collect();
        tracing::debug!(target: "wirecall", session = %self.session.id(), method, "a notification of no method is ignored");
    }
}

#[cfg(test)]
mod tests;
