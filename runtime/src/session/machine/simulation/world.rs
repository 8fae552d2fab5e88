//! A client and a server with an unreliable network between them, and what is done to them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::check::Checks;
use super::link::Link;
use super::model::{Model, Violation};
use super::random::Random;
use super::tally::Tally;
use crate::message::Id;
use crate::session::machine::{
    Arrival, ClientMachine, ClientSettings, Hook, Incoming, Leaving, Limits, Message, Refused, ServerMachine,
    ServerSettings, Spec, Tell, User, World as Services,
};
use crate::session::{Reason, StoreLimits};

/// Both ends, and all between and around them.
#[derive(Debug)]
pub(super) struct World {
    pub(super) random: Random,
    pub(super) now: Instant,
    pub(super) client: ClientMachine,
    pub(super) server: ServerMachine,
    pub(super) links: BTreeMap<u64, Link>,
    pub(super) next_link: u64,
    /// The connection that the client looks at.
    pub(super) current: Option<u64>,
    pub(super) model: Model,
    pub(super) checks: Checks,
    pub(super) tally: Tally,
    /// The last hello that the client wrote, for who imitates it.
    pub(super) last_hello: Option<Arc<Message>>,
    /// The name of the server's session that was opened last.
    opened: Option<Arc<str>>,
    /// What the server said of the old session in the last answer to hello that the client read.
    ended_received: Option<u64>,
}

const SERVICES: Services = Services { service, size };

fn service(method: &str) -> Option<Spec> {
    let spec = Spec::default();
    Some(match method {
        "demo.echo" | "demo.ask" => spec,
        "demo.keep" => Spec { no_cancel: true, ..spec },
        "demo.watch" | "demo.put" | "demo.talk" => Spec { streams: true, ..spec },
        _ => return None,
    })
}

/// The size of a message: a little, and what it says itself.
fn size(message: &Message) -> usize {
    let told =
        |value: &Value| value["size"].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    20 + match message {
        Message::Call { params, .. } | Message::Notice { params, .. } => told(params),
        Message::Answer { outcome, .. } => outcome.as_ref().map_or(0, told),
        Message::Batch(_) => 0,
    }
}

fn authenticate(token: Option<&str>) -> Result<User, Refused> {
    if token == Some("nobody") { Err(Refused::Forbidden) } else { Ok(token.map(str::to_owned)) }
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let buffer_bytes = random.one(&[60, 150, 400, 100_000]).unwrap_or(400);
        let limits = Limits {
            buffer_bytes,
            max_message_bytes: 1 << 20,
            max_calls: random.one(&[1, 3, 64]).unwrap_or(64),
            max_streams: random.one(&[1, 8]).unwrap_or(8),
            max_waiting: 10_000,
            max_waiting_bytes: 1 << 20,
            max_batch: 32,
            heartbeat_timeout: Duration::from_mins(1),
            first_seq: 1,
        };
        let small = random.chance(10);
        let store = StoreLimits {
            ttl: Duration::from_secs(random.one(&[10, 60]).unwrap_or(60)),
            max_bytes: if small { 300 } else { 1 << 30 },
            max_sessions: if random.chance(10) { 1 } else { 100 },
            // Some forget what has ended.
            remembered: random.one(&[0, 100, 100]).unwrap_or(100),
            ..StoreLimits::default()
        };
        let client = ClientSettings {
            limits: Limits { buffer_bytes: random.one(&[60, 150, 400, 100_000]).unwrap_or(400), ..limits },
            connect_timeout: Duration::from_secs(10),
            grace: Duration::from_secs(10),
            call_silence: Duration::from_secs(10),
            call_grace: Duration::from_secs(5),
            queue: 10_000,
        };
        let server = ServerSettings {
            limits,
            store,
            hello_timeout: Duration::from_secs(10),
            ping: Duration::from_secs(25),
        };
        Self {
            random,
            now: Instant::now(),
            client: ClientMachine::new(client, SERVICES),
            server: ServerMachine::new(server, SERVICES, authenticate),
            links: BTreeMap::new(),
            next_link: 0,
            current: None,
            model: Model::default(),
            checks: Checks::new(buffer_bytes, client.limits.buffer_bytes, store.ttl),
            tally: Tally::default(),
            last_hello: None,
            opened: None,
            ended_received: None,
        }
    }

    /// The session that the server's application has to do with: the client's, or the one that it will find.
    pub(super) fn session(&mut self) -> Option<Arc<str>> {
        let session = self.client.recovery.session().map(Arc::from);
        session
            .filter(|session: &Arc<str>| self.server.session(session).is_some())
            .or_else(|| self.opened.clone())
    }

    // ---- The network ----

    /// The client tries to connect.
    pub(super) fn connect(&mut self) -> Result<(), Violation> {
        let id = self.open_link();
        self.current = Some(id);
        self.server.connect(id, "wirecall.1.json", self.now);
        self.client.connect(self.now);
        self.write_client(usize::MAX)
    }

    pub(super) fn open_link(&mut self) -> u64 {
        self.next_link += 1;
        self.links.insert(self.next_link, Link::default());
        self.next_link
    }

    /// The client writes so many messages.
    pub(super) fn write_client(&mut self, most: usize) -> Result<(), Violation> {
        for _ in 0..most {
            let Some(current) = self.current else { break };
            let Some(leaving) = self.client.next(self.now) else { break };
            self.note_written(&leaving)?;
            if let Some(link) = self.links.get_mut(&current) {
                let swallows = link.swallows;
                link.up.send(leaving, swallows);
            }
        }
        self.hear_client()
    }

    fn note_written(&mut self, leaving: &Leaving) -> Result<(), Violation> {
        match &*leaving.message {
            Message::Call { method, .. } if method == "rpc.hello" => {
                self.last_hello = Some(Arc::clone(&leaving.message));
            }
            Message::Call { params, .. } => {
                if let Some(call) = params["n"].as_u64().and_then(|number| self.model.calls.get_mut(&number))
                {
                    call.written += 1;
                }
            }
            _ => {}
        }
        match (leaving.seq, self.client.recovery.session()) {
            (Some(seq), Some(session)) => self.checks.sent(session, true, seq, &leaving.message),
            _ => Ok(()),
        }
    }

    /// The server writes so many messages on that connection.
    pub(super) fn write_server(&mut self, id: u64, most: usize) -> Result<(), Violation> {
        for _ in 0..most {
            let Some(leaving) = self.server.next(id, self.now) else { break };
            if let Some(seq) = leaving.seq {
                // 5. At most one connection writes for a session.
                let session =
                    self.server.session_of(id).ok_or("a message on a connection without its session")?;
                self.checks.sent(&session, false, seq, &leaving.message)?;
            }
            if let Some(link) = self.links.get_mut(&id) {
                let swallows = link.swallows;
                link.down.send(leaving, swallows);
            }
        }
        Ok(())
    }

    /// The server reads one message, or the end, of that connection.
    pub(super) fn deliver_up(&mut self, id: u64) -> Result<(), Violation> {
        let Some(link) = self.links.get_mut(&id).filter(|link| !link.up.closed) else { return Ok(()) };
        if let Some(leaving) = link.up.flying.pop_front() {
            link.up.delivered = Some(leaving.clone());
            return self.server_reads(id, &leaving);
        }
        if let Some(code) = link.up.end {
            link.up.close();
            link.down.end.get_or_insert(1006);
            let session = self.server.session_of(id);
            self.server.lost(id, code, self.now);
            return self.hear_server(session);
        }
        Ok(())
    }

    pub(super) fn server_reads(&mut self, id: u64, leaving: &Leaving) -> Result<(), Violation> {
        let before = self.snapshot(id);
        let attached = self.server.session_of(id);
        self.server.receive(id, incoming(leaving), self.now);
        if let (Some(session), Some(seq)) = (&attached, leaving.seq) {
            let received = self.server.session(session).map(|held| held.half.replay.received());
            if self.checks.received(session, true, seq, &leaving.message, received)? {
                self.note_received(&leaving.message, seq);
            }
        }
        self.hear_server(self.server.session_of(id).or(attached))?;
        if let Some(before) = before {
            // 5. A stale connection changes nothing.
            if self.snapshot(id) != Some(before) {
                return Err(format!("the stale connection {id} changed its session with {leaving:?}"));
            }
        }
        Ok(())
    }

    fn note_received(&mut self, message: &Message, seq: u64) {
        if let Message::Call { params, .. } = message
            && let Some(call) = params["n"].as_u64().and_then(|number| self.model.calls.get_mut(&number))
        {
            call.received = Some(seq);
        }
    }

    /// What a stale connection must not change; `None` for one that is not stale.
    fn snapshot(&mut self, id: u64) -> Option<(Option<u64>, u64, u64, u64)> {
        let session = self.server.stale_session(id)?;
        let connection = self.server.store_connection(&session);
        let replay = &self.server.session(&session)?.half.replay;
        Some((connection, replay.received(), replay.peer_received(), replay.numbered()))
    }

    /// The client reads one message, or the end, of that connection. *The client ignores everything from a socket that
    /// is not its current one.*
    pub(super) fn deliver_down(&mut self, id: u64) -> Result<(), Violation> {
        let current = self.current == Some(id);
        let Some(link) = self.links.get_mut(&id).filter(|link| !link.down.closed) else { return Ok(()) };
        if let Some(leaving) = link.down.flying.pop_front() {
            if !current {
                return Ok(());
            }
            link.down.delivered = Some(leaving.clone());
            return self.client_reads(&leaving);
        }
        if let Some(code) = link.down.end {
            link.down.close();
            if current {
                self.client_loses(code)?;
            }
        }
        Ok(())
    }

    pub(super) fn client_reads(&mut self, leaving: &Leaving) -> Result<(), Violation> {
        if let Message::Answer { outcome: Ok(answer), .. } = &*leaving.message
            && answer["secret"].is_string()
        {
            self.ended_received = answer["ended_received"].as_u64();
        }
        let open = self.client.is_open();
        self.client.receive(incoming(leaving), self.now);
        if open && let (Some(seq), Some(session)) = (leaving.seq, self.client.recovery.session()) {
            let received = self.client.half.replay.received();
            self.checks.received(session, false, seq, &leaving.message, Some(received))?;
        }
        self.hear_client()
    }

    /// The client's connection is gone for it.
    pub(super) fn client_loses(&mut self, code: u16) -> Result<(), Violation> {
        if let Some(link) = self.current.take().and_then(|id| self.links.get_mut(&id)) {
            link.down.close();
            link.up.end.get_or_insert(1006);
        }
        self.client.lost(code, self.now);
        self.hear_client()
    }

    // ---- What is told ----

    /// Reads what the client told.
    pub(super) fn hear_client(&mut self) -> Result<(), Violation> {
        let tells: VecDeque<Tell> = std::mem::take(&mut self.client.half.tells);
        let mut lost = false;
        for tell in tells {
            match tell {
                Tell::Outcome(number, ended) => {
                    self.model.outcome(number, &ended, lost, self.ended_received)?;
                    self.tally.add(self.model.name_of(number, &ended));
                }
                Tell::Item(number, item) => self.model.item(number, &item)?,
                Tell::Event { params, .. } => self.model.event(&params)?,
                Tell::Serve { id: Id::Number(id), params, .. } => self.model.answer(id, &params)?,
                Tell::Abort(Id::Number(id)) => {
                    self.model.answering.remove(&id);
                }
                Tell::Drop { code, .. } => self.client_drops(code)?,
                Tell::Opened { resumed, reason } => {
                    self.checks.opened(resumed, reason)?;
                    lost |= reason.is_some();
                    self.tally.add(match reason {
                        None if resumed => "resumes",
                        None => "opened",
                        Some(Reason::Expired) => "lost: expired",
                        Some(Reason::Overflow) => "lost: overflow",
                        Some(Reason::Stalled) => "lost: stalled",
                        Some(_) => "lost: unknown",
                    });
                    self.model.lost += u32::from(reason.is_some());
                }
                Tell::Stays(code) => return Err(format!("the client stays away with {code}")),
                other => return Err(format!("a client does not tell {other:?}")),
            }
        }
        Ok(())
    }

    fn client_drops(&mut self, code: u16) -> Result<(), Violation> {
        // Silence, and a server that does not acknowledge for a minute, are the only reasons that there may be.
        if !matches!(code, 1006 | 4013) {
            return Err(format!("the client closes {code}"));
        }
        self.client_loses(code)
    }

    /// Reads what the server told, of that session where it was about one.
    pub(super) fn hear_server(&mut self, session: Option<Arc<str>>) -> Result<(), Violation> {
        let tells: Vec<Tell> = self.server.tells().collect();
        for tell in tells {
            match tell {
                Tell::Outcome(number, ended) => self.model.asked_outcome(number, &ended)?,
                Tell::Event { params, .. } => self.model.notice(&params, session.as_ref())?,
                Tell::Serve { id: Id::Number(id), params, .. } => self.model.serve(id, &params)?,
                Tell::Abort(Id::Number(id)) => {
                    self.model.runs.remove(&id);
                }
                Tell::Chunk(Id::Number(id), item) => self.model.chunk(id, &item)?,
                Tell::ChunksEnd(Id::Number(id)) => self.model.chunks_end(id)?,
                Tell::Drop { connection, code } => self.server_drops(connection, code)?,
                Tell::Hook(hook, number) => {
                    self.checks.hook(hook, number, self.now)?;
                    if hook == Hook::Open {
                        self.opened = Some(format!("s-{number}").into());
                    }
                }
                other => return Err(format!("a server does not tell {other:?}")),
            }
        }
        if let Some(session) = session {
            self.checks.halves(&mut self.client, &mut self.server, &session)?;
        }
        Ok(())
    }

    /// The server ends a connection.
    fn server_drops(&mut self, id: u64, code: u16) -> Result<(), Violation> {
        let allowed = matches!(code, 4001 | 4008 | 4013 | 4503) || self.checks.is_ghost(id);
        if !allowed {
            return Err(format!("the server closes {id} with {code}"));
        }
        if code == 4503 && self.current == Some(id) {
            return Err("the connection of now is superseded".to_owned());
        }
        if code == 4503 {
            self.tally.add(if self.server.has_session(id) { "fenced" } else { "stale attempts" });
        }
        self.write_server(id, usize::MAX)?;
        // One that is aborted may still have something to read.
        let aborted = code == 4503 && !self.checks.is_ghost(id);
        if !aborted {
            self.server.lost(id, 1006, self.now);
        }
        if let Some(link) = self.links.get_mut(&id) {
            if aborted {
                link.down.flying.clear();
                link.up.end.get_or_insert(1006);
            } else {
                link.up.close();
            }
            if !link.swallows {
                link.down.end.get_or_insert(1006);
            }
        }
        Ok(())
    }

    /// Time passes, and wakes whoever asked for it.
    pub(super) fn advance(&mut self, time: Duration) -> Result<(), Violation> {
        let end = self.now + time;
        for _ in 0..1000 {
            let client = self.client.wakes_at(self.now).filter(|_| self.current.is_some());
            let due = [client, self.server.wakes_at(self.now)].into_iter().flatten().min();
            let Some(at) = due.filter(|at| *at <= end) else {
                self.now = end;
                return Ok(());
            };
            self.now = self.now.max(at);
            self.client.wake(self.now);
            self.hear_client()?;
            self.server.wake(self.now);
            self.hear_server(None)?;
            // Pings and pongs keep a good connection alive while the clock moves.
            self.keep_alive()?;
        }
        Err("somebody asks to be woken again and again".to_owned())
    }

    fn keep_alive(&mut self) -> Result<(), Violation> {
        let Some(id) = self.current else { return Ok(()) };
        self.write_client(usize::MAX)?;
        self.write_server(id, usize::MAX)?;
        for _ in 0..4 {
            self.deliver_up(id)?;
            self.deliver_down(id)?;
        }
        Ok(())
    }
}

/// What arrives, of what left.
pub(super) fn incoming(leaving: &Leaving) -> Incoming {
    Incoming {
        seq: leaving.seq.map(Ok),
        bytes: size(&leaving.message),
        arrival: Arrival::Message((*leaving.message).clone()),
    }
}

/// The parameters of a call or an event.
pub(super) fn params(number: u64, size: usize) -> Value {
    json!({ "n": number, "size": size })
}
