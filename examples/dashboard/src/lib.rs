//! A dashboard: a background task publishes the server's own figures, and every page that is open shows them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wirecall::server::Error;
use wirecall::{
    CallContext, Events, Next, Reply, Server, ServerHandle, Service, ServiceError, Session, Timestamp,
};

/// Figures of this server.
#[derive(Service)]
#[rpc(name = "dashboard", error = DashboardError, events = DashboardEvent)]
pub enum Dashboard {
    /// The newest figures, for a page that was just opened.
    #[rpc(returns = Figures, idempotent)]
    Now,
    /// Sets the threshold above which an alert goes to everybody.
    #[rpc(returns = (), idempotent)]
    AlertAbove {
        #[check(range(min = 1))]
        calls_per_second: u32,
    },
}

/// What every page hears.
#[derive(Debug, Events)]
pub enum DashboardEvent {
    /// New figures, once a period.
    Figures(Figures),
    /// More calls than the threshold.
    Alert { calls_per_second: f64, threshold: u32 },
}

/// What can go wrong.
#[derive(Debug, ServiceError)]
pub enum DashboardError {
    /// The first period is not over.
    #[rpc(code = 1001, retryable)]
    NotYet,
}

/// The server at one moment.
#[wirecall::message]
pub struct Figures {
    pub at: Timestamp,
    pub sessions: usize,
    pub users: usize,
    pub calls: u64,
    /// In the last period.
    pub calls_per_second: f64,
}

/// What handlers, the layer and the background task share.
struct Board {
    calls: AtomicU64,
    threshold: AtomicU64,
    newest: tokio::sync::watch::Sender<Option<Figures>>,
}

struct Pages(Arc<Board>);

impl DashboardHandler for Pages {
    type Context = Session;

    async fn now(&self, _: Session) -> Reply<Figures, DashboardError> {
        let newest = self.0.newest.borrow().clone();
        Ok(newest.ok_or(DashboardError::NotYet)?)
    }

    async fn alert_above(&self, _: Session, calls_per_second: u32) -> Reply<(), DashboardError> {
        self.0.threshold.store(calls_per_second.into(), Ordering::Relaxed);
        Ok(())
    }
}

/// The server, with its background task running. Call it inside a Tokio runtime.
pub fn server(period: Duration) -> Result<Server, Error> {
    let board = Arc::new(Board {
        calls: AtomicU64::new(0),
        threshold: AtomicU64::new(1000),
        newest: tokio::sync::watch::Sender::new(None),
    });
    let counted = Arc::clone(&board);
    let server = Server::builder()
        .service(Dashboard::serve(Pages(Arc::clone(&board))))
        .layer(move |_: CallContext, next: Next| {
            counted.calls.fetch_add(1, Ordering::Relaxed);
            next.run()
        })
        .build()?;
    tokio::spawn(publish(server.handle(), board, period));
    Ok(server)
}

/// Publishes figures once a period, for as long as the runtime lives.
async fn publish(server: ServerHandle, board: Arc<Board>, period: Duration) {
    let mut ticks = tokio::time::interval(period);
    let (mut before, mut since) = (0, Instant::now());
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let calls = board.calls.load(Ordering::Relaxed);
        let calls_per_second = calls.saturating_sub(before) as f64 / since.elapsed().as_secs_f64();
        (before, since) = (calls, Instant::now());
        let sessions = server.session_count();
        let figures =
            Figures { at: Timestamp::now(), sessions, users: server.user_count(), calls, calls_per_second };
        board.newest.send_replace(Some(figures.clone()));
        let threshold = u32::try_from(board.threshold.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        let mut sent = server.broadcast(DashboardEvent::Figures(figures));
        if calls_per_second > f64::from(threshold) {
            sent = sent.and(server.broadcast(DashboardEvent::Alert { calls_per_second, threshold }));
        }
        if let Err(error) = sent {
            eprintln!("the figures were not sent: {error}");
        }
    }
}
