//! The calls of the other end: from their arrival to their one answer, with what streams in between.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::half::{Close, Half};
use super::message::{Arrival, Message, Meta, Name, Outcome, id_in, id_value};
use super::tell::Tell;
use crate::message::{ErrorKind, Id};
use crate::session::calls::{Admission, Cancelled, Key, Place, Refusal};
use crate::session::streams::{Credit, Window};

/// What a service declares of a method.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spec {
    pub(crate) notification: bool,
    /// It answers items, takes items, or both.
    pub(crate) streams: bool,
    pub(crate) no_cancel: bool,
}

/// A call of the other end that is not done.
#[derive(Debug)]
pub(crate) struct Serving {
    id: Option<Id>,
    method: Name,
    params: Value,
    spec: Spec,
    started: bool,
    deadline: Option<Instant>,
    credit: Credit,
    window: Window,
    upload_ended: bool,
    /// Items that the handler has and that found no credit, or no room.
    items: VecDeque<Value>,
    /// The handler's outcome, behind them.
    outcome: Option<Outcome>,
    /// The answer that found no room.
    answer: Option<Message>,
    batch: Option<Batch>,
}

impl Serving {
    pub(super) fn call(id: Id, method: Name, params: Value, meta: Meta, spec: Spec, now: Instant) -> Self {
        let deadline = meta.timeout_ms.map(|limit| now + Duration::from_millis(limit));
        Self {
            id: Some(id),
            method,
            params,
            spec,
            started: false,
            deadline,
            credit: Credit::download(meta.credit),
            window: Window::upload(1),
            upload_ended: false,
            items: VecDeque::new(),
            outcome: None,
            answer: None,
            batch: None,
        }
    }

    /// Whether its handler runs.
    fn is_at_work(&self) -> bool {
        self.started && self.answer.is_none()
    }

    pub(super) fn notification(method: Name, params: Value, now: Instant) -> Self {
        let spec = Spec { notification: true, ..Spec::default() };
        Self { id: None, ..Self::call(Id::null(), method, params, Meta::default(), spec, now) }
    }
}

/// The answers to a batch. *An array never carries a `seq`.*
#[derive(Debug, Clone)]
pub(crate) struct Batch(Rc<RefCell<(usize, Vec<Message>)>>);

impl Batch {
    pub(super) fn new(entries: usize) -> Self {
        Self(Rc::new(RefCell::new((entries, Vec::new()))))
    }

    /// One entry is done; the whole answer, when it was the last.
    fn add(&self, answer: Option<Message>) -> Option<Message> {
        let (open, answers) = &mut *self.0.borrow_mut();
        answers.extend(answer);
        *open -= 1;
        (*open == 0 && !answers.is_empty()).then(|| Message::Batch(std::mem::take(answers)))
    }
}

impl Half {
    /// A call or notification arrives: it runs now, waits for its turn, or is refused.
    pub(super) fn admit(&mut self, serving: Serving, bytes: usize) -> Result<(), Close> {
        if self.drains {
            return match &serving.id {
                Some(id) => {
                    self.answer_entry(&serving, Message::error(id, ErrorKind::Unavailable, "shutting down"))
                }
                None => Ok(()),
            };
        }
        let place = Place {
            id: serving.id.clone(),
            lane: None,
            bytes,
            no_cancel: serving.spec.no_cancel,
            stream: serving.spec.streams,
        };
        match self.calls.admit(place) {
            Ok(Admission::Run(key)) => {
                self.calls.hold(key, serving);
                self.start(&[key]);
                Ok(())
            }
            Ok(Admission::Wait(key)) => {
                self.calls.hold(key, serving);
                Ok(())
            }
            Err(refusal) => self.not_admitted(&serving, refusal),
        }
    }

    fn not_admitted(&mut self, serving: &Serving, refusal: Refusal) -> Result<(), Close> {
        // *A notification that finds no room is not taken: the connection is closed 4013 and the resume brings it again.*
        let Some(id) = &serving.id else { return Err(Close::TOO_SLOW) };
        let answer = match refusal {
            // *A call whose id is still open is not run and gets -32600 with id `null`.*
            Refusal::Duplicate => {
                Message::error(&Id::null(), ErrorKind::InvalidRequest, "a call of this id is still open")
            }
            Refusal::Full | Refusal::Streams => Message::error(
                id,
                ErrorKind::ResourceExhausted,
                "max_calls, max_waiting or max_streams is reached",
            ),
        };
        self.answer_entry(serving, answer)
    }

    /// Answers from the reader itself, into the batch where the call came in one.
    fn answer_entry(&mut self, serving: &Serving, answer: Message) -> Result<(), Close> {
        match &serving.batch {
            None => self.reply(answer),
            Some(batch) => {
                self.urgent.extend(batch.add(Some(answer)));
                Ok(())
            }
        }
    }

    /// Lets calls run whose turn it is.
    fn start(&mut self, keys: &[Key]) {
        let mut keys: VecDeque<Key> = keys.iter().copied().collect();
        while let Some(key) = keys.pop_front() {
            let Some(serving) = self.calls.held(key) else { continue };
            serving.started = true;
            let (method, params) = (serving.method.clone(), serving.params.take());
            if let Some(id) = serving.id.clone() {
                self.tells.push_back(Tell::Serve { id, method, params });
                continue;
            }
            self.tells.push_back(Tell::Event { method, params });
            let batch = serving.batch.clone();
            self.urgent.extend(batch.and_then(|batch| batch.add(None)));
            keys.extend(self.calls.finish(key));
        }
    }

    /// The key of the open call of that id.
    fn key_of(&self, id: &Id) -> Option<Key> {
        self.calls.all().find(|(_, serving)| serving.id.as_ref() == Some(id)).map(|(key, _)| key)
    }

    /// A handler ends.
    pub(crate) fn answer(&mut self, id: &Id, outcome: Outcome, now: Instant) {
        let Some(key) = self.key_of(id) else { return };
        if let Some(serving) = self.calls.held(key) {
            serving.outcome = Some(outcome);
        }
        self.advance(key, now);
    }

    /// The handler of a stream has items.
    pub(crate) fn offer(&mut self, id: &Id, items: Vec<Value>, now: Instant) {
        let Some(key) = self.key_of(id) else { return };
        if let Some(serving) = self.calls.held(key) {
            serving.items.extend(items);
        }
        self.advance(key, now);
    }

    /// The handler of an upload can take so many items more.
    pub(crate) fn grant(&mut self, id: &Id, credit: u32, now: Instant) {
        let Some(serving) = self.calls.find(id) else { return };
        serving.window.allow(credit);
        let credit = json!({ "id": id_value(id), "credit": credit });
        self.say(Message::notice("rpc.upload_credit", credit), now);
    }

    /// Lets whatever waits go on, as far as it can.
    pub(crate) fn progress(&mut self, now: Instant) {
        self.say_on(now);
        for key in std::mem::take(&mut self.parked) {
            self.advance(key, now);
        }
    }

    /// Lets one call go on: its items, then its answer.
    fn advance(&mut self, key: Key, now: Instant) {
        while let Some(serving) = self.calls.held(key)
            && let Some(item) = serving.items.front()
            && let Some(id) = serving.id.clone()
        {
            let message = Message::notice("rpc.item", json!({ "id": id_value(&id), "items": [item] }));
            if self.is_too_large(&message) {
                // *A stream whose item is too large ends with it.*
                return self.fail(key, ErrorKind::TooLarge, now);
            }
            let room = self.fits(&message);
            let Some(serving) = self.calls.held(key) else { return };
            if serving.credit.allows(1) == 0 || !room {
                if !room {
                    self.wait_for_room(now);
                }
                return self.park(key);
            }
            serving.credit.spend();
            serving.items.pop_front();
            if self.enter(message).is_err() {
                return;
            }
        }
        self.settle(key, now);
    }

    fn park(&mut self, key: Key) {
        if !self.parked.contains(&key) {
            self.parked.push_back(key);
        }
    }

    /// Ends a call with an error of this side, and drops its handler.
    fn fail(&mut self, key: Key, kind: ErrorKind, now: Instant) {
        let Some(serving) = self.calls.held(key) else { return };
        serving.items.clear();
        let Some(id) = serving.id.clone() else { return };
        let error = crate::message::RpcError::new(kind, "the call cannot go on");
        serving.outcome = Some(Err(super::message::error(&error)));
        if serving.is_at_work() {
            self.tells.push_back(Tell::Abort(id));
        }
        self.settle(key, now);
    }

    /// Answers a call whose outcome is known, when there is room. Until then it is open: a cancel or its time limit may
    /// still come first, and another call of the same id is refused.
    fn settle(&mut self, key: Key, now: Instant) {
        let Some(serving) = self.calls.held(key) else { return };
        if let (Some(outcome), Some(id)) = (serving.outcome.take(), serving.id.clone()) {
            let answer = self.fitting(&id, outcome);
            if let Some(serving) = self.calls.held(key) {
                serving.answer = Some(answer);
            }
        }
        let Some(serving) = self.calls.held(key) else { return };
        let Some(answer) = serving.answer.take() else { return };
        if let Some(batch) = serving.batch.clone() {
            if self.calls.answer(key) {
                self.urgent.extend(batch.add(Some(answer)));
            }
        } else if self.fits(&answer) {
            // *The callee answers once, whichever of handler, cancel, deadline is first.*
            if self.calls.answer(key) && self.enter(answer).is_err() {
                return;
            }
        } else {
            self.wait_for_room(now);
            if let Some(serving) = self.calls.held(key) {
                serving.answer = Some(answer);
            }
            return self.park(key);
        }
        let next = self.calls.finish(key);
        self.start(&next);
    }

    /// *An answer that is too large becomes that error.*
    fn fitting(&self, id: &Id, outcome: Outcome) -> Message {
        let answer = Message::answer(id, outcome);
        if self.is_too_large(&answer) {
            return Message::error(id, ErrorKind::TooLarge, "the answer is larger than the caller takes");
        }
        answer
    }

    /// *`rpc.cancel` ends any call, also one that still waits: its answer is the error `cancelled`, at once.*
    pub(super) fn cancelled(&mut self, id: Option<&Id>) -> Result<(), Close> {
        let Some(id) = id else { return Ok(()) };
        let cancelled = Message::error(id, ErrorKind::Cancelled, "the caller cancelled the call");
        match self.calls.cancel(id) {
            Cancelled::Nothing => Ok(()),
            Cancelled::Stop(serving, next) => {
                if serving.as_ref().is_some_and(Serving::is_at_work) {
                    self.tells.push_back(Tell::Abort(id.clone()));
                }
                let answered = match &serving {
                    Some(serving) => self.answer_entry(serving, cancelled),
                    None => self.reply(cancelled),
                };
                self.start(&next);
                answered
            }
            Cancelled::RunsOn(_) => self.reply(cancelled),
        }
    }

    pub(super) fn credited(&mut self, params: &Value) {
        let Some(id) = id_in(params) else { return };
        if let (Some(serving), Some(credit)) = (self.calls.find(&id), params["credit"].as_u64()) {
            serving.credit.grant(credit);
        }
    }

    pub(super) fn uploaded(&mut self, params: &Value) -> Result<(), Close> {
        let Some(id) = id_in(params) else { return Ok(()) };
        let items = params["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(serving) = self.calls.find(&id).filter(|serving| !serving.upload_ended) else {
            return Ok(());
        };
        if serving.window.receive(items.len()).is_err() {
            // *A callee answers `resource_exhausted` and drops the handler.*
            return self.exhaust(&id);
        }
        self.tells.extend(items.iter().map(|item| Tell::Chunk(id.clone(), item.clone())));
        Ok(())
    }

    fn exhaust(&mut self, id: &Id) -> Result<(), Close> {
        if let Cancelled::Stop(_, next) = self.calls.cancel(id) {
            self.tells.push_back(Tell::Abort(id.clone()));
            self.start(&next);
        }
        self.refuse(id, ErrorKind::ResourceExhausted, "more items than there is credit for")
    }

    pub(super) fn upload_ended(&mut self, params: &Value) {
        let Some(id) = id_in(params) else { return };
        if let Some(serving) = self.calls.find(&id)
            && !std::mem::replace(&mut serving.upload_ended, true)
        {
            self.tells.push_back(Tell::ChunksEnd(id));
        }
    }

    /// The first time limit of the other end's calls.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.calls.all().filter_map(|(_, serving)| serving.deadline.filter(|_| serving.id.is_some())).min()
    }

    pub(super) fn expire_calls(&mut self, now: Instant) -> Result<(), Close> {
        let late = |serving: &Serving| serving.deadline.is_some_and(|deadline| deadline <= now);
        let keys: Vec<Key> = self.calls.all().filter(|(_, it)| late(it)).map(|(key, _)| key).collect();
        for key in keys {
            let Some(serving) = self.calls.held(key) else { continue };
            serving.deadline = None;
            let Some(id) = serving.id.clone() else { continue };
            if let Cancelled::Stop(serving, next) = self.calls.cancel(&id) {
                if serving.is_some_and(|serving| serving.is_at_work()) {
                    self.tells.push_back(Tell::Abort(id.clone()));
                }
                self.start(&next);
            }
            self.refuse(&id, ErrorKind::DeadlineExceeded, "the time limit of the call passed")?;
        }
        Ok(())
    }

    /// The session ended: handlers are dropped, but `no_cancel` ones.
    pub(crate) fn end_calls(&mut self) {
        let mut stopped: Vec<Serving> = self.calls.end();
        stopped.retain(Serving::is_at_work);
        let mut ids: Vec<Id> = stopped.into_iter().filter_map(|serving| serving.id).collect();
        ids.sort_by_key(|id| id.to_json().into_owned());
        self.tells.extend(ids.into_iter().map(Tell::Abort));
        self.parked.clear();
    }

    pub(super) fn take_entry(&mut self, entry: Arrival, batch: &Batch, now: Instant) -> Result<(), Close> {
        match entry {
            Arrival::Message(Message::Call { id, method, params, meta }) => {
                let Some(spec) = (self.world.service)(&method).filter(|spec| !spec.notification) else {
                    let answer = Message::error(&id, ErrorKind::MethodNotFound, "the method does not exist");
                    self.urgent.extend(batch.add(Some(answer)));
                    return Ok(());
                };
                let serving = Serving::call(id, method, params, meta, spec, now);
                self.admit(Serving { batch: Some(batch.clone()), ..serving }, 0)
            }
            Arrival::Wrong { id, error } => {
                let answer = Message::answer(&id, Err(super::message::error(&error)));
                self.urgent.extend(batch.add(Some(answer)));
                Ok(())
            }
            other => {
                self.urgent.extend(batch.add(None));
                self.take(other, 0, now).map(drop)
            }
        }
    }
}
