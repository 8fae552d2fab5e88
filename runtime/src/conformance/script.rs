//! A vector, and what all players of vectors share: the clock, the names, the comparison of a step's outputs.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::compare::{Names, listed};
use crate::session::machine::{Ended, Hook, Limits, Spec, Tell, World, kind_of};

/// A vector.
#[derive(Debug, Deserialize)]
pub(super) struct Script {
    pub(super) name: String,
    pub(super) side: String,
    #[serde(default)]
    pub(super) settings: Map<String, Value>,
    pub(super) steps: Vec<Map<String, Value>>,
}

impl Script {
    pub(super) fn number(&self, name: &str, default: u64) -> u64 {
        self.settings.get(name).and_then(Value::as_u64).unwrap_or(default)
    }

    pub(super) fn size(&self, name: &str, default: usize) -> usize {
        self.settings
            .get(name)
            .and_then(Value::as_u64)
            .and_then(|it| usize::try_from(it).ok())
            .unwrap_or(default)
    }

    pub(super) fn time(&self, name: &str, default: u64) -> Duration {
        Duration::from_millis(self.number(name, default))
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            buffer_bytes: self.size("buffer_bytes", 4 << 20),
            max_message_bytes: self.size("max_message_bytes", 1 << 20),
            max_calls: self.size("max_calls", 64),
            max_streams: self.size("max_streams", 128),
            max_waiting: self.size("max_waiting", 256),
            max_waiting_bytes: self.size("max_waiting_bytes", 1 << 20),
            max_batch: 32,
            heartbeat_timeout: self.time("heartbeat_timeout_ms", 60_000),
            first_seq: self.number("first_seq", 1),
        }
    }
}

/// The services that the vectors know.
pub(super) const WORLD: World = World { service, size: super::form::size };

fn service(method: &str) -> Option<Spec> {
    let spec = Spec::default();
    Some(match method {
        "demo.echo" | "demo.slow" => spec,
        "demo.keep" => Spec { no_cancel: true, ..spec },
        "demo.watch" | "demo.put" | "demo.talk" => Spec { streams: true, ..spec },
        "demo.typing" => Spec { notification: true, ..spec },
        _ => return None,
    })
}

/// What came out of a step.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// Messages with the connections that they were written on.
    pub(super) writes: Vec<(u64, Value)>,
    pub(super) tells: Vec<Value>,
}

/// A machine with all that a script needs to play it.
pub(super) trait Player {
    /// Does what the verb says.
    fn act(&mut self, verb: &str, argument: &Value, step: &Map<String, Value>) -> Result<(), String>;
    /// When the machine wants to be woken.
    fn wakes_at(&mut self) -> Option<Instant>;
    /// Wakes it.
    fn wake(&mut self);
    /// The stage's clock has come to the end of an `advance`.
    fn arrive(&mut self) {}
    /// What came out since.
    fn collect(&mut self, outputs: &mut Outputs) -> Result<(), String>;
    /// The connection that a step's expectations are about.
    fn connection(&self, step: &Map<String, Value>) -> u64;
    fn stage(&mut self) -> &mut Stage;
}

/// The clock, the names, and the calls of a script.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) now: Instant,
    pub(super) names: Names,
    /// The calls by name; their places are their numbers.
    calls: Vec<String>,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self { now: Instant::now(), names: Names::default(), calls: Vec::new() }
    }

    /// The number of a call, which it gets when it is first named.
    pub(super) fn handle(&mut self, name: &Value) -> u64 {
        let name = name.as_str().unwrap_or_default();
        let known = self.calls.iter().position(|call| call == name);
        known.unwrap_or_else(|| {
            self.calls.push(name.to_owned());
            self.calls.len() - 1
        }) as u64
    }

    fn call(&self, handle: u64) -> &str {
        usize::try_from(handle).ok().and_then(|at| self.calls.get(at)).map_or("", String::as_str)
    }

    /// What is told, as the vectors write it; `None` for what they leave out.
    pub(super) fn told(&self, tell: Tell, socket: Option<&str>) -> Value {
        let id = super::form::id_json;
        match tell {
            Tell::Outcome(call, Ended::Answered(Ok(result))) => {
                json!({ "outcome": self.call(call), "result": result })
            }
            Tell::Outcome(call, Ended::Answered(Err(error))) => {
                json!({ "outcome": self.call(call), "error": kind_of(&error) })
            }
            Tell::Outcome(call, Ended::Failed(kind)) => json!({ "outcome": self.call(call), "error": kind }),
            Tell::Item(call, value) => json!({ "item": self.call(call), "value": value }),
            Tell::Event { method, params } => json!({ "event": { "method": method, "params": params } }),
            Tell::Serve { id: of, method, params } => {
                json!({ "serve": { "id": id(&of), "method": method, "params": params } })
            }
            Tell::Abort(of) => json!({ "abort": { "id": id(&of) } }),
            Tell::Chunk(of, value) => json!({ "chunk": { "id": id(&of), "value": value } }),
            Tell::ChunksEnd(of) => json!({ "chunks_end": { "id": id(&of) } }),
            Tell::Drop { code, .. } => match socket {
                Some(socket) => json!({ "drop": { "code": code, "socket": socket } }),
                None => json!({ "drop": { "code": code } }),
            },
            Tell::Opened { resumed, reason: None } => json!({ "opened": { "resumed": resumed } }),
            Tell::Opened { resumed, reason: Some(reason) } => {
                json!({ "opened": { "resumed": resumed, "reason": reason.name() } })
            }
            Tell::Stays(code) => json!({ "ended": { "code": code } }),
            Tell::Hook(hook, _) => json!({ "hook": match hook {
                Hook::Open => "open",
                Hook::Suspend => "suspend",
                Hook::Resume => "resume",
                Hook::End => "end",
            } }),
        }
    }
}

/// Members of a step that are no verbs.
const BESIDE: &[&str] = &["writes", "tells", "loose", "socket", "times", "every_ms", "note"];

/// Plays a script to its end, or to the first difference.
pub(super) fn play(player: &mut impl Player, script: &Script) -> Result<(), String> {
    for (at, step) in script.steps.iter().enumerate() {
        play_step(player, step).map_err(|difference| format!("  step {}: {difference}", at + 1))?;
    }
    Ok(())
}

fn play_step(player: &mut impl Player, step: &Map<String, Value>) -> Result<(), String> {
    let (verb, argument) =
        step.iter().find(|(name, _)| !BESIDE.contains(&name.as_str())).ok_or("it has no verb")?;
    let times = step.get("times").and_then(Value::as_u64).unwrap_or(1);
    let every = step.get("every_ms").and_then(Value::as_u64);
    let mut outputs = Outputs::default();
    for turn in 0..times {
        if let Some(every) = every {
            advance(player, Duration::from_millis(every), &mut outputs)?;
        }
        let argument = later(argument, turn);
        match verb.as_str() {
            "advance" => advance(player, millis(&argument), &mut outputs)?,
            "sleep" => player.stage().now += millis(&argument),
            _ => player.act(verb, &argument, step)?,
        }
        player.collect(&mut outputs)?;
    }
    if verb == "open" {
        return Ok(());
    }
    let connection = player.connection(step);
    compare(&mut player.stage().names, step, connection, &outputs)
        .map_err(|difference| format!("{verb} {}\n{difference}", shortened(argument)))
}

/// The message of a step that is done again has the next number.
fn later(argument: &Value, turns: u64) -> Value {
    let mut argument = argument.clone();
    if let Some(seq) = argument.get("seq").and_then(Value::as_u64) {
        argument["seq"] = (seq + turns).into();
    }
    argument
}

fn millis(value: &Value) -> Duration {
    Duration::from_millis(value.as_u64().unwrap_or_default())
}

/// The clock goes through every time at which the machine asked to be woken, the last instant included.
fn advance(player: &mut impl Player, time: Duration, outputs: &mut Outputs) -> Result<(), String> {
    let end = player.stage().now + time;
    for _ in 0..100_000 {
        match player.wakes_at() {
            Some(at) if at <= end => {
                let now = player.stage().now.max(at);
                player.stage().now = now;
                player.wake();
                player.collect(outputs)?;
            }
            _ => {
                player.stage().now = end;
                player.arrive();
                return player.collect(outputs);
            }
        }
    }
    Err("the machine asks to be woken again and again".to_owned())
}

fn shortened(argument: &Value) -> String {
    let text = argument.to_string();
    text.get(..200).map_or(text.clone(), |start| format!("{start}…"))
}

fn compare(
    names: &mut Names,
    step: &Map<String, Value>,
    connection: u64,
    outputs: &Outputs,
) -> Result<(), String> {
    let nothing = Value::Array(Vec::new());
    let expected = |name: &str| {
        if step.contains_key("loose") { "*".into() } else { step.get(name).unwrap_or(&nothing).clone() }
    };
    if let Value::Array(expected) = expected("writes") {
        if let Some((_, stray)) = outputs.writes.iter().find(|(on, _)| *on != connection) {
            return Err(format!("    written on another connection: {stray}"));
        }
        let written: Vec<Value> = outputs.writes.iter().map(|(_, value)| value.clone()).collect();
        // A call may be sent again under another id.
        for message in expected.iter().filter(|message| message.get("method").is_some()) {
            if let Some(name) = message["id"].as_str().filter(|name| name.starts_with('$')) {
                names.unbind(name);
            }
        }
        let numbered = |value: &Value| usize::from(value.get("seq").is_some());
        compare_groups(names, "writes", &expected, &written, numbered)?;
    }
    if let Value::Array(expected) = expected("tells") {
        compare_groups(names, "tells", &expected, &outputs.tells, group)?;
    }
    Ok(())
}

/// What is ordered among itself.
fn group(tell: &Value) -> usize {
    let is = |names: &[&str]| names.iter().any(|name| tell.get(name).is_some());
    if is(&["outcome", "item"]) {
        0
    } else if is(&["event", "serve", "abort", "chunk", "chunks_end"]) {
        1
    } else if is(&["hook"]) {
        2
    } else {
        3
    }
}

fn compare_groups(
    names: &mut Names,
    what: &str,
    expected: &[Value],
    actual: &[Value],
    group: impl Fn(&Value) -> usize,
) -> Result<(), String> {
    let of = |values: &[Value], wanted: usize| -> Vec<Value> {
        values.iter().filter(|value| group(value) == wanted).cloned().collect()
    };
    let fits = (0..4).all(|wanted| {
        let (expected, actual) = (of(expected, wanted), of(actual, wanted));
        expected.len() == actual.len()
            && expected.iter().zip(&actual).all(|(expected, actual)| names.expect(expected, actual))
    });
    if fits {
        return Ok(());
    }
    Err(format!("    expected {what}:\n{}\n    and there were:\n{}", listed(expected), listed(actual)))
}

/// The message of a step, as text.
pub(super) fn text_of(stage: &Stage, message: &Value) -> Result<String, String> {
    let resolved = stage.names.resolve(message)?;
    Ok(with_version(resolved).to_string())
}

fn with_version(message: Value) -> Value {
    match message {
        Value::Array(entries) => entries
            .into_iter()
            .map(|entry| if entry.is_object() { with_version(entry) } else { entry })
            .collect(),
        Value::Object(members) => {
            let mut versioned = Map::new();
            if !members.contains_key("jsonrpc") {
                versioned.insert("jsonrpc".to_owned(), "2.0".into());
            }
            let mut members = members;
            let seq = members.remove("seq");
            versioned.extend(members);
            versioned.extend(seq.map(|seq| ("seq".to_owned(), seq)));
            versioned.into()
        }
        other => other,
    }
}
