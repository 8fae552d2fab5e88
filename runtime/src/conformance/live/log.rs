//! What came out of a server since the script looked last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::server::Session;
use crate::session::machine::Tell;

/// What came out, and of which session the application speaks. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Outcome>>);

#[derive(Debug, Default)]
struct Outcome {
    tells: Vec<Tell>,
    /// Messages with their connections; an error is a message that is none.
    writes: Vec<(u64, Result<Value, String>)>,
    session: Option<Session>,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Outcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, tell: Tell) {
        self.lock().tells.push(tell);
    }

    pub(super) fn wrote(&self, connection: u64, message: Result<Value, String>) {
        self.lock().writes.push((connection, message));
    }

    pub(super) fn told(&self) -> Vec<Tell> {
        std::mem::take(&mut self.lock().tells)
    }

    pub(super) fn written(&self, connection: u64) -> Result<Vec<Value>, String> {
        let mut outcome = self.lock();
        let (here, elsewhere) =
            std::mem::take(&mut outcome.writes).into_iter().partition(|(on, _)| *on == connection);
        outcome.writes = elsewhere;
        here.into_iter().map(|(_, message): (u64, _)| message).collect()
    }

    /// The application speaks of that session from now on.
    pub(super) fn speak_of(&self, session: &Session) {
        self.lock().session = Some(session.clone());
    }

    pub(super) fn session(&self) -> Option<Session> {
        self.lock().session.clone()
    }
}
