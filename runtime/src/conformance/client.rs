//! Vectors that a client plays: the pure machine, or the client over connections, each of which is an [`End`].

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::form;
use super::script::{Outputs, Player, Script, Stage, play as play_script, text_of};
use crate::message::Id;
use crate::session::machine::{Ask, Demand, Handle, Outcome, Tell};

/// A client, as a script sees it.
pub(super) trait End {
    /// An attempt begins, and its connection stands.
    fn connect(&mut self, now: Instant);
    /// A message arrives, of which this is the JSON text.
    fn receive(&mut self, text: &str, now: Instant);
    /// The peer ends the connection, with that code; 1006 without one.
    fn lost(&mut self, code: u16, now: Instant);
    fn call(&mut self, call: Handle, ask: Ask, now: Instant);
    fn notify(&mut self, method: String, params: Value, now: Instant);
    fn cancel(&mut self, call: Handle, now: Instant);
    fn took(&mut self, call: Handle, items: u32, now: Instant);
    fn push(&mut self, call: Handle, items: Vec<Value>, now: Instant);
    fn end_upload(&mut self, call: Handle, now: Instant);
    fn answer(&mut self, id: &Id, outcome: Outcome, now: Instant);
    fn close(&mut self, now: Instant);
    /// When it wants to be woken by the script, if it does.
    fn wakes_at(&mut self, now: Instant) -> Option<Instant>;
    fn wake(&mut self, now: Instant);
    /// The clock has come to that time.
    fn arrive(&mut self, now: Instant);
    /// What was written since, as values without `jsonrpc`.
    fn written(&mut self, now: Instant) -> Result<Vec<Value>, String>;
    /// What was told since.
    fn told(&mut self) -> Vec<Tell>;
}

/// Plays a vector.
pub(super) fn play(script: &Script, end: impl End) -> Result<(), String> {
    play_script(&mut Client { end, stage: Stage::new() }, script)
}

struct Client<E> {
    end: E,
    stage: Stage,
}

impl<E: End> Client<E> {
    /// Connects, and answers hello as a server with the defaults would.
    fn open(&mut self, overrides: &Value) -> Result<(), String> {
        self.end.connect(self.stage.now);
        let mut outputs = Outputs::default();
        self.collect(&mut outputs)?;
        let hello =
            outputs.writes.first().map(|(_, hello)| hello["id"].clone()).ok_or("there is no hello")?;
        self.stage.names.bind("$hello", hello.clone());
        let mut answer = json!({
            "session": "s-1", "secret": "k-1", "resumed": false, "received": 0, "user": "ada", "contract": {},
            "channels": {}, "ping_ms": 25000, "session_ttl_ms": 60000,
            "limits": {
                "max_message_bytes": 1_048_576, "max_calls": 64, "max_waiting": 256, "max_streams": 128,
                "max_batch": 32, "buffer_bytes": 4_194_304,
            },
        });
        overlay(&mut answer, overrides);
        self.receive(&json!({ "id": hello, "result": answer }))
    }

    fn receive(&mut self, message: &Value) -> Result<(), String> {
        let text = text_of(&self.stage, message)?;
        self.end.receive(&text, self.stage.now);
        Ok(())
    }
}

/// Members of `limits` are overridden one by one.
pub(super) fn overlay(answer: &mut Value, overrides: &Value) {
    for (name, value) in overrides.as_object().into_iter().flatten() {
        if name == "limits" {
            for (limit, value) in value.as_object().into_iter().flatten() {
                answer["limits"][limit] = value.clone();
            }
        } else {
            answer[name] = value.clone();
        }
    }
}

impl<E: End> Player for Client<E> {
    fn act(&mut self, verb: &str, argument: &Value, _: &Map<String, Value>) -> Result<(), String> {
        let now = self.stage.now;
        let resolved =
            if verb == "receive" { argument.clone() } else { self.stage.names.resolve(argument)? };
        let call = |stage: &mut Stage| stage.handle(&resolved["call"]);
        let items = || resolved["items"].as_array().cloned().unwrap_or_default();
        match verb {
            "open" => self.open(&resolved)?,
            "connect" => self.end.connect(now),
            "receive" => self.receive(argument)?,
            "receive_raw" => self.end.receive(argument.as_str().unwrap_or_default(), now),
            "lose" => {
                let code =
                    resolved["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(1006);
                self.end.lost(code, now);
            }
            "call" => {
                let handle = self.stage.handle(&resolved["as"]);
                self.end.call(handle, ask(&resolved), now);
            }
            "notify" => {
                let method = resolved["method"].as_str().unwrap_or_default().to_owned();
                self.end.notify(method, resolved["params"].clone(), now);
            }
            "cancel" => {
                let handle = self.stage.handle(argument);
                self.end.cancel(handle, now);
            }
            "take" => {
                let items = resolved["items"].as_u64().and_then(|items| u32::try_from(items).ok());
                let handle = call(&mut self.stage);
                self.end.took(handle, items.unwrap_or_default(), now);
            }
            "push" => {
                let handle = call(&mut self.stage);
                self.end.push(handle, items(), now);
            }
            "end_upload" => {
                let handle = self.stage.handle(argument);
                self.end.end_upload(handle, now);
            }
            "answer" => self.end.answer(&form::id_of(&resolved["id"]), outcome_of(&resolved), now),
            "close" => self.end.close(now),
            other => return Err(format!("a client does not know the verb {other}")),
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
        let written = self.end.written(self.stage.now)?;
        outputs.writes.extend(written.into_iter().map(|message| (0, message)));
        for tell in self.end.told() {
            outputs.tells.push(self.stage.told(tell, None));
        }
        Ok(())
    }

    fn connection(&self, _: &Map<String, Value>) -> u64 {
        0
    }

    fn stage(&mut self) -> &mut Stage {
        &mut self.stage
    }
}
/// What a handler answers.
pub(super) fn outcome_of(step: &Value) -> Result<Value, Value> {
    match step.get("error") {
        Some(error) => Err(error.clone()),
        None => Ok(step["result"].clone()),
    }
}

/// What a call asks for.
pub(super) fn ask(step: &Value) -> Ask {
    let credit = step.get("credit").map_or(Some(64), Value::as_u64);
    let demand =
        credit.and_then(|credit| u32::try_from(credit).ok()).map_or(Demand::Unlimited, Demand::Credit);
    Ask {
        method: step["method"].as_str().unwrap_or_default().to_owned().into(),
        params: step.get("params").cloned().unwrap_or_else(|| json!({})),
        idempotent: step["idempotent"] == true,
        timeout: step["timeout_ms"].as_u64().map(std::time::Duration::from_millis),
        stream: if step["stream"] == true { demand } else { Demand::None },
        upload: step["upload"] == true,
    }
}
