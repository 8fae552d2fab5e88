use wirecall::{Outgoing, Reply, Service};

#[derive(Service)]
enum Files {
    #[rpc(stream = String)]
    Search { query: String },
}

struct App;

impl FilesHandler for App {
    type Context = ();

    async fn search(&self, (): (), query: String, mut out: Outgoing<String>) -> Reply<()> {
        out.send(query.len()).await?;
        Ok(())
    }
}

fn main() {}
