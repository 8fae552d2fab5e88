//! `#[derive(Service)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Type, parse_quote};

use super::params::Parameters;
use super::{Paths, client, contract, handler, place};
use crate::ast::{Body, Call, Serial, Service};
use crate::attr::rpc::Side;

pub(super) fn expand(service: &Service) -> TokenStream {
    let paths = Paths::new(&service.root);
    let parameters: Vec<Parameters<'_>> = service.calls.iter().map(|call| parameters(service, call, &paths)).collect();
    let [handler, forwarding] = handler::items(service, &paths);
    let [client, calling] = client::items(service, &parameters, &paths);
    let inherent = inherent(service, &parameters, &paths);
    let described = described(service, &parameters, &paths);
    let glue = glue(service, &paths);
    let calls = service.calls.iter().zip(&parameters).map(|(call, parameters)| call_items(service, call, parameters, &paths));
    let used = used(service);
    quote! {
        #handler
        #client
        #[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
        const _: () = {
            #[allow(unused_imports)]
            use ::core::{default::Default as _, option::Option::Some};
            #forwarding
            #inherent
            #calling
            #described
            #glue
            #(#calls)*
            #used
        };
    }
}

fn parameters<'a>(service: &'a Service, call: &'a Call, paths: &'a Paths) -> Parameters<'a> {
    let mut parameters = Parameters::new(paths, &service.ident, &call.ident, &call.body, call.field_case);
    parameters.positional = call.positional;
    parameters.deny_unknown_fields = service.deny_unknown_fields;
    parameters
}

/// `Chat::NAME`, `Chat::serve`, `Chat::describe`, `Chat::contract`.
fn inherent(service: &Service, parameters: &[Parameters<'_>], paths: &Paths) -> TokenStream {
    let Service { vis, ident, name, .. } = service;
    let (root, private) = (&paths.root, &paths.private);
    let handler = handler::name(ident);
    let methods = service.calls.iter().zip(parameters).map(|(call, parameters)| {
        let ty = parameters.ty();
        let function = &call.function;
        let params = format_ident!("params");
        let arguments = parameters.take(&params);
        let lane = match &call.serial {
            Serial::Field(index) => {
                let field = call.body.fields().get(*index).map(|field| &field.ident);
                quote!(::core::option::Option::Some(|params: &#ty| #private::lane(&params.#field)))
            }
            _ => quote!(::core::option::Option::None),
        };
        quote! {
            #private::Method::new(<#ty as __Call>::SPEC, |handler, arrival| {
                __start::<__H, #ty, _, _>(handler, arrival, #lane, |handler, cx, params| async move {
                    let _ = &params;
                    #handler::#function(&*handler, cx, #(#arguments),*).await
                })
            })
        }
    });
    quote! {
        #[allow(dead_code)]
        impl #ident {
            /// The service's name on the wire.
            #vis const NAME: &'static str = #name;

            /// Joins a handler to the service, ready to be mounted.
            #vis fn serve<__H: #handler>(handler: __H) -> #root::Mounted {
                #private::mount::<Self, __H>(handler, #private::Vec::from([#(#methods),*]))
            }

            /// Adds the service, and with it its peer, to a contract.
            #vis fn describe(mut builder: #private::contract::Builder) -> #private::contract::Builder {
                let service = <Self as #root::Service>::service(&mut builder);
                builder.service(service);
                builder
            }

            /// The contract of this service alone.
            #vis fn contract() -> #private::contract::Contract {
                Self::describe(::core::default::Default::default()).build()
            }
        }
    }
}

/// `impl Service for Chat`, and who emits the events.
fn described(service: &Service, parameters: &[Parameters<'_>], paths: &Paths) -> TokenStream {
    let Service { ident, name, events, .. } = service;
    let (root, private) = (&paths.root, &paths.private);
    let side = side(service.side, paths);
    let rust_name = contract::text(&crate::names::plain(ident));
    let docs = contract::text(&service.forward.text());
    let given = |ty: &Option<Type>, assoc: TokenStream, none: TokenStream| match ty {
        Some(ty) => quote_spanned!(place(ty)=> type #assoc = #ty;),
        None => quote!(type #assoc = #none;),
    };
    let error = given(&service.error, quote!(Error), quote!(#root::NoError));
    let event = given(&service.events, quote!(Events), quote!(#root::NoEvents));
    let peer = match &service.peer {
        Some(peer) => quote_spanned!(place(peer)=>
            ::core::option::Option::Some(#private::Box::new(<#peer as #root::Service>::service(builder)))
        ),
        None => quote!(::core::option::Option::None),
    };
    let calls = service.calls.iter().zip(parameters).map(|(call, parameters)| {
        let ty = parameters.ty();
        let rust_name = crate::names::plain(&call.ident);
        let docs = call.forward.text();
        let deprecated = contract::deprecated(&call.forward);
        let serial = match &call.serial {
            Serial::No => quote!(::core::option::Option::None),
            Serial::Call => quote!(::core::option::Option::Some(#private::contract::Serial::Call)),
            Serial::Field(index) => {
                let wire = call.body.fields().get(*index).map(|field| &field.wire);
                quote!(::core::option::Option::Some(#private::contract::Serial::Field(::core::convert::Into::into(#wire))))
            }
        };
        let (returns, error) = (call.returns.is_some(), call.error.is_some());
        quote!(__describe::<#ty>(builder, #rust_name, #docs, #deprecated, #returns, #error, #serial))
    });
    let emitted = events.as_ref().map(|events| {
        let service = quote!(const SERVICE: &'static str = #name;);
        quote_spanned!(place(events)=> impl #root::Emitted for #events { #service })
    });
    quote! {
        impl #root::Service for #ident {
            const NAME: &'static str = #name;
            const SIDE: #private::contract::Side = #side;
            #error
            #event
            fn service(builder: &mut #private::contract::Builder) -> #private::contract::Service {
                #private::contract::Service {
                    name: ::core::convert::Into::into(#name),
                    rust_name: #rust_name,
                    docs: #docs,
                    side: #side,
                    calls: #private::Vec::from([#(#calls),*]),
                    events: __events::<Self>(builder),
                    error: __error::<Self>(builder),
                    peer: #peer,
                }
            }
        }
        #emitted
    }
}

/// What every call goes through, generic over it.
fn glue(service: &Service, paths: &Paths) -> TokenStream {
    let (root, private) = (&paths.root, &paths.private);
    let contract = quote!(#private::contract);
    let handler = handler::name(&service.ident);
    let [inwards, outwards] = match service.side {
        Side::Server => [quote!(output), quote!(Server)],
        Side::Client => [quote!(input), quote!(Client)],
    };
    let listen = service.events.as_ref().map(|_| {
        quote! {
            fn __listen<__S: #root::Service>(peer: &#root::Peer) -> #root::EventStream<__S::Events> {
                peer.__events(__S::NAME)
            }
        }
    });
    quote! {
        #listen
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
        fn __events<__S: #root::Service>(builder: &mut #contract::Builder) -> ::core::option::Option<#contract::EventSet> {
            <__S::Events as #root::Events>::set(builder, __S::NAME)
        }
        fn __error<__S: #root::Service>(builder: &mut #contract::Builder) -> ::core::option::Option<#contract::ErrorSet> {
            <__S::Error as #root::ServiceError>::set(builder)
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
                error: if error { <__C::Error as #root::ServiceError>::set(builder) } else { ::core::option::Option::None },
                timeout_ms: spec.timeout_ms,
                idempotent: spec.idempotent,
                no_cancel: spec.no_cancel,
                serial,
            }
        }
    }
}

/// The parameters of a call, and what the call is.
fn call_items(service: &Service, call: &Call, parameters: &Parameters<'_>, paths: &Paths) -> TokenStream {
    let (root, private) = (&paths.root, &paths.private);
    let Parameters { ident, types, .. } = parameters;
    let unit: Type = parse_quote!(());
    let mut more = vec![(format_ident!("Returns"), quote!(#root::Message), call.returns.clone().unwrap_or(unit))];
    let error = match &call.error {
        Some(error) => {
            more.push((format_ident!("Error"), quote!(#root::ServiceError), error.clone()));
            quote!(<__S as #types>::Error)
        }
        None => quote!(<__S as #root::Service>::Error),
    };
    let items = parameters.items(&more);
    let spec = spec(service, call, private);
    quote! {
        #items
        impl<__S: #root::Service + #types> __Call for #ident<__S> {
            type Returns = <__S as #types>::Returns;
            type Error = #error;
            const SPEC: &'static #private::CallSpec = &#spec;
        }
    }
}

fn spec(service: &Service, call: &Call, private: &TokenStream) -> TokenStream {
    let method = call.method.whole(&service.name);
    let timeout = call.timeout_ms.map(|ms| quote!(.timeout_ms(#ms)));
    let flags = [
        (call.notification, quote!(.notification())),
        (call.idempotent, quote!(.idempotent())),
        (call.no_cancel, quote!(.no_cancel())),
        (matches!(call.serial, Serial::Call), quote!(.serial())),
        (call.positional, quote!(.positional())),
    ];
    let flags = flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag);
    quote!(#private::CallSpec::new(#method) #timeout #(#flags)*)
}

fn side(side: Side, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    match side {
        Side::Server => quote!(#private::contract::Side::Server),
        Side::Client => quote!(#private::contract::Side::Client),
    }
}

/// No value of the enum is ever made: this keeps rustc from calling its variants and fields unused.
fn used(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let arms = service.calls.iter().map(|call| {
        let variant = &call.ident;
        match &call.body {
            Body::Empty => quote!(#ident::#variant {} => #ident::#variant {}),
            Body::Newtype(_) => quote!(#ident::#variant(body) => #ident::#variant(body)),
            Body::Fields(fields) => {
                let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
                quote!(#ident::#variant { #(#names),* } => #ident::#variant { #(#names),* })
            }
        }
    });
    quote! {
        #[allow(dead_code)]
        fn __used(value: #ident) -> #ident {
            match value {
                #(#arms,)*
            }
        }
    }
}
