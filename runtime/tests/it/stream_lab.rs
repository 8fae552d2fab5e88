//! The service that the tests of streams call: it produces and takes items, waits to be let go, and tells what becomes of
//! its handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;
use wirecall::server::{Limits, ServerBuilder};
use wirecall::{Incoming, Internal, Outgoing, Reply, Server, Service, ServiceError};

use crate::support::LONG;

#[derive(Service)]
#[rpc(name = "flow", error = FlowError)]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
pub(crate) enum Flow {
    /// Counts to a number, and tells how many items that were.
    #[rpc(stream = u64, returns = u64, idempotent)]
    Count { to: u64 },
    /// Sends one item for each permit, for ever.
    #[rpc(stream = u64)]
    Gated,
    /// Sends texts of that size, for ever.
    #[rpc(stream = String)]
    Flood { bytes: usize },
    /// Fails after so many items.
    #[rpc(stream = u64)]
    Fail { after: u64 },
    /// Never sends anything, for at most 50 ms.
    #[rpc(stream = u64, timeout = "50ms")]
    Brief,
    /// Sends one item for each permit, for ever, and cannot be cancelled.
    #[rpc(stream = u64, no_cancel)]
    Keep { to: u64 },
    /// Adds up what it is sent.
    #[rpc(upload = Number, returns = u64, idempotent)]
    Sum,
    /// Answers after so many items.
    #[rpc(upload = Number, returns = u64)]
    First { items: u64 },
    /// Takes one item for each permit.
    #[rpc(upload = Number, returns = u64)]
    Slow,
    /// Counts what it is sent, and cannot be cancelled.
    #[rpc(upload = Number, returns = u64, no_cancel)]
    Gather,
    /// Answers each item with its double.
    #[rpc(upload = Number, stream = u64, returns = u64)]
    Double,
    /// An ordinary call.
    #[rpc(returns = u64)]
    Ping { n: u64 },
    /// Waits to be let go.
    #[rpc(returns = u64)]
    Hold { n: u64 },
    /// The same in the form of publish/subscribe.
    #[rpc(
        method = "flow_subscribe",
        positional,
        stream = u64,
        subscription(notification = "flow_subscription", unsubscribe = "flow_unsubscribe")
    )]
    Subscribe { from: u64 },
}

#[wirecall::message]
pub(crate) struct Number {
    #[check(range(max = 1_000_000))]
    pub(crate) value: u64,
}

#[derive(Debug, ServiceError)]
pub(crate) enum FlowError {
    /// It was to fail.
    #[rpc(code = 1)]
    Broken { sent: u64 },
}

/// Lets handlers go, and sees what becomes of them.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) gate: Arc<Semaphore>,
    /// Handlers that live now.
    pub(crate) alive: Arc<AtomicU64>,
    /// Items that were produced, or taken from an upload.
    pub(crate) moved: Arc<AtomicU64>,
    /// One permit for each handler that was dropped or is done.
    gone: Arc<Semaphore>,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            alive: Arc::default(),
            moved: Arc::default(),
            gone: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Stage {
    pub(crate) fn server(&self) -> ServerBuilder {
        self.server_with(|_| {})
    }

    pub(crate) fn server_with(&self, change: impl FnOnce(&mut Limits)) -> ServerBuilder {
        let mut limits = Limits::default();
        change(&mut limits);
        Server::builder().service(Flow::serve(self.clone())).limits(limits)
    }

    /// Waits until one more handler is gone.
    pub(crate) async fn gone(&self) {
        let gone = tokio::time::timeout(LONG, self.gone.acquire()).await;
        gone.expect("in time").expect("the stage stays").forget();
    }

    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Ordering::SeqCst)
    }

    /// Waits until so many items were produced or taken.
    pub(crate) async fn moved_to(&self, count: u64) {
        crate::support::soon(async {
            while self.moved() < count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    fn enter(&self) -> Guard<'_> {
        self.alive.fetch_add(1, Ordering::SeqCst);
        Guard(self)
    }

    fn moves(&self) {
        self.moved.fetch_add(1, Ordering::SeqCst);
    }

    async fn pass(&self) {
        self.gate.acquire().await.expect("the gate stays").forget();
    }
}

struct Guard<'s>(&'s Stage);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
        self.0.gone.add_permits(1);
    }
}

impl FlowHandler for Stage {
    type Context = ();

    async fn count(&self, (): (), to: u64, mut out: Outgoing<u64>) -> Reply<u64, FlowError> {
        let _guard = self.enter();
        for n in 1..=to {
            self.moves();
            out.send(n).await?;
        }
        Ok(out.sent())
    }
    async fn gated(&self, (): (), mut out: Outgoing<u64>) -> Reply<(), FlowError> {
        let _guard = self.enter();
        for n in 1.. {
            self.pass().await;
            self.moves();
            out.send(n).await?;
        }
        Ok(())
    }
    async fn flood(&self, (): (), bytes: usize, mut out: Outgoing<String>) -> Reply<(), FlowError> {
        let _guard = self.enter();
        loop {
            self.moves();
            out.send("x".repeat(bytes)).await?;
        }
    }
    async fn fail(&self, (): (), after: u64, mut out: Outgoing<u64>) -> Reply<(), FlowError> {
        for n in 1..=after {
            out.send(n).await?;
        }
        Err(FlowError::Broken { sent: out.sent() }.into())
    }
    async fn brief(&self, (): (), _: Outgoing<u64>) -> Reply<(), FlowError> {
        let _guard = self.enter();
        std::future::pending().await
    }
    async fn keep(&self, (): (), to: u64, mut out: Outgoing<u64>) -> Reply<(), FlowError> {
        let _guard = self.enter();
        for n in 1..=to {
            self.pass().await;
            self.moves();
            out.send(n).await?;
        }
        Ok(())
    }
    async fn sum(&self, (): (), mut incoming: Incoming<Number>) -> Reply<u64, FlowError> {
        let _guard = self.enter();
        let mut sum = 0;
        // Whoever is not interested in the error gets no result through, either.
        while let Some(Ok(number)) = incoming.next().await {
            self.moves();
            sum += number.value;
        }
        Ok(sum)
    }
    async fn first(&self, (): (), items: u64, mut incoming: Incoming<Number>) -> Reply<u64, FlowError> {
        let mut sum = 0;
        for _ in 0..items {
            sum += incoming.next().await.internal()??.value;
        }
        Ok(sum)
    }
    async fn slow(&self, (): (), mut incoming: Incoming<Number>) -> Reply<u64, FlowError> {
        let _guard = self.enter();
        let mut sum = 0;
        while let Some(number) = incoming.next().await {
            self.moves();
            sum += number?.value;
            self.pass().await;
        }
        Ok(sum)
    }
    async fn gather(&self, (): (), mut incoming: Incoming<Number>) -> Reply<u64, FlowError> {
        let _guard = self.enter();
        let mut count = 0;
        while let Some(number) = incoming.next().await {
            count += u64::from(number.is_ok());
        }
        Ok(count)
    }
    async fn double(
        &self,
        (): (),
        mut incoming: Incoming<Number>,
        mut out: Outgoing<u64>,
    ) -> Reply<u64, FlowError> {
        let _guard = self.enter();
        while let Some(number) = incoming.next().await {
            out.send(2 * number?.value).await?;
        }
        Ok(out.sent())
    }
    async fn ping(&self, (): (), n: u64) -> Reply<u64, FlowError> {
        Ok(n)
    }
    async fn hold(&self, (): (), n: u64) -> Reply<u64, FlowError> {
        self.pass().await;
        Ok(n)
    }
    async fn subscribe(&self, (): (), from: u64, mut out: Outgoing<u64>) -> Reply<(), FlowError> {
        if from == 13 {
            return Err(FlowError::Broken { sent: 0 }.into());
        }
        let _guard = self.enter();
        for n in from.. {
            out.send(n).await?;
            self.pass().await;
        }
        Ok(())
    }
}
