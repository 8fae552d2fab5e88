//! `crate = "…"`: the runtime is found where the user says.

mod facade {
    pub mod deep {
        pub use wirecall as rpc;
    }
}

use facade::deep::rpc::{Events, Reply, Service, ServiceError};

#[facade::deep::rpc::message(crate = "crate::another_path_to_the_runtime::facade::deep::rpc")]
pub struct Item {
    #[check(length(max = 3))]
    pub text: String,
}

#[derive(Service)]
#[rpc(crate = "crate::another_path_to_the_runtime::facade::deep::rpc", error = Failure, events = Event)]
pub enum Items {
    #[rpc(returns = Item)]
    Find { text: String },
}

#[derive(ServiceError)]
#[rpc(crate = "crate::another_path_to_the_runtime::facade::deep::rpc")]
pub enum Failure {
    #[rpc(code = 1)]
    Missing { text: String },
}

#[derive(Events)]
#[rpc(crate = "crate::another_path_to_the_runtime::facade::deep::rpc")]
pub enum Event {
    Added(Item),
}

struct App;

impl ItemsHandler for App {
    type Context = ();
    async fn find(&self, (): (), text: String) -> Reply<Item, Failure> {
        Err(Failure::Missing { text }.into())
    }
}

pub(crate) fn main() {
    let _mounted = Items::serve(App);
}
