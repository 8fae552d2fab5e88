///Answers the calls of [`Files`].
#[allow(dead_code, clippy::too_many_arguments)]
trait FilesHandler: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// What each call is given: who is calling, and what the server knows of that. An extractor may refuse.
    type Context: ::wirecall::Extract;
    /// Searches file names, newest first.
    fn search(
        &self,
        cx: Self::Context,
        query: String,
        out: ::wirecall::Outgoing<Hit>,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<Summary, FileError>,
    > + ::core::marker::Send;
    ///Answers `files.store`.
    fn store(
        &self,
        cx: Self::Context,
        name: String,
        incoming: ::wirecall::Incoming<Chunk>,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<FileId, FileError>,
    > + ::core::marker::Send;
    ///Answers `files.both`.
    fn both(
        &self,
        cx: Self::Context,
        out: u8,
        items: u8,
        incoming: ::wirecall::Incoming<Chunk>,
        outgoing: ::wirecall::Outgoing<Hit>,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<(), FileError>,
    > + ::core::marker::Send;
    ///Answers `files_watch`.
    fn watch(
        &self,
        cx: Self::Context,
        out: ::wirecall::Outgoing<Hit>,
    ) -> impl ::core::future::Future<
        Output = ::wirecall::Reply<(), FileError>,
    > + ::core::marker::Send;
}
///Calls [`Files`] at the other end of a connection.
#[allow(dead_code)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
struct FilesClient {
    peer: ::wirecall::Peer,
}
#[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::{None, Some},
    };
    impl<__H: FilesHandler> FilesHandler for ::wirecall::__private::Arc<__H> {
        type Context = __H::Context;
        fn search(
            &self,
            cx: Self::Context,
            query: String,
            out: ::wirecall::Outgoing<Hit>,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<Summary, FileError>,
        > + ::core::marker::Send {
            FilesHandler::search(&**self, cx, query, out)
        }
        fn store(
            &self,
            cx: Self::Context,
            name: String,
            incoming: ::wirecall::Incoming<Chunk>,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<FileId, FileError>,
        > + ::core::marker::Send {
            FilesHandler::store(&**self, cx, name, incoming)
        }
        fn both(
            &self,
            cx: Self::Context,
            out: u8,
            items: u8,
            incoming: ::wirecall::Incoming<Chunk>,
            outgoing: ::wirecall::Outgoing<Hit>,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<(), FileError>,
        > + ::core::marker::Send {
            FilesHandler::both(&**self, cx, out, items, incoming, outgoing)
        }
        fn watch(
            &self,
            cx: Self::Context,
            out: ::wirecall::Outgoing<Hit>,
        ) -> impl ::core::future::Future<
            Output = ::wirecall::Reply<(), FileError>,
        > + ::core::marker::Send {
            FilesHandler::watch(&**self, cx, out)
        }
    }
    #[allow(dead_code)]
    impl Files {
        /// The service's name on the wire.
        const NAME: &'static str = "files";
        /// Joins a handler to the service, ready to be mounted.
        fn serve<__H: FilesHandler>(handler: __H) -> ::wirecall::Mounted {
            ::wirecall::__private::mount::<
                Self,
                __H,
            >(
                handler,
                ::wirecall::__private::Vec::from([
                    ::wirecall::__private::Method::new(
                        <__SearchParams<Files> as __Call>::SPEC,
                        |handler, arrival| {
                            __start_stream::<
                                __H,
                                __SearchParams<Files>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params, _, outgoing| async move {
                                    FilesHandler::search(&*handler, cx, params.query, outgoing)
                                        .await
                                },
                            )
                        },
                    ),
                    ::wirecall::__private::Method::new(
                        <__StoreParams<Files> as __Call>::SPEC,
                        |handler, arrival| {
                            __start_stream::<
                                __H,
                                __StoreParams<Files>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params, incoming, _| async move {
                                    FilesHandler::store(&*handler, cx, params.name, incoming)
                                        .await
                                },
                            )
                        },
                    ),
                    ::wirecall::__private::Method::new(
                        <__BothParams<Files> as __Call>::SPEC,
                        |handler, arrival| {
                            __start_stream::<
                                __H,
                                __BothParams<Files>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params, incoming, outgoing| async move {
                                    FilesHandler::both(
                                            &*handler,
                                            cx,
                                            params.out,
                                            params.items,
                                            incoming,
                                            outgoing,
                                        )
                                        .await
                                },
                            )
                        },
                    ),
                    ::wirecall::__private::Method::new(
                        <__WatchParams<Files> as __Call>::SPEC,
                        |handler, arrival| {
                            __start_stream::<
                                __H,
                                __WatchParams<Files>,
                                _,
                                _,
                            >(
                                handler,
                                arrival,
                                ::core::option::Option::None,
                                |handler, cx, params, _, outgoing| async move {
                                    let _ = params;
                                    FilesHandler::watch(&*handler, cx, outgoing).await
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
    impl FilesClient {
        /// A client that calls over `peer`.
        fn new(peer: impl ::core::convert::Into<::wirecall::Peer>) -> Self {
            Self {
                peer: ::core::convert::Into::into(peer),
            }
        }
        /// Searches file names, newest first.
        fn search(
            &self,
            query: impl ::core::convert::Into<String>,
        ) -> ::wirecall::Streaming<Hit, Summary, FileError> {
            __stream(
                &self.peer,
                &__SearchParams::<Files> {
                    query: ::core::convert::Into::into(query),
                },
            )
        }
        ///Calls `files.store`.
        fn store(
            &self,
            name: impl ::core::convert::Into<String>,
            items: impl ::wirecall::__private::Stream<
                Item = Chunk,
            > + ::core::marker::Send + 'static,
        ) -> ::wirecall::Pending<FileId, FileError> {
            __upload(
                &self.peer,
                &__StoreParams::<Files> {
                    name: ::core::convert::Into::into(name),
                },
                items,
            )
        }
        ///Calls `files.both`.
        fn both(
            &self,
            out: u8,
            items: u8,
            upload: impl ::wirecall::__private::Stream<
                Item = Chunk,
            > + ::core::marker::Send + 'static,
        ) -> ::wirecall::Streaming<Hit, (), FileError> {
            __duplex(
                &self.peer,
                &__BothParams::<Files> {
                    out: out,
                    items: items,
                },
                upload,
            )
        }
        ///Calls `files_watch`.
        fn watch(&self) -> ::wirecall::Streaming<Hit, (), FileError> {
            __stream(
                &self.peer,
                &__WatchParams::<Files> {
                    __marker: ::core::marker::PhantomData,
                },
            )
        }
    }
    impl ::wirecall::ServiceClient for FilesClient {
        type Service = Files;
        fn from_peer(peer: ::wirecall::Peer) -> Self {
            Self { peer }
        }
    }
    impl ::core::convert::From<::wirecall::Peer> for FilesClient {
        fn from(peer: ::wirecall::Peer) -> Self {
            Self { peer }
        }
    }
    impl ::wirecall::Service for Files {
        const NAME: &'static str = "files";
        const SIDE: ::wirecall::__private::contract::Side = ::wirecall::__private::contract::Side::Server;
        type Error = FileError;
        type Events = ::wirecall::NoEvents;
        fn service(
            builder: &mut ::wirecall::__private::contract::Builder,
        ) -> ::wirecall::__private::contract::Service {
            ::wirecall::__private::contract::Service {
                name: ::core::convert::Into::into("files"),
                rust_name: ::core::convert::Into::into("Files"),
                docs: ::core::convert::Into::into(""),
                side: ::wirecall::__private::contract::Side::Server,
                calls: ::wirecall::__private::Vec::from([
                    {
                        let call = __describe::<
                            __SearchParams<Files>,
                        >(
                            builder,
                            "Search",
                            "Searches file names, newest first.",
                            ::core::option::Option::None,
                            true,
                            false,
                            ::core::option::Option::None,
                        );
                        let call = __describe_items::<
                            __SearchParams<Files>,
                        >(builder, call);
                        call
                    },
                    {
                        let call = __describe::<
                            __StoreParams<Files>,
                        >(
                            builder,
                            "Store",
                            "",
                            ::core::option::Option::None,
                            true,
                            false,
                            ::core::option::Option::None,
                        );
                        let call = __describe_chunks::<
                            __StoreParams<Files>,
                        >(builder, call);
                        call
                    },
                    {
                        let call = __describe::<
                            __BothParams<Files>,
                        >(
                            builder,
                            "Both",
                            "",
                            ::core::option::Option::None,
                            false,
                            false,
                            ::core::option::Option::None,
                        );
                        let call = __describe_items::<
                            __BothParams<Files>,
                        >(builder, call);
                        let call = __describe_chunks::<
                            __BothParams<Files>,
                        >(builder, call);
                        call
                    },
                    {
                        let call = __describe::<
                            __WatchParams<Files>,
                        >(
                            builder,
                            "Watch",
                            "",
                            ::core::option::Option::None,
                            false,
                            false,
                            ::core::option::Option::None,
                        );
                        let call = __describe_items::<
                            __WatchParams<Files>,
                        >(builder, call);
                        call.in_subscription("files_changed", "files_unwatch")
                    },
                ]),
                events: __events::<Self>(builder),
                error: __error::<Self>(builder),
                peer: ::core::option::Option::None,
            }
        }
    }
    trait __Streams: __Call {
        type Items: ::wirecall::Message;
        type Chunks: ::wirecall::Message;
    }
    fn __start_stream<__H, __C, __F, __Fut>(
        handler: &::wirecall::__private::Arc<__H>,
        arrival: ::wirecall::__private::Arrival<'_, '_>,
        lane: ::core::option::Option<fn(&__C) -> ::wirecall::__private::Lane>,
        run: __F,
    ) -> ::core::result::Result<
        ::wirecall::__private::Started,
        ::wirecall::__private::Refused,
    >
    where
        __H: FilesHandler,
        __C: __Streams,
        __F: ::core::ops::FnOnce(
                ::wirecall::__private::Arc<__H>,
                __H::Context,
                __C,
                ::wirecall::Incoming<__C::Chunks>,
                ::wirecall::Outgoing<__C::Items>,
            ) -> __Fut + ::core::marker::Send + 'static,
        __Fut: ::core::future::Future<
                Output = ::wirecall::Reply<__C::Returns, __C::Error>,
            > + ::core::marker::Send + 'static,
    {
        ::wirecall::__private::start_stream::<
            __H,
            __H::Context,
            __C,
            __C::Returns,
            __C::Error,
            __C::Chunks,
            __C::Items,
            __F,
            __Fut,
        >(handler, arrival, lane, run)
    }
    fn __stream<__C: __Streams>(
        peer: &::wirecall::Peer,
        params: &__C,
    ) -> ::wirecall::Streaming<__C::Items, __C::Returns, __C::Error> {
        peer.__stream(__C::SPEC, params)
    }
    fn __upload<__C: __Streams>(
        peer: &::wirecall::Peer,
        params: &__C,
        items: impl ::wirecall::__private::Stream<
            Item = __C::Chunks,
        > + ::core::marker::Send + 'static,
    ) -> ::wirecall::Pending<__C::Returns, __C::Error> {
        peer.__upload(__C::SPEC, params, items)
    }
    fn __duplex<__C: __Streams>(
        peer: &::wirecall::Peer,
        params: &__C,
        items: impl ::wirecall::__private::Stream<
            Item = __C::Chunks,
        > + ::core::marker::Send + 'static,
    ) -> ::wirecall::Streaming<__C::Items, __C::Returns, __C::Error> {
        peer.__duplex(__C::SPEC, params, items)
    }
    fn __describe_items<__C: __Streams>(
        builder: &mut ::wirecall::__private::contract::Builder,
        call: ::wirecall::__private::contract::Call,
    ) -> ::wirecall::__private::contract::Call {
        <__C::Items as ::wirecall::Message>::describe(builder);
        call.stream_of(builder.output::<__C::Items>())
    }
    fn __describe_chunks<__C: __Streams>(
        builder: &mut ::wirecall::__private::contract::Builder,
        call: ::wirecall::__private::contract::Call,
    ) -> ::wirecall::__private::contract::Call {
        <__C::Chunks as ::wirecall::Message>::describe(builder);
        call.upload_of(builder.input::<__C::Chunks>())
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
        __H: FilesHandler,
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
    trait __SearchTypes: 'static {
        type query: ::wirecall::Message;
        type Returns: ::wirecall::Message;
        type Items: ::wirecall::Message;
    }
    impl __SearchTypes for Files {
        type query = String;
        type Returns = Summary;
        type Items = Hit;
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __SearchParams<__Of: __SearchTypes> {
        query: __Of::query,
    }
    impl<__Of: __SearchTypes> ::wirecall::__private::Params for __SearchParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "query",
                |at| {
                    ::wirecall::Message::check(&self.query, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::query as ::wirecall::Message>::describe(builder);
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
                        name: ::core::convert::Into::into("query"),
                        rust_name: ::core::convert::Into::into("query"),
                    },
                ]),
                schema,
                positional: false,
            }
        }
    }
    impl<__Of: ::wirecall::Service + __SearchTypes> __Streams for __SearchParams<__Of> {
        type Items = <__Of as __SearchTypes>::Items;
        type Chunks = ();
    }
    impl<__Of: ::wirecall::Service + __SearchTypes> __Call for __SearchParams<__Of> {
        type Returns = <__Of as __SearchTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "files.search",
            )
            .idempotent()
            .stream();
    }
    trait __StoreTypes: 'static {
        type name: ::wirecall::Message;
        type Returns: ::wirecall::Message;
        type Chunks: ::wirecall::Message;
    }
    impl __StoreTypes for Files {
        type name = String;
        type Returns = FileId;
        type Chunks = Chunk;
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __StoreParams<__Of: __StoreTypes> {
        name: __Of::name,
    }
    impl<__Of: __StoreTypes> ::wirecall::__private::Params for __StoreParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "name",
                |at| {
                    ::wirecall::Message::check(&self.name, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::name as ::wirecall::Message>::describe(builder);
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
                        name: ::core::convert::Into::into("name"),
                        rust_name: ::core::convert::Into::into("name"),
                    },
                ]),
                schema,
                positional: false,
            }
        }
    }
    impl<__Of: ::wirecall::Service + __StoreTypes> __Streams for __StoreParams<__Of> {
        type Items = ();
        type Chunks = <__Of as __StoreTypes>::Chunks;
    }
    impl<__Of: ::wirecall::Service + __StoreTypes> __Call for __StoreParams<__Of> {
        type Returns = <__Of as __StoreTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "files.store",
            )
            .upload();
    }
    trait __BothTypes: 'static {
        type out: ::wirecall::Message;
        type items: ::wirecall::Message;
        type Returns: ::wirecall::Message;
        type Chunks: ::wirecall::Message;
        type Items: ::wirecall::Message;
    }
    impl __BothTypes for Files {
        type out = u8;
        type items = u8;
        type Returns = ();
        type Chunks = Chunk;
        type Items = Hit;
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __BothParams<__Of: __BothTypes> {
        out: __Of::out,
        items: __Of::items,
    }
    impl<__Of: __BothTypes> ::wirecall::__private::Params for __BothParams<__Of> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            at.field(
                "out",
                |at| {
                    ::wirecall::Message::check(&self.out, at);
                },
            );
            at.field(
                "items",
                |at| {
                    ::wirecall::Message::check(&self.items, at);
                },
            );
        }
        fn params(
            builder: &mut ::wirecall::__private::contract::Builder,
            side: ::wirecall::__private::contract::Side,
        ) -> ::wirecall::__private::contract::Params {
            <__Of::out as ::wirecall::Message>::describe(builder);
            <__Of::items as ::wirecall::Message>::describe(builder);
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
                        name: ::core::convert::Into::into("out"),
                        rust_name: ::core::convert::Into::into("out"),
                    },
                    ::wirecall::__private::contract::Field {
                        name: ::core::convert::Into::into("items"),
                        rust_name: ::core::convert::Into::into("items"),
                    },
                ]),
                schema,
                positional: false,
            }
        }
    }
    impl<__Of: ::wirecall::Service + __BothTypes> __Streams for __BothParams<__Of> {
        type Items = <__Of as __BothTypes>::Items;
        type Chunks = <__Of as __BothTypes>::Chunks;
    }
    impl<__Of: ::wirecall::Service + __BothTypes> __Call for __BothParams<__Of> {
        type Returns = <__Of as __BothTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "files.both",
            )
            .stream()
            .upload();
    }
    trait __WatchTypes: 'static {
        type Returns: ::wirecall::Message;
        type Items: ::wirecall::Message;
    }
    impl __WatchTypes for Files {
        type Returns = ();
        type Items = Hit;
    }
    #[derive(
        ::wirecall::__private::serde::Serialize,
        ::wirecall::__private::serde::Deserialize,
        ::wirecall::__private::schemars::JsonSchema
    )]
    #[serde(crate = "::wirecall::__private::serde", bound = "")]
    #[schemars(crate = "::wirecall::__private::schemars", bound = "")]
    struct __WatchParams<__Of: __WatchTypes> {
        #[serde(skip)]
        __marker: ::core::marker::PhantomData<fn() -> __Of>,
    }
    impl<__Of: __WatchTypes> ::wirecall::__private::Params for __WatchParams<__Of> {
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
                positional: true,
            }
        }
    }
    impl<__Of: ::wirecall::Service + __WatchTypes> __Streams for __WatchParams<__Of> {
        type Items = <__Of as __WatchTypes>::Items;
        type Chunks = ();
    }
    impl<__Of: ::wirecall::Service + __WatchTypes> __Call for __WatchParams<__Of> {
        type Returns = <__Of as __WatchTypes>::Returns;
        type Error = <__Of as ::wirecall::Service>::Error;
        const SPEC: &'static ::wirecall::__private::CallSpec = &::wirecall::__private::CallSpec::new(
                "files_watch",
            )
            .positional()
            .stream()
            .subscription("files_changed", "files_unwatch");
    }
    const _: fn(String) -> Files = |query| Files::Search { query };
    const _: fn(String) -> Files = |name| Files::Store { name };
    const _: fn(u8, u8) -> Files = |out, items| Files::Both { out, items };
    const _: fn() -> Files = || Files::Watch {};
    const _: fn(Files) = |value| match value {
        Files::Search { query: _0 } => {}
        Files::Store { name: _0 } => {}
        Files::Both { out: _0, items: _1 } => {}
        Files::Watch {} => {}
    };
};
