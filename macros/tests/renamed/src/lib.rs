//! A service in a crate that calls its only dependency, wirecall, by another name.

use rpc::{Events, Reply, Service, ServiceError};

/// An item.
#[rpc::message(crate = "rpc")]
pub struct Item {
    /// What it says.
    #[check(length(max = 3), pattern = "^[a-z]*$")]
    pub text: String,
}

/// Items.
#[derive(Service, Debug)]
#[rpc(crate = "rpc", error = Failure, events = Event)]
pub enum Items {
    /// Finds one.
    #[rpc(returns = Item, serial = "text")]
    Find {
        /// What it says.
        #[check(length(min = 1))]
        text: String,
    },
}

/// Failures.
#[derive(ServiceError, Debug)]
#[rpc(crate = "rpc")]
pub enum Failure {
    /// There is none.
    #[rpc(code = 1)]
    Missing {
        /// What was looked for.
        text: String,
    },
}

/// Events.
#[derive(Events, Debug)]
#[rpc(crate = "rpc")]
pub enum Event {
    /// There is one more.
    Added(Item),
}

/// A handler.
#[derive(Debug)]
pub struct App;

impl ItemsHandler for App {
    type Context = ();
    async fn find(&self, (): (), text: String) -> Reply<Item, Failure> {
        if text.is_empty() { Err(Failure::Missing { text }.into()) } else { Ok(Item { text }) }
    }
}

#[cfg(test)]
mod tests {
    use super::{App, Items};

    #[test]
    fn a_renamed_dependency_serves() {
        let _mounted = Items::serve(App);
        assert_eq!(Items::contract().services[0].name, "items");
    }
}
