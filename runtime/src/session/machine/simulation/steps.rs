//! What may happen in a step of a schedule.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::link::Link;
use super::model::{Model, Shape, Violation};
use super::world::{World, params};
use crate::message::Id;
use crate::session::machine::{Ask, Demand, Leaving, Message};

impl World {
    /// One random step.
    pub(super) fn step(&mut self) -> Result<(), Violation> {
        match self.random.below(100) {
            0..=17 => self.move_messages(),
            18..=29 => self.client_calls(),
            30..=33 => self.client_notifies(),
            34..=41 => self.server_emits(),
            42..=45 => self.server_calls(),
            46..=58 => self.server_works(),
            59..=61 => self.client_answers(),
            62..=66 => self.client_takes(),
            67..=70 => self.client_pushes(),
            71..=72 => self.client_cancels(),
            73 => self.server_cancels(),
            74..=79 => self.come_back(),
            80 => self.come_back_in_vain(),
            81..=84 => self.cut(),
            85..=91 => self.pass_time(),
            92..=93 => self.imitate(),
            94..=95 => self.repeat(),
            _ => self.move_everything(),
        }?;
        self.check()
    }

    fn check(&mut self) -> Result<(), Violation> {
        let session = self.client.recovery.session().map(Arc::from);
        match session {
            Some(session) => self.checks.halves(&mut self.client, &mut self.server, &session),
            None => Ok(()),
        }
    }

    /// Some messages are written and some arrive, on any connection.
    fn move_messages(&mut self) -> Result<(), Violation> {
        let ids: Vec<u64> = self.links.keys().copied().collect();
        let Some(id) = self.random.one(&ids) else { return Ok(()) };
        for _ in 0..=self.random.below(4) {
            match self.random.below(4) {
                0 => {
                    let most = 1 + self.random.below(3);
                    self.write_client(most)?;
                }
                1 => {
                    let most = 1 + self.random.below(3);
                    self.write_server(id, most)?;
                }
                2 => self.deliver_up(id)?,
                _ => self.deliver_down(id)?,
            }
        }
        Ok(())
    }

    /// The current connection works well for a moment.
    pub(super) fn move_everything(&mut self) -> Result<(), Violation> {
        for _ in 0..200 {
            let Some(id) = self.current else { break };
            self.write_client(usize::MAX)?;
            self.write_server(id, usize::MAX)?;
            let Some(link) = self.links.get(&id) else { break };
            let (up, down) = (link.up.has_news(), link.down.has_news());
            if !up && !down {
                break;
            }
            if up {
                self.deliver_up(id)?;
            }
            if down {
                self.deliver_down(id)?;
            }
        }
        Ok(())
    }

    fn size(&mut self) -> usize {
        self.random.one(&[0, 0, 10, 40, 120]).unwrap_or(0)
    }

    fn client_calls(&mut self) -> Result<(), Violation> {
        use Shape::{Both, Keep, Stream, Unary, Upload};
        let shape =
            self.random.one(&[Unary, Unary, Unary, Keep, Stream, Stream, Upload, Both]).unwrap_or(Unary);
        let idempotent = self.random.chance(30);
        let number = self.model.number();
        let ahead = [Demand::Credit(1), Demand::Credit(2), Demand::Credit(4), Demand::Unlimited];
        let demand = self.random.one(&ahead).unwrap_or_default();
        let ask = Ask {
            method: shape.method().into(),
            params: params(number, self.size()),
            idempotent,
            timeout: None,
            stream: if shape.streams() { demand } else { Demand::None },
            upload: shape.uploads(),
        };
        self.model.calls.insert(number, Model::call(shape, idempotent));
        self.client.call(number, ask, self.now);
        self.hear_client()
    }

    fn client_notifies(&mut self) -> Result<(), Violation> {
        self.model.notified += 1;
        let params = params(self.model.notified, self.size());
        self.client.notify("demo.typing".into(), params, self.now);
        self.hear_client()
    }

    fn server_emits(&mut self) -> Result<(), Violation> {
        let Some(session) = self.session() else { return Ok(()) };
        let Some(number) = self.server.session(&session).map(|held| held.number) else { return Ok(()) };
        let last = self.model.emitted.entry(number).or_default();
        *last += 1;
        let event = json!({ "n": *last, "s": number, "size": self.size() });
        self.server.emit(&session, "demo.said".into(), event, self.now);
        self.hear_server(Some(session))
    }

    fn server_calls(&mut self) -> Result<(), Violation> {
        let Some(session) = self.session() else { return Ok(()) };
        let number = self.model.number();
        self.model.asked.insert(number, Model::call(Shape::Unary, false));
        let params = params(number, self.size());
        self.server.call(&session, number, "demo.ask".into(), params, None, self.now);
        self.hear_server(Some(session))
    }

    fn server_cancels(&mut self) -> Result<(), Violation> {
        let open: Vec<u64> = self
            .model
            .asked
            .iter()
            .filter(|(_, call)| call.outcomes == 0)
            .map(|(number, _)| *number)
            .collect();
        let (Some(number), Some(session)) = (self.random.one(&open), self.session()) else {
            return Ok(());
        };
        if let Some(call) = self.model.asked.get_mut(&number) {
            call.cancelled = true;
        }
        self.server.cancel(&session, number, self.now);
        self.hear_server(Some(session))
    }

    /// One of the server's handlers goes on.
    fn server_works(&mut self) -> Result<(), Violation> {
        let open: Vec<i64> =
            self.model.runs.iter().filter(|(_, run)| !run.answered).map(|(id, _)| *id).collect();
        let Some(id) = self.random.one(&open) else { return Ok(()) };
        let finish = self.random.chance(40);
        self.work(id, finish)
    }

    /// That handler goes on, to its end if it is to `finish`.
    pub(super) fn work(&mut self, id: i64, finish: bool) -> Result<(), Violation> {
        let Some(session) = self.session() else { return Ok(()) };
        let size = self.size();
        let Some(run) = self.model.runs.get_mut(&id) else { return Ok(()) };
        let wire = Id::Number(id);
        if run.shape.uploads() && !run.chunks_ended && run.granted < run.chunks + 2 {
            run.granted += 3;
            self.server.grant(&session, &wire, 3, self.now);
            return self.hear_server(Some(session));
        }
        if run.shape.streams() && !finish {
            run.produced += 1;
            let item = Value::from(run.produced);
            self.server.offer(&session, &wire, vec![item], self.now);
        } else if !run.shape.uploads() || run.chunks_ended {
            run.answered = true;
            let mut result = Model::result(run);
            result["size"] = size.into();
            self.server.answer(&session, &wire, Ok(result), self.now);
        }
        self.hear_server(Some(session))
    }

    fn client_answers(&mut self) -> Result<(), Violation> {
        let open: Vec<i64> = self.model.answering.keys().copied().collect();
        let Some(id) = self.random.one(&open) else { return Ok(()) };
        self.answer(id)
    }

    pub(super) fn answer(&mut self, id: i64) -> Result<(), Violation> {
        let Some(number) = self.model.answering.remove(&id) else { return Ok(()) };
        let result = json!({ "n": number, "size": self.size() });
        self.client.answer(&Id::Number(id), Ok(result), self.now);
        self.hear_client()
    }

    fn client_takes(&mut self) -> Result<(), Violation> {
        let waiting: Vec<u64> =
            self.model.calls.iter().filter(|(_, it)| it.untaken > 0).map(|(it, _)| *it).collect();
        let Some(number) = self.random.one(&waiting) else { return Ok(()) };
        self.take(number)
    }

    pub(super) fn take(&mut self, number: u64) -> Result<(), Violation> {
        let Some(call) = self.model.calls.get_mut(&number) else { return Ok(()) };
        call.untaken -= 1;
        if call.outcomes == 0 {
            self.client.took(number, 1, self.now);
        }
        self.hear_client()
    }

    fn client_pushes(&mut self) -> Result<(), Violation> {
        let open: Vec<u64> = self.model.open_uploads();
        let Some(number) = self.random.one(&open) else { return Ok(()) };
        if self.random.chance(30) {
            return self.end_upload(number);
        }
        let Some(call) = self.model.calls.get_mut(&number) else { return Ok(()) };
        call.pushed += 1;
        let item = Value::from(call.pushed);
        self.client.push(number, vec![item], self.now);
        self.hear_client()
    }

    pub(super) fn end_upload(&mut self, number: u64) -> Result<(), Violation> {
        if let Some(call) = self.model.calls.get_mut(&number) {
            call.push_ended = true;
            self.client.end_upload(number, self.now);
        }
        self.hear_client()
    }

    fn client_cancels(&mut self) -> Result<(), Violation> {
        let open: Vec<u64> = self
            .model
            .calls
            .iter()
            .filter(|(_, call)| call.outcomes == 0)
            .map(|(number, _)| *number)
            .collect();
        let Some(number) = self.random.one(&open) else { return Ok(()) };
        if let Some(call) = self.model.calls.get_mut(&number) {
            call.cancelled = true;
        }
        self.client.cancel(number, self.now);
        self.hear_client()
    }

    /// The client connects, if it has no connection.
    pub(super) fn come_back(&mut self) -> Result<(), Violation> {
        if self.current.is_none() { self.connect() } else { self.move_messages() }
    }

    /// Several connections in a row break as soon as hello is answered.
    fn come_back_in_vain(&mut self) -> Result<(), Violation> {
        for _ in 0..=self.random.below(5) {
            if self.current.is_some() {
                self.client_loses(1006)?;
            }
            self.connect()?;
            let Some(id) = self.current else { break };
            self.deliver_up(id)?;
            self.write_server(id, 1)?;
            self.deliver_down(id)?;
        }
        Ok(())
    }

    /// Something happens to a connection that lives: where the current one does not, the client gives it up and connects first.
    pub(super) fn cut_alive(&mut self) -> Result<(), Violation> {
        let link = self.current.and_then(|id| self.links.get(&id));
        if !link.is_some_and(Link::is_alive) {
            if self.current.is_some() {
                self.client_loses(1006)?;
            }
            self.connect()?;
        }
        self.cut()
    }

    /// Something happens to the current connection, which counts where it lived.
    fn cut(&mut self) -> Result<(), Violation> {
        let Some(id) = self.current else { return Ok(()) };
        let Some(link) = self.links.get_mut(&id) else { return Ok(()) };
        if link.is_alive() {
            self.tally.add("cuts");
        }
        match self.random.below(5) {
            // It breaks; each end learns when it has read what came through.
            0 | 1 => link.cut(&mut self.random, 1006),
            // It goes silent.
            2 => link.swallow(),
            // The client gives it up; what it has written may still arrive.
            3 => self.client_loses(1006)?,
            // The server sees its end first, and what it has written may still arrive.
            _ => link.up.cut(&mut self.random, 1001),
        }
        // Somebody who hears nothing does not wait for ever.
        if self.random.chance(50) && self.current == Some(id) {
            self.client_loses(1006)?;
        }
        Ok(())
    }

    fn pass_time(&mut self) -> Result<(), Violation> {
        let millis = self.random.one(&[10, 300, 1000, 5000, 20_000, 70_000]).unwrap_or(10);
        if self.random.chance(20) {
            // Timers may be late.
            self.now += Duration::from_millis(millis);
            return Ok(());
        }
        self.advance(Duration::from_millis(millis))
    }

    /// Somebody says a hello of the client's again, or with another secret, or in another name: nothing changes.
    fn imitate(&mut self) -> Result<(), Violation> {
        let Some(hello) = self.last_hello.clone() else { return Ok(()) };
        let Message::Call { id, method, mut params, meta } = (*hello).clone() else { return Ok(()) };
        let Some(session) = params["resume"]["session"].as_str().map(Arc::<str>::from) else { return Ok(()) };
        let Some(before) = self.numbers_of(&session) else { return Ok(()) };
        let again = self.random.below(3);
        match again {
            0 => params["resume"]["secret"] = "guessed".into(),
            1 => params["token"] = "eve".into(),
            // One whose attempt was accepted already, or was overtaken.
            _ if self.server.attempt_of(&session) >= params["resume"]["attempt"].as_u64() => {}
            _ => return Ok(()),
        }
        self.tally.add("imitations");
        let ghost = self.open_link();
        self.checks.ghost(ghost);
        self.server.connect(ghost, "wirecall.1.json", self.now);
        let leaving = Leaving { seq: None, message: Message::Call { id, method, params, meta }.into() };
        self.server_reads(ghost, &leaving)?;
        // 14. A failed hello changes nothing. (Whose time is over, or who has no place beside a new one, ends all the same.)
        let ended = before.0.is_none() && self.server.session(&session).is_none();
        if !ended && self.numbers_of(&session) != Some(before) {
            return Err(format!("a hello that failed changed {session}"));
        }
        // A session of its own may have been opened, of which nobody here knows.
        let theirs = self.server.session_of(ghost);
        self.server.lost(ghost, 1000, self.now);
        self.links.remove(&ghost);
        self.hear_server(theirs)
    }

    fn numbers_of(&mut self, session: &str) -> Option<(Option<u64>, u64, u64, u64)> {
        let connection = self.server.store_connection(session);
        let replay = &self.server.session(session)?.half.replay;
        Some((connection, replay.received(), replay.peer_received(), replay.numbered()))
    }

    /// An end says again what it need not: it is dropped.
    fn repeat(&mut self) -> Result<(), Violation> {
        let Some(id) = self.current else { return Ok(()) };
        let Some(link) = self.links.get(&id) else { return Ok(()) };
        let up = self.random.chance(50);
        let pipe = if up { &link.up } else { &link.down };
        if pipe.closed {
            return Ok(());
        }
        let Some(again) = pipe.delivered.clone().filter(|leaving| leaving.seq.is_some()) else {
            return Ok(());
        };
        self.tally.add("repeats");
        if up { self.server_reads(id, &again) } else { self.client_reads(&again) }
    }
}
