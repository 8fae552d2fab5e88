use wirecall::{Incoming, Outgoing, Reply, Service};

#[derive(Service)]
enum Files {
    #[rpc(stream = String)]
    Search { query: String },
    #[rpc(upload = String)]
    Store,
}

struct App;

impl FilesHandler for App {
    type Context = ();

    async fn search(&self, (): (), query: String, out: Outgoing<u8>) -> Reply<()> {
        drop((query, out));
        Ok(())
    }

    async fn store(&self, (): (), incoming: Outgoing<String>) -> Reply<()> {
        drop(incoming);
        Ok(())
    }
}

fn unused(_: Incoming<u8>) {}

fn main() {}
