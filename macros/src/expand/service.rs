//! `#[derive(Service)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Type, parse_quote};

use super::params::Parameters;
use super::{Paths, client, contract, glue, handler, place, stream};
use crate::ast::{Call, Serial, Service};
use crate::attr::rpc::Side;

pub(super) fn expand(service: &Service) -> TokenStream {
    let paths = Paths::new(&service.root);
    let parameters: Vec<Parameters<'_>> =
        service.calls.iter().map(|call| parameters(service, call, &paths)).collect();
    let [handler, forwarding] = handler::items(service, &paths);
    let [client, calling] = client::items(service, &parameters, &paths);
    let inherent = inherent(service, &parameters, &paths);
    let described = described(service, &parameters, &paths);
    let glue = glue::items(service, &paths);
    let calls = service
        .calls
        .iter()
        .zip(&parameters)
        .map(|(call, parameters)| call_items(service, call, parameters, &paths));
    let used = glue::used(service);
    let traits = super::traits();
    quote! {
        #handler
        #client
        #[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
        const _: () = {
            #traits
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
        let unused = arguments.is_empty().then(|| quote!(let _ = params;));
        let lane = contract::option(call.lane_field().map(|field| {
            let ident = &field.ident;
            quote!(|params: &#ty| #private::lane(&params.#ident))
        }));
        if call.streams.any() {
            return stream::method(
                call,
                &handler,
                [&ty, &quote!(#(#arguments),*), &lane],
                unused.as_ref(),
                paths,
            );
        }
        quote! {
            #private::Method::new(<#ty as __Call>::SPEC, |handler, arrival| {
                __start::<__H, #ty, _, _>(handler, arrival, #lane, |handler, cx, params| async move {
                    #unused
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
    let given = |ty: &Option<Type>, assoc: TokenStream, none: TokenStream| {
        ty.as_ref()
            .map_or_else(|| quote!(type #assoc = #none;), |ty| quote_spanned!(place(ty)=> type #assoc = #ty;))
    };
    let error = given(&service.error, quote!(Error), quote!(#root::NoError));
    let event = given(&service.events, quote!(Events), quote!(#root::NoEvents));
    let peer = contract::option(service.peer.as_ref().map(
        |peer| quote_spanned!(place(peer)=> #private::Box::new(<#peer as #root::Service>::service(builder))),
    ));
    let peer_side = service.peer.as_ref().map(|peer| {
        let name = quote!(#peer).to_string();
        let message = format!("`{name}` is answered by the server; a peer is answered by the client: give it `#[rpc(side = \"client\")]`");
        quote_spanned! {place(peer)=>
            const _: () = ::core::assert!(
                ::core::matches!(<#peer as #root::Service>::SIDE, #private::contract::Side::Client),
                #message
            );
        }
    });
    let calls = service.calls.iter().zip(parameters).map(|(call, parameters)| {
        let ty = parameters.ty();
        let rust_name = crate::names::plain(&call.ident);
        let docs = call.forward.text();
        let deprecated = contract::deprecated(&call.forward);
        let serial = contract::option(match &call.serial {
            Serial::No => None,
            Serial::Call => Some(quote!(#private::contract::Serial::Call)),
            Serial::Field(_) => call.lane_field().map(|field| {
                let wire = &field.wire;
                quote!(#private::contract::Serial::Field(::core::convert::Into::into(#wire)))
            }),
        });
        let (returns, error) = (call.returns.is_some(), call.error.is_some());
        let described =
            quote!(__describe::<#ty>(builder, #rust_name, #docs, #deprecated, #returns, #error, #serial));
        if call.streams.any() { stream::described(call, &ty, &described) } else { described }
    });
    let emitted = events.as_ref().map(|events| {
        let service = quote!(const SERVICE: &'static str = #name;);
        // What is no set of events is told once, by `type Events`. Without `for<'a>` rustc would say it here again.
        quote_spanned! {place(events)=>
            impl #root::Emitted for #events where for<'__a> #events: #root::Events { #service }
        }
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
        #peer_side
    }
}

/// The parameters of a call, and what the call is.
fn call_items(service: &Service, call: &Call, parameters: &Parameters<'_>, paths: &Paths) -> TokenStream {
    let (root, private) = (&paths.root, &paths.private);
    let Parameters { ident, types, .. } = parameters;
    let unit: Type = parse_quote!(());
    let mut more =
        vec![(format_ident!("Returns"), quote!(#root::Message), call.returns.clone().unwrap_or(unit))];
    let error = if let Some(error) = &call.error {
        more.push((format_ident!("Error"), quote!(#root::ServiceError), error.clone()));
        quote!(<__Of as #types>::Error)
    } else {
        quote!(<__Of as #root::Service>::Error)
    };
    more.extend(stream::types(call, paths));
    let items = parameters.items(&more);
    let spec = spec(service, call, private);
    let streaming = stream::items(call, parameters, paths);
    quote! {
        #items
        #streaming
        impl<__Of: #root::Service + #types> __Call for #ident<__Of> {
            type Returns = <__Of as #types>::Returns;
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
        (call.streams.items.is_some(), quote!(.stream())),
        (call.streams.chunks.is_some(), quote!(.upload())),
    ];
    let flags = flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag);
    let subscription = stream::subscription(call);
    quote!(#private::CallSpec::new(#method) #timeout #(#flags)* #subscription)
}

fn side(side: Side, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    match side {
        Side::Server => quote!(#private::contract::Side::Server),
        Side::Client => quote!(#private::contract::Side::Client),
    }
}
