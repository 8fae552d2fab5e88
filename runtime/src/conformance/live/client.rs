//! The client of this crate at the other end of a server that the script plays.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::demo::{Desk, Order, ended, notice, spec};
use super::line::Line;
use super::log::Log;
use super::quiet::Quiet;
use crate::client::{ClientState, Link, Shared, alone, number_after, run_over};
use crate::codec::{Codec, Payload};
use crate::conformance::client::{End, play as play_client};
use crate::conformance::script::Script;
use crate::message::Id;
use crate::service::{OpenStream, OutgoingCall, Peer, PeerFault, PeerLink, Source};
use crate::session::machine::{Ask, Demand, Ended, Handle, Outcome, Tell};

/// Plays a vector.
pub(in crate::conformance) fn play(script: &Script, codec: Codec) -> Result<(), String> {
    play_client(script, Live::new(script, codec))
}

/// A client, with the server's end of its connection.
struct Live {
    quiet: Quiet,
    shared: Arc<Shared>,
    link: Link,
    codec: Codec,
    desk: Desk,
    log: Log,
    line: Option<Line>,
    /// The first number that it gives, until it can.
    first_seq: u64,
    calls: HashMap<Handle, Open>,
    /// What came after the client closed a connection, until the script says that it is lost: as its driver would.
    held: Option<Vec<Tell>>,
    /// The script's time.
    now: Option<Instant>,
}

/// A call that the script made.
struct Open {
    task: AbortHandle,
    takes: mpsc::Sender<u32>,
    items: Option<mpsc::Sender<Value>>,
}

impl Live {
    fn new(script: &Script, codec: Codec) -> Self {
        let log = Log::default();
        let desk = Desk::new(log.clone());
        let limits = script.limits();
        let mut connect = crate::connect("ws://vectors/ws")
            .codec(codec)
            .max_message_bytes(limits.max_message_bytes)
            .buffer_bytes(limits.buffer_bytes)
            .call_timeout(Duration::MAX)
            .heartbeat_timeout(script.time("heartbeat_timeout_ms", 60_000))
            .connect_timeout(script.time("connect_timeout_ms", 10_000))
            .queue(script.size("queue", 256));
        let quiet = Quiet::new();
        let options = &mut connect.options;
        options.grace = script.time("grace_ms", 10_000);
        options.call_silence = script.time("call_silence_ms", 10_000);
        options.call_grace = script.time("call_grace_ms", 5_000);
        let shared = alone(connect, &desk.service());
        let live = Self {
            link: Link::weak(&shared),
            quiet,
            shared,
            codec,
            desk,
            log,
            line: None,
            first_seq: limits.first_seq,
            calls: HashMap::new(),
            held: None,
            now: None,
        };
        live.listen();
        live
    }

    /// Logs what the application is told.
    fn listen(&self) {
        let (mut states, mut events) = (self.shared.states.subscribe(), self.shared.events.subscribe());
        let (log, told) = (self.log.clone(), self.log.clone());
        self.quiet.run(async {
            tokio::spawn(async move {
                while let Ok(state) = states.recv().await {
                    match state {
                        ClientState::Open { resumed, lost, .. } => {
                            log.tell(Tell::Opened { resumed, reason: lost });
                        }
                        ClientState::Closed { disconnect, .. } => log.tell(Tell::Stays(disconnect.code)),
                        _ => {}
                    }
                }
            });
            tokio::spawn(async move {
                while let Ok(event) = events.recv().await {
                    let params = event.params.read().unwrap_or_default();
                    told.tell(Tell::Event { method: event.method.to_string().into(), params });
                }
            });
        });
    }

    /// Does that, and what comes of it. A clock that was not looked at meanwhile goes on first.
    fn act<T>(&mut self, now: Instant, what: impl FnOnce() -> T) -> T {
        let behind = self.behind(now);
        self.quiet.leap(behind, what)
    }

    /// How far the script's clock is ahead of the client's. It is no more, then.
    fn behind(&mut self, now: Instant) -> Duration {
        self.now.replace(now).map_or(Duration::ZERO, |before| now.saturating_duration_since(before))
    }

    fn outgoing(&self, ask: &Ask) -> OutgoingCall {
        OutgoingCall {
            spec: spec(ask),
            params: Payload::of(self.codec, &ask.params).expect("any value can be written"),
            timeout: ask.timeout,
            meta: Vec::new(),
            demand: None,
        }
    }
}

/// What a call was answered.
fn answered(answer: Result<Payload, PeerFault>) -> Ended {
    ended(answer.map(|result| result.read().unwrap_or_default()))
}

/// A call without streams.
async fn call(link: Link, call: OutgoingCall, handle: Handle, log: Log) {
    log.tell(Tell::Outcome(handle, answered(link.call(call).await)));
}

/// A call with streams. Its items are told as they arrive, and taken as the script says.
async fn stream(mut open: OpenStream, mut takes: mpsc::Receiver<u32>, handle: Handle, log: Log) {
    let mut seen = 0;
    loop {
        let order = poll_fn(|cx| {
            let (arrived, answer) = open.look(cx);
            for item in arrived.iter().skip(seen) {
                log.tell(Tell::Item(handle, item.read().unwrap_or_default()));
            }
            seen = arrived.len();
            if let Some(answer) = answer {
                log.tell(Tell::Outcome(handle, answered(answer)));
            }
            takes.poll_recv(cx)
        });
        let Some(items) = order.await else { return };
        for _ in 0..items {
            if open.poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                seen -= 1;
            }
        }
    }
}

impl End for Live {
    fn connect(&mut self, now: Instant) {
        self.act(now, || ());
        let (shared, codec, log) = (Arc::clone(&self.shared), self.codec, self.log.clone());
        self.line = Some(self.quiet.run(async {
            let (near, far) = tokio::io::duplex(super::line::ON_ITS_WAY);
            tokio::spawn(async move { run_over(&shared, far).await });
            Line::accept(near, codec, log).await
        }));
    }

    fn receive(&mut self, text: &str, now: Instant) {
        if let Some(line) = &self.line {
            line.write(text);
        }
        self.act(now, || ());
        if self.first_seq > 1 && number_after(&self.shared, self.first_seq - 1) {
            self.first_seq = 1;
        }
    }

    fn lost(&mut self, code: u16, now: Instant) {
        self.held.take().into_iter().flatten().for_each(|tell| self.log.tell(tell));
        if let Some(line) = &self.line {
            line.close(code);
        }
        self.act(now, || ());
    }

    fn call(&mut self, handle: Handle, ask: Ask, now: Instant) {
        let (mut streams, credit) = match ask.stream {
            Demand::None => (false, 1),
            Demand::Credit(credit) => (true, credit),
            Demand::Unlimited => (true, u32::MAX),
        };
        let outgoing = self.outgoing(&ask);
        let (takes, orders) = mpsc::channel(super::AHEAD);
        let (items, source) = mpsc::channel::<Value>(super::AHEAD);
        let codec = self.codec;
        let source: Source = Box::pin(futures_util::stream::unfold(source, move |mut source| async move {
            let item = source.recv().await?;
            Some((Ok(Payload::of(codec, &item).expect("any value can be written")), source))
        }));
        let down = streams;
        streams |= ask.upload;
        let (link, log) = (self.link.clone(), self.log.clone());
        let task = self.act(now, || {
            if streams {
                let peer = Peer(Arc::new(link));
                let open = OpenStream::start(&peer, outgoing, ask.upload.then_some(source), down, credit);
                tokio::spawn(stream(open, orders, handle, log))
            } else {
                tokio::spawn(call(link, outgoing, handle, log))
            }
        });
        self.calls.insert(handle, Open { task: task.abort_handle(), takes, items: Some(items) });
    }

    fn notify(&mut self, method: String, params: Value, now: Instant) {
        let ask = Ask {
            method: method.into(),
            params,
            idempotent: false,
            timeout: None,
            stream: Demand::None,
            upload: false,
        };
        let outgoing = OutgoingCall { spec: notice(&ask.method), ..self.outgoing(&ask) };
        let link = self.link.clone();
        self.act(now, || drop(tokio::spawn(link.notify(outgoing))));
    }

    fn cancel(&mut self, call: Handle, now: Instant) {
        let Some(open) = self.calls.remove(&call).filter(|open| !open.task.is_finished()) else { return };
        self.log.tell(Tell::Outcome(call, Ended::Failed("cancelled")));
        self.act(now, || open.task.abort());
    }

    fn took(&mut self, call: Handle, items: u32, now: Instant) {
        if let Some(open) = self.calls.get(&call) {
            super::say(&open.takes, items);
        }
        self.act(now, || ());
    }

    fn push(&mut self, call: Handle, items: Vec<Value>, now: Instant) {
        if let Some(sender) = self.calls.get(&call).and_then(|open| open.items.as_ref()) {
            for item in items {
                super::say(sender, item);
            }
        }
        self.act(now, || ());
    }

    fn end_upload(&mut self, call: Handle, now: Instant) {
        drop(self.calls.get_mut(&call).and_then(|open| open.items.take()));
        self.act(now, || ());
    }

    fn answer(&mut self, id: &Id, outcome: Outcome, now: Instant) {
        let desk = self.desk.clone();
        self.act(now, || desk.order(id, Order::Answer(outcome)));
    }

    fn close(&mut self, now: Instant) {
        let shared = Arc::clone(&self.shared);
        self.act(now, || shared.closing.cancel());
    }

    /// The client wakes itself.
    fn wakes_at(&mut self, _: Instant) -> Option<Instant> {
        None
    }

    fn wake(&mut self, _: Instant) {}

    fn arrive(&mut self, now: Instant) {
        let behind = self.behind(now);
        self.quiet.pass(behind);
    }

    fn written(&mut self, _: Instant) -> Result<Vec<Value>, String> {
        self.log.written(0)
    }

    fn told(&mut self) -> Vec<Tell> {
        let mut told = self.log.told();
        if let Some(held) = &mut self.held {
            held.append(&mut told);
        } else if let Some(at) = told.iter().position(|tell| matches!(tell, Tell::Drop { .. })) {
            self.held = Some(told.split_off(at + 1));
        }
        told
    }
}
