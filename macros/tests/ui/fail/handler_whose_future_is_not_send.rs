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
    async fn post(&self, (): (), text: String) -> Reply<String> {
        let shared = std::rc::Rc::new(text);
        std::future::ready(()).await;
        Ok(shared.to_string())
    }
    async fn ping(&self, (): ()) -> Reply<()> {
        Ok(())
    }
}

fn main() {}
