//! Joins a session to the task of its connection: what arrives goes to the endpoint, the clock to the heartbeat.

use std::sync::Arc;
use std::time::Instant;

use super::limits::millis;
use super::session::Session;
use super::shared::guarded;
use crate::codec::{Payload, Raw, ping_frame};
use crate::connection::{Outbox, Pump, Tick};
use crate::message::{ErrorKind, RpcError};
use crate::service::{Local, ProtocolCall, Reaction, Scope};
use crate::session::{Beat, Disconnect, ServerHeartbeat, code};

/// One session on its connection.
pub(crate) struct SessionPump {
    session: Session,
    scope: Scope,
    heart: ServerHeartbeat,
}

impl SessionPump {
    pub(crate) fn new(session: Session, now: Instant) -> Self {
        let limits = &session.shared().limits;
        let heart = ServerHeartbeat::new(limits.ping, limits.heartbeat_timeout, now);
        let scope = Scope::Session {
            max_message_bytes: session.max_message_bytes(),
            session: Arc::new(session.clone()),
        };
        Self { session, scope, heart }
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

    fn message(&mut self, message: Raw<'_>, now: Instant) -> Result<(), Disconnect> {
        self.heart.received(now);
        let local = ServerSide { session: &self.session, ponged: std::cell::Cell::new(false) };
        self.session.endpoint().receive(message, &self.scope, &local, now)?;
        if local.ponged.get() {
            self.ponged(now);
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
        loop {
            match self.heart.beat(now) {
                Beat::Wait(next) => return Ok(Tick { next: Some(next), ping }),
                // *Plain peers get WebSocket Pings by the same rule.*
                Beat::Ping if self.session.connection().is_plain() => ping = true,
                Beat::Ping => self.session.endpoint().urgent(ping_frame(self.session.codec()))?,
                Beat::Dead => {
                    let silent = millis(self.session.shared().limits.heartbeat_timeout);
                    let text = format!("nothing was heard for heartbeat_timeout, {silent} ms");
                    return Err(Disconnect::new(code::HEARTBEAT_TIMEOUT, text));
                }
            }
        }
    }

    fn closing(&mut self, disconnect: &Disconnect) {
        tracing::info!(target: "wirecall", session = %self.session.id(), code = disconnect.code, reason = %disconnect.reason, "closing a connection");
        self.session.tell_close(disconnect, None);
    }
}

/// The methods of the protocol that only a server knows.
struct ServerSide<'s> {
    session: &'s Session,
    ponged: std::cell::Cell<bool>,
}

impl Local for ServerSide<'_> {
    fn protocol(&self, call: ProtocolCall<'_>) -> Result<Option<Reaction>, Disconnect> {
        Ok(match call.method {
            "rpc.pong" => {
                self.ponged.set(true);
                Some(Reaction::Done)
            }
            "rpc.hello" if self.session.connection().is_plain() => Some(Reaction::Error(RpcError::new(
                ErrorKind::InvalidRequest,
                "rpc.hello needs the subprotocol wirecall.1.json, which this connection did not ask for",
            ))),
            "rpc.hello" => Some(Reaction::Fatal(
                RpcError::new(ErrorKind::InvalidRequest, "rpc.hello was answered before"),
                Disconnect::new(code::PROTOCOL, "a second rpc.hello"),
            )),
            "rpc.contract" => {
                let shared = self.session.shared();
                let contract =
                    shared.exposed.then(|| Payload::of(self.session.codec(), &shared.contract).ok());
                contract.flatten().map(Reaction::Result)
            }
            _ => None,
        })
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
