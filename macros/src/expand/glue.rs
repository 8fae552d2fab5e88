//! What the calls of a service share, generic over the call; and what keeps rustc from calling the enum unused.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Paths, handler, stream};
use crate::ast::{Body, Service};
use crate::attr::rpc::Side;

/// What every call goes through, generic over it.
pub(super) fn items(service: &Service, paths: &Paths) -> TokenStream {
    let (root, private) = (&paths.root, &paths.private);
    let contract = quote!(#private::contract);
    let handler = handler::name(&service.ident);
    let [inwards, outwards] = match service.side {
        Side::Server => [quote!(output), quote!(Server)],
        Side::Client => [quote!(input), quote!(Client)],
    };
    let listen = service.events.as_ref().map(|_| {
        quote! {
            fn __listen<__Of: #root::Service>(peer: &#root::Peer) -> #root::EventStream<__Of::Events> {
                peer.__events(__Of::NAME)
            }
        }
    });
    let streaming = stream::glue(service, paths);
    quote! {
        #listen
        #streaming
        trait __Call: #private::Params {
            type Returns: #root::Message;
            type Error: #root::ServiceError;
            const SPEC: &'static #private::CallSpec;
        }
        fn __start<__H, __C, __F, __Fut>(
            handler: &#private::Arc<__H>,
            arrival: #private::Arrival<'_, '_>,
            lane: ::core::option::Option<fn(&__C) -> #private::Lane>,
            run: __F,
        ) -> ::core::result::Result<#private::Started, #private::Refused>
        where
            __H: #handler,
            __C: __Call,
            __F: ::core::ops::FnOnce(#private::Arc<__H>, __H::Context, __C) -> __Fut + ::core::marker::Send + 'static,
            __Fut: ::core::future::Future<Output = #root::Reply<__C::Returns, __C::Error>> + ::core::marker::Send + 'static,
        {
            #private::start::<__H, __H::Context, __C, __C::Returns, __C::Error, __F, __Fut>(handler, arrival, lane, run)
        }
        fn __call<__C: __Call>(peer: &#root::Peer, params: &__C) -> #root::Pending<__C::Returns, __C::Error> {
            peer.__call(__C::SPEC, params)
        }
        fn __notify<__C: __Call>(peer: &#root::Peer, params: &__C) -> #root::Pending<(), #root::NoError> {
            peer.__notify(__C::SPEC, params)
        }
        fn __events<__Of: #root::Service>(builder: &mut #contract::Builder) -> ::core::option::Option<#contract::EventSet> {
            <__Of::Events as #root::Events>::set(builder, __Of::NAME)
        }
        fn __error<__Of: #root::Service>(builder: &mut #contract::Builder) -> ::core::option::Option<#contract::ErrorSet> {
            <__Of::Error as #root::ServiceError>::set(builder)
        }
        fn __describe<__C: __Call>(
            builder: &mut #contract::Builder,
            rust_name: &str,
            docs: &str,
            deprecated: ::core::option::Option<#private::String>,
            returns: bool,
            error: bool,
            serial: ::core::option::Option<#contract::Serial>,
        ) -> #contract::Call {
            let spec = __C::SPEC;
            <__C::Returns as #root::Message>::describe(builder);
            #contract::Call {
                method: ::core::convert::Into::into(spec.method),
                rust_name: ::core::convert::Into::into(rust_name),
                docs: ::core::convert::Into::into(docs),
                deprecated,
                kind: if spec.notification { #contract::CallKind::Notification } else { #contract::CallKind::Call },
                params: <__C as #private::Params>::params(builder, #contract::Side::#outwards),
                returns: if returns {
                    ::core::option::Option::Some(builder.#inwards::<__C::Returns>())
                } else {
                    ::core::option::Option::None
                },
                stream: ::core::option::Option::None,
                upload: ::core::option::Option::None,
                subscription: ::core::option::Option::None,
                error: if error {
                    // `error = NoError` takes the service's errors from the call.
                    let set = <__C::Error as #root::ServiceError>::set(builder);
                    set.or_else(|| ::core::option::Option::Some(#contract::ErrorSet::none()))
                } else {
                    ::core::option::Option::None
                },
                timeout_ms: spec.timeout_ms,
                idempotent: spec.idempotent,
                no_cancel: spec.no_cancel,
                serial,
            }
        }
    }
}

/// No value of the enum is ever made: this keeps rustc from calling its variants and fields unused.
pub(super) fn used(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let made = service.calls.iter().map(|call| {
        let variant = &call.ident;
        let (names, types): (Vec<_>, Vec<_>) = handler::arguments(call).into_iter().unzip();
        let value = match &call.body {
            Body::Empty => quote!({}),
            Body::Newtype(_) => quote!((#(#names),*)),
            Body::Fields(_) => quote!({ #(#names),* }),
        };
        quote!(const _: fn(#(#types),*) -> #ident = |#(#names),*| #ident::#variant #value;)
    });
    let read = service.calls.iter().map(|call| {
        let variant = &call.ident;
        match &call.body {
            Body::Empty => quote!(#ident::#variant {} => {}),
            Body::Newtype(_) => quote!(#ident::#variant(_body) => {}),
            Body::Fields(fields) => {
                let fields = fields.iter().map(|field| &field.ident);
                let names = (0..).map(|index| format_ident!("_{index}"));
                quote!(#ident::#variant { #(#fields: #names),* } => {})
            }
        }
    });
    quote! {
        #(#made)*
        const _: fn(#ident) = |value| match value {
            #(#read,)*
        };
    }
}
