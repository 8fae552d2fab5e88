//! Names of the prelude mean something else here, and the derives do not mind.
#![allow(dead_code)]

use wirecall::{Events, Service, ServiceError};

struct Result;
struct Option;
struct String;
struct Vec;
struct Box;
struct Arc;
trait Send {}
trait Sync {}
trait Clone {}
trait Debug {}
trait Default {}
trait From {}
trait Into {}
trait Future {}
trait Serialize {}
trait Deserialize {}
trait JsonSchema {}
trait Params {}
struct Builder;
mod core {}
mod std {}
mod serde {}
mod schemars {}
#[allow(non_snake_case)]
fn Some() {}
#[allow(non_snake_case)]
fn Ok() {}

type Text = ::std::string::String;

#[wirecall::message]
pub struct Item {
    #[check(length(max = 3))]
    pub text: Text,
    pub maybe: ::std::option::Option<Text>,
    pub all: ::std::vec::Vec<Text>,
}

#[wirecall::message]
pub enum Kind {
    Named { text: Text },
    Item(Item),
}

#[derive(Service)]
#[rpc(error = Failure, events = Event)]
pub enum Items {
    #[rpc(returns = ::std::vec::Vec<Item>)]
    Find {
        #[check(pattern = "^a")]
        text: Text,
        limit: ::std::option::Option<u8>,
        out: bool,
        peer: bool,
        builder: bool,
        handler: bool,
        at: bool,
        value: bool,
    },
    Put(Item),
    None,
    Some {
        params: Item,
    },
}

#[derive(ServiceError)]
pub enum Failure {
    #[rpc(code = 1)]
    None,
    #[rpc(code = 2)]
    Some { error: Text, f: bool },
}

#[derive(Events)]
pub enum Event {
    None,
    Some { out: Text, name: bool, input: bool, service: bool },
}

pub(crate) fn main() {
    let _contract = Items::contract();
}
