//! The calls that are open here: each runs in a task of its own once it did not answer at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::batch::Batch;
use super::door::Door;
use super::endpoint::Endpoint;
use super::layer::{Answer, Run};
use super::local::Later;
use super::method::CallSpec;
use super::stream::Flow;
use crate::codec::{Codec, Frame, result_frame};
use crate::connection::LineId;
use crate::message::{ErrorKind, Id, RpcError};
use crate::session::{Admission, Calls, Disconnect, Place, Refusal};

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
    /// An answer that waits for room in the place of its call.
    pub(super) fn answered(key: u64, waiting: JoinHandle<()>) -> Self {
        Self { gate: None, key, task: waiting, sink: Sink::Direct, flow: None }
    }

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
    /// Answers a call of that method of the protocol's own when what it comes to is known.
    pub(super) fn answer_later(self: &Arc<Self>, later: Later, id: Id, method: &str, sink: &Sink) {
        let (endpoint, method, sink) = (Arc::clone(self), method.to_owned(), sink.clone());
        // The results of a batch that it completes are in nobody's place meanwhile.
        let answering = matches!(sink, Sink::Batch(_)).then(|| self.answering());
        tokio::spawn(async move {
            let _answering = answering;
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
    pub(super) fn try_leave(&self, frame: Frame, sink: &Sink) -> Result<(), Frame> {
        // *An array never carries a `seq`*: what answers one dies with its connection.
        match sink.line() {
            Some(line) => self.outbox.try_push_batch(line, frame),
            None => self.outbox.try_push(frame).map(drop),
        }
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

    /// A call is done: those go on whose turn it is now.
    pub(super) fn finish_call(&self, key: u64) {
        let mut calls = self.calls();
        let next = calls.finish(key);
        Held::start(&mut calls, &next);
        self.tell_idle(calls);
    }

    /// Lets an answer leave that nobody waits to cancel any more, when there is room.
    pub(super) async fn leave_aside(self: &Arc<Self>, frame: Frame, sink: &Sink) {
        let Err(frame) = self.try_leave(frame, sink) else { return };
        let kept = match sink {
            Sink::Batch(_) => self.keep(frame.len()).map(Some),
            Sink::Direct | Sink::Aside(_) => Ok(None),
        };
        match kept {
            Ok(_kept) => self.wait_for_room(frame, sink).await,
            Err(disconnect) => sink.close(self, disconnect),
        }
    }

    /// Lets an answer leave as soon as there is room.
    pub(super) async fn wait_for_room(&self, mut frame: Frame, sink: &Sink) {
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
