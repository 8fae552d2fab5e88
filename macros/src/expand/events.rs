//! `#[derive(Events)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::params::Parameters;
use super::{Paths, contract};
use crate::ast::{Body, Event, EventSet, Method};
use crate::names;

pub(super) fn expand(set: &EventSet) -> TokenStream {
    let paths = Paths::new(&set.root);
    let (root, private) = (&paths.root, &paths.private);
    let ident = &set.ident;
    let parameters: Vec<Parameters<'_>> = set
        .events
        .iter()
        .map(|event| Parameters::new(&paths, ident, &event.ident, &event.body, event.field_case))
        .collect();
    let items = parameters.iter().map(|parameters| parameters.items(&[]));
    let pairs = || set.events.iter().zip(&parameters);
    let encoded = pairs().map(|(event, parameters)| encode(event, parameters));
    let decoded = pairs().map(|(event, parameters)| decode(event, parameters));
    let described = pairs().map(|(event, parameters)| describe(event, parameters, &paths));
    let rust_name = contract::text(&names::plain(ident));
    let docs = contract::text(&set.forward.text());
    let others = &set.forward.others;
    let traits = super::traits();
    quote! {
        #(#others)*
        #[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
        const _: () = {
            #traits
            impl #root::Events for #ident {
                fn encode(
                    self,
                    out: #private::EventEncoder<'_>,
                ) -> ::core::result::Result<#private::EncodedEvent, #private::EncodeError> {
                    let _ = &out;
                    match self {
                        #(#encoded,)*
                    }
                }
                fn decode(
                    name: &str,
                    input: #private::EventInput<'_>,
                ) -> ::core::option::Option<::core::result::Result<Self, #private::EncodeError>> {
                    let _ = &input;
                    match name {
                        #(#decoded,)*
                        _ => ::core::option::Option::None,
                    }
                }
                fn set(
                    builder: &mut #private::contract::Builder,
                    service: &str,
                ) -> ::core::option::Option<#private::contract::EventSet> {
                    let _ = (&builder, service);
                    ::core::option::Option::Some(#private::contract::EventSet {
                        rust_name: #rust_name,
                        docs: #docs,
                        events: #private::Vec::from([#(#described),*]),
                    })
                }
            }
            #(#items)*
        };
    }
}

fn encode(event: &Event, parameters: &Parameters<'_>) -> TokenStream {
    let variant = &event.ident;
    let (pattern, params) = unpack(&event.body, parameters);
    let (name, exact) = match &event.method {
        Method::Named(name) => (name, false),
        Method::Exact(name) => (name, true),
    };
    quote!(Self::#variant #pattern => out.event(#name, #exact, &#params))
}

/// A pattern for the variant's fields, and the parameters made from what it binds.
pub(super) fn unpack(body: &Body, parameters: &Parameters<'_>) -> (TokenStream, TokenStream) {
    let fields = body.fields();
    let binding = |index: usize| format_ident!("__{index}");
    let pattern = if let Body::Newtype(_) = body {
        quote!((__0))
    } else {
        let bindings = fields.iter().enumerate().map(|(index, field)| {
            let (ident, binding) = (&field.ident, binding(index));
            quote!(#ident: #binding)
        });
        quote!({ #(#bindings),* })
    };
    let params = parameters.make(|field| {
        let index =
            field.and_then(|field| fields.iter().position(|other| other.ident == field.ident)).unwrap_or(0);
        let binding = binding(index);
        quote!(#binding)
    });
    (pattern, params)
}

/// The variant made from `params`.
pub(super) fn pack(body: &Body, parameters: &Parameters<'_>) -> TokenStream {
    let values = parameters.take(&format_ident!("params"));
    match body {
        Body::Newtype(_) => quote!((#(#values),*)),
        body => {
            let fields = body.fields().iter().zip(values).map(|(field, value)| {
                let ident = &field.ident;
                quote!(#ident: #value)
            });
            quote!({ #(#fields),* })
        }
    }
}

fn decode(event: &Event, parameters: &Parameters<'_>) -> TokenStream {
    let (variant, ty) = (&event.ident, parameters.ty());
    let packed = pack(&event.body, parameters);
    let unused = matches!(event.body, Body::Empty).then(|| quote!(let _ = params;));
    let name = event.method.name();
    quote! {
        #name => ::core::option::Option::Some(input.decode::<#ty>().map(|params| {
            #unused
            Self::#variant #packed
        }))
    }
}

fn describe(event: &Event, parameters: &Parameters<'_>, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let ty = parameters.ty();
    let method = match &event.method {
        Method::Named(name) => quote!(::std::format!("{}.{}", service, #name)),
        Method::Exact(name) => contract::text(name),
    };
    let rust_name = contract::text(&names::plain(&event.ident));
    let docs = contract::text(&event.forward.text());
    let deprecated = contract::deprecated(&event.forward);
    quote! {
        #private::contract::Event {
            method: #method,
            rust_name: #rust_name,
            docs: #docs,
            deprecated: #deprecated,
            params: <#ty as #private::Params>::params(builder, #private::contract::Side::Client),
        }
    }
}
