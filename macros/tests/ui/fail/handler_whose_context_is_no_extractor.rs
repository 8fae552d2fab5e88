use wirecall::{Reply, Service};

#[derive(Service)]
enum Chat {
    #[rpc(returns = String)]
    Post { text: String },
    Ping,
}

struct App;

impl ChatHandler for App {
    type Context = App;
    async fn post(&self, _: App, text: String) -> Reply<String> {
        Ok(text)
    }
    async fn ping(&self, _: App) -> Reply<()> {
        Ok(())
    }
}

fn main() {}
