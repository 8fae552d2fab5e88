use wirecall::{Reply, Service};

#[derive(Service)]
enum Chat {
    #[rpc(returns = String)]
    Post { text: String },
    Ping,
}

struct App;

impl ChatHandler for App {
    type Context = ();
    async fn ping(&self, (): ()) -> Reply<()> {
        Ok(())
    }
}

fn main() {}
