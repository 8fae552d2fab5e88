use wirecall::{Reply, Service};

#[derive(Service)]
enum Chat {
    #[rpc(returns = String)]
    Post { text: String },
}

struct App;

impl ChatHandler for App {
    async fn post(&self, (): (), text: String) -> Reply<String> {
        Ok(text)
    }
}

fn main() {}
