//! Variants and fields may have the names that the expansion itself uses.
#![deny(warnings)]

use wirecall::{Events, Reply, Service, ServiceError};

#[derive(Service)]
#[rpc(events = Told)]
pub enum Names {
    Call { params: u8, handler: u8, cx: u8, context: u8, arrival: u8 },
    Of { builder: u8, side: u8, schema: u8, at: u8 },
    Start { peer: u8, out: u8, input: u8, name: u8, service: u8 },
    Params { body: u8, run: u8, lane: u8, spec: u8 },
    Types { returns: u8, error: u8 },
    Serve,
    Describe,
    Contract,
    Clone { value: u8 },
    FromPeer,
}

#[derive(Events)]
pub enum Told {
    Of { out: u8, input: u8, name: u8, params: u8 },
    Event { builder: u8, service: u8 },
}

#[derive(ServiceError)]
pub enum Failed {
    #[rpc(code = 1)]
    Of { error: u8, params: u8, f: u8 },
}

#[derive(Clone)]
struct App;

impl NamesHandler for App {
    type Context = ();
    async fn call(&self, (): (), _: u8, _: u8, _: u8, _: u8, _: u8) -> Reply<()> {
        Ok(())
    }
    async fn of(&self, (): (), _: u8, _: u8, _: u8, _: u8) -> Reply<()> {
        Ok(())
    }
    async fn start(&self, (): (), _: u8, _: u8, _: u8, _: u8, _: u8) -> Reply<()> {
        Ok(())
    }
    async fn params(&self, (): (), _: u8, _: u8, _: u8, _: u8) -> Reply<()> {
        Ok(())
    }
    async fn types(&self, (): (), _: u8, _: u8) -> Reply<()> {
        Ok(())
    }
    async fn serve(&self, (): ()) -> Reply<()> {
        Ok(())
    }
    async fn describe(&self, (): ()) -> Reply<()> {
        Ok(())
    }
    async fn contract(&self, (): ()) -> Reply<()> {
        Ok(())
    }
    async fn clone(&self, (): (), _: u8) -> Reply<()> {
        Ok(())
    }
    async fn from_peer(&self, (): ()) -> Reply<()> {
        Ok(())
    }
}

pub(crate) fn main() {
    let _mounted = Names::serve(App);
    let _: fn(&NamesClient, u8) -> wirecall::Pending<(), wirecall::NoError> = NamesClient::clone;
}
