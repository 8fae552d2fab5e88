//! Nothing of the prelude is needed: neither its types, nor its traits, nor its macros.
//!
//! `#[wirecall::message]` stands outside: what schemars derives takes `Some` and `into` from the prelude.

mod messages {
    #[wirecall::message]
    pub struct RoomId(#[check(length(min = 1), pattern = "^[a-z]+$")] String);

    #[wirecall::message]
    pub struct Stored {
        pub id: u64,
        #[check(each(email))]
        pub to: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[check(length(max = 3))]
        pub note: Option<String>,
    }

    #[wirecall::message]
    pub enum Shape {
        Circle {
            #[check(range(min = 0, max = 10))]
            radius: f64,
        },
        Stored(Stored),
        Nothing,
    }
}

#[no_implicit_prelude]
mod service {
    use ::wirecall::{Events, Service, ServiceError};

    use super::messages::{RoomId, Shape, Stored};

    #[derive(Service)]
    #[rpc(error = ChatError, events = ChatEvent, peer = Ui)]
    pub enum Chat {
        #[rpc(returns = Stored, error = ChatError, timeout = "1h", idempotent, no_cancel, serial = "room")]
        Post {
            room: RoomId,
            #[check(length(min = 1, max = 20), custom = polite)]
            text: ::std::string::String,
            limit: ::std::option::Option<u32>,
            #[serde(default)]
            offset: u64,
        },
        #[rpc(notification, serial)]
        Typing,
        #[rpc(positional)]
        Whole(Stored),
    }

    fn polite(_: &::std::string::String) -> ::std::result::Result<(), ::std::string::String> {
        ::std::result::Result::Ok(())
    }

    #[derive(ServiceError)]
    pub enum ChatError {
        #[rpc(code = 1001)]
        RoomNotFound { room: RoomId },
        #[rpc(code = 1002)]
        Muted,
        #[rpc(code = 1003)]
        Whole(Stored),
    }

    #[derive(Events)]
    pub enum ChatEvent {
        Announcement { text: ::std::string::String, shape: ::std::option::Option<Shape> },
        Whole(Stored),
        Reload,
    }

    #[derive(Service)]
    #[rpc(side = "client")]
    pub enum Ui {
        #[rpc(returns = bool)]
        Confirm { prompt: ::std::string::String },
    }

    struct App;

    impl ChatHandler for App {
        type Context = ();
        async fn post(
            &self,
            (): (),
            room: RoomId,
            _: ::std::string::String,
            _: ::std::option::Option<u32>,
            _: u64,
        ) -> ::wirecall::Reply<Stored, ChatError> {
            ::std::result::Result::Err(::std::convert::From::from(ChatError::RoomNotFound { room }))
        }
        async fn typing(&self, (): ()) -> ::wirecall::Reply<(), ChatError> {
            ::std::result::Result::Ok(())
        }
        async fn whole(&self, (): (), _: Stored) -> ::wirecall::Reply<(), ChatError> {
            ::std::result::Result::Ok(())
        }
    }

    pub fn run() {
        let _mounted = Chat::serve(::std::sync::Arc::new(App));
        let _contract = Chat::contract();
    }
}

pub(crate) fn main() {
    service::run();
}
