#[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::{None, Some},
    };
    impl ::wirecall::Events for ChatEvent {
        fn encode(
            self,
            out: ::wirecall::__private::EventEncoder<'_>,
        ) -> ::core::result::Result<
            ::wirecall::__private::EncodedEvent,
            ::wirecall::__private::EncodeError,
        > {
            let _ = &out;
            match self {
                Self::Announcement { text: __0 } => {
                    out.event(
                        "announcement",
                        false,
                        &__AnnouncementParams::<ChatEvent> {
                            text: __0,
                        },
                    )
                }
                Self::UserJoined(__0) => {
                    out.event(
                        "joined",
                        false,
                        &__UserJoinedParams::<ChatEvent> {
                            body: __0,
                        },
                    )
                }
                Self::Subscription { result: __0 } => {
                    out.event(
                        "eth_subscription",
                        true,
                        &__SubscriptionParams::<ChatEvent> {
                            result: __0,
                        },
                    )
                }
                Self::Reload {} => {
                    out.event(
                        "reload",
                        false,
                        &__ReloadParams::<ChatEvent> {
                            __marker: ::core::marker::PhantomData,
                        },
                    )
                }
            }
        }
        fn decode(
            name: &str,
            input: ::wirecall::__private::EventInput<'_>,
        ) -> ::core::option::Option<
            ::core::result::Result<Self, ::wirecall::__private::EncodeError>,
        > {
            let _ = &input;
            match name {
                "announcement" => {
                    ::core::option::Option::Some(
                        input
                            .decode::<__AnnouncementParams<ChatEvent>>()
                            .map(|params| {
                                Self::Announcement {
                                    text: params.text,
                                }
                            }),
                    )
                }
                "joined" => {
                    ::core::option::Option::Some(
                        input
                            .decode::<__UserJoinedParams<ChatEvent>>()
                            .map(|params| { Self::UserJoined(params.body) }),
                    )
                }
                "eth_subscription" => {
                    ::core::option::Option::Some(
                        input
                            .decode::<__SubscriptionParams<ChatEvent>>()
                            .map(|params| {
                                Self::Subscription {
                                    result: params.result,
                                }
                            }),
                    )
                }
                "reload" => {
                    ::core::option::Option::Some(
                        input
                            .decode::<__ReloadParams<ChatEvent>>()
                            .map(|params| {
                                let _ = params;
                                Self::Reload {}
                            }),
                    )
                }
                _ => ::core::option::Option::None,
            }
        }
        fn set(
            builder: &mut ::wirecall::__private::contract::Builder,
            service: &str,
        ) -> ::core::option::Option<::wirecall::__private::contract::EventSet> {
            let _ = (&builder, service);
            ::core::option::Option::Some(::wirecall::__private::contract::EventSet {
                rust_name: ::core::convert::Into::into("ChatEvent"),
                docs: ::core::convert::Into::into("What the server tells."),
                events: ::wirecall::__private::Vec::from([
                    ::wirecall::__private::contract::Event {
                        method: ::std::format!("{}.{}", service, "announcement"),
                        rust_name: ::core::convert::Into::into("Announcement"),
                        docs: ::core::convert::Into::into(
                            "A notice from the operators.",
                        ),
                        deprecated: ::core::option::Option::None,
                        params: <__AnnouncementParams<
                            ChatEvent,
                        > as ::wirecall::__private::Params>::params(
                            builder,
                            ::wirecall::__private::contract::Side::Client,
                        ),
                    },
                    ::wirecall::__private::contract::Event {
                        method: ::std::format!("{}.{}", service, "joined"),
                        rust_name: ::core::convert::Into::into("UserJoined"),
                        docs: ::core::convert::Into::into(""),
                        deprecated: ::core::option::Option::None,
                        params: <__UserJoinedParams<
                            ChatEvent,
                        > as ::wirecall::__private::Params>::params(
                            builder,
                            ::wirecall::__private::contract::Side::Client,
                        ),
                    },
                    ::wirecall::__private::contract::Event {
                        method: ::core::convert::Into::into("eth_subscription"),
                        rust_name: ::core::convert::Into::into("Subscription"),
                        docs: ::core::convert::Into::into(""),
                        deprecated: ::core::option::Option::None,
                        params: <__SubscriptionParams<
                            ChatEvent,
                        > as ::wirecall::__private::Params>::params(
                            builder,
                            ::wirecall::__private::contract::Side::Client,
                        ),
                    },
                    ::wirecall::__private::contract::Event {
                        method: ::std::format!("{}.{}", service, "reload"),
                        rust_name: ::core::convert::Into::into("Reload"),
                        docs: ::core::convert::Into::into(""),
                        deprecated: ::core::option::Option::None,
                        params: <__ReloadParams<
                            ChatEvent,
                        > as ::wirecall::__private::Params>::params(
                            builder,
                            ::wirecall::__private::contract::Side::Client,
                        ),
                    },
                ]),
            })
        }
    }
    trait __AnnouncementTypes: 'static {
        type text: ::wirecall::Message;
    }
    impl __AnnouncementTypes for ChatEvent {
        type text = String;
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __AnnouncementParams<__Of: __AnnouncementTypes> {
        text: __Of::text,
    }
    impl<__Of: __AnnouncementTypes> ::wirecall::__private::Params
    for __AnnouncementParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "text",
                |at| {
                    ::wirecall::Message::check(&self.text, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::text as ::wirecall::Message>::describe(builder);
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
                        name: ::core::convert::Into::into("text"),
                        rust_name: ::core::convert::Into::into("text"),
                    },
                ]),
                schema,
                positional: false,
            }
        }
    }
    trait __UserJoinedTypes: 'static {
        type body: ::wirecall::Message;
        const OBJECT: bool = <Self::body as ::wirecall::Message>::OBJECT;
    }
    impl __UserJoinedTypes for ChatEvent {
        type body = User;
    }
    const _: () = ::core::assert!(
        < ChatEvent as __UserJoinedTypes > ::OBJECT,
        "what is carried alone must be a message with named fields: name the value, `{{ value: … }}`"
    );
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "", transparent)]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __UserJoinedParams<__Of: __UserJoinedTypes> {
        body: __Of::body,
    }
    impl<__Of: __UserJoinedTypes> ::wirecall::__private::Params
    for __UserJoinedParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            ::wirecall::Message::check(&self.body, at);
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::body as ::wirecall::Message>::describe(builder);
            let schema = match side {
                ::wirecall::__private::contract::Side::Server => {
                    builder.input_body::<Self>()
                }
                ::wirecall::__private::contract::Side::Client => {
                    builder.output_body::<Self>()
                }
            };
            ::wirecall::__private::contract::Params {
                fields: {
                    let mut alone = ::wirecall::__private::contract::Builder::new();
                    <__Of::body as ::wirecall::Message>::describe(&mut alone);
                    let name = <__Of::body as ::wirecall::__private::schemars::JsonSchema>::schema_name();
                    let info = alone.build().types.remove(&*name);
                    info.map(|info| info.fields).unwrap_or_default()
                },
                schema,
                positional: false,
            }
        }
    }
    trait __SubscriptionTypes: 'static {
        type result: ::wirecall::Message;
    }
    impl __SubscriptionTypes for ChatEvent {
        type result = Header;
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __SubscriptionParams<__Of: __SubscriptionTypes> {
        #[serde(default)]
        result: Option<__Of::result>,
    }
    impl<__Of: __SubscriptionTypes> ::wirecall::__private::Params
    for __SubscriptionParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "result",
                |at| {
                    ::wirecall::Message::check(&self.result, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::result as ::wirecall::Message>::describe(builder);
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
                        name: ::core::convert::Into::into("result"),
                        rust_name: ::core::convert::Into::into("result"),
                    },
                ]),
                schema,
                positional: false,
            }
        }
    }
    trait __ReloadTypes: 'static {}
    impl __ReloadTypes for ChatEvent {}
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __ReloadParams<__Of: __ReloadTypes> {
        #[serde(skip)]
        __marker: ::core::marker::PhantomData<fn() -> __Of>,
    }
    impl<__Of: __ReloadTypes> ::wirecall::__private::Params for __ReloadParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            let _ = at;
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            let schema = match side {
                ::wirecall::__private::contract::Side::Server => {
                    builder.input_body::<Self>()
                }
                ::wirecall::__private::contract::Side::Client => {
                    builder.output_body::<Self>()
                }
            };
            ::wirecall::__private::contract::Params {
                fields: ::wirecall::__private::Vec::from([]),
                schema,
                positional: false,
            }
        }
    }
};
