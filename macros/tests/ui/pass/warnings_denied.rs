//! What is written causes no warning of its own, and is documented.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unused_qualifications,
    elided_lifetimes_in_paths
)]

use wirecall::{Events, Reply, Service, ServiceError};

mod private {
    use wirecall::Service;

    #[derive(Service)]
    enum Unused {
        Ping { number: u8 },
    }
}

/// A thing.
#[wirecall::message]
#[derive(PartialEq)]
pub struct Thing {
    /// Its name.
    #[check(length(max = 3))]
    pub name: String,
}

/// A service.
#[derive(Service, Debug)]
#[rpc(error = Failure, events = Event)]
pub enum Things {
    /// Finds one.
    #[deprecated(note = "use `All`")]
    #[rpc(returns = Thing)]
    Find {
        /// Its name.
        name: String,
    },
    /// All.
    #[rpc(returns = Vec<Thing>)]
    All,
    /// One with many parameters.
    Many {
        /// One.
        a: u8,
        /// Two.
        b: u8,
        /// Three.
        c: u8,
        /// Four.
        d: u8,
        /// Five.
        e: u8,
        /// Six.
        f: u8,
        /// Seven.
        g: u8,
    },
}

/// Failures.
#[derive(ServiceError, Debug)]
pub enum Failure {
    /// None.
    #[rpc(code = 1)]
    None,
}

/// Events.
#[derive(Events, Debug)]
pub enum Event {
    /// One more.
    Added(Thing),
}

struct App;

impl ThingsHandler for App {
    type Context = ();
    async fn find(&self, (): (), name: String) -> Reply<Thing, Failure> {
        Ok(Thing { name })
    }
    async fn all(&self, (): ()) -> Reply<Vec<Thing>, Failure> {
        Err(Failure::None.into())
    }
    async fn many(&self, (): (), _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8) -> Reply<(), Failure> {
        Ok(())
    }
}

pub(crate) fn main() {
    let _mounted = Things::serve(App);
    let error: &dyn std::error::Error = &Failure::None;
    assert_eq!(error.to_string(), "None");
}
