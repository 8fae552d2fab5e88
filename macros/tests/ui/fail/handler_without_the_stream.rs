use wirecall::{Reply, Service};

#[derive(Service)]
enum Files {
    #[rpc(stream = String)]
    Search { query: String },
}

struct App;

impl FilesHandler for App {
    type Context = ();

    async fn search(&self, (): (), query: String) -> Reply<()> {
        drop(query);
        Ok(())
    }
}

fn main() {}
