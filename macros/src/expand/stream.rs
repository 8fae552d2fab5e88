//! What a call that streams has beside all others: arguments of its handler, a way to start it, a client of its own.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Type, parse_quote};

use super::params::Parameters;
use super::{Paths, handler};
use crate::ast::{Call, Service};

/// The arguments of the handler behind the parameters: what arrives, then what leaves.
pub(super) fn arguments(call: &Call, paths: &Paths) -> Vec<(Ident, TokenStream)> {
    let root = &paths.root;
    let incoming = call.streams.chunks.as_ref().map(|ty| {
        let name = handler::free(call, ["incoming", "arriving", "__incoming"]);
        (name, quote!(#root::Incoming<#ty>))
    });
    let outgoing = call.streams.items.as_ref().map(|ty| {
        let name = handler::free(call, ["out", "outgoing", "__outgoing"]);
        (name, quote!(#root::Outgoing<#ty>))
    });
    incoming.into_iter().chain(outgoing).collect()
}

/// A method of the client, as far as it differs from that of other calls.
pub(super) struct Client {
    pub(super) argument: Option<TokenStream>,
    pub(super) returns: TokenStream,
    pub(super) send: Ident,
    pub(super) given: Option<TokenStream>,
}

pub(super) fn client(call: &Call, [returns, error]: [&TokenStream; 2], paths: &Paths) -> Client {
    let (root, private) = (&paths.root, &paths.private);
    let name = handler::free(call, ["items", "upload", "__items"]);
    let upload = call.streams.chunks.as_ref();
    let argument =
        upload.map(|ty| quote!(#name: impl #private::Stream<Item = #ty> + ::core::marker::Send + 'static));
    let given = upload.map(|_| quote!(, #name));
    let (returns, send) = match (&call.streams.items, upload) {
        (Some(ty), None) => (quote!(#root::Streaming<#ty, #returns, #error>), "__stream"),
        (Some(ty), Some(_)) => (quote!(#root::Streaming<#ty, #returns, #error>), "__duplex"),
        (None, _) => (quote!(#root::Pending<#returns, #error>), "__upload"),
    };
    Client { argument, returns, send: format_ident!("{send}"), given }
}

/// What calls that stream go through, generic over the call; nothing where there are none.
pub(super) fn glue(service: &Service, paths: &Paths) -> Option<TokenStream> {
    service.calls.iter().find(|call| call.streams.any())?;
    let (root, private) = (&paths.root, &paths.private);
    let contract = quote!(#private::contract);
    let handler = handler::name(&service.ident);
    let upload = quote!(impl #private::Stream<Item = __C::Chunks> + ::core::marker::Send + 'static);
    Some(quote! {
        trait __Streams: __Call {
            type Items: #root::Message;
            type Chunks: #root::Message;
        }
        fn __start_stream<__H, __C, __F, __Fut>(
            handler: &#private::Arc<__H>,
            arrival: #private::Arrival<'_, '_>,
            lane: ::core::option::Option<fn(&__C) -> #private::Lane>,
            run: __F,
        ) -> ::core::result::Result<#private::Started, #private::Refused>
        where
            __H: #handler,
            __C: __Streams,
            __F: ::core::ops::FnOnce(
                    #private::Arc<__H>,
                    __H::Context,
                    __C,
                    #root::Incoming<__C::Chunks>,
                    #root::Outgoing<__C::Items>,
                ) -> __Fut + ::core::marker::Send + 'static,
            __Fut: ::core::future::Future<Output = #root::Reply<__C::Returns, __C::Error>> + ::core::marker::Send + 'static,
        {
            #private::start_stream::<__H, __H::Context, __C, __C::Returns, __C::Error, __C::Chunks, __C::Items, __F, __Fut>(
                handler, arrival, lane, run,
            )
        }
        fn __stream<__C: __Streams>(
            peer: &#root::Peer,
            params: &__C,
        ) -> #root::Streaming<__C::Items, __C::Returns, __C::Error> {
            peer.__stream(__C::SPEC, params)
        }
        fn __upload<__C: __Streams>(
            peer: &#root::Peer,
            params: &__C,
            items: #upload,
        ) -> #root::Pending<__C::Returns, __C::Error> {
            peer.__upload(__C::SPEC, params, items)
        }
        fn __duplex<__C: __Streams>(
            peer: &#root::Peer,
            params: &__C,
            items: #upload,
        ) -> #root::Streaming<__C::Items, __C::Returns, __C::Error> {
            peer.__duplex(__C::SPEC, params, items)
        }
        fn __describe_items<__C: __Streams>(
            builder: &mut #contract::Builder,
            call: #contract::Call,
        ) -> #contract::Call {
            <__C::Items as #root::Message>::describe(builder);
            call.stream_of(builder.output::<__C::Items>())
        }
        fn __describe_chunks<__C: __Streams>(
            builder: &mut #contract::Builder,
            call: #contract::Call,
        ) -> #contract::Call {
            <__C::Chunks as #root::Message>::describe(builder);
            call.upload_of(builder.input::<__C::Chunks>())
        }
    })
}

/// `Method::new(…)` of a call that streams.
pub(super) fn method(
    call: &Call,
    handler: &Ident,
    [ty, arguments, lane]: [&TokenStream; 3],
    unused: Option<&TokenStream>,
    paths: &Paths,
) -> TokenStream {
    let private = &paths.private;
    let function = &call.function;
    let separator = (!arguments.is_empty()).then(|| quote!(,));
    let (incoming, given_incoming) = match &call.streams.chunks {
        Some(_) => (quote!(incoming), Some(quote!(incoming,))),
        None => (quote!(_), None),
    };
    let (outgoing, given_outgoing) = match &call.streams.items {
        Some(_) => (quote!(outgoing), Some(quote!(outgoing))),
        None => (quote!(_), None),
    };
    quote! {
        #private::Method::new(<#ty as __Call>::SPEC, |handler, arrival| {
            __start_stream::<__H, #ty, _, _>(handler, arrival, #lane, |handler, cx, params, #incoming, #outgoing| async move {
                #unused
                #handler::#function(&*handler, cx, #arguments #separator #given_incoming #given_outgoing).await
            })
        })
    }
}

/// What the user's enum says of the types of the items: name, bound, type.
pub(super) fn types(call: &Call, paths: &Paths) -> Vec<(Ident, TokenStream, Type)> {
    let root = &paths.root;
    let given = [("Chunks", &call.streams.chunks), ("Items", &call.streams.items)];
    let given = given.into_iter().filter_map(|(name, ty)| Some((name, ty.clone()?)));
    given.map(|(name, ty)| (format_ident!("{name}"), quote!(#root::Message), ty)).collect()
}

/// `impl __Streams` for the parameters of a call that streams.
pub(super) fn items(call: &Call, parameters: &Parameters<'_>, paths: &Paths) -> Option<TokenStream> {
    call.streams.any().then(|| {
        let root = &paths.root;
        let Parameters { ident, types, .. } = parameters;
        let none: Type = parse_quote!(());
        let of = |given: &Option<Type>, name: TokenStream| {
            if given.is_some() { quote!(<__Of as #types>::#name) } else { quote!(#none) }
        };
        let items = of(&call.streams.items, quote!(Items));
        let chunks = of(&call.streams.chunks, quote!(Chunks));
        quote! {
            impl<__Of: #root::Service + #types> __Streams for #ident<__Of> {
                type Items = #items;
                type Chunks = #chunks;
            }
        }
    })
}

/// What of the call's description is about streams, around the rest of it.
pub(super) fn described(call: &Call, ty: &TokenStream, described: &TokenStream) -> TokenStream {
    let items =
        call.streams.items.as_ref().map(|_| quote!(let call = __describe_items::<#ty>(builder, call);));
    let chunks =
        call.streams.chunks.as_ref().map(|_| quote!(let call = __describe_chunks::<#ty>(builder, call);));
    let subscription = call.streams.subscription.as_ref().map(|subscription| {
        let (notification, unsubscribe) = (&subscription.notification, &subscription.unsubscribe);
        quote!(.in_subscription(#notification, #unsubscribe))
    });
    quote! {
        {
            let call = #described;
            #items
            #chunks
            call #subscription
        }
    }
}

/// The part of the call's spec that names its publish/subscribe form.
pub(super) fn subscription(call: &Call) -> Option<TokenStream> {
    call.streams.subscription.as_ref().map(|subscription| {
        let (notification, unsubscribe) = (&subscription.notification, &subscription.unsubscribe);
        quote!(.subscription(#notification, #unsubscribe))
    })
}
