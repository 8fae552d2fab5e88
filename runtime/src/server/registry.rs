//! Who is here: sessions by id and by user.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::session::{Session, SessionId};
use crate::types::UserId;

/// The open sessions of one server.
#[derive(Debug, Default)]
pub(crate) struct Registry(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sessions: HashMap<SessionId, Session>,
    users: HashMap<UserId, HashMap<SessionId, Session>>,
}

impl Registry {
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, session: &Session) {
        let mut inner = self.write();
        if let Some(user) = session.user_id() {
            inner.users.entry(user.clone()).or_default().insert(session.id().clone(), session.clone());
        }
        inner.sessions.insert(session.id().clone(), session.clone());
    }

    pub(crate) fn remove(&self, session: &Session) {
        let mut inner = self.write();
        inner.sessions.remove(session.id());
        if let Some(user) = session.user_id()
            && let Some(sessions) = inner.users.get_mut(user)
        {
            sessions.remove(session.id());
            if sessions.is_empty() {
                inner.users.remove(user);
            }
        }
    }

    pub(crate) fn session(&self, id: &str) -> Option<Session> {
        self.read().sessions.get(id).cloned()
    }

    pub(crate) fn sessions(&self) -> Vec<Session> {
        self.read().sessions.values().cloned().collect()
    }

    pub(crate) fn sessions_of(&self, user: &str) -> Vec<Session> {
        self.read().users.get(user).map(|sessions| sessions.values().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn users(&self) -> Vec<UserId> {
        self.read().users.keys().cloned().collect()
    }

    pub(crate) fn session_count(&self) -> usize {
        self.read().sessions.len()
    }

    pub(crate) fn user_count(&self) -> usize {
        self.read().users.len()
    }
}
