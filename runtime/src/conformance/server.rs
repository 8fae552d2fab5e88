//! Vectors that a server plays: the pure machine, or a server over connections, each of which is an [`End`].

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::client::{ask, outcome_of, overlay};
use super::form;
use super::script::{Outputs, Player, Script, Stage, play as play_script, text_of};
use crate::codec::Codec;
use crate::message::Id;
use crate::session::machine::{Ask, Handle, Outcome, Tell};

/// A server, as a script sees it. What the application does is about the session that a connection opened, took up or spoke
/// for last.
pub(super) trait End {
    /// A connection stands, with that number.
    fn connect(&mut self, connection: u64, codec: Codec, now: Instant);
    /// A message arrives on it, of which this is the JSON text.
    fn receive(&mut self, connection: u64, text: &str, now: Instant);
    /// The peer ends it, with that code; 1006 without one.
    fn lost(&mut self, connection: u64, code: u16, now: Instant);
    fn call(&mut self, call: Handle, ask: Ask, now: Instant);
    fn cancel(&mut self, call: Handle, now: Instant);
    fn answer(&mut self, id: &Id, outcome: Outcome, now: Instant);
    fn offer(&mut self, id: &Id, items: Vec<Value>, now: Instant);
    fn grant(&mut self, id: &Id, credit: u32, now: Instant);
    fn emit(&mut self, method: String, params: Value, now: Instant);
    fn close(&mut self, now: Instant);
    fn drain(&mut self, in_ms: u64, retry_within_ms: u64, now: Instant);
    /// When it wants to be woken by the script, if it does.
    fn wakes_at(&mut self, now: Instant) -> Option<Instant>;
    fn wake(&mut self, now: Instant);
    /// The clock has come to that time.
    fn arrive(&mut self, now: Instant);
    /// What was written on a connection since, as values without `jsonrpc`.
    fn written(&mut self, connection: u64, now: Instant) -> Result<Vec<Value>, String>;
    /// What was told since.
    fn told(&mut self, now: Instant) -> Vec<Tell>;
}

/// Plays a vector with sessions of that codec.
pub(super) fn play(script: &Script, codec: Codec, end: impl End) -> Result<(), String> {
    let stage = Stage::new();
    play_script(&mut Server { end, stage, codec, sockets: Vec::new(), current: 0 }, script)
}

struct Server<E> {
    end: E,
    stage: Stage,
    codec: Codec,
    /// The names of the connections; their places are their numbers.
    sockets: Vec<String>,
    current: u64,
}

impl<E: End> Server<E> {
    fn socket(&self, name: Option<&Value>) -> u64 {
        let name = name.and_then(Value::as_str);
        let known = self.sockets.iter().position(|socket| Some(socket.as_str()) == name);
        known.map_or(self.current, |at| at as u64)
    }

    /// With the codec of the vector's session, or with the other one where the script names one.
    fn connect(&mut self, name: &str, other: bool) {
        self.sockets.push(name.to_owned());
        self.current = self.sockets.len() as u64 - 1;
        let codec = match (self.codec, other) {
            (codec, false) => codec,
            (Codec::Json, true) => Codec::MsgPack,
            (Codec::MsgPack, true) => Codec::Json,
        };
        self.end.connect(self.current, codec, self.stage.now);
    }

    fn open(&mut self, overrides: &Value) -> Result<(), String> {
        self.connect("a", false);
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
        self.end.receive(socket, &text, self.stage.now);
        Ok(())
    }
}

impl<E: End> Player for Server<E> {
    fn act(&mut self, verb: &str, argument: &Value, step: &Map<String, Value>) -> Result<(), String> {
        let now = self.stage.now;
        let resolved =
            if verb == "receive" { argument.clone() } else { self.stage.names.resolve(argument)? };
        let socket = self.socket(step.get("socket"));
        let id = form::id_of(&resolved["id"]);
        let text = |name: &str| resolved[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| resolved[name].as_u64().unwrap_or_default();
        match verb {
            "open" => self.open(&resolved)?,
            "connect" => self.connect(&text("socket"), resolved.get("codec").is_some()),
            "receive" => self.receive(socket, argument)?,
            "receive_raw" => self.end.receive(socket, argument.as_str().unwrap_or_default(), now),
            "lose" => {
                let code =
                    resolved["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(1006);
                self.end.lost(socket, code, now);
            }
            "call" => {
                let handle = self.stage.handle(&resolved["as"]);
                self.end.call(handle, ask(&resolved), now);
            }
            "cancel" => {
                let handle = self.stage.handle(argument);
                self.end.cancel(handle, now);
            }
            "answer" => self.end.answer(&id, outcome_of(&resolved), now),
            "item" => {
                let items = resolved["items"].as_array().cloned().unwrap_or_default();
                self.end.offer(&id, items, now);
            }
            "grant" => self.end.grant(&id, u32::try_from(number("credit")).unwrap_or_default(), now),
            "emit" => self.end.emit(text("method"), resolved["params"].clone(), now),
            "close" => self.end.close(now),
            "drain" => self.end.drain(number("in_ms"), number("retry_within_ms"), now),
            other => return Err(format!("a server does not know the verb {other}")),
        }
        Ok(())
    }

    fn wakes_at(&mut self) -> Option<Instant> {
        self.end.wakes_at(self.stage.now)
    }

    fn wake(&mut self) {
        self.end.wake(self.stage.now);
    }

    fn arrive(&mut self) {
        self.end.arrive(self.stage.now);
    }

    fn collect(&mut self, outputs: &mut Outputs) -> Result<(), String> {
        let now = self.stage.now;
        for socket in 0..self.sockets.len() as u64 {
            let written = self.end.written(socket, now)?;
            outputs.writes.extend(written.into_iter().map(|message| (socket, message)));
        }
        for tell in self.end.told(now) {
            let mut other = None;
            if let Tell::Drop { connection, .. } = tell {
                // The connection is over with that.
                self.end.lost(connection, 1006, now);
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
