//! Vectors that a server plays.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::client::{ask, outcome_of, overlay};
use super::form;
use super::script::{Outputs, Player, Script, Stage, WORLD, play as play_script, text_of};
use crate::session::StoreLimits;
use crate::session::machine::{Refused, ServerMachine, ServerSettings, Tell, User};

/// Plays a vector.
pub(super) fn play(script: &Script) -> Result<(), String> {
    let defaults = StoreLimits::default();
    let settings = ServerSettings {
        limits: script.limits(),
        store: StoreLimits {
            ttl: script.time("session_ttl_ms", 60_000),
            max_sessions: script.size("max_sessions", defaults.max_sessions),
            max_bytes: script.size("max_bytes", defaults.max_bytes),
            ..defaults
        },
        hello_timeout: script.time("hello_timeout_ms", 10_000),
        ping: script.time("ping_ms", 25_000),
    };
    let machine = ServerMachine::new(settings, WORLD, authenticate);
    let stage = Stage::new();
    play_script(&mut Server { machine, stage, sockets: Vec::new(), current: 0, session: "".into() }, script)
}

/// A token is the user's name.
fn authenticate(token: Option<&str>) -> Result<User, Refused> {
    match token {
        Some("expired") => Err(Refused::Expired),
        Some("refused") => Err(Refused::Forbidden),
        token => Ok(token.map(str::to_owned)),
    }
}

struct Server {
    machine: ServerMachine,
    stage: Stage,
    /// The names of the connections; their places are their numbers.
    sockets: Vec<String>,
    current: u64,
    /// The session that the application's verbs are about.
    session: Arc<str>,
}

impl Server {
    fn socket(&self, name: Option<&Value>) -> u64 {
        let name = name.and_then(Value::as_str);
        let known = self.sockets.iter().position(|socket| Some(socket.as_str()) == name);
        known.map_or(self.current, |at| at as u64)
    }

    fn connect(&mut self, name: &str, codec: Option<&str>) {
        self.sockets.push(name.to_owned());
        self.current = self.sockets.len() as u64 - 1;
        let subprotocol = if codec == Some("msgpack") { "wirecall.1.msgpack" } else { "wirecall.1.json" };
        self.machine.connect(self.current, subprotocol, self.stage.now);
    }

    fn open(&mut self, overrides: &Value) -> Result<(), String> {
        self.connect("a", None);
        let mut params = json!({
            "client": { "name": "vectors", "version": "1" },
            "token": "ada",
            "limits": { "max_message_bytes": 1_048_576, "buffer_bytes": 4_194_304 },
        });
        overlay(&mut params, overrides);
        self.receive(self.current, &json!({ "id": 0, "method": "rpc.hello", "params": params }))?;
        let mut outputs = Outputs::default();
        self.collect(&mut outputs)?;
        let answer =
            outputs.writes.first().map(|(_, answer)| answer["result"].clone()).ok_or("no answer to hello")?;
        self.stage.names.bind("$session", answer["session"].clone());
        self.stage.names.bind("$secret", answer["secret"].clone());
        Ok(())
    }

    fn receive(&mut self, socket: u64, message: &Value) -> Result<(), String> {
        let text = text_of(&self.stage, message)?;
        self.machine.receive(socket, form::read(&text), self.stage.now);
        if let Some(session) = self.machine.session_of(socket) {
            self.session = session;
        }
        Ok(())
    }
}

impl Player for Server {
    fn act(&mut self, verb: &str, argument: &Value, step: &Map<String, Value>) -> Result<(), String> {
        let now = self.stage.now;
        let resolved =
            if verb == "receive" { argument.clone() } else { self.stage.names.resolve(argument)? };
        let socket = self.socket(step.get("socket"));
        let session = Arc::clone(&self.session);
        let id = form::id_of(&resolved["id"]);
        let text = |name: &str| resolved[name].as_str().unwrap_or_default().to_owned();
        match verb {
            "open" => self.open(&resolved)?,
            "connect" => self.connect(&text("socket"), resolved["codec"].as_str()),
            "receive" => self.receive(socket, argument)?,
            "receive_raw" => {
                self.machine.receive(socket, form::read(argument.as_str().unwrap_or_default()), now);
            }
            "lose" => {
                let code =
                    resolved["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(1006);
                self.machine.lost(socket, code, now);
            }
            "call" => {
                let handle = self.stage.handle(&resolved["as"]);
                let ask = ask(&resolved);
                self.machine.call(&session, handle, ask.method, ask.params, ask.timeout, now);
            }
            "cancel" => {
                let handle = self.stage.handle(argument);
                self.machine.cancel(&session, handle, now);
            }
            "answer" => self.machine.answer(&session, &id, outcome_of(&resolved), now),
            "item" => {
                let items = resolved["items"].as_array().cloned().unwrap_or_default();
                self.machine.offer(&session, &id, items, now);
            }
            "grant" => {
                let credit = resolved["credit"].as_u64().and_then(|credit| u32::try_from(credit).ok());
                self.machine.grant(&session, &id, credit.unwrap_or_default(), now);
            }
            "emit" => self.machine.emit(&session, text("method").into(), resolved["params"].clone(), now),
            "close" => self.machine.close(&session, now),
            "drain" => {
                let number = |name: &str| resolved[name].as_u64().unwrap_or_default();
                self.machine.drain(number("in_ms"), number("retry_within_ms"), now);
            }
            other => return Err(format!("a server does not know the verb {other}")),
        }
        Ok(())
    }

    fn wakes_at(&mut self) -> Option<Instant> {
        self.machine.wakes_at(self.stage.now)
    }

    fn wake(&mut self) {
        self.machine.wake(self.stage.now);
    }

    fn collect(&mut self, outputs: &mut Outputs) -> Result<(), String> {
        for socket in 0..self.sockets.len() as u64 {
            while let Some(leaving) = self.machine.next(socket, self.stage.now) {
                outputs.writes.push((socket, form::written(&leaving)?));
            }
        }
        let tells: Vec<Tell> = self.machine.tells().collect();
        for tell in tells {
            let mut other = None;
            if let Tell::Drop { connection, .. } = tell {
                // The connection is over with that.
                self.machine.lost(connection, 1006, self.stage.now);
                other = usize::try_from(connection).ok().filter(|_| connection != self.current);
            }
            let socket = other.and_then(|at| self.sockets.get(at)).map(String::as_str);
            outputs.tells.push(self.stage.told(tell, socket));
        }
        Ok(())
    }

    fn connection(&self, step: &Map<String, Value>) -> u64 {
        self.socket(step.get("socket"))
    }

    fn stage(&mut self) -> &mut Stage {
        &mut self.stage
    }
}
