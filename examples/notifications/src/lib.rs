//! Notifications with priorities: a background task publishes them, each goes to those who asked for its priority, and an
//! urgent one comes again until somebody has acknowledged it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use wirecall::server::{Error, SessionId};
use wirecall::{EncodeError, Events, Reply, Server, ServerHandle, Service, ServiceError, Session, Timestamp};

/// Notifications, by priority.
#[derive(Service)]
#[rpc(name = "notifications", error = NotificationError, events = NotificationEvent)]
pub enum Notifications {
    /// From now on, notifications of at least this priority arrive here. Gives the urgent ones that are open.
    #[rpc(returns = Vec<Notification>, idempotent)]
    Listen { minimum: Priority },
    /// Somebody takes care of an urgent notification: it does not come again.
    #[rpc(returns = (), serial = "id")]
    Acknowledge { id: u64 },
}

/// What listeners hear.
#[derive(Debug, Events)]
pub enum NotificationEvent {
    /// Something happened.
    Notified(Notification),
    /// Somebody takes care of it.
    Acknowledged { id: u64 },
}

/// What can go wrong.
#[derive(Debug, ServiceError)]
pub enum NotificationError {
    /// No urgent notification of this number is open.
    #[rpc(code = 1001)]
    NotOpen { id: u64 },
}

/// How much it matters, from the least to the most.
#[wirecall::message]
#[derive(Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

/// Something that happened.
#[wirecall::message]
pub struct Notification {
    pub id: u64,
    pub priority: Priority,
    pub text: String,
    pub at: Timestamp,
}

/// Who listens for what, and what is open.
#[derive(Default)]
struct Desk {
    listeners: HashMap<SessionId, Priority>,
    open: BTreeMap<u64, Notification>,
}

/// The desk, shared by handlers and the background task.
#[derive(Clone)]
struct Office {
    server: ServerHandle,
    desk: Arc<Mutex<Desk>>,
}

impl Office {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who want to hear of this priority.
    fn tell(&self, priority: Priority, event: NotificationEvent) -> Result<usize, EncodeError> {
        let desk = self.desk();
        let wanted = desk.listeners.iter().filter(|(_, minimum)| **minimum <= priority);
        self.server.select(wanted.map(|(id, _)| id)).emit(event)
    }

    /// Publishes what comes from `news`, and what is urgent and open once a period.
    async fn publish(
        self,
        mut news: mpsc::Receiver<(Priority, String)>,
        period: Duration,
    ) -> Result<(), EncodeError> {
        let mut ticks = tokio::time::interval(period);
        let mut last = 0;
        loop {
            tokio::select! {
                next = news.recv() => {
                    let Some((priority, text)) = next else { return Ok(()) };
                    last += 1;
                    let notification = Notification { id: last, priority, text, at: Timestamp::now() };
                    if priority == Priority::Urgent {
                        self.desk().open.insert(last, notification.clone());
                    }
                    self.tell(priority, NotificationEvent::Notified(notification))?;
                }
                _ = ticks.tick() => {
                    let open: Vec<_> = self.desk().open.values().cloned().collect();
                    for notification in open {
                        self.tell(Priority::Urgent, NotificationEvent::Notified(notification))?;
                    }
                }
            }
        }
    }
}

impl NotificationsHandler for Office {
    type Context = Session;

    async fn listen(&self, cx: Session, minimum: Priority) -> Reply<Vec<Notification>, NotificationError> {
        let mut desk = self.desk();
        desk.listeners.insert(cx.id().clone(), minimum);
        Ok(desk.open.values().cloned().collect())
    }

    async fn acknowledge(&self, _: Session, id: u64) -> Reply<(), NotificationError> {
        self.desk().open.remove(&id).ok_or(NotificationError::NotOpen { id })?;
        self.tell(Priority::Urgent, NotificationEvent::Acknowledged { id })
            .map_err(wirecall::Failure::internal)?;
        Ok(())
    }
}

/// The server, publishing what comes from `news`. Call it inside a Tokio runtime.
pub fn server(news: mpsc::Receiver<(Priority, String)>, period: Duration) -> Result<Server, Error> {
    let builder = Server::builder();
    let office = Office { server: builder.handle(), desk: Arc::default() };
    let leaving = office.clone();
    tokio::spawn(office.clone().publish(news, period));
    builder
        .service(Notifications::serve(office))
        .on_close(move |session, _| {
            leaving.desk().listeners.remove(session.id());
        })
        .build()
}
