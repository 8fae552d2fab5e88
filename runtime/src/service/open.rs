//! The calls that are open here: each runs in a task of its own once it did not answer at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::context::Scope;
use super::door::Door;
use super::endpoint::Endpoint;
use super::layer::{Answer, Run};
use super::local::{Later, Local};
use super::method::CallSpec;
use super::size::sealed;
use super::stream::Flow;
use crate::codec::{BatchAnswer, Codec, Frame, Raw, batch_entries, error_frame, id_of, result_frame};
use crate::connection::LineId;
use crate::message::{ErrorKind, Id, RpcError};
use crate::session::{Admission, Calls, Disconnect, Place, Refusal, code};

/// What is kept of a call that is not done.
#[derive(Debug)]
pub(crate) struct Held {
    /// Opened when the call's turn comes.
    gate: Option<oneshot::Sender<()>>,
    key: u64,
    task: JoinHandle<()>,
    pub(super) sink: Sink,
    pub(super) flow: Option<Arc<Flow>>,
}

impl Held {
    /// Stops the call; its answer, if it still gets one, goes to the sink. Its lane goes on when the handler is gone.
    pub(super) fn stop(self, endpoint: &Arc<Endpoint>) -> Sink {
        let sink = self.abort();
        let Self { key, task, .. } = self;
        if endpoint.calls().is_lingering(key) {
            let endpoint = Arc::clone(endpoint);
            tokio::spawn(async move {
                // Whether it was done just before makes no difference.
                drop(task.await);
                let mut calls = endpoint.calls();
                let next = calls.gone(key);
                Self::start(&mut calls, &next);
            });
        }
        sink
    }

    /// Stops the call at the end of its session, in which no other begins.
    pub(super) fn abort(&self) -> Sink {
        self.task.abort();
        self.over()
    }

    /// The call was answered otherwise: no item leaves any more. Gives where that answer goes.
    pub(super) fn over(&self) -> Sink {
        if let Some(flow) = &self.flow {
            flow.close();
        }
        self.sink.clone()
    }

    /// Lets calls run whose turn it is.
    pub(super) fn start(calls: &mut Calls<Self>, keys: &[u64]) {
        for key in keys {
            if let Some(gate) = calls.held(*key).and_then(|held| held.gate.take()) {
                // A call that was stopped in between does not listen any more.
                let _: Result<(), _> = gate.send(());
            }
        }
    }
}

/// Where an answer goes.
#[derive(Debug, Clone)]
pub(crate) enum Sink {
    /// To the other end.
    Direct,
    /// To the other end, not numbered, on the connection that the call came over: an answer of the protocol's own.
    Aside(LineId),
    /// Into the array that answers a batch.
    Batch(Arc<Batch>),
}

/// The answers of a batch so far.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The connection that the batch came over.
    line: LineId,
    state: Mutex<BatchState>,
}

#[derive(Debug)]
struct BatchState {
    /// Entries that have not been answered or passed.
    open: usize,
    answers: BatchAnswer,
    /// What the other end takes.
    max_message_bytes: usize,
}

impl BatchState {
    /// Adds an answer, or that it is too large, so that the whole stays within what the other end takes.
    fn push(&mut self, codec: Codec, frame: &Frame) {
        // Those that are still to come may be errors, which find room as well.
        let rest = self.open.saturating_sub(1).saturating_mul(ERROR_BYTES);
        let whole = self.answers.len().saturating_add(frame.len()).saturating_add(rest);
        if whole.saturating_add(ARRAY_BYTES) <= self.max_message_bytes || frame.len() <= ERROR_BYTES {
            return self.answers.push(frame);
        }
        let id = Raw::of(codec, frame).and_then(id_of).unwrap_or_else(Id::null);
        let text = format!(
            "the answers to a batch are one message, and the caller takes {} bytes (`max_message_bytes`)",
            sealed(self.max_message_bytes)
        );
        self.answers.push(&error_frame(codec, &id, &RpcError::new(ErrorKind::TooLarge, text)));
    }
}

/// About what `too_large` takes in a batch.
const ERROR_BYTES: usize = 256;
/// The brackets of a batch, or their like.
const ARRAY_BYTES: usize = 8;

impl Batch {
    /// One entry is done; the whole answer, when it was the last.
    fn add(&self, codec: Codec, frame: Option<&Frame>) -> Option<Frame> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = frame {
            state.push(codec, frame);
        }
        state.open -= 1;
        if state.open > 0 { None } else { state.answers.take() }
    }
}

impl Sink {
    /// Gives an answer of the reader's own.
    pub(super) fn put(&self, endpoint: &Arc<Endpoint>, frame: Frame) -> Result<(), Disconnect> {
        match self {
            Self::Direct => endpoint.answer_now(frame),
            Self::Aside(line) => endpoint.urgent(*line, frame),
            Self::Batch(batch) => endpoint.complete(batch.add(endpoint.codec, Some(&frame)), self),
        }
    }

    /// An entry that is not answered.
    pub(super) fn pass(&self, endpoint: &Arc<Endpoint>) -> Result<(), Disconnect> {
        match self {
            Self::Direct | Self::Aside(_) => Ok(()),
            Self::Batch(batch) => endpoint.complete(batch.add(endpoint.codec, None), self),
        }
    }

    /// The frame that leaves now that `answer` is there, if one does.
    pub(super) fn frame(&self, codec: Codec, answer: Option<Frame>) -> Option<Frame> {
        match self {
            Self::Direct | Self::Aside(_) => answer,
            Self::Batch(batch) => batch.add(codec, answer.as_ref()),
        }
    }

    /// Where the answer to that method of no service goes. *Not numbered are hello and its answer, `rpc.ack`, …*
    pub(super) fn of_the_protocol(&self, method: &str, line: LineId) -> Self {
        let untracked = matches!(
            method,
            "rpc.hello" | "rpc.ack" | "rpc.ping" | "rpc.pong" | "rpc.close" | "rpc.auth" | "rpc.contract"
        );
        match self {
            Self::Direct if untracked => Self::Aside(line),
            other => other.clone(),
        }
    }

    /// An answer found no room: ends the connection that it was for, and none that has come since.
    fn close(&self, endpoint: &Endpoint, disconnect: Disconnect) {
        match self.line() {
            Some(line) => endpoint.outbox.close_line(line, disconnect),
            None => endpoint.outbox.close(disconnect),
        }
    }

    /// The connection of what leaves not numbered.
    fn line(&self) -> Option<LineId> {
        match self {
            Self::Direct => None,
            Self::Aside(line) => Some(*line),
            Self::Batch(batch) => Some(batch.line),
        }
    }
}

impl Endpoint {
    /// Takes an array of messages.
    pub(super) fn receive_batch(
        self: &Arc<Self>,
        message: Raw<'_>,
        scope: &Scope,
        local: &dyn Local,
        now: Instant,
    ) -> Result<(), Disconnect> {
        let invalid = |text| (Id::null(), RpcError::new(ErrorKind::InvalidRequest, text));
        let entries = match batch_entries(message) {
            None => return self.refuse_unreadable(&Sink::Direct, message),
            Some(entries) if entries.is_empty() => {
                let (id, error) = invalid("a batch needs at least one entry".to_owned());
                return self.refuse(&Sink::Direct, &id, &error);
            }
            Some(entries) if entries.len() > self.config.max_batch => {
                let (id, error) =
                    invalid(format!("a batch has at most {} entries (max_batch)", self.config.max_batch));
                return self.refuse(&Sink::Direct, &id, &error);
            }
            Some(entries) => entries,
        };
        let state = BatchState {
            open: entries.len(),
            answers: BatchAnswer::new(self.codec),
            max_message_bytes: self.max_message_bytes(),
        };
        let sink = Sink::Batch(Arc::new(Batch { line: local.line(), state: Mutex::new(state) }));
        // What of it is done at once is in nobody's place until the whole is.
        let _answering = self.answering();
        entries.into_iter().try_for_each(|entry| self.receive_one(entry, scope, local, now, &sink))
    }

    /// Answers a call of that method of the protocol's own when what it comes to is known.
    pub(super) fn answer_later(self: &Arc<Self>, later: Later, id: Id, method: &str, sink: &Sink) {
        let (endpoint, method, sink) = (Arc::clone(self), method.to_owned(), sink.clone());
        tokio::spawn(async move {
            let answer = match later.await {
                Some(Ok(result)) => result_frame(endpoint.codec, &id, &result)
                    .map(|frame| endpoint.fitting_result(&id, frame)),
                Some(Err(error)) => Ok(endpoint.error_frame(&id, &error)),
                None => return,
            };
            let answer = answer.unwrap_or_else(|error| {
                let error = endpoint.environment.incident(&method, &error);
                endpoint.error_frame(&id, &error)
            });
            if let Err(disconnect) = sink.put(&endpoint, answer) {
                sink.close(&endpoint, disconnect);
            }
        });
    }

    /// Runs a call: to its answer, if that is there at once; else in a task of its own, or when its turn comes.
    pub(super) fn enter(
        self: &Arc<Self>,
        door: &Door<'_>,
        mut run: Run,
        place: Place,
        spec: &'static CallSpec,
        (deadline, flow): (Option<Instant>, Option<Arc<Flow>>),
        sink: &Sink,
    ) -> Result<(), Refusal> {
        let id = place.id.clone();
        // A stream has to be known before its handler runs, since the other end may say something about it.
        if flow.is_none()
            && door.runs_now
            && let Poll::Ready(answer) = run.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            let Some(frame) = self.frame_of(answer, id.as_ref(), spec, sink) else { return Ok(()) };
            // Nearly always there is room. Where there is none the answer keeps the call's place and waits.
            return match (self.try_leave(frame, sink), sink) {
                (Ok(()), _) => Ok(()),
                (Err(answers), Sink::Batch(_)) => {
                    if let Err(disconnect) = self.keep_answers(answers, place, sink) {
                        sink.close(self, disconnect);
                    }
                    Ok(())
                }
                (Err(frame), _) => {
                    let answered = Box::pin(async move { Answer::result(frame) });
                    self.spawn(answered, place, spec, (None, None), sink)
                }
            };
        }
        self.spawn(run, place, spec, (deadline, flow), sink)
    }

    /// What leaves for an answer, if something does.
    fn frame_of(&self, answer: Answer, id: Option<&Id>, spec: &CallSpec, sink: &Sink) -> Option<Frame> {
        let Some(id) = id else {
            if let Some(error) = answer.error() {
                tracing::debug!(target: "wirecall", method = spec.method, %error, "a notification failed");
            }
            return sink.frame(self.codec, None);
        };
        sink.frame(self.codec, answer.into_frame(|error| self.error_frame(id, error)))
    }

    /// Lets an answer leave, if there is room; else gives it back.
    fn try_leave(&self, frame: Frame, sink: &Sink) -> Result<(), Frame> {
        // *An array never carries a `seq`*: what answers one dies with its connection.
        match sink.line() {
            Some(line) => self.outbox.try_push_batch(line, frame),
            None => self.outbox.try_push(frame).map(drop),
        }
    }

    /// Lets the answer to a batch leave, if the reader has completed it. It is as large as its results are: where it finds no
    /// room it waits, in the place of a call.
    fn complete(self: &Arc<Self>, answers: Option<Frame>, sink: &Sink) -> Result<(), Disconnect> {
        let Some(answers) = answers else { return Ok(()) };
        let Err(answers) = self.try_leave(answers, sink) else { return Ok(()) };
        let place = Place { id: None, lane: None, bytes: answers.len(), no_cancel: false, stream: false };
        self.keep_answers(answers, place, sink)
    }

    /// Lets the answer to a call that is still open leave, if there is room; else gives it back.
    fn try_settle(&self, key: u64, frame: Frame, sink: &Sink) -> Result<(), Frame> {
        // Nobody else answers between the question and the answer.
        let mut calls = self.calls();
        if !calls.is_open(key) {
            return Ok(());
        }
        self.try_leave(frame, sink)?;
        calls.answer(key);
        Ok(())
    }

    /// Keeps the whole answer to a batch until there is room, in the place of the call that completed it. Cancelling that
    /// call takes nothing out of it any more. Who leaves more of them than a session keeps, or leaves no place, is closed 4013.
    fn keep_answers(self: &Arc<Self>, answers: Frame, place: Place, sink: &Sink) -> Result<(), Disconnect> {
        let place = Place { id: None, no_cancel: false, ..place };
        let bytes = answers.len();
        let mut calls = self.calls();
        let kept = self.kept_answers.load(Ordering::Relaxed);
        if kept > 0 && kept.saturating_add(bytes) > self.outbox.limits().buffer_bytes {
            let text = "the peer reads too slowly: the answers to its batches exceed buffer_bytes";
            return Err(Disconnect::over("buffer_bytes", code::TOO_SLOW, text));
        }
        let Ok(Admission::Run(key) | Admission::Wait(key)) = calls.admit(place) else {
            let text = "the peer reads too slowly: the answer to its batch finds no place (`max_waiting`)";
            return Err(Disconnect::over("max_waiting", code::TOO_SLOW, text));
        };
        self.kept_answers.store(kept + bytes, Ordering::Relaxed);
        let (endpoint, sink) = (Arc::clone(self), sink.clone());
        let waiting = tokio::spawn(async move {
            endpoint.leave_aside(answers, &sink).await;
            endpoint.kept_answers.fetch_sub(bytes, Ordering::Relaxed);
            endpoint.finish_call(key);
        });
        calls.hold(key, Held { gate: None, key, task: waiting, sink: Sink::Direct, flow: None });
        Ok(())
    }

    /// A call is done: those go on whose turn it is now.
    fn finish_call(&self, key: u64) {
        let mut calls = self.calls();
        let next = calls.finish(key);
        Held::start(&mut calls, &next);
        self.tell_idle(calls);
    }

    /// Lets an answer leave that nobody waits to cancel any more, when there is room.
    pub(super) async fn leave_aside(&self, mut frame: Frame, sink: &Sink) {
        loop {
            let room = self.outbox.room();
            match self.try_leave(frame, sink) {
                Ok(()) => return,
                Err(full) => frame = full,
            }
            room.await;
        }
    }

    fn spawn(
        self: &Arc<Self>,
        run: Run,
        place: Place,
        spec: &'static CallSpec,
        (deadline, flow): (Option<Instant>, Option<Arc<Flow>>),
        sink: &Sink,
    ) -> Result<(), Refusal> {
        let id = place.id.clone();
        // The lock is held until the task is known, so that its turn or its end cannot be missed.
        let mut calls = self.calls();
        let (key, gate, turn) = match calls.admit(place)? {
            Admission::Run(key) => (key, None, None),
            Admission::Wait(key) => {
                let (gate, turn) = oneshot::channel();
                (key, Some(gate), Some(turn))
            }
        };
        if let Some(flow) = &flow {
            flow.enter(key, sink.clone());
        }
        let task = Task {
            endpoint: Arc::clone(self),
            key,
            id,
            spec,
            deadline,
            sink: sink.clone(),
            flow: flow.clone(),
        };
        let running = task.run(run, turn);
        let task = if spec.no_cancel { self.no_cancel.spawn(running) } else { tokio::spawn(running) };
        calls.hold(key, Held { gate, key, task, sink: sink.clone(), flow });
        Ok(())
    }
}

/// One call that did not answer at once.
struct Task {
    endpoint: Arc<Endpoint>,
    key: u64,
    id: Option<Id>,
    spec: &'static CallSpec,
    deadline: Option<Instant>,
    sink: Sink,
    flow: Option<Arc<Flow>>,
}

impl Task {
    async fn run(self, mut run: Run, turn: Option<oneshot::Receiver<()>>) {
        let due = self.deadline.map(tokio::time::Instant::from_std);
        let late = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let mut late = std::pin::pin!(late);
        if let Some(turn) = turn {
            tokio::select! {
                biased;
                turn = turn => if turn.is_err() { return },
                () = &mut late => {
                    self.settle(Answer::from(deadline_exceeded())).await;
                    return self.finish();
                }
            }
        }
        let answer = tokio::select! {
            biased;
            answer = &mut run => Some(answer),
            () = &mut late => None,
        };
        match answer {
            None if self.spec.no_cancel => {
                // It keeps its slot until it is done; there is one outcome, and that was the deadline.
                tokio::join!(self.settle(Answer::from(deadline_exceeded())), run);
            }
            answer => {
                // The handler does not live on while its answer waits for room, and is gone before its lane goes on.
                drop_quietly(run, self.spec);
                self.settle(answer.unwrap_or_else(|| Answer::from(deadline_exceeded()))).await;
            }
        }
        self.finish();
    }

    /// Gives the answer when there is room, unless the call is answered otherwise before. While it waits its caller may
    /// still cancel it: who thinks that a call is over counts on its place being free.
    async fn settle(&self, answer: Answer) {
        if let Some(flow) = &self.flow {
            // *The result is the end.*
            flow.close();
        }
        let endpoint = &self.endpoint;
        let frame = |answer| endpoint.frame_of(answer, self.id.as_ref(), self.spec, &self.sink);
        if self.id.is_none() || self.sink.line().is_some() {
            let wanted = self.id.is_none() || endpoint.calls().answer(self.key);
            if let Some(frame) = wanted.then(|| frame(answer)).flatten() {
                endpoint.leave_aside(frame, &self.sink).await;
            }
            return;
        }
        let Some(mut waiting) = frame(answer) else { return };
        loop {
            let room = endpoint.outbox.room();
            match endpoint.try_settle(self.key, waiting, &self.sink) {
                Ok(()) => return,
                Err(full) => waiting = full,
            }
            room.await;
        }
    }

    fn finish(&self) {
        self.endpoint.finish_call(self.key);
    }
}

/// A handler that panics when it is dropped is still done.
fn drop_quietly(run: Run, spec: &CallSpec) {
    if catch_unwind(AssertUnwindSafe(|| drop(run))).is_err() {
        tracing::error!(target: "wirecall", method = spec.method, "a handler panicked when it was dropped");
    }
}

fn deadline_exceeded() -> RpcError {
    RpcError::new(ErrorKind::DeadlineExceeded, "the time limit of the call passed")
}

#[cfg(test)]
mod tests;
