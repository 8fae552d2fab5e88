//! The chaos run's server: counts what arrives by user, and emits to and asks every session without end.
#![expect(clippy::print_stdout, reason = "the run reads where it listens")]

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaos::{
    Added, CONTROL, Chaos, ChaosEvent, ChaosHandler, Ledger, Numbers, ProbeClient, Runs, ServerTally,
    SessionTally, Summed,
};
use tokio::net::TcpListener;
use wirecall::server::{AuthRequest, Limits};
use wirecall::{CallError, Incoming, Outgoing, Reply, RpcError, Server, Session, UserId};

/// What was seen of one user.
#[derive(Debug, Default)]
struct Seen {
    added: Ledger,
    looked: u64,
    notes: Numbers,
    counts: Runs,
    sums: Runs,
    sessions: BTreeMap<String, SessionTally>,
}

/// The handler.
#[derive(Debug, Clone, Default)]
struct Counter {
    seen: Arc<Mutex<HashMap<String, Seen>>>,
    hush: Arc<AtomicBool>,
}

/// How a connection ends whose session another takes up (rule U3).
const SUPERSEDED: u16 = 4503;
/// Calls to one client that may be open at once.
const MOST_ASKED: u64 = 64;

impl Counter {
    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of<R>(&self, session: &Session, act: impl FnOnce(&mut Seen) -> R) -> R {
        let user = session.user_id().map(|user| user.as_str().to_owned()).unwrap_or_default();
        act(self.seen().entry(user).or_default())
    }

    fn session<R>(&self, session: &Session, act: impl FnOnce(&mut SessionTally) -> R) -> R {
        self.of(session, |seen| act(seen.sessions.entry(session.id().as_str().to_owned()).or_default()))
    }

    /// Emits to a session and asks it, until it ends or all is to be quiet.
    async fn pester(self, session: Session) {
        let mut number = 0;
        while !self.hush.load(Ordering::Relaxed) && !self.session(&session, |tally| tally.ended) {
            number += 1;
            let event = ChaosEvent::Tick { session: session.id().as_str().to_owned(), number };
            if session.emit(event).is_ok() {
                self.session(&session, |tally| tally.ticks = number);
            }
            if self.session(&session, |tally| tally.asked.open()) < MOST_ASKED {
                tokio::spawn(self.clone().ask(session.clone()));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    async fn ask(self, session: Session) {
        let number = self.session(&session, |tally| {
            tally.asked.made += 1;
            tally.asked.made
        });
        let answer = session.peer::<ProbeClient>().ask(session.id().as_str(), number).await;
        self.session(&session, |tally| match answer {
            Ok(same) if same == number => tally.asked.answered += 1,
            Err(CallError::ConnectionLost | CallError::Closed(_)) => tally.asked.lost += 1,
            other => tally.asked.failed.push(format!("{number}: {other:?}")),
        });
    }
}

impl ChaosHandler for Counter {
    type Context = Session;

    async fn add(&self, session: Session, number: u64) -> Reply<Added> {
        self.of(&session, |seen| seen.added.take(number));
        // Some answer at once, some while their connection is already another.
        if number.is_multiple_of(3) {
            tokio::time::sleep(Duration::from_millis(number % 40)).await;
        }
        Ok(Added { number })
    }

    async fn look(&self, session: Session, number: u64) -> Reply<Added> {
        self.of(&session, |seen| seen.looked += 1);
        Ok(Added { number })
    }

    async fn note(&self, session: Session, number: u64) -> Reply<()> {
        self.of(&session, |seen| seen.notes.take(number));
        Ok(())
    }

    async fn count(&self, session: Session, number: u64, to: u64, mut out: Outgoing<u64>) -> Reply<u64> {
        self.of(&session, |seen| seen.counts.begin(number));
        for item in 1..=to {
            out.send(item).await?;
            self.of(&session, |seen| seen.counts.items.sent += 1);
        }
        Ok(out.sent())
    }

    async fn sum(&self, session: Session, number: u64, mut numbers: Incoming<u64>) -> Reply<Summed> {
        self.of(&session, |seen| seen.sums.begin(number));
        let (mut items, mut last) = (0, 0);
        while let Some(item) = numbers.next().await {
            let item = item?;
            items += 1;
            last = self.of(&session, |seen| seen.sums.items.take(last, item));
        }
        Ok(Summed { items, last })
    }

    async fn hush(&self, _: Session) -> Reply<()> {
        self.hush.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn tally(&self, _: Session, user: String) -> Reply<ServerTally> {
        let all = self.seen();
        let Some(seen) = all.get(&user) else { return Ok(ServerTally::default()) };
        Ok(ServerTally {
            looked: seen.looked,
            notes: seen.notes.clone(),
            counts: seen.counts.clone(),
            sums: seen.sums.clone(),
            sessions: seen.sessions.clone(),
            ..ServerTally::of(&seen.added)
        })
    }
}

/// `user:NAME` signs in as that user.
async fn authenticate(request: AuthRequest) -> Result<Option<UserId>, RpcError> {
    Ok(request.token().and_then(|token| token.strip_prefix("user:")).map(UserId::from))
}

/// The times of the run: everything that takes a minute in the world takes a second here.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.ping = Duration::from_millis(200);
    limits.heartbeat_timeout = Duration::from_secs(2);
    limits.session_ttl = Duration::from_secs(10);
    limits
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter = Counter::default();
    let (opened, suspended, ended) = (counter.clone(), counter.clone(), counter.clone());
    let server = Server::builder()
        .limits(limits())
        .authenticate(authenticate)
        .service(Chaos::serve(counter))
        .on_open(move |session| {
            if session.user_id().is_some_and(|user| user.as_str() == CONTROL) {
                return;
            }
            opened.session(session, |_| ());
            tokio::spawn(opened.clone().pester(session.clone()));
        })
        .on_suspend(move |session, end| {
            let is_fenced = end.code == SUPERSEDED;
            suspended.session(session, |tally| tally.fenced += u64::from(is_fenced));
        })
        .on_close(move |session, _| ended.session(session, |tally| tally.ended = true))
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    server.serve_listener(listener).await?;
    Ok(())
}
