///Answers the calls of [`Chat`].
///
/// Chat rooms with history.
#[allow(dead_code, clippy::too_many_arguments)]
pub trait ChatHandler: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// What each call is given: who is calling, and what the server knows of that. An extractor may refuse.
    type Context: ::wirecall::Extract;
    /// Posts a message to a room and returns it as stored.
    fn post(
        &self,
        cx: Self::Context,
        room: RoomId,
        text: String,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<Message, ChatError>,
    > + ::core::marker::Send;
    ///Answers `chat.typing`.
    fn typing(
        &self,
        cx: Self::Context,
        room: RoomId,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<(), ChatError>,
    > + ::core::marker::Send;
}
///Calls [`Chat`] at the other end of a connection.
///
/// Chat rooms with history.
#[allow(dead_code)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct ChatClient {
    peer: ::wirecall::Peer,
}
#[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::{None, Some},
    };
    impl<__H: ChatHandler> ChatHandler for ::wirecall::__private::Arc<__H> {
        type Context = __H::Context;
        fn post(
            &self,
            cx: Self::Context,
            room: RoomId,
            text: String,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<Message, ChatError>,
        > + ::core::marker::Send {
            ChatHandler::post(&**self, cx, room, text)
        }
        fn typing(
            &self,
            cx: Self::Context,
            room: RoomId,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<(), ChatError>,
        > + ::core::marker::Send {
            ChatHandler::typing(&**self, cx, room)
        }
    }
    #[allow(dead_code)]
    impl Chat {
        /// The service's name on the wire.
        pub const NAME: &'static str = "chat";
        /// Joins a handler to the service, ready to be mounted.
        pub fn serve<__H: ChatHandler>(handler: __H) -> ::wirecall::Mounted {
            ::wirecall::__private::mount::<
                Self,
                __H,
            >(
                handler,
                ::wirecall::__private::Vec::from([
                    ::wirecall::__private::Method::new(
                        <__PostParams<Chat> as __Call>::SPEC,
                        |handler, arrival| {
                            __start::<
                                __H,
                                __PostParams<Chat>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params| async move {
                                    ChatHandler::post(&*handler, cx, params.room, params.text)
                                        .await
                                },
                            )
                        },
                    ),
                    ::wirecall::__private::Method::new(
                        <__TypingParams<Chat> as __Call>::SPEC,
                        |handler, arrival| {
                            __start::<
                                __H,
                                __TypingParams<Chat>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params| async move {
                                    ChatHandler::typing(&*handler, cx, params.room).await
                                },
                            )
                        },
                    ),
                ]),
            )
        }
        /// Adds the service, and with it its peer, to a contract.
        pub fn describe(
            mut builder: ::wirecall::__private::contract::Builder,
        ) -> ::wirecall::__private::contract::Builder {
            let service = <Self as ::wirecall::Service>::service(&mut builder);
            builder.service(service);
            builder
        }
        /// The contract of this service alone.
        pub fn contract() -> ::wirecall::__private::contract::Contract {
            Self::describe(::core::default::Default::default()).build()
        }
    }
    #[allow(dead_code)]
    impl ChatClient {
        /// A client that calls over `peer`.
        pub fn new(peer: impl ::core::convert::Into<::wirecall::Peer>) -> Self {
            Self {
                peer: ::core::convert::Into::into(peer),
            }
        }
        /// Posts a message to a room and returns it as stored.
        pub fn post(
            &self,
            room: impl ::core::convert::Into<RoomId>,
            text: impl ::core::convert::Into<String>,
        ) -> ::wirecall::Pending<Message, ChatError> {
            __call(
                &self.peer,
                &__PostParams::<Chat> {
                    room: ::core::convert::Into::into(room),
                    text: ::core::convert::Into::into(text),
                },
            )
        }
        ///Calls `chat.typing`.
        pub fn typing(
            &self,
            room: impl ::core::convert::Into<RoomId>,
        ) -> ::wirecall::Pending<(), ::wirecall::NoError> {
            __notify(
                &self.peer,
                &__TypingParams::<Chat> {
                    room: ::core::convert::Into::into(room),
                },
            )
        }
        /// The events that the server emits, from now on.
        pub fn events(&self) -> ::wirecall::EventStream<ChatEvent> {
            __listen::<Chat>(&self.peer)
        }
    }
    impl ::wirecall::ServiceClient for ChatClient {
        type Service = Chat;
        fn from_peer(peer: ::wirecall::Peer) -> Self {
            Self { peer }
        }
    }
    impl ::core::convert::From<::wirecall::Peer> for ChatClient {
        fn from(peer: ::wirecall::Peer) -> Self {
            Self { peer }
        }
    }
    impl ::wirecall::Service for Chat {
        const NAME: &'static str = "chat";
        const SIDE: ::wirecall::__private::contract::Side = ::wirecall::__private::contract::Side::Server;
        type Error = ChatError;
        type Events = ChatEvent;
        fn service(
            builder: &mut ::wirecall::__private::contract::Builder,
        ) -> ::wirecall::__private::contract::Service {
            ::wirecall::__private::contract::Service {
                name: ::core::convert::Into::into("chat"),
                rust_name: ::core::convert::Into::into("Chat"),
                docs: ::core::convert::Into::into("Chat rooms with history."),
                side: ::wirecall::__private::contract::Side::Server,
                calls: ::wirecall::__private::Vec::from([
                    __describe::<
                        __PostParams<Chat>,
                    >(
                        builder,
                        "Post",
                        "Posts a message to a room and returns it as stored.",
                        ::core::option::Option::None,
                        true,
                        false,
                        ::core::option::Option::None,
                    ),
                    __describe::<
                        __TypingParams<Chat>,
                    >(
                        builder,
                        "Typing",
                        "",
                        ::core::option::Option::None,
                        false,
                        false,
                        ::core::option::Option::None,
                    ),
                ]),
                events: __events::<Self>(builder),
                error: __error::<Self>(builder),
                peer: ::core::option::Option::Some(
                    ::wirecall::__private::Box::new(
                        <Ui as ::wirecall::Service>::service(builder),
                    ),
                ),
            }
        }
    }
    impl ::wirecall::Emitted for ChatEvent
    where
        for<'__a> ChatEvent: ::wirecall::Events,
    {
        const SERVICE: &'static str = "chat";
    }
    const _: () = ::core::assert!(
        ::core::matches!(< Ui as ::wirecall::Service > ::SIDE,
        ::wirecall::__private::contract::Side::Client),
        "`Ui` is answered by the server; a peer is answered by the client: give it `#[rpc(side = \"client\")]`"
    );
    fn __listen<__Of: ::wirecall::Service>(
        peer: &::wirecall::Peer,
    ) -> ::wirecall::EventStream<__Of::Events> {
        peer.__events(__Of::NAME)
    }
    trait __Call: ::wirecall::__private::Params {
        type Returns: ::wirecall::Message;
        type Error: ::wirecall::ServiceError;
        const SPEC: &'static ::wirecall::__private::CallSpec;
    }
    fn __start<__H, __C, __F, __Fut>(
        handler: &::wirecall::__private::Arc<__H>,
        arrival: ::wirecall::__private::Arrival<'_, '_>,
        lane: ::core::option::Option<fn(&__C) -> ::wirecall::__private::Lane>,
        run: __F,
    ) -> ::core::result::Result<
        ::wirecall::__private::Started,
        ::wirecall::__private::Refused,
    >
    where
        __H: ChatHandler,
        __C: __Call,
        __F: ::core::ops::FnOnce(
                ::wirecall::__private::Arc<__H>,
                __H::Context,
                __C,
            ) -> __Fut + ::core::marker::Send + 'static,
        __Fut: ::core::future::Future<
                Output = ::wirecall::Reply<__C::Returns, __C::Error>,
            > + ::core::marker::Send + 'static,
    {
        ::wirecall::__private::start::<
            __H,
            __H::Context,
            __C,
            __C::Returns,
            __C::Error,
            __F,
            __Fut,
        >(handler, arrival, lane, run)
    }
    fn __call<__C: __Call>(
        peer: &::wirecall::Peer,
        params: &__C,
    ) -> ::wirecall::Pending<__C::Returns, __C::Error> {
        peer.__call(__C::SPEC, params)
    }
    fn __notify<__C: __Call>(
        peer: &::wirecall::Peer,
        params: &__C,
    ) -> ::wirecall::Pending<(), ::wirecall::NoError> {
        peer.__notify(__C::SPEC, params)
    }
    fn __events<__Of: ::wirecall::Service>(
        builder: &mut ::wirecall::__private::contract::Builder,
    ) -> ::core::option::Option<::wirecall::__private::contract::EventSet> {
        <__Of::Events as ::wirecall::Events>::set(builder, __Of::NAME)
    }
    fn __error<__Of: ::wirecall::Service>(
        builder: &mut ::wirecall::__private::contract::Builder,
    ) -> ::core::option::Option<::wirecall::__private::contract::ErrorSet> {
        <__Of::Error as ::wirecall::ServiceError>::set(builder)
    }
    fn __describe<__C: __Call>(
        builder: &mut ::wirecall::__private::contract::Builder,
        rust_name: &str,
        docs: &str,
        deprecated: ::core::option::Option<::wirecall::__private::String>,
        returns: bool,
        error: bool,
        serial: ::core::option::Option<::wirecall::__private::contract::Serial>,
    ) -> ::wirecall::__private::contract::Call {
        let spec = __C::SPEC;
        <__C::Returns as ::wirecall::Message>::describe(builder);
        ::wirecall::__private::contract::Call {
            method: ::core::convert::Into::into(spec.method),
            rust_name: ::core::convert::Into::into(rust_name),
            docs: ::core::convert::Into::into(docs),
            deprecated,
            kind: if spec.notification {
                ::wirecall::__private::contract::CallKind::Notification
            } else {
                ::wirecall::__private::contract::CallKind::Call
            },
            params: <__C as ::wirecall::__private::Params>::params(
                builder,
                ::wirecall::__private::contract::Side::Server,
            ),
            returns: if returns {
                ::core::option::Option::Some(builder.output::<__C::Returns>())
            } else {
                ::core::option::Option::None
            },
            stream: ::core::option::Option::None,
            upload: ::core::option::Option::None,
            subscription: ::core::option::Option::None,
            error: if error {
                let set = <__C::Error as ::wirecall::ServiceError>::set(builder);
                set.or_else(|| ::core::option::Option::Some(
                    ::wirecall::__private::contract::ErrorSet::none(),
                ))
            } else {
                ::core::option::Option::None
            },
            timeout_ms: spec.timeout_ms,
            idempotent: spec.idempotent,
            no_cancel: spec.no_cancel,
            serial,
        }
    }
    trait __PostTypes: 'static {
        type room: ::wirecall::Message;
        type text: ::wirecall::Message;
        type Returns: ::wirecall::Message;
        fn check_text(value: &Self::text, at: &mut ::wirecall::Checker<'_>);
    }
    impl __PostTypes for Chat {
        type room = RoomId;
        type text = String;
        type Returns = Message;
        fn check_text(value: &String, at: &mut ::wirecall::Checker<'_>) {
            ::wirecall::__private::length(
                value,
                ::core::option::Option::Some(1),
                ::core::option::Option::Some(2000),
                at,
            );
        }
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __PostParams<__Of: __PostTypes> {
        room: __Of::room,
        text: __Of::text,
    }
    impl<__Of: __PostTypes> ::wirecall::__private::Params for __PostParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "room",
                |at| {
                    ::wirecall::Message::check(&self.room, at);
                },
            );
            at.field(
                "text",
                |at| {
                    __Of::check_text(&self.text, at);
                    ::wirecall::Message::check(&self.text, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::room as ::wirecall::Message>::describe(builder);
            <__Of::text as ::wirecall::Message>::describe(builder);
            let mut schema = match side {
                ::wirecall::__private::contract::Side::Server => {
                    builder.input_body::<Self>()
                }
                ::wirecall::__private::contract::Side::Client => {
                    builder.output_body::<Self>()
                }
            };
            ::wirecall::__private::contract::Builder::constrain(
                &mut schema,
                "text",
                &::wirecall::__private::contract::Check::Length {
                    min: ::core::option::Option::Some(1),
                    max: ::core::option::Option::Some(2000),
                },
            );
            ::wirecall::__private::contract::Params {
                fields: ::wirecall::__private::Vec::from([
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("room"),
                        rust_name: ::core::convert::Into::into("room"),
                    },
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("text"),
                        rust_name: ::core::convert::Into::into("text"),
                    },
                ]),
                schema,
                positional: false,
            }
        }
    }
    impl<__Of: ::wirecall::Service + __PostTypes> __Call for __PostParams<__Of> {
        type Returns = <__Of as __PostTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "chat.post",
            )
            .no_cancel();
    }
    trait __TypingTypes: 'static {
        type room: ::wirecall::Message;
        type Returns: ::wirecall::Message;
    }
    impl __TypingTypes for Chat {
        type room = RoomId;
        type Returns = ();
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __TypingParams<__Of: __TypingTypes> {
        room: __Of::room,
    }
    impl<__Of: __TypingTypes> ::wirecall::__private::Params for __TypingParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "room",
                |at| {
                    ::wirecall::Message::check(&self.room, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::room as ::wirecall::Message>::describe(builder);
            let schema = match side {
                ::wirecall::__private::contract::Side::Server => {
                    builder.input_body::<Self>()
                }
                ::wirecall::__private::contract::Side::Client => {
                    builder.output_body::<Self>()
                }
            };
            ::wirecall::__private::contract::Params {
                fields: ::wirecall::__private::Vec::from([
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("room"),
                        rust_name: ::core::convert::Into::into("room"),
                    },
                ]),
                schema,
                positional: false,
            }
        }
    }
    impl<__Of: ::wirecall::Service + __TypingTypes> __Call for __TypingParams<__Of> {
        type Returns = <__Of as __TypingTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "chat.typing",
            )
            .notification();
    }
    const _: fn(RoomId, String) -> Chat = |room, text| Chat::Post { room, text };
    const _: fn(RoomId) -> Chat = |room| Chat::Typing { room };
    const _: fn(Chat) = |value| match value {
        Chat::Post { room: _0, text: _1 } => {}
        Chat::Typing { room: _0 } => {}
    };
};
