//! The client's end: hello, what becomes of its calls, and when it drops a connection.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::half::{Close, Half, Left, Limits, World};
use super::making::Made;
use super::message::{Arrival, Incoming, Leaving, Message, Meta};
use super::tell::{Ended, Handle, NEVER, Tell, UNKNOWN};
use crate::message::{Id, ping_of};
use crate::session::disconnect::{Disconnect, code};
use crate::session::heartbeat::{Beat, ClientHeartbeat};
use crate::session::outgoing::{Fate, Outgoing, Room};
use crate::session::pings::Pings;
use crate::session::recovery::{Answered, Recovery, Verdict};

/// The settings of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientSettings {
    pub(crate) limits: Limits,
    pub(crate) connect_timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) call_silence: Duration,
    pub(crate) call_grace: Duration,
    pub(crate) queue: usize,
}

/// *`close()` waits, bounded, for the acks of what it wrote.*
const CLOSE_WAIT: Duration = Duration::from_secs(3);

/// Where the client's connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There is none, or one that this side is done with.
    Away,
    /// Hello is written, since then.
    Hello(Instant),
    Open,
}

/// The client's end.
#[derive(Debug)]
pub(crate) struct ClientMachine {
    settings: ClientSettings,
    world: World,
    pub(crate) half: Half,
    pub(super) outgoing: Outgoing<Made>,
    pub(crate) recovery: Recovery,
    phase: Phase,
    heart: Option<ClientHeartbeat>,
    /// The close that the server announced: *`rpc.close` counts more than the WebSocket's code.*
    notice: Option<u16>,
    /// What this side ends the connection with.
    dropping: Option<u16>,
    /// Closing, since then.
    closing: Option<Instant>,
    /// The pings of the current connection.
    pings: Pings,
    /// The last number that the server must have received, since it has answered what came with or after it.
    pub(super) known: u64,
    /// The client stays away.
    stays: bool,
    /// The current connection, counted from 1.
    connection: u64,
    sessions: u64,
}

impl ClientMachine {
    pub(crate) fn new(settings: ClientSettings, world: World) -> Self {
        let half = Half::new(settings.limits, world, usize::MAX, usize::MAX, true);
        Self {
            settings,
            world,
            half,
            outgoing: Outgoing::new(settings.queue),
            recovery: Recovery::default(),
            phase: Phase::Away,
            heart: None,
            notice: None,
            dropping: None,
            closing: None,
            pings: Pings::default(),
            known: 0,
            stays: false,
            connection: 0,
            sessions: 0,
        }
    }

    /// Whether hello was answered and the connection is good.
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether the client gave up for good.
    pub(crate) fn stays_away(&self) -> bool {
        self.stays
    }

    /// An attempt's socket stands: hello is written.
    pub(crate) fn connect(&mut self, now: Instant) {
        self.connection += 1;
        self.phase = Phase::Hello(now);
        self.notice = None;
        self.dropping = None;
        self.pings = Pings::default();
        let limits = self.settings.limits;
        let mut params = json!({
            "client": { "name": "wirecall", "version": "1" },
            "limits": { "max_message_bytes": limits.max_message_bytes, "buffer_bytes": limits.buffer_bytes },
            "contract": {},
        });
        if let Some(resume) = self.recovery.resume(&self.half.replay) {
            params["resume"] = json!({
                "session": resume.session,
                "secret": resume.secret,
                "attempt": resume.attempt,
                "received": resume.received,
            });
        }
        let hello =
            Message::Call { id: hello_id(), method: "rpc.hello".into(), params, meta: Meta::default() };
        self.half.urgent.clear();
        self.half.urgent.push_back(hello);
    }

    /// A message arrives on the current connection.
    pub(crate) fn receive(&mut self, incoming: Incoming, now: Instant) {
        if self.dropping.is_some() {
            return;
        }
        let taken = match self.phase {
            Phase::Away => return,
            Phase::Hello(_) => self.receive_answer(incoming, now),
            Phase::Open => {
                if let Some(heart) = &mut self.heart {
                    heart.received(now);
                }
                self.receive_open(incoming, now)
            }
        };
        self.after(taken, now);
    }

    /// *Until the answer is there both sides send nothing else but `rpc.pong`, and the server `rpc.ping` and
    /// `rpc.close`.*
    fn receive_answer(&mut self, incoming: Incoming, now: Instant) -> Result<(), Close> {
        let Arrival::Message(message) = incoming.arrival else { return Err(Close::PROTOCOL) };
        match message {
            Message::Answer { id, outcome } if id == hello_id() => match outcome {
                Ok(answer) => self.answered(&answer, now),
                // A refusal: the close follows.
                Err(_) => Ok(()),
            },
            Message::Notice { method, .. } if method == "rpc.ping" => {
                self.half.urgent.push_back(Message::notice("rpc.pong", json!({})));
                Ok(())
            }
            Message::Notice { method, params } if method == "rpc.close" => {
                self.told_to_close(&params);
                Ok(())
            }
            _ => Err(Close::PROTOCOL),
        }
    }

    fn receive_open(&mut self, incoming: Incoming, now: Instant) -> Result<(), Close> {
        match self.half.receive(incoming, now)? {
            Left::Done | Left::Own(Message::Batch(_)) => Ok(()),
            Left::Own(Message::Answer { id, outcome }) => {
                self.outcome(&id, outcome);
                Ok(())
            }
            Left::Own(Message::Notice { method, params }) => {
                match &*method {
                    "rpc.close" => self.told_to_close(&params),
                    "rpc.pong" => self.known = self.known.max(self.pings.answered().unwrap_or(0)),
                    "rpc.item" => self.items(&params, now),
                    "rpc.upload_credit" => self.upload_credit(&params),
                    _ => {}
                }
                Ok(())
            }
            Left::Own(Message::Call { id, .. }) => {
                self.half.refuse(&id, crate::message::ErrorKind::MethodNotFound, "no such method")
            }
        }
    }

    /// Hello is answered: the verdict.
    fn answered(&mut self, answer: &Value, now: Instant) -> Result<(), Close> {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let number = |name: &str| answer[name].as_u64();
        let answered = Answered {
            session: text("session").unwrap_or_default(),
            secret: text("secret").unwrap_or_default(),
            resumed: answer["resumed"].as_bool().unwrap_or_default(),
            reason: serde_json::from_value(answer["reason"].clone()).unwrap_or_default(),
            received: number("received").unwrap_or_default(),
            ended_received: number("ended_received"),
            sent: number("sent"),
            user: text("user"),
        };
        let verdict = self.recovery.answered(answered, &mut self.half.replay).map_err(|_| Close::SEQUENCE)?;
        self.phase = Phase::Open;
        let limit = |name: &str, default: usize| {
            answer["limits"][name].as_u64().and_then(|it| usize::try_from(it).ok()).unwrap_or(default)
        };
        let (peer_bytes, peer_buffer) = (limit("max_message_bytes", 1 << 20), limit("buffer_bytes", 4 << 20));
        if verdict == Verdict::Resumed {
            self.half.peer_bytes = peer_bytes;
            self.half.replay.peer_keeps(peer_buffer);
            self.half.tells.push_back(Tell::Opened { resumed: true, reason: None });
        } else {
            self.begin(&verdict, peer_bytes, peer_buffer);
        }
        self.outgoing.connected(Room { calls: limit("max_calls", 64), streams: limit("max_streams", 128) });
        let ping = ping_of(&answer["ping_ms"]);
        let ClientSettings { grace, call_silence, call_grace, .. } = self.settings;
        self.heart = Some(ClientHeartbeat::new(ping + grace, call_silence, call_grace, now));
        Ok(())
    }

    /// A new session begins; what the one before it had is over.
    fn begin(&mut self, verdict: &Verdict, peer_bytes: usize, peer_buffer: usize) {
        let reason = if let Verdict::Lost { reason, .. } = verdict { Some(*reason) } else { None };
        self.half.tells.push_back(Tell::Opened { resumed: false, reason });
        if let Verdict::Lost { received, carry, .. } = *verdict {
            let fate = self.outgoing.verdict(received, carry);
            self.meet(fate);
        }
        // *Answers, items, credits, cancels for the old session are dropped, handlers of server calls are cancelled.*
        self.half.end_calls();
        let tells = std::mem::take(&mut self.half.tells);
        self.known = 0;
        self.sessions += 1;
        let first = self.sessions == 1;
        self.half =
            Half { tells, ..Half::new(self.settings.limits, self.world, peer_bytes, peer_buffer, first) };
    }

    pub(super) fn meet(&mut self, fate: Fate<Made>) {
        let told = |made: Made, ended: &Ended| made.call.map(|call| Tell::Outcome(call, ended.clone()));
        let unknown = fate.unknown.into_iter().filter_map(|made| told(made, &UNKNOWN));
        self.half.tells.extend(unknown);
        self.half.tells.extend(fate.never.into_iter().filter_map(|made| told(made, &NEVER)));
    }

    fn told_to_close(&mut self, params: &Value) {
        if params["in_ms"].is_u64() {
            // *The client starts no new call and keeps answering.*
            return self.outgoing.hold_back();
        }
        self.notice = params["code"].as_u64().and_then(|code| u16::try_from(code).ok());
        if let Some(received) = params["received"].as_u64() {
            self.recovery.told(received);
        }
    }

    /// The connection is gone, with that code of the WebSocket.
    pub(crate) fn lost(&mut self, code: u16, _now: Instant) {
        if self.phase == Phase::Away && self.dropping.is_none() {
            return;
        }
        self.phase = Phase::Away;
        self.half.detach();
        self.heart = None;
        let code = self.notice.take().or(self.dropping.take()).unwrap_or(code);
        let disconnect = Disconnect::new(code, "");
        self.recovery.disconnected(&disconnect);
        if self.closing.is_some() || !disconnect.reconnects() {
            self.stay(if self.closing.is_some() { code::NORMAL } else { code });
        } else if !self.recovery.is_open() {
            self.outgoing.hold_back();
        }
    }

    fn stay(&mut self, code: u16) {
        self.stays = true;
        self.half.tells.push_back(Tell::Stays(code));
        let received = self.recovery.received_at_most(&self.half.replay);
        let fate = self.outgoing.end(received);
        self.meet(fate);
        self.half.end_calls();
    }

    /// A handler of the server's call ends.
    pub(crate) fn answer(&mut self, id: &Id, outcome: super::message::Outcome, now: Instant) {
        self.half.answer(id, outcome, now);
        self.after(Ok(()), now);
    }

    /// The application closes the client.
    pub(crate) fn close(&mut self, now: Instant) {
        self.closing = Some(now);
        if self.phase == Phase::Away {
            return self.stay(code::NORMAL);
        }
        self.after(Ok(()), now);
    }

    /// Ends the connection from this side.
    fn leave(&mut self, close: Close) {
        if self.dropping.is_some() {
            return;
        }
        if let Some(reason) = close.ends {
            self.recovery.give_up(reason);
            self.outgoing.hold_back();
        }
        if self.phase != Phase::Away {
            self.dropping = Some(close.code);
            self.half.tells.push_back(Tell::Drop { connection: self.connection, code: close.code });
        }
    }

    /// After anything that happened: a fault ends the connection, and what may enter the session does.
    pub(super) fn after(&mut self, result: Result<(), Close>, now: Instant) {
        if let Err(close) = result {
            return self.leave(close);
        }
        self.flush(now);
        if let Some(close) = self.half.fault.take() {
            return self.leave(close);
        }
        if self.closing.is_some_and(|since| self.is_settled() || now >= since + CLOSE_WAIT) {
            self.leave(Close { code: code::NORMAL, ends: None });
        }
    }

    /// Whether the server is known to have everything.
    fn is_settled(&self) -> bool {
        let replay = &self.half.replay;
        replay.peer_received().max(self.known) >= replay.numbered()
    }

    /// *Before it writes, a client that has heard nothing for `ping_ms` and the grace drops the connection instead.*
    pub(super) fn look_alive(&mut self, now: Instant) {
        if let Some(heart) = &mut self.heart
            && self.phase == Phase::Open
            && heart.beat(now) == Beat::Dead
        {
            self.leave(Close { code: code::ABNORMAL, ends: None });
        }
    }

    /// What is to be written next on the current connection.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Leaving> {
        if self.dropping.is_some() || self.phase == Phase::Away {
            return None;
        }
        if let Phase::Hello(_) = self.phase {
            let message = self.half.urgent.pop_front()?;
            return Some(Leaving { seq: None, message: message.into() });
        }
        let Some(leaving) = self.half.next() else { return self.ask() };
        if let (Message::Call { .. }, Some(heart)) = (&*leaving.message, &mut self.heart) {
            heart.called(now);
        }
        Some(leaving)
    }

    /// *Once everything is written it sends one `rpc.ping`, if something is not acknowledged.*
    fn ask(&mut self) -> Option<Leaving> {
        if self.closing.is_none() || self.is_settled() || !self.pings.ask(self.half.replay.numbered()) {
            return None;
        }
        Some(Leaving { seq: None, message: Message::notice("rpc.ping", json!({})).into() })
    }

    /// When the time is to be looked at next.
    pub(crate) fn wakes_at(&mut self, now: Instant) -> Option<Instant> {
        let open = self.phase == Phase::Open && self.dropping.is_none();
        let connecting = match self.phase {
            Phase::Hello(since) if self.dropping.is_none() => Some(since + self.settings.connect_timeout),
            _ => None,
        };
        let heart = self.heart.as_mut().filter(|_| open).map(|heart| match heart.clone().beat(now) {
            Beat::Wait(until) => until,
            Beat::Ping | Beat::Dead => now,
        });
        let closing = self.closing.map(|since| since + CLOSE_WAIT).filter(|_| open);
        let due = [connecting, heart, closing, self.half.wakes_at(open), self.next_limit()];
        due.into_iter().flatten().min()
    }

    /// The time has come.
    pub(crate) fn wake(&mut self, now: Instant) {
        self.expire_limits(now);
        let open = self.phase == Phase::Open && self.dropping.is_none();
        let mut result = self.half.wake(open, now);
        if let Phase::Hello(since) = self.phase
            && now >= since + self.settings.connect_timeout
        {
            result = Err(Close { code: code::ABNORMAL, ends: None });
        }
        if let Some(heart) = self.heart.as_mut().filter(|_| open) {
            match heart.beat(now) {
                Beat::Wait(_) => {}
                Beat::Ping => {
                    self.pings.sent();
                    self.half.urgent.push_back(Message::notice("rpc.ping", json!({})));
                }
                Beat::Dead => result = result.and(Err(Close { code: code::ABNORMAL, ends: None })),
            }
        }
        self.after(result, now);
    }

    pub(super) fn tell(&mut self, call: Option<Handle>, ended: Ended) {
        self.half.tells.extend(call.map(|call| Tell::Outcome(call, ended)));
    }
}

/// The id of hello: before it nothing else was sent.
fn hello_id() -> Id {
    Id::Number(0)
}
