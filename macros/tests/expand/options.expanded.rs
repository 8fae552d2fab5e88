///Answers the calls of [`Everything`].
#[allow(dead_code, clippy::too_many_arguments)]
trait EverythingHandler: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// What each call is given: who is calling, and what the server knows of that. An extractor may refuse.
    type Context: ::wirecall::Extract;
    ///Answers `everything.listAll`.
    #[deprecated(note = "use `List`")]
    fn list_all(
        &self,
        cx: Self::Context,
        by_key: String,
        limit: Option<u32>,
        offset: u64,
        r#type: Option<String>,
        tags: Vec<String>,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<Vec<Item>, OwnError>,
    > + ::core::marker::Send;
    ///Answers `everything.store`.
    fn put(
        &self,
        cx: Self::Context,
        params: Item,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<(), ::wirecall::NoError>,
    > + ::core::marker::Send;
    ///Answers `eth_getBalance`.
    fn get_balance(
        &self,
        context: Self::Context,
        address: Address,
        cx: BlockTag,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<Quantity, ::wirecall::NoError>,
    > + ::core::marker::Send;
    ///Answers `everything.ping`.
    fn ping(
        &self,
        cx: Self::Context,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<(), ::wirecall::NoError>,
    > + ::core::marker::Send;
}
///Calls [`Everything`] at the other end of a connection.
#[allow(dead_code)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
struct EverythingClient {
    peer: ::wirecall::Peer,
}
#[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::{None, Some},
    };
    impl<__H: EverythingHandler> EverythingHandler for ::wirecall::__private::Arc<__H> {
        type Context = __H::Context;
        fn list_all(
            &self,
            cx: Self::Context,
            by_key: String,
            limit: Option<u32>,
            offset: u64,
            r#type: Option<String>,
            tags: Vec<String>,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<Vec<Item>, OwnError>,
        > + ::core::marker::Send {
            EverythingHandler::list_all(&**self, cx, by_key, limit, offset, r#type, tags)
        }
        fn put(
            &self,
            cx: Self::Context,
            params: Item,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<(), ::wirecall::NoError>,
        > + ::core::marker::Send {
            EverythingHandler::put(&**self, cx, params)
        }
        fn get_balance(
            &self,
            context: Self::Context,
            address: Address,
            cx: BlockTag,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<Quantity, ::wirecall::NoError>,
        > + ::core::marker::Send {
            EverythingHandler::get_balance(&**self, context, address, cx)
        }
        fn ping(
            &self,
            cx: Self::Context,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<(), ::wirecall::NoError>,
        > + ::core::marker::Send {
            EverythingHandler::ping(&**self, cx)
        }
    }
    #[allow(dead_code)]
    impl Everything {
        /// The service's name on the wire.
        const NAME: &'static str = "everything";
        /// Joins a handler to the service, ready to be mounted.
        fn serve<__H: EverythingHandler>(handler: __H) -> ::wirecall::Mounted {
            ::wirecall::__private::mount::<
                Self,
                __H,
            >(
                handler,
                ::wirecall::__private::Vec::from([
                    ::wirecall::__private::Method::new(
                        <__ListAllParams<Everything> as __Call>::SPEC,
                        |handler, arrival| {
                            __start::<
                                __H,
                                __ListAllParams<Everything>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::Some(|
                                    params: &__ListAllParams<Everything>|
                                ::wirecall::__private::lane(&params.by_key)),
                                |handler, cx, params| async move {
                                    EverythingHandler::list_all(
                                            &*handler,
                                            cx,
                                            params.by_key,
                                            params.limit,
                                            params.offset,
                                            params.r#type,
                                            params.tags,
                                        )
                                        .await
                                },
                            )
                        },
                    ),
                    ::wirecall::__private::Method::new(
                        <__PutParams<Everything> as __Call>::SPEC,
                        |handler, arrival| {
                            __start::<
                                __H,
                                __PutParams<Everything>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params| async move {
                                    EverythingHandler::put(&*handler, cx, params.body).await
                                },
                            )
                        },
                    ),
                    ::wirecall::__private::Method::new(
                        <__GetBalanceParams<Everything> as __Call>::SPEC,
                        |handler, arrival| {
                            __start::<
                                __H,
                                __GetBalanceParams<Everything>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params| async move {
                                    EverythingHandler::get_balance(
                                            &*handler,
                                            cx,
                                            params.address,
                                            params.cx,
                                        )
                                        .await
                                },
                            )
                        },
                    ),
                    ::wirecall::__private::Method::new(
                        <__PingParams<Everything> as __Call>::SPEC,
                        |handler, arrival| {
                            __start::<
                                __H,
                                __PingParams<Everything>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params| async move {
                                    let _ = params;
                                    EverythingHandler::ping(&*handler, cx).await
                                },
                            )
                        },
                    ),
                ]),
            )
        }
        /// Adds the service, and with it its peer, to a contract.
        fn describe(
            mut builder: ::wirecall::__private::contract::Builder,
        ) -> ::wirecall::__private::contract::Builder {
            let service = <Self as ::wirecall::Service>::service(&mut builder);
            builder.service(service);
            builder
        }
        /// The contract of this service alone.
        fn contract() -> ::wirecall::__private::contract::Contract {
            Self::describe(::core::default::Default::default()).build()
        }
    }
    #[allow(dead_code)]
    impl EverythingClient {
        /// A client that calls over `peer`.
        fn new(peer: impl ::core::convert::Into<::wirecall::Peer>) -> Self {
            Self {
                peer: ::core::convert::Into::into(peer),
            }
        }
        ///Calls `everything.listAll`.
        #[deprecated(note = "use `List`")]
        fn list_all(
            &self,
            by_key: impl ::core::convert::Into<String>,
            limit: impl ::core::convert::Into<Option<u32>>,
            offset: u64,
            r#type: impl ::core::convert::Into<Option<String>>,
            tags: Vec<String>,
        ) -> ::wirecall::Pending<Vec<Item>, OwnError> {
            __call(
                &self.peer,
                &__ListAllParams::<Everything> {
                    by_key: ::core::convert::Into::into(by_key),
                    limit: ::core::convert::Into::into(limit),
                    offset: offset,
                    r#type: ::core::convert::Into::into(r#type),
                    tags: tags,
                },
            )
        }
        ///Calls `everything.store`.
        fn put(
            &self,
            params: impl ::core::convert::Into<Item>,
        ) -> ::wirecall::Pending<(), ::wirecall::NoError> {
            __call(
                &self.peer,
                &__PutParams::<Everything> {
                    body: ::core::convert::Into::into(params),
                },
            )
        }
        ///Calls `eth_getBalance`.
        fn get_balance(
            &self,
            address: impl ::core::convert::Into<Address>,
            cx: impl ::core::convert::Into<BlockTag>,
        ) -> ::wirecall::Pending<Quantity, ::wirecall::NoError> {
            __call(
                &self.peer,
                &__GetBalanceParams::<Everything> {
                    address: ::core::convert::Into::into(address),
                    cx: ::core::convert::Into::into(cx),
                },
            )
        }
        ///Calls `everything.ping`.
        fn ping(&self) -> ::wirecall::Pending<(), ::wirecall::NoError> {
            __call(
                &self.peer,
                &__PingParams::<Everything> {
                    __marker: ::core::marker::PhantomData,
                },
            )
        }
    }
    impl ::wirecall::ServiceClient for EverythingClient {
        type Service = Everything;
        fn from_peer(peer: ::wirecall::Peer) -> Self {
            Self { peer }
        }
    }
    impl ::core::convert::From<::wirecall::Peer> for EverythingClient {
        fn from(peer: ::wirecall::Peer) -> Self {
            Self { peer }
        }
    }
    impl ::wirecall::Service for Everything {
        const NAME: &'static str = "everything";
        const SIDE: ::wirecall::__private::contract::Side = ::wirecall::__private::contract::Side::Client;
        type Error = ::wirecall::NoError;
        type Events = ::wirecall::NoEvents;
        fn service(
            builder: &mut ::wirecall::__private::contract::Builder,
        ) -> ::wirecall::__private::contract::Service {
            ::wirecall::__private::contract::Service {
                name: ::core::convert::Into::into("everything"),
                rust_name: ::core::convert::Into::into("Everything"),
                docs: ::core::convert::Into::into(""),
                side: ::wirecall::__private::contract::Side::Client,
                calls: ::wirecall::__private::Vec::from([
                    __describe::<
                        __ListAllParams<Everything>,
                    >(
                        builder,
                        "ListAll",
                        "",
                        ::core::option::Option::Some(
                            ::core::convert::Into::into("use `List`"),
                        ),
                        true,
                        true,
                        ::core::option::Option::Some(
                            ::wirecall::__private::contract::Serial::Field(
                                ::core::convert::Into::into("byKey"),
                            ),
                        ),
                    ),
                    __describe::<
                        __PutParams<Everything>,
                    >(
                        builder,
                        "Put",
                        "",
                        ::core::option::Option::None,
                        false,
                        false,
                        ::core::option::Option::Some(
                            ::wirecall::__private::contract::Serial::Call,
                        ),
                    ),
                    __describe::<
                        __GetBalanceParams<Everything>,
                    >(
                        builder,
                        "GetBalance",
                        "",
                        ::core::option::Option::None,
                        true,
                        false,
                        ::core::option::Option::None,
                    ),
                    __describe::<
                        __PingParams<Everything>,
                    >(
                        builder,
                        "Ping",
                        "",
                        ::core::option::Option::None,
                        false,
                        false,
                        ::core::option::Option::None,
                    ),
                ]),
                events: __events::<Self>(builder),
                error: __error::<Self>(builder),
                peer: ::core::option::Option::None,
            }
        }
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
        __H: EverythingHandler,
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
                ::wirecall::__private::contract::Side::Client,
            ),
            returns: if returns {
                ::core::option::Option::Some(builder.input::<__C::Returns>())
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
    trait __ListAllTypes: 'static {
        type by_key: ::wirecall::Message;
        type limit: ::wirecall::Message;
        type offset: ::wirecall::Message + ::core::default::Default;
        type r#type: ::wirecall::Message;
        type tags: ::wirecall::Message;
        type Returns: ::wirecall::Message;
        type Error: ::wirecall::ServiceError;
        fn check_limit(value: &Option<Self::limit>, at: &mut ::wirecall::Checker<'_>);
        fn check_tags(value: &Self::tags, at: &mut ::wirecall::Checker<'_>);
    }
    impl __ListAllTypes for Everything {
        type by_key = String;
        type limit = u32;
        type offset = u64;
        type r#type = String;
        type tags = Vec<String>;
        type Returns = Vec<Item>;
        type Error = OwnError;
        fn check_limit(value: &Option<u32>, at: &mut ::wirecall::Checker<'_>) {
            if let ::core::option::Option::Some(__value) = value {
                ::wirecall::__private::range(
                    __value,
                    ::core::option::Option::Some(1),
                    ::core::option::Option::Some(100),
                    at,
                );
            }
        }
        fn check_tags(value: &Vec<String>, at: &mut ::wirecall::Checker<'_>) {
            ::wirecall::__private::Each::each(
                value,
                at,
                |__item, at| {
                    {
                        static __PATTERN: ::wirecall::__private::LazyLock<
                            ::core::option::Option<::wirecall::__private::Regex>,
                        > = ::wirecall::__private::LazyLock::new(|| {
                            ::wirecall::__private::Regex::new("^[a-z]+$").ok()
                        });
                        ::wirecall::__private::pattern(
                            __item,
                            &__PATTERN,
                            "^[a-z]+$",
                            at,
                        );
                    }
                },
            );
            ::wirecall::__private::custom(
                value,
                "tags",
                |__value| crate::tags(__value),
                at,
            );
        }
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(
        crate = "::wirecall::__private::serde",
        bound = "",
        rename_all = "camelCase",
        deny_unknown_fields,
    )]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __ListAllParams<__Of: __ListAllTypes> {
        by_key: __Of::by_key,
        /// At most this many.
        #[serde(default)]
        limit: Option<__Of::limit>,
        #[serde(default)]
        offset: __Of::offset,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[serde(default)]
        r#type: Option<__Of::r#type>,
        tags: __Of::tags,
    }
    impl<__Of: __ListAllTypes> ::wirecall::__private::Params for __ListAllParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "byKey",
                |at| {
                    ::wirecall::Message::check(&self.by_key, at);
                },
            );
            at.field(
                "limit",
                |at| {
                    __Of::check_limit(&self.limit, at);
                    ::wirecall::Message::check(&self.limit, at);
                },
            );
            at.field(
                "offset",
                |at| {
                    ::wirecall::Message::check(&self.offset, at);
                },
            );
            at.field(
                "type",
                |at| {
                    ::wirecall::Message::check(&self.r#type, at);
                },
            );
            at.field(
                "tags",
                |at| {
                    __Of::check_tags(&self.tags, at);
                    ::wirecall::Message::check(&self.tags, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::by_key as ::wirecall::Message>::describe(builder);
            <__Of::limit as ::wirecall::Message>::describe(builder);
            <__Of::offset as ::wirecall::Message>::describe(builder);
            <__Of::r#type as ::wirecall::Message>::describe(builder);
            <__Of::tags as ::wirecall::Message>::describe(builder);
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
                "limit",
                &::wirecall::__private::contract::Check::Range {
                    min: ::core::option::Option::Some(::core::convert::Into::into(1u64)),
                    max: ::core::option::Option::Some(
                        ::core::convert::Into::into(100u64),
                    ),
                },
            );
            ::wirecall::__private::contract::Builder::constrain(
                &mut schema,
                "tags",
                &::wirecall::__private::contract::Check::Each(
                    ::wirecall::__private::Vec::from([
                        ::wirecall::__private::contract::Check::Pattern(
                            ::core::convert::Into::into("^[a-z]+$"),
                        ),
                    ]),
                ),
            );
            ::wirecall::__private::contract::Builder::constrain(
                &mut schema,
                "tags",
                &::wirecall::__private::contract::Check::Custom(
                    ::core::convert::Into::into("tags"),
                ),
            );
            ::wirecall::__private::contract::Params {
                fields: ::wirecall::__private::Vec::from([
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("byKey"),
                        rust_name: ::core::convert::Into::into("by_key"),
                    },
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("limit"),
                        rust_name: ::core::convert::Into::into("limit"),
                    },
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("offset"),
                        rust_name: ::core::convert::Into::into("offset"),
                    },
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("type"),
                        rust_name: ::core::convert::Into::into("type"),
                    },
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("tags"),
                        rust_name: ::core::convert::Into::into("tags"),
                    },
                ]),
                schema,
                positional: false,
            }
        }
    }
    impl<__Of: ::wirecall::Service + __ListAllTypes> __Call for __ListAllParams<__Of> {
        type Returns = <__Of as __ListAllTypes>::Returns;
        type Error = <__Of as __ListAllTypes>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "everything.listAll",
            )
            .timeout_ms(300000u64)
            .idempotent();
    }
    trait __PutTypes: 'static {
        type body: ::wirecall::Message;
        type Returns: ::wirecall::Message;
        const OBJECT: bool = <Self::body as ::wirecall::Message>::OBJECT;
    }
    impl __PutTypes for Everything {
        type body = Item;
        type Returns = ();
    }
    const _: () = ::core::assert!(
        < Everything as __PutTypes > ::OBJECT,
        "what is carried alone must be a message with named fields: name the value, `{{ value: … }}`"
    );
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(
        crate = "::wirecall::__private::serde",
        bound = "",
        rename_all = "camelCase",
        deny_unknown_fields,
        transparent,
    )]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __PutParams<__Of: __PutTypes> {
        body: __Of::body,
    }
    impl<__Of: __PutTypes> ::wirecall::__private::Params for __PutParams<__Of> {
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
    impl<__Of: ::wirecall::Service + __PutTypes> __Call for __PutParams<__Of> {
        type Returns = <__Of as __PutTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "everything.store",
            )
            .serial();
    }
    trait __GetBalanceTypes: 'static {
        type address: ::wirecall::Message;
        type cx: ::wirecall::Message;
        type Returns: ::wirecall::Message;
    }
    impl __GetBalanceTypes for Everything {
        type address = Address;
        type cx = BlockTag;
        type Returns = Quantity;
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(
        crate = "::wirecall::__private::serde",
        bound = "",
        rename_all = "camelCase",
        deny_unknown_fields,
    )]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __GetBalanceParams<__Of: __GetBalanceTypes> {
        address: __Of::address,
        cx: __Of::cx,
    }
    impl<__Of: __GetBalanceTypes> ::wirecall::__private::Params
    for __GetBalanceParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "address",
                |at| {
                    ::wirecall::Message::check(&self.address, at);
                },
            );
            at.field(
                "cx",
                |at| {
                    ::wirecall::Message::check(&self.cx, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::address as ::wirecall::Message>::describe(builder);
            <__Of::cx as ::wirecall::Message>::describe(builder);
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
                        name: ::core::convert::Into::into("address"),
                        rust_name: ::core::convert::Into::into("address"),
                    },
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("cx"),
                        rust_name: ::core::convert::Into::into("cx"),
                    },
                ]),
                schema,
                positional: true,
            }
        }
    }
    impl<__Of: ::wirecall::Service + __GetBalanceTypes> __Call
    for __GetBalanceParams<__Of> {
        type Returns = <__Of as __GetBalanceTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "eth_getBalance",
            )
            .positional();
    }
    trait __PingTypes: 'static {
        type Returns: ::wirecall::Message;
    }
    impl __PingTypes for Everything {
        type Returns = ();
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(
        crate = "::wirecall::__private::serde",
        bound = "",
        rename_all = "camelCase",
        deny_unknown_fields,
    )]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __PingParams<__Of: __PingTypes> {
        #[serde(skip)]
        __marker: ::core::marker::PhantomData<fn() -> __Of>,
    }
    impl<__Of: __PingTypes> ::wirecall::__private::Params for __PingParams<__Of> {
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
    impl<__Of: ::wirecall::Service + __PingTypes> __Call for __PingParams<__Of> {
        type Returns = <__Of as __PingTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
            "everything.ping",
        );
    }
    const _: fn(String, Option<u32>, u64, Option<String>, Vec<String>) -> Everything = |
        by_key,
        limit,
        offset,
        r#type,
        tags|
    Everything::ListAll {
        by_key,
        limit,
        offset,
        r#type,
        tags,
    };
    const _: fn(Item) -> Everything = |params| Everything::Put(params);
    const _: fn(Address, BlockTag) -> Everything = |address, cx| Everything::GetBalance {
        address,
        cx,
    };
    const _: fn() -> Everything = || Everything::Ping {};
    const _: fn(Everything) = |value| match value {
        Everything::ListAll {
            by_key: _0,
            limit: _1,
            offset: _2,
            r#type: _3,
            tags: _4,
        } => {}
        Everything::Put(_body) => {}
        Everything::GetBalance { address: _0, cx: _1 } => {}
        Everything::Ping {} => {}
    };
};
