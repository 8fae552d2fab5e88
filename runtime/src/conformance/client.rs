//! Vectors that a client plays.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::form;
use super::script::{Outputs, Player, Script, Stage, WORLD, play as play_script, text_of};
use crate::session::machine::{Ask, ClientMachine, ClientSettings, Demand};

/// Plays a vector.
pub(super) fn play(script: &Script) -> Result<(), String> {
    let settings = ClientSettings {
        limits: script.limits(),
        connect_timeout: script.time("connect_timeout_ms", 10_000),
        grace: script.time("grace_ms", 10_000),
        call_silence: script.time("call_silence_ms", 10_000),
        call_grace: script.time("call_grace_ms", 5_000),
        queue: script.size("queue", 256),
    };
    play_script(&mut Client { machine: ClientMachine::new(settings, WORLD), stage: Stage::new() }, script)
}

struct Client {
    machine: ClientMachine,
    stage: Stage,
}

impl Client {
    /// Connects, and answers hello as a server with the defaults would.
    fn open(&mut self, overrides: &Value) -> Result<(), String> {
        self.machine.connect(self.stage.now);
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
        self.machine.receive(form::read(&text), self.stage.now);
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

impl Player for Client {
    fn act(&mut self, verb: &str, argument: &Value, _: &Map<String, Value>) -> Result<(), String> {
        let now = self.stage.now;
        let resolved =
            if verb == "receive" { argument.clone() } else { self.stage.names.resolve(argument)? };
        let call = |stage: &mut Stage| stage.handle(&resolved["call"]);
        match verb {
            "open" => self.open(&resolved)?,
            "connect" => self.machine.connect(now),
            "receive" => self.receive(argument)?,
            "receive_raw" => self.machine.receive(form::read(argument.as_str().unwrap_or_default()), now),
            "lose" => {
                let code =
                    resolved["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(1006);
                self.machine.lost(code, now);
            }
            "call" => {
                let handle = self.stage.handle(&resolved["as"]);
                self.machine.call(handle, ask(&resolved), now);
            }
            "notify" => {
                let method = resolved["method"].as_str().unwrap_or_default().to_owned();
                self.machine.notify(method.into(), resolved["params"].clone(), now);
            }
            "cancel" => {
                let handle = self.stage.handle(argument);
                self.machine.cancel(handle, now);
            }
            "take" => {
                let items = resolved["items"].as_u64().and_then(|items| u32::try_from(items).ok());
                let handle = call(&mut self.stage);
                self.machine.took(handle, items.unwrap_or_default(), now);
            }
            "push" => {
                let handle = call(&mut self.stage);
                self.machine.push(handle, resolved["items"].as_array().cloned().unwrap_or_default(), now);
            }
            "end_upload" => {
                let handle = self.stage.handle(argument);
                self.machine.end_upload(handle, now);
            }
            "answer" => {
                self.machine.answer(&form::id_of(&resolved["id"]), outcome_of(&resolved), now);
            }
            "close" => self.machine.close(now),
            other => return Err(format!("a client does not know the verb {other}")),
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
        while let Some(leaving) = self.machine.next(self.stage.now) {
            outputs.writes.push((0, form::written(&leaving)?));
        }
        for tell in std::mem::take(&mut self.machine.half.tells) {
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
