//! Joins a client to the task of its connection.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::contracts::Incompatible;
use super::credentials::OWN_ID;
use super::link::Link;
use super::shared::Shared;
use crate::codec::{Raw, ping_frame};
use crate::connection::{LineId, Outbox, Pump, Tick, full_too_long};
use crate::message::{CloseNotice, RpcError};
use crate::service::{
    Endpoint, Local, Peer, PeerAnswer, ProtocolCall, RawEvent, Reaction, Scope, incompatible,
};
use crate::session::{Beat, ClientHeartbeat, Disconnect, ServerHeartbeat};

/// One connection of a client.
pub(crate) struct ClientPump {
    shared: Arc<Shared>,
    endpoint: Arc<Endpoint>,
    line: LineId,
    scope: Scope,
    heart: Heart,
    incompatible: Incompatible,
    /// What the server said before closing.
    pub(crate) notice: Option<CloseNotice>,
}

enum Heart {
    Session(ClientHeartbeat),
    /// A plain server sends no `rpc.ping`: this side asks with WebSocket Pings.
    Plain(ServerHeartbeat),
}

/// A plain server is pinged when it was silent for so long.
const PLAIN_PING: Duration = Duration::from_secs(25);

impl ClientPump {
    /// `ping` is what the server told in its answer to hello; `None` for a plain server.
    pub(crate) fn new(
        shared: Arc<Shared>,
        endpoint: Arc<Endpoint>,
        line: LineId,
        ping: Option<Duration>,
        incompatible: Incompatible,
        now: Instant,
    ) -> Self {
        let options = &shared.options;
        let heart = match ping {
            Some(ping) => {
                let silence = ping + options.grace;
                Heart::Session(ClientHeartbeat::new(silence, options.call_silence, options.call_grace, now))
            }
            None => Heart::Plain(ServerHeartbeat::new(PLAIN_PING, PLAIN_PING + options.grace, now)),
        };
        let scope = Scope::Client(Peer(Arc::new(Link::weak(&shared))));
        Self { scope, shared, endpoint, line, heart, incompatible, notice: None }
    }
}

impl Pump for ClientPump {
    fn outbox(&self) -> &Outbox {
        &self.endpoint.outbox
    }

    fn line(&self) -> LineId {
        self.line
    }

    fn message(&mut self, message: Raw<'_>, now: Instant) -> Result<(), Disconnect> {
        self.alive(false, now);
        let local = ClientSide {
            shared: &self.shared,
            line: self.line,
            incompatible: &self.incompatible,
            notice: RefCell::new(None),
            drains: Cell::new(false),
        };
        self.endpoint.receive(message, &self.scope, &local, now)?;
        // An ack makes room.
        self.shared.written(false);
        if local.drains.get() {
            self.shared.hold_back();
        }
        if let Some(notice) = local.notice.into_inner() {
            self.notice = Some(notice);
        }
        Ok(())
    }

    fn alive(&mut self, is_pong: bool, now: Instant) {
        match &mut self.heart {
            Heart::Session(heart) => heart.received(now),
            Heart::Plain(heart) => {
                heart.received(now);
                if is_pong {
                    heart.ponged(now);
                }
            }
        }
    }

    fn sent(&mut self, now: Instant) {
        let called = self.shared.written(true);
        match &mut self.heart {
            Heart::Session(heart) if called => heart.called(now),
            Heart::Session(_) => {}
            Heart::Plain(heart) => heart.sent(now),
        }
    }

    fn tick(&mut self, now: Instant) -> Result<Tick, Disconnect> {
        let mut ping = false;
        self.endpoint.tell_received(self.line, now)?;
        let options = &self.shared.options;
        let full = self.endpoint.outbox.full_since(self.line).map(|since| since + options.heartbeat_timeout);
        if full.is_some_and(|until| now >= until) {
            return Err(full_too_long(options.heartbeat_timeout));
        }
        loop {
            let beat = match &mut self.heart {
                Heart::Session(heart) => heart.beat(now),
                Heart::Plain(heart) => heart.beat(now),
            };
            match beat {
                // After a call, and where something waits for room, the next look is sooner than the watchdog's: it is asked for
                // at the latest then.
                Beat::Wait(next) => {
                    let soon = options.call_silence.min(options.call_grace).min(options.heartbeat_timeout);
                    let next = full.into_iter().fold(next.min(now + soon), Instant::min);
                    return Ok(Tick { next: Some(next), ping });
                }
                Beat::Ping if matches!(self.heart, Heart::Plain(_)) => ping = true,
                Beat::Ping => {
                    self.shared.pinged();
                    self.endpoint.urgent(self.line, ping_frame(self.endpoint.codec))?;
                }
                // Half-open: a close frame would reach nobody.
                Beat::Dead => return Err(Disconnect::lost("the server was silent for too long")),
            }
        }
    }

    fn closing(&mut self, disconnect: &Disconnect) {
        tracing::debug!(target: "wirecall", code = disconnect.code, reason = %disconnect.reason, "closing the connection");
    }
}

/// The methods of the protocol that only a client knows.
struct ClientSide<'s> {
    shared: &'s Shared,
    line: LineId,
    incompatible: &'s Incompatible,
    notice: RefCell<Option<CloseNotice>>,
    drains: Cell<bool>,
}

impl Local for ClientSide<'_> {
    fn protocol(&self, call: ProtocolCall<'_>) -> Result<Option<Reaction>, Disconnect> {
        Ok(match call.method {
            "rpc.pong" => {
                self.shared.ponged();
                Some(Reaction::Done)
            }
            "rpc.item" => {
                self.shared.receive_items(call.params);
                Some(Reaction::Done)
            }
            "rpc.upload_credit" => {
                self.shared.receive_upload_credit(call.params);
                Some(Reaction::Done)
            }
            "rpc.close" => {
                if let Ok(notice) = call.params.read::<CloseNotice>() {
                    self.drains.set(notice.in_ms.is_some());
                    self.notice.replace(Some(notice));
                }
                Some(Reaction::Done)
            }
            _ => None,
        })
    }

    fn notification(&self, method: &str, params: Raw<'_>) {
        let untold = Arc::clone(&self.incompatible.services);
        let event = RawEvent { method: method.into(), params: params.to_payload(), untold };
        self.shared.events.send(event);
    }

    fn refuses(&self, service: &'static str) -> Option<RpcError> {
        self.incompatible.for_calls_to(service).map(incompatible)
    }

    fn line(&self) -> LineId {
        self.line
    }

    fn response(&self, id: u64, answer: PeerAnswer) -> Option<PeerAnswer> {
        if id == OWN_ID {
            self.shared.refreshing.answered(answer);
            return None;
        }
        self.shared.answered(id, answer)
    }
}
