use wirecall::{Reply, Service};

#[derive(Service)]
enum Chat {
    #[rpc(returns = String)]
    Post { text: String },
}

struct App;

#[derive(wirecall::ServiceError)]
enum OtherError {
    #[rpc(code = 1)]
    Gone,
}

impl ChatHandler for App {
    type Context = ();
    async fn post(&self, (): (), _: String) -> Reply<String> {
        Err(OtherError::Gone.into())
    }
}

fn main() {}
