//! The Rust client of a chaos run: sends messages of every kind until it is told to stop, then prints what it counted.
//!
//! `chaos-client URL USER CODEC`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the run reads its tally")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaos::{
    Calls, ChaosClient, ChaosEvent, ClientTally, ITEMS_DOWN, ITEMS_UP, Probe, ProbeHandler, Streams,
};
use futures_util::StreamExt as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::task::JoinSet;
use wirecall::client::{ClientState, ConnectError};
use wirecall::{BackoffOptions, CallError, Client, Codec, Reply};

/// What is under way has so long to end.
const FINISH: Duration = Duration::from_secs(40);
/// How long the last call may take.
const LAST_CALL: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
struct Driver {
    chaos: ChaosClient,
    tally: Tally,
    stop: Arc<AtomicBool>,
    next_add: Arc<AtomicU64>,
    next_look: Arc<AtomicU64>,
}

/// What was counted so far.
#[derive(Debug, Clone, Default)]
struct Tally(Arc<Mutex<ClientTally>>);

impl Tally {
    fn lock(&self) -> MutexGuard<'_, ClientTally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers the server.
#[derive(Debug)]
struct Answers(Tally);

impl ProbeHandler for Answers {
    type Context = ();

    async fn ask(&self, (): (), session: String, number: u64) -> Reply<u64> {
        self.0.lock().heard.entry(session).or_default().asks.take_any(number);
        Ok(number)
    }
}

impl Driver {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    async fn add(self) {
        while self.goes_on() {
            let number = self.next_add.fetch_add(1, Ordering::Relaxed) + 1;
            self.tally.lock().adds.made += 1;
            let answer = self.chaos.add(number).await.map(|added| added.number);
            count(&mut self.tally.lock().adds, number, answer);
        }
    }

    async fn look(self) {
        while self.goes_on() {
            let number = self.next_look.fetch_add(1, Ordering::Relaxed) + 1;
            self.tally.lock().looks.made += 1;
            let answer = self.chaos.look(number).await.map(|added| added.number);
            count(&mut self.tally.lock().looks, number, answer);
            pause(1).await;
        }
    }

    async fn note(self) {
        while self.goes_on() {
            let number = {
                let mut tally = self.tally.lock();
                tally.notes += 1;
                tally.notes
            };
            if let Err(error) = self.chaos.note(number).await {
                self.tally.lock().notes_failed.push(format!("{number}: {error}"));
            }
            pause(10).await;
        }
    }

    async fn count_down(self) {
        while self.goes_on() {
            let number = self.tally.lock().counts.begin();
            let outcome = async {
                let mut items = self.chaos.count(number, ITEMS_DOWN).open();
                let mut last = 0;
                while let Some(item) = items.next().await {
                    let item = item?;
                    last = self.tally.lock().counts.items.take(last, item);
                }
                let sent = items.finish().await?;
                Ok((sent != ITEMS_DOWN || last != sent).then(|| format!("{last} items came of {sent}")))
            };
            let outcome = outcome.await;
            end(&mut self.tally.lock().counts, outcome);
        }
    }

    async fn sum_up(self) {
        while self.goes_on() {
            let number = self.tally.lock().sums.begin();
            let tally = self.tally.clone();
            let numbers = futures_util::stream::iter(1..=ITEMS_UP).then(move |item| {
                let tally = tally.clone();
                async move {
                    pause(1).await;
                    tally.lock().sums.items.sent += 1;
                    item
                }
            });
            let outcome = self.chaos.sum(number, Box::pin(numbers)).await;
            let outcome = outcome.map(|summed| {
                (summed.items != ITEMS_UP || summed.last != ITEMS_UP).then(|| format!("{summed:?}"))
            });
            end(&mut self.tally.lock().sums, outcome);
        }
    }
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

fn count<E: std::fmt::Display>(calls: &mut Calls, number: u64, answer: Result<u64, CallError<E>>) {
    match answer {
        Ok(same) if same == number => calls.results += 1,
        Ok(other) => calls.failed.push(format!("{number} was answered {other}")),
        Err(CallError::ConnectionLost) => drop(calls.unknown.insert(number)),
        Err(error) => calls.failed.push(format!("{number}: {error}")),
    }
}

fn end<E: std::fmt::Display>(streams: &mut Streams, outcome: Result<Option<String>, CallError<E>>) {
    match outcome {
        Ok(None) => streams.complete += 1,
        Ok(Some(fault)) => streams.failed.push(fault),
        Err(CallError::ConnectionLost) => streams.unknown += 1,
        Err(error) => streams.failed.push(error.to_string()),
    }
}

async fn connect(url: &str, user: &str, codec: Codec, tally: &Tally) -> Result<Client, ConnectError> {
    let backoff = BackoffOptions::default();
    let mut backoff = backoff;
    backoff.base = Duration::from_millis(20);
    backoff.cap = Duration::from_millis(100);
    backoff.reset_after = Duration::from_millis(100);
    wirecall::connect(url)
        .token(format!("user:{user}"))
        .codec(codec)
        .backoff(backoff)
        .heartbeat_grace(Duration::from_millis(300))
        .lazy()
        .serve(Probe::serve(Answers(tally.clone())))
        .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (url, user) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let codec = if arguments.next().as_deref() == Some("msgpack") { Codec::MsgPack } else { Codec::Json };
    let tally = Tally::default();
    let client = connect(&url, &user, codec, &tally).await?;
    let driver = Driver {
        chaos: ChaosClient::new(&client),
        tally: tally.clone(),
        stop: Arc::default(),
        next_add: Arc::default(),
        next_look: Arc::default(),
    };

    let heard = tally.clone();
    let mut events = driver.chaos.events();
    let listening = tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let ChaosEvent::Tick { session, number } = event;
            {
                heard.lock().heard.entry(session).or_default().ticks.take(number);
            }
        }
    });
    let told = tally.clone();
    let mut states = client.states();
    let watching = tokio::spawn(async move {
        while let Some(state) = states.next().await {
            if let ClientState::Open { session, lost, .. } = state {
                let mut tally = told.lock();
                tally.opened.insert(session);
                if let Some(reason) = lost {
                    *tally.lost.entry(reason.to_string()).or_default() += 1;
                }
            }
        }
    });

    let mut work = JoinSet::new();
    for _ in 0..4 {
        work.spawn(driver.clone().add());
    }
    for _ in 0..2 {
        work.spawn(driver.clone().look());
        work.spawn(driver.clone().count_down());
    }
    work.spawn(driver.clone().note());
    work.spawn(driver.clone().sum_up());
    // Told to stop, or left alone: either way what is under way is finished.
    BufReader::new(tokio::io::stdin()).read_line(&mut String::new()).await?;
    driver.stop.store(true, Ordering::Relaxed);
    if tokio::time::timeout(FINISH, work.join_all()).await.is_err() {
        // The tally shows what has no outcome.
        eprintln!("{user}: something does not end; the client is {:?}", client.state());
    }
    // A last call behind everything: what the server sent before its answer has arrived with it.
    if let Err(error) = driver.chaos.hush().timeout(LAST_CALL).await {
        eprintln!("{user}: the last call: {error}; the client is {:?}", client.state());
    }
    println!("tally {}", serde_json::to_string(&*tally.lock())?);
    client.close().await;
    drop((listening.await, watching.await));
    Ok(())
}
