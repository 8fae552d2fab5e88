//! What the applications at both ends have asked for, seen and been told, and what of it cannot be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::session::machine::{Ended, kind_of};

/// Something that must never be.
pub(super) type Violation = String;

/// What a call of the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Unary,
    /// A call declared `no_cancel`.
    Keep,
    Stream,
    Upload,
    Both,
}

impl Shape {
    pub(super) const fn streams(self) -> bool {
        matches!(self, Self::Stream | Self::Both)
    }

    pub(super) const fn uploads(self) -> bool {
        matches!(self, Self::Upload | Self::Both)
    }

    pub(super) const fn method(self) -> &'static str {
        match self {
            Self::Unary => "demo.echo",
            Self::Keep => "demo.keep",
            Self::Stream => "demo.watch",
            Self::Upload => "demo.put",
            Self::Both => "demo.talk",
        }
    }
}

/// A call, of either side.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) shape: Shape,
    pub(super) idempotent: bool,
    pub(super) cancelled: bool,
    pub(super) outcomes: u32,
    /// How often its handler was started.
    pub(super) starts: u32,
    /// How often it was written.
    pub(super) written: u32,
    /// The last number that it was received with, and in which session.
    pub(super) received: Option<u64>,
    /// Items that its consumer got.
    pub(super) items: u64,
    pub(super) untaken: u32,
    /// Items that its producer gave.
    pub(super) pushed: u64,
    pub(super) push_ended: bool,
    /// The error of this side that it failed with.
    pub(super) failed: Option<&'static str>,
}

/// A handler at work.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) call: u64,
    pub(super) shape: Shape,
    pub(super) produced: u64,
    pub(super) chunks: u64,
    pub(super) chunks_ended: bool,
    pub(super) granted: u64,
    pub(super) answered: bool,
}

/// The books of a schedule.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// Calls of the client, and those of the server.
    pub(super) calls: BTreeMap<u64, Call>,
    pub(super) asked: BTreeMap<u64, Call>,
    /// Handlers at the server by the id of their call, and those at the client.
    pub(super) runs: BTreeMap<i64, Run>,
    pub(super) answering: BTreeMap<i64, u64>,
    /// Notifications sent, and received.
    pub(super) notified: u64,
    pub(super) notices: BTreeSet<u64>,
    last_notice: BTreeMap<Arc<str>, u64>,
    /// Events sent in each session, and received.
    pub(super) emitted: BTreeMap<u64, u64>,
    pub(super) events: BTreeMap<u64, u64>,
    /// Sessions that were lost.
    pub(super) lost: u32,
    next: u64,
}

impl Model {
    /// The number of the next call.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn call(shape: Shape, idempotent: bool) -> Call {
        Call {
            shape,
            idempotent,
            cancelled: false,
            outcomes: 0,
            starts: 0,
            written: 0,
            received: None,
            items: 0,
            untaken: 0,
            pushed: 0,
            push_ended: false,
            failed: None,
        }
    }

    /// Uploads whose producers may go on.
    pub(super) fn open_uploads(&self) -> Vec<u64> {
        let open = |call: &Call| call.shape.uploads() && call.outcomes == 0 && !call.push_ended;
        self.calls.iter().filter(|(_, call)| open(call)).map(|(number, _)| *number).collect()
    }

    /// A handler of the server starts.
    pub(super) fn serve(&mut self, id: i64, params: &Value) -> Result<(), Violation> {
        let number = params["n"].as_u64().unwrap_or_default();
        let call = self.calls.get_mut(&number).ok_or_else(|| format!("call {number} was never made"))?;
        call.starts += 1;
        // 7. A call that is not idempotent starts at most once, over all sessions.
        if call.starts > if call.idempotent { 4 } else { 1 } {
            return Err(format!("call {number} starts {} times", call.starts));
        }
        if call.failed == Some("closed") {
            return Err(format!("call {number} starts, and its caller was told that it was never received"));
        }
        let shape = call.shape;
        let run = Run {
            call: number,
            shape,
            produced: 0,
            chunks: 0,
            chunks_ended: false,
            granted: 0,
            answered: false,
        };
        match self.runs.insert(id, run) {
            Some(before) if !before.answered => Err(format!("the id {id} is served twice at once")),
            _ => Ok(()),
        }
    }

    /// A notification arrives at the server.
    pub(super) fn notice(&mut self, params: &Value, session: Option<&Arc<str>>) -> Result<(), Violation> {
        let number = params["n"].as_u64().unwrap_or_default();
        if number == 0 || number > self.notified || !self.notices.insert(number) {
            return Err(format!("the notification {number} arrives twice, or was never sent"));
        }
        // In a session they come in order. Those of one that its client gave up may still wait there.
        let last = session.and_then(|session| self.last_notice.insert(Arc::clone(session), number));
        match last {
            Some(last) if number < last => Err(format!("the notification {number} arrives after {last}")),
            _ => Ok(()),
        }
    }

    /// An event arrives at the client.
    pub(super) fn event(&mut self, params: &Value) -> Result<(), Violation> {
        let session = params["s"].as_u64().unwrap_or_default();
        let number = params["n"].as_u64().unwrap_or_default();
        let last = self.events.entry(session).or_default();
        if number != *last + 1 {
            return Err(format!("the event {number} of session {session} arrives after {last}"));
        }
        *last = number;
        Ok(())
    }

    /// An item arrives at the client.
    pub(super) fn item(&mut self, number: u64, item: &Value) -> Result<(), Violation> {
        let call = self.calls.get_mut(&number).ok_or("an item of no call")?;
        if call.outcomes > 0 {
            return Err(format!("an item of call {number} after its outcome"));
        }
        call.items += 1;
        call.untaken += 1;
        // 9. Items in order 1…n.
        if item.as_u64() != Some(call.items) {
            return Err(format!("item {item} of call {number} instead of {}", call.items));
        }
        Ok(())
    }

    /// An item of an upload arrives at the server.
    pub(super) fn chunk(&mut self, id: i64, item: &Value) -> Result<(), Violation> {
        let run = self.runs.get_mut(&id).ok_or("an item of an upload without a handler")?;
        run.chunks += 1;
        if item.as_u64() != Some(run.chunks) || run.chunks_ended {
            return Err(format!("item {item} of the upload {} instead of {}", run.call, run.chunks));
        }
        if run.chunks > run.granted {
            return Err(format!("more items of the upload {} than there is credit for", run.call));
        }
        Ok(())
    }

    /// An upload ends.
    pub(super) fn chunks_end(&mut self, id: i64) -> Result<(), Violation> {
        let run = self.runs.get_mut(&id).ok_or("the end of an upload without a handler")?;
        if std::mem::replace(&mut run.chunks_ended, true) {
            return Err(format!("the upload {} ends twice", run.call));
        }
        let pushed = self.calls.get(&run.call).map_or(0, |call| call.pushed);
        if run.chunks != pushed {
            return Err(format!("the upload {} ends after {} items of {pushed}", run.call, run.chunks));
        }
        Ok(())
    }

    /// A call of the client has an outcome. `lost`: a session was lost, or the client has ended, at this moment;
    /// `ended_received` is what the server said of it.
    pub(super) fn outcome(
        &mut self,
        number: u64,
        ended: &Ended,
        lost: bool,
        ended_received: Option<u64>,
    ) -> Result<(), Violation> {
        let call = self.calls.get_mut(&number).ok_or("the outcome of no call")?;
        call.outcomes += 1;
        // 6. Every call has one outcome.
        if call.outcomes > 1 {
            return Err(format!("call {number} has {} outcomes", call.outcomes));
        }
        if let Ended::Failed(kind) = ended {
            call.failed = Some(kind);
        }
        match ended {
            Ended::Answered(Ok(result)) => {
                // No answer reaches a call of another session, or another call.
                if result["n"].as_u64() != Some(number) {
                    return Err(format!("call {number} is answered {result}"));
                }
                // Ok only after all n.
                if call.shape.streams() && result["items"].as_u64() != Some(call.items) {
                    return Err(format!("call {number} ends with {result} after {} items", call.items));
                }
            }
            Ended::Answered(Err(error)) if kind_of(error) == "cancelled" && call.cancelled => {}
            Ended::Answered(Err(error)) => return Err(format!("call {number} fails: {error}")),
            Ended::Failed("connection_lost") => {
                // 8. *Unknown* only after a not-resumed verdict or the client's end, only for what may have been received.
                if !lost || call.written == 0 {
                    return Err(format!("call {number} is unknown, and no session was lost with it"));
                }
                if let Some(ended_received) = ended_received
                    && call.received.is_none_or(|received| received > ended_received)
                {
                    return Err(format!("call {number} is unknown, and was not received by the old session"));
                }
            }
            Ended::Failed("closed") => {
                if !lost || call.starts > 0 {
                    return Err(format!(
                        "call {number} is told to be never received, after {} starts",
                        call.starts
                    ));
                }
            }
            Ended::Failed("cancelled") if call.cancelled => {}
            Ended::Failed(kind) => return Err(format!("call {number} fails with {kind}")),
        }
        Ok(())
    }

    /// What the outcome of a call counts as.
    pub(super) fn name_of(&self, number: u64, ended: &Ended) -> &'static str {
        match ended {
            Ended::Answered(Ok(_)) if self.calls.get(&number).is_some_and(|call| call.shape.streams()) => {
                "streams answered"
            }
            Ended::Answered(Ok(_)) => "answered",
            Ended::Answered(Err(_)) => "answered with an error",
            Ended::Failed("connection_lost") => "unknown",
            Ended::Failed(kind) => kind,
        }
    }

    /// A call of the server has an outcome.
    pub(super) fn asked_outcome(&mut self, number: u64, ended: &Ended) -> Result<(), Violation> {
        let call = self.asked.get_mut(&number).ok_or("the outcome of no call of the server")?;
        call.outcomes += 1;
        if call.outcomes > 1 {
            return Err(format!("call {number} of the server has {} outcomes", call.outcomes));
        }
        match ended {
            Ended::Answered(Ok(result)) if result["n"].as_u64() == Some(number) => Ok(()),
            Ended::Failed("connection_lost") => Ok(()),
            Ended::Failed("cancelled") if call.cancelled => Ok(()),
            other => Err(format!("call {number} of the server ends with {other:?}")),
        }
    }

    /// A handler of the client starts.
    pub(super) fn answer(&mut self, id: i64, params: &Value) -> Result<(), Violation> {
        let number = params["n"].as_u64().unwrap_or_default();
        let call = self.asked.get_mut(&number).ok_or("a call of the server that was never made")?;
        call.starts += 1;
        if call.starts > 1 {
            return Err(format!("call {number} of the server starts {} times", call.starts));
        }
        self.answering.insert(id, number);
        Ok(())
    }

    /// The result of a run.
    pub(super) fn result(run: &Run) -> Value {
        json!({ "n": run.call, "items": run.produced })
    }
}
