#[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::{None, Some},
    };
    impl ::wirecall::ServiceError for ChatError {
        fn code(&self) -> i64 {
            match *self {
                Self::RoomNotFound { .. } => 1001i64,
                Self::Muted { .. } => 1002i64,
                Self::Closed { .. } => 1003i64,
            }
        }
        fn kind(&self) -> &'static str {
            match *self {
                Self::RoomNotFound { .. } => "room_not_found",
                Self::Muted { .. } => "muted_for_now",
                Self::Closed { .. } => "closed",
            }
        }
        fn retryable(&self) -> bool {
            match *self {
                Self::RoomNotFound { .. } => false,
                Self::Muted { .. } => true,
                Self::Closed { .. } => false,
            }
        }
        fn message(&self) -> ::wirecall::__private::String {
            match *self {
                Self::RoomNotFound { .. } => {
                    ::core::convert::Into::into(
                        "The room does not exist, or the caller is not in it",
                    )
                }
                Self::Muted { .. } => ::core::convert::Into::into("you are muted"),
                Self::Closed { .. } => ::core::convert::Into::into("closed"),
            }
        }
        fn into_rpc(self) -> ::wirecall::RpcError {
            match self {
                Self::RoomNotFound { room: __0 } => {
                    ::wirecall::RpcError::service(
                        1001i64,
                        "room_not_found",
                        "The room does not exist, or the caller is not in it",
                        false,
                        ::core::option::Option::Some(
                            &__RoomNotFoundParams::<ChatError> {
                                room: __0,
                            },
                        ),
                    )
                }
                Self::Muted(__0) => {
                    ::wirecall::RpcError::service(
                        1002i64,
                        "muted_for_now",
                        "you are muted",
                        true,
                        ::core::option::Option::Some(
                            &__MutedParams::<ChatError> {
                                body: __0,
                            },
                        ),
                    )
                }
                Self::Closed {} => {
                    ::wirecall::RpcError::service(
                        1003i64,
                        "closed",
                        "closed",
                        false,
                        ::core::option::Option::None,
                    )
                }
            }
        }
        fn from_rpc(error: &::wirecall::RpcError) -> ::core::option::Option<Self> {
            match error.code() {
                1001i64 => {
                    let params = <__RoomNotFoundParams<
                        ChatError,
                    > as ::wirecall::__private::serde::Deserialize<
                        '_,
                    >>::deserialize(error.details()?)
                        .ok()?;
                    ::core::option::Option::Some(Self::RoomNotFound {
                        room: params.room,
                    })
                }
                1002i64 => {
                    let params = <__MutedParams<
                        ChatError,
                    > as ::wirecall::__private::serde::Deserialize<
                        '_,
                    >>::deserialize(error.details()?)
                        .ok()?;
                    ::core::option::Option::Some(Self::Muted(params.body))
                }
                1003i64 => ::core::option::Option::Some(Self::Closed {}),
                _ => ::core::option::Option::None,
            }
        }
        fn set(
            builder: &mut ::wirecall::__private::contract::Builder,
        ) -> ::core::option::Option<::wirecall::__private::contract::ErrorSet> {
            let _ = &builder;
            ::core::option::Option::Some(::wirecall::__private::contract::ErrorSet {
                rust_name: ::core::convert::Into::into("ChatError"),
                docs: ::core::convert::Into::into(""),
                variants: ::wirecall::__private::Vec::from([
                    {
                        let params = <__RoomNotFoundParams<
                            ChatError,
                        > as ::wirecall::__private::Params>::params(
                            builder,
                            ::wirecall::__private::contract::Side::Client,
                        );
                        ::wirecall::__private::contract::ErrorVariant {
                            code: 1001i64,
                            kind: ::core::convert::Into::into("room_not_found"),
                            rust_name: ::core::convert::Into::into("RoomNotFound"),
                            docs: ::core::convert::Into::into(
                                "The room does not exist, or the caller is not in it. Ask for an invitation.",
                            ),
                            retryable: false,
                            fields: params.fields,
                            details: if true {
                                ::core::option::Option::Some(params.schema)
                            } else {
                                ::core::option::Option::None
                            },
                        }
                    },
                    {
                        let params = <__MutedParams<
                            ChatError,
                        > as ::wirecall::__private::Params>::params(
                            builder,
                            ::wirecall::__private::contract::Side::Client,
                        );
                        ::wirecall::__private::contract::ErrorVariant {
                            code: 1002i64,
                            kind: ::core::convert::Into::into("muted_for_now"),
                            rust_name: ::core::convert::Into::into("Muted"),
                            docs: ::core::convert::Into::into(""),
                            retryable: true,
                            fields: params.fields,
                            details: if true {
                                ::core::option::Option::Some(params.schema)
                            } else {
                                ::core::option::Option::None
                            },
                        }
                    },
                    {
                        let params = <__ClosedParams<
                            ChatError,
                        > as ::wirecall::__private::Params>::params(
                            builder,
                            ::wirecall::__private::contract::Side::Client,
                        );
                        ::wirecall::__private::contract::ErrorVariant {
                            code: 1003i64,
                            kind: ::core::convert::Into::into("closed"),
                            rust_name: ::core::convert::Into::into("Closed"),
                            docs: ::core::convert::Into::into(""),
                            retryable: false,
                            fields: params.fields,
                            details: if false {
                                ::core::option::Option::Some(params.schema)
                            } else {
                                ::core::option::Option::None
                            },
                        }
                    },
                ]),
            })
        }
    }
    impl ::core::fmt::Display for ChatError {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str(&::wirecall::ServiceError::message(self))
        }
    }
    impl ::core::error::Error for ChatError
    where
        for<'__a> ChatError: ::core::fmt::Debug,
    {}
    impl ::core::convert::From<ChatError> for ::wirecall::RpcError {
        fn from(error: ChatError) -> Self {
            ::wirecall::ServiceError::into_rpc(error)
        }
    }
    trait __RoomNotFoundTypes: 'static {
        type room: ::wirecall::Message;
    }
    impl __RoomNotFoundTypes for ChatError {
        type room = RoomId;
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __RoomNotFoundParams<__Of: __RoomNotFoundTypes> {
        room: __Of::room,
    }
    impl<__Of: __RoomNotFoundTypes> ::wirecall::__private::Params
    for __RoomNotFoundParams<__Of> {
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
    trait __MutedTypes: 'static {
        type body: ::wirecall::Message;
        const OBJECT: bool = <Self::body as ::wirecall::Message>::OBJECT;
    }
    impl __MutedTypes for ChatError {
        type body = Until;
    }
    const _: () = ::core::assert!(
        < ChatError as __MutedTypes > ::OBJECT,
        "what is carried alone must be a message with named fields: name the value, `{{ value: … }}`"
    );
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "", transparent)]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __MutedParams<__Of: __MutedTypes> {
        body: __Of::body,
    }
    impl<__Of: __MutedTypes> ::wirecall::__private::Params for __MutedParams<__Of> {
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
    trait __ClosedTypes: 'static {}
    impl __ClosedTypes for ChatError {}
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __ClosedParams<__Of: __ClosedTypes> {
        #[serde(skip)]
        __marker: ::core::marker::PhantomData<fn() -> __Of>,
    }
    impl<__Of: __ClosedTypes> ::wirecall::__private::Params for __ClosedParams<__Of> {
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
