//! A runtime whose clock a script moves, and of which it knows when everything that is to come of a step has come.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};

/// The runtime. Its time stands still, but for what a script says.
#[derive(Debug)]
pub(super) struct Quiet {
    runtime: Runtime,
    parked: Arc<Parked>,
}

/// Whoever waits until no task has anything to do: until the runtime's only thread is about to sleep.
#[derive(Debug, Default)]
struct Parked(Mutex<Option<Waker>>);

impl Parked {
    fn tell(&self) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Ready when nothing can happen any more before time passes. None passes meanwhile: a thread that is woken does not
    /// sleep, and the clock of a runtime goes on only where it does.
    async fn quiet(&self) {
        let mut asked = false;
        poll_fn(|cx| {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if asked && waiting.is_none() {
                return Poll::Ready(());
            }
            asked = true;
            *waiting = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Quiet {
    pub(super) fn new() -> Self {
        let parked = Arc::new(Parked::default());
        let telling = Arc::clone(&parked);
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .on_thread_park(move || telling.tell())
            .build()
            .expect("a runtime");
        Self { runtime, parked }
    }

    /// Does that, and what comes of it.
    pub(super) fn run<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            let done = what.await;
            self.parked.quiet().await;
            done
        })
    }

    /// Time passes, and wakes whoever waits for it.
    pub(super) fn pass(&self, time: Duration) {
        self.run(async { tokio::time::sleep(time).await });
    }

    /// Does that, and what comes of it, after so much time in which nobody was woken: no timer before that.
    pub(super) fn leap<T>(&self, time: Duration, what: impl FnOnce() -> T) -> T {
        self.run(async {
            let mut moving = pin!(tokio::time::advance(time));
            // The clock moves on at once; timers are looked at when nobody has anything else to do.
            let moved = moving.as_mut().now_or_never();
            let done = what();
            if moved.is_none() {
                moving.await;
            }
            done
        })
    }
}
