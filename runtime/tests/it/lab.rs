//! The service that most tests call: handlers that answer at once, that wait to be let go, and that tell what becomes of
//! them.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore, mpsc};
use wirecall::server::{Limits, ServerBuilder};
use wirecall::{Events, Failure, Reply, Server, Service, ServiceError, Session};

use crate::support::soon;

#[derive(Service)]
#[rpc(name = "lab", error = LabError, events = LabEvent, peer = Ui)]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
pub(crate) enum Lab {
    #[rpc(returns = String)]
    Echo { text: String },
    #[rpc(returns = i64)]
    Add { a: i64, b: i64, c: Option<i64> },
    /// Waits to be let go.
    #[rpc(returns = u32)]
    Hold { n: u32 },
    /// Waits to be let go, and cannot be cancelled.
    #[rpc(returns = u32, no_cancel)]
    Keep { n: u32 },
    /// Waits to be let go, for at most 50 ms.
    #[rpc(returns = u32, timeout = "50ms")]
    Brief { n: u32 },
    /// One after the other.
    #[rpc(returns = u32, serial)]
    Queue { n: u32 },
    /// One after the other of the same key.
    #[rpc(returns = u32, serial = "key")]
    Lane { key: String, n: u32 },
    #[rpc(notification)]
    Note { n: u32 },
    /// A notification that waits to be let go.
    #[rpc(notification)]
    Linger { n: u32 },
    /// A text of that many bytes.
    #[rpc(returns = String)]
    Large { bytes: usize },
    /// Fails in the way of that name.
    #[rpc(returns = ())]
    Fail { how: String },
    /// Asks the caller.
    #[rpc(returns = bool)]
    Ask { n: u32 },
    /// Emits that many events to the caller.
    #[rpc(returns = ())]
    Emit { count: u32, bytes: usize },
}

#[derive(Debug, ServiceError)]
pub(crate) enum LabError {
    /// There is no such room.
    #[rpc(code = 1001)]
    NoRoom { room: String },
    /// Everybody is out. Come back tomorrow.
    #[rpc(code = 1002, retryable)]
    Closed,
}

#[derive(Debug, Events)]
pub(crate) enum LabEvent {
    Tick { n: u32, filling: String },
    Big { n: u64 },
}

#[derive(Service)]
#[rpc(name = "ui", side = "client")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
pub(crate) enum Ui {
    #[rpc(returns = bool)]
    Confirm { prompt: String },
    #[rpc(notification)]
    Flash { prompt: String },
}

/// What became of a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Fate {
    Started(u32),
    Done(u32),
    /// Its future was dropped before it was done.
    Dropped(u32),
}

/// More than happens in one test.
const MANY: usize = 4096;

/// Lets handlers go, and sees what becomes of them.
#[derive(Clone)]
pub(crate) struct Bench {
    gate: Arc<Semaphore>,
    tell: mpsc::Sender<Fate>,
    fates: Arc<Mutex<mpsc::Receiver<Fate>>>,
}

impl Default for Bench {
    fn default() -> Self {
        let (tell, fates) = mpsc::channel(MANY);
        Self { gate: Arc::new(Semaphore::new(0)), tell, fates: Arc::new(Mutex::new(fates)) }
    }
}

impl Bench {
    /// Lets that many waiting handlers go.
    pub(crate) fn release(&self, count: usize) {
        self.gate.add_permits(count);
    }

    /// What happened next.
    pub(crate) async fn fate(&self) -> Fate {
        soon(async { self.fates.lock().await.recv().await }).await.expect("the bench is here")
    }

    /// The next so many happenings, sorted.
    pub(crate) async fn fates(&self, count: usize) -> Vec<Fate> {
        let mut fates = Vec::new();
        for _ in 0..count {
            fates.push(self.fate().await);
        }
        fates.sort_unstable();
        fates
    }

    /// Nothing has happened since.
    pub(crate) async fn is_quiet(&self) -> bool {
        self.fates.lock().await.is_empty()
    }

    pub(crate) fn server(&self) -> ServerBuilder {
        Server::builder().service(Lab::serve(self.clone()))
    }

    pub(crate) fn server_with(&self, change: impl FnOnce(&mut Limits)) -> ServerBuilder {
        let mut limits = Limits::default();
        change(&mut limits);
        self.server().limits(limits)
    }

    fn tell(&self, fate: Fate) {
        // Whoever no longer looks is not told.
        self.tell.try_send(fate).unwrap_or_default();
    }

    async fn wait(&self, n: u32) -> u32 {
        let mut guard = Guard { bench: self, n, done: false };
        self.tell(Fate::Started(n));
        self.gate.acquire().await.expect("the gate stays").forget();
        guard.done = true;
        n
    }
}

struct Guard<'b> {
    bench: &'b Bench,
    n: u32,
    done: bool,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let fate = if self.done { Fate::Done(self.n) } else { Fate::Dropped(self.n) };
        self.bench.tell(fate);
    }
}

impl LabHandler for Bench {
    type Context = Session;

    async fn echo(&self, _: Session, text: String) -> Reply<String, LabError> {
        Ok(text)
    }
    async fn add(&self, _: Session, a: i64, b: i64, c: Option<i64>) -> Reply<i64, LabError> {
        Ok(a + b + c.unwrap_or(0))
    }
    async fn hold(&self, _: Session, n: u32) -> Reply<u32, LabError> {
        Ok(self.wait(n).await)
    }
    async fn keep(&self, _: Session, n: u32) -> Reply<u32, LabError> {
        Ok(self.wait(n).await)
    }
    async fn brief(&self, _: Session, n: u32) -> Reply<u32, LabError> {
        Ok(self.wait(n).await)
    }
    async fn queue(&self, _: Session, n: u32) -> Reply<u32, LabError> {
        Ok(self.wait(n).await)
    }
    async fn lane(&self, _: Session, _: String, n: u32) -> Reply<u32, LabError> {
        Ok(self.wait(n).await)
    }
    async fn note(&self, _: Session, n: u32) -> Reply<(), LabError> {
        self.tell(Fate::Done(n));
        Ok(())
    }
    async fn linger(&self, _: Session, n: u32) -> Reply<(), LabError> {
        self.wait(n).await;
        Ok(())
    }
    async fn large(&self, _: Session, bytes: usize) -> Reply<String, LabError> {
        Ok("x".repeat(bytes))
    }
    async fn fail(&self, _: Session, how: String) -> Reply<(), LabError> {
        match how.as_str() {
            "no_room" => Err(LabError::NoRoom { room: "attic".to_owned() }.into()),
            "closed" => Err(LabError::Closed.into()),
            "at length" => Err(LabError::NoRoom { room: "x".repeat(1 << 20) }.into()),
            "panic" => panic!("the inside of the server"),
            "internal" => Err(Failure::internal("the inside of the server")),
            other => Err(Failure::internal(format!("no way to fail is called {other}"))),
        }
    }
    async fn ask(&self, session: Session, n: u32) -> Reply<bool, LabError> {
        self.tell(Fate::Started(n));
        session.peer::<UiClient>().confirm(format!("{n}?")).await.map_err(Failure::internal)
    }
    async fn emit(&self, session: Session, count: u32, bytes: usize) -> Reply<(), LabError> {
        for n in 0..count {
            session.emit(LabEvent::Tick { n, filling: "x".repeat(bytes) }).map_err(Failure::internal)?;
        }
        Ok(())
    }
}
