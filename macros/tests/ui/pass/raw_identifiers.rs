//! Names that are keywords: `r#` stays in Rust and is gone on the wire.

use wirecall::{Events, Reply, Service, ServiceError};

#[wirecall::message]
#[allow(non_camel_case_types)]
pub struct r#struct {
    pub r#type: String,
    #[check(length(max = 3))]
    pub r#fn: Option<String>,
}

#[wirecall::message]
#[allow(non_camel_case_types)]
pub enum r#enum {
    r#match { r#as: u8 },
    r#in(r#struct),
}

#[derive(Service)]
#[rpc(events = WordEvent)]
pub enum Words {
    #[rpc(returns = r#struct, serial = "type")]
    Move {
        #[check(length(min = 1))]
        r#type: String,
        r#async: Option<r#enum>,
    },
    #[rpc(notification)]
    Await {
        r#move: bool,
    },
    r#Loop(r#struct),
}

#[derive(Events)]
pub enum WordEvent {
    Yield { r#type: String },
}

#[derive(ServiceError)]
pub enum WordError {
    #[rpc(code = 1)]
    Try { r#type: String },
}

struct App;

impl WordsHandler for App {
    type Context = ();
    async fn r#move(&self, (): (), r#type: String, _: Option<r#enum>) -> Reply<r#struct> {
        Ok(r#struct { r#type, r#fn: None })
    }
    async fn r#await(&self, (): (), _: bool) -> Reply<()> {
        Ok(())
    }
    async fn r#loop(&self, (): (), _: r#struct) -> Reply<()> {
        Ok(())
    }
}

pub(crate) fn main() {
    let _mounted = Words::serve(App);
    let contract = Words::contract();
    let calls = &contract.services[0].calls;
    assert_eq!(calls[0].method, "words.move");
    assert_eq!(calls[0].params.fields[0].name, "type");
    assert_eq!(calls[1].method, "words.await");
    assert_eq!(calls[2].params.fields[1].name, "fn");
}
