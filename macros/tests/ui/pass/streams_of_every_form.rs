//! Streams up, down and both ways, whatever the parameters beside them are called.
#![deny(warnings)]

use wirecall::{Incoming, Outgoing, Reply, Service};

#[derive(Service)]
pub enum Streams {
    #[rpc(stream = u8)]
    Down,
    #[rpc(upload = Vec<u8>)]
    Up,
    #[rpc(stream = Option<Chunk>, upload = Chunk, returns = Chunk, no_cancel, timeout = "1h")]
    Both(Chunk),
    #[rpc(stream = u8, serial = "out", idempotent)]
    Named { out: u8, incoming: u8, cx: u8, items: u8 },
    #[rpc(upload = u8)]
    Items { items: u8, upload: u8, incoming: u8, arriving: u8 },
    #[rpc(stream = u8, subscription(notification = "told", unsubscribe = "stop"))]
    Watch,
    #[rpc(method = "watch_too", stream = u8, subscription(notification = "told", unsubscribe = "stop"))]
    WatchToo { what: String },
}

#[wirecall::message]
pub struct Chunk {
    pub bytes: Vec<u8>,
}

struct App;

impl StreamsHandler for App {
    type Context = ();

    async fn down(&self, (): (), mut out: Outgoing<u8>) -> Reply<()> {
        out.send(1).await?;
        Ok(())
    }
    async fn up(&self, (): (), mut incoming: Incoming<Vec<u8>>) -> Reply<()> {
        while let Some(item) = incoming.next().await {
            drop(item?);
        }
        Ok(())
    }
    async fn both(
        &self,
        (): (),
        params: Chunk,
        incoming: Incoming<Chunk>,
        out: Outgoing<Option<Chunk>>,
    ) -> Reply<Chunk> {
        drop((incoming, out));
        Ok(params)
    }
    async fn named(&self, (): (), _: u8, _: u8, _: u8, _: u8, _: Outgoing<u8>) -> Reply<()> {
        Ok(())
    }
    async fn items(&self, (): (), _: u8, _: u8, _: u8, _: u8, _: Incoming<u8>) -> Reply<()> {
        Ok(())
    }
    async fn watch(&self, (): (), _: Outgoing<u8>) -> Reply<()> {
        Ok(())
    }
    async fn watch_too(&self, (): (), _: String, _: Outgoing<u8>) -> Reply<()> {
        Ok(())
    }
}

pub(crate) fn main() {
    let _mounted = Streams::serve(App);
    let _: fn(&StreamsClient) -> wirecall::Streaming<u8, (), wirecall::NoError> = StreamsClient::down;
    let contract = Streams::contract();
    assert!(contract.to_json().contains("\"unsubscribe\": \"stop\""));
    assert!(wirecall::contract::Contract::from_json(&contract.to_json()).is_ok());
}
