//! What has changed in a service: its calls, events and errors, and the calls that its clients answer.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::schema::Comparison;
use super::{Change, Direction};
use crate::fingerprint::shape_of;
use crate::{Call, CallKind, Contract, ErrorSet, EventSet, Params, Service, Side};

/// The schema of a result that is not declared.
static NULL: LazyLock<Value> = LazyLock::new(|| json!({ "type": "null" }));

pub(super) fn compare(name: &str, released: &Contract, current: &Contract) -> Vec<Change> {
    let Some(before) = released.service(name) else { return Vec::new() };
    let mut differences = Differences { released, current, found: Vec::new() };
    match current.service(name) {
        Some(now) if now.side == before.side => differences.service(before, now),
        Some(_) => differences.breaking(
            format!("service `{name}`"),
            before.side,
            "is answered by the other side now",
        ),
        None => differences.breaking(format!("service `{name}`"), before.side, "is gone"),
    }
    differences.found
}

struct Differences<'c> {
    released: &'c Contract,
    current: &'c Contract,
    found: Vec<Change>,
}

/// Who reads what the callers of a service send.
fn asked(side: Side) -> Direction {
    match side {
        Side::Server => Direction::ToServer,
        Side::Client => Direction::ToClient,
    }
}

/// Who reads what they are answered.
fn answered(side: Side) -> Direction {
    match side {
        Side::Server => Direction::ToClient,
        Side::Client => Direction::ToServer,
    }
}

impl<'c> Differences<'c> {
    fn tell(&mut self, path: String, direction: Direction, sentence: impl Into<String>, breaking: bool) {
        self.found.push(Change { path, direction, sentence: sentence.into(), breaking });
    }

    fn breaking(&mut self, path: String, side: Side, sentence: impl Into<String>) {
        self.tell(path, asked(side), sentence, true);
    }

    fn service(&mut self, before: &'c Service, now: &'c Service) {
        self.calls(&before.calls, &now.calls, before.side);
        self.events(before.events.as_ref(), now.events.as_ref());
        self.errors("errors", before.side, before.error.as_ref(), now.error.as_ref());
        for call in &before.calls {
            let same = now.calls.iter().find(|other| other.method == call.method);
            let Some(same) = same.filter(|same| same.error.is_some() || call.error.is_some()) else {
                continue;
            };
            let (was, is) =
                (call.error.as_ref().or(before.error.as_ref()), same.error.as_ref().or(now.error.as_ref()));
            self.errors(&format!("{}, errors", name(call, before.side)), before.side, was, is);
        }
        let calls = |service: Option<&'c Service>| service.map_or(&[][..], |service| &service.calls);
        let peers = (before.peer.as_deref(), now.peer.as_deref());
        self.calls(calls(peers.0), calls(peers.1), Side::Client);
    }

    fn calls(&mut self, before: &'c [Call], now: &'c [Call], side: Side) {
        for call in before {
            match now.iter().find(|other| other.method == call.method) {
                Some(same) => self.call(call, same, side),
                // Who answers it is not asked any more.
                None => self.tell(name(call, side), asked(side), "is gone", side == Side::Server),
            }
        }
        for call in now.iter().filter(|call| before.iter().all(|other| other.method != call.method)) {
            // A client ignores notifications that it does not know, and cannot answer calls.
            let unanswered = side == Side::Client && call.kind == CallKind::Call;
            let sentence = if unanswered { "is new, and the client does not answer it" } else { "is new" };
            self.tell(name(call, side), asked(side), sentence, unanswered);
        }
    }

    fn call(&mut self, before: &'c Call, now: &'c Call, side: Side) {
        let path = name(before, side);
        if before.kind != now.kind {
            let kind = if now.kind == CallKind::Call { "a call" } else { "a notification" };
            self.breaking(path.clone(), side, format!("is {kind} now"));
        }
        if before.subscription != now.subscription {
            self.breaking(path.clone(), side, "streams under other names");
        }
        if before.idempotent && !now.idempotent {
            self.breaking(path.clone(), side, "is not idempotent any more, and the client sends it again");
        }
        self.params(&format!("{path}, params"), asked(side), &before.params, &now.params);
        let result = |call: &'c Call| call.returns.as_ref().unwrap_or(&NULL);
        self.slot(&format!("{path}, result"), answered(side), false, result(before), result(now));
        self.items(&format!("{path}, items"), answered(side), before.stream.as_ref(), now.stream.as_ref());
        self.items(&format!("{path}, upload"), asked(side), before.upload.as_ref(), now.upload.as_ref());
    }

    fn items(&mut self, path: &str, direction: Direction, before: Option<&'c Value>, now: Option<&'c Value>) {
        match (before, now) {
            (Some(before), Some(now)) => self.slot(path, direction, false, before, now),
            (None, None) => {}
            (Some(_), None) => self.tell(path.to_owned(), direction, "are gone", true),
            (None, Some(_)) => {
                self.tell(path.to_owned(), direction, "are new, and the client knows of none", true);
            }
        }
    }

    fn params(&mut self, path: &str, direction: Direction, before: &'c Params, now: &'c Params) {
        let writer = if direction == Direction::ToServer { before } else { now };
        let moved = before.fields.iter().zip(&now.fields).any(|(was, is)| was.name != is.name);
        if writer.positional && moved {
            self.tell(path.to_owned(), direction, "are in another order, and are given by position", true);
        }
        self.slot(path, direction, true, &before.schema, &now.schema);
    }

    fn events(&mut self, before: Option<&'c EventSet>, now: Option<&'c EventSet>) {
        let events = |set: Option<&'c EventSet>| set.map_or(&[][..], |set| &set.events);
        let (before, now) = (events(before), events(now));
        for event in before {
            let path = format!("event `{}`", event.method);
            match now.iter().find(|other| other.method == event.method) {
                Some(same) => {
                    let path = format!("{path}, params");
                    self.slot(&path, Direction::ToClient, false, &event.params.schema, &same.params.schema);
                }
                None => self.tell(path, Direction::ToClient, "is gone", true),
            }
        }
        for event in now.iter().filter(|event| before.iter().all(|other| other.method != event.method)) {
            self.tell(format!("event `{}`", event.method), Direction::ToClient, "is new", false);
        }
    }

    fn errors(&mut self, path: &str, side: Side, before: Option<&'c ErrorSet>, now: Option<&'c ErrorSet>) {
        let variants = |set: Option<&'c ErrorSet>| set.map_or(&[][..], |set| &set.variants);
        let (before, now) = (variants(before), variants(now));
        let direction = answered(side);
        for error in before {
            let place = format!("{path}, `{}`", error.kind);
            match now.iter().find(|other| other.kind == error.kind || other.code == error.code) {
                Some(same) if (same.code, &same.kind) == (error.code, &error.kind) => {
                    if let Some(details) = &error.details {
                        let is = same.details.as_ref().unwrap_or(&NULL);
                        self.slot(&format!("{place}, details"), direction, false, details, is);
                    }
                }
                Some(other) => {
                    let sentence =
                        format!("with code {} is `{}` with code {} now", error.code, other.kind, other.code);
                    self.tell(place, direction, sentence, true);
                }
                None => self.tell(place, direction, "is never answered any more", false),
            }
        }
        for error in now.iter().filter(|error| before.iter().all(|other| other.kind != error.kind)) {
            self.tell(format!("{path}, `{}`", error.kind), direction, "is new", false);
        }
    }

    /// Compares what crosses the wire at one place. Servers run the checks of what they read, clients only those of
    /// what they are asked.
    fn slot(&mut self, path: &str, direction: Direction, asked: bool, before: &'c Value, now: &'c Value) {
        let read = direction == Direction::ToServer;
        if shape_of(self.released, before, read) == shape_of(self.current, now, read) {
            return;
        }
        let ((writer, written), (reader, wanted)) = match direction {
            Direction::ToServer => ((self.released, before), (self.current, now)),
            Direction::ToClient => ((self.current, now), (self.released, before)),
        };
        let mut comparison = Comparison::new(writer, reader, direction, read || asked);
        if !comparison.fits(written, wanted, path) {
            comparison.insist(path);
        }
        self.found.extend(comparison.into_changes());
    }
}

fn name(call: &Call, side: Side) -> String {
    let kind = match (side, call.kind) {
        (Side::Server, CallKind::Call) => "call",
        (Side::Server, CallKind::Notification) => "notification",
        (Side::Client, CallKind::Call) => "peer call",
        (Side::Client, CallKind::Notification) => "peer notification",
    };
    format!("{kind} `{}`", call.method)
}
