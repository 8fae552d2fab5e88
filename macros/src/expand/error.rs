//! `#[derive(ServiceError)]`.

use proc_macro2::TokenStream;
use quote::quote;

use super::events::{pack, unpack};
use super::params::Parameters;
use super::{Paths, contract};
use crate::ast::{Body, ErrorSet, ErrorVariant};
use crate::names;

pub(super) fn expand(set: &ErrorSet) -> TokenStream {
    let paths = Paths::new(&set.root);
    let (root, private) = (&paths.root, &paths.private);
    let ident = &set.ident;
    let parameters: Vec<Parameters<'_>> = set
        .variants
        .iter()
        .map(|variant| Parameters::new(&paths, ident, &variant.ident, &variant.body, variant.field_case))
        .collect();
    let items = parameters.iter().map(|parameters| parameters.items(&[]));
    let pairs = || set.variants.iter().zip(&parameters);
    let code = by_variant(set, |variant| {
        let code = variant.code;
        quote!(#code)
    });
    let kind = by_variant(set, |variant| {
        let kind = &variant.kind;
        quote!(#kind)
    });
    let retryable = by_variant(set, |variant| {
        let retryable = variant.retryable;
        quote!(#retryable)
    });
    let message = by_variant(set, |variant| contract::text(&variant.message));
    let into_rpc = pairs().map(|(variant, parameters)| into_rpc(variant, parameters, &paths));
    let from_rpc = pairs().map(|(variant, parameters)| from_rpc(variant, parameters, &paths));
    let described = pairs().map(|(variant, parameters)| describe(variant, parameters, &paths));
    let rust_name = contract::text(&names::plain(ident));
    let docs = contract::text(&set.forward.text());
    let others = &set.forward.others;
    let traits = super::traits();
    quote! {
        #(#others)*
        #[allow(deprecated, non_camel_case_types, non_snake_case, clippy::all, clippy::pedantic)]
        const _: () = {
            #traits
            impl #root::ServiceError for #ident {
                fn code(&self) -> i64 {
                    #code
                }
                fn kind(&self) -> &'static str {
                    #kind
                }
                fn retryable(&self) -> bool {
                    #retryable
                }
                fn message(&self) -> #private::String {
                    #message
                }
                fn into_rpc(self) -> #root::RpcError {
                    match self {
                        #(#into_rpc,)*
                    }
                }
                fn from_rpc(error: &#root::RpcError) -> ::core::option::Option<Self> {
                    match error.code() {
                        #(#from_rpc,)*
                        _ => ::core::option::Option::None,
                    }
                }
                fn set(
                    builder: &mut #private::contract::Builder,
                ) -> ::core::option::Option<#private::contract::ErrorSet> {
                    let _ = &builder;
                    ::core::option::Option::Some(#private::contract::ErrorSet {
                        rust_name: #rust_name,
                        docs: #docs,
                        variants: #private::Vec::from([#(#described),*]),
                    })
                }
            }
            impl ::core::fmt::Display for #ident {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str(&#root::ServiceError::message(self))
                }
            }
            // Holds where the enum is `Debug`, which is the user's to derive. Without `for<'a>` rustc would demand it.
            impl ::core::error::Error for #ident where for<'__a> #ident: ::core::fmt::Debug {}
            impl ::core::convert::From<#ident> for #root::RpcError {
                fn from(error: #ident) -> Self {
                    #root::ServiceError::into_rpc(error)
                }
            }
            #(#items)*
        };
    }
}

/// A `match` on `self` with one value a variant.
fn by_variant(set: &ErrorSet, value: impl Fn(&ErrorVariant) -> TokenStream) -> TokenStream {
    let arms = set.variants.iter().map(|variant| {
        let (ident, value) = (&variant.ident, value(variant));
        quote!(Self::#ident { .. } => #value)
    });
    quote!(match *self { #(#arms,)* })
}

fn into_rpc(variant: &ErrorVariant, parameters: &Parameters<'_>, paths: &Paths) -> TokenStream {
    let root = &paths.root;
    let ErrorVariant { ident, code, kind, message, retryable, body, .. } = variant;
    let (pattern, params) = unpack(body, parameters);
    let details = contract::option((!matches!(body, Body::Empty)).then(|| quote!(&#params)));
    quote!(Self::#ident #pattern => #root::RpcError::service(#code, #kind, #message, #retryable, #details))
}

fn from_rpc(variant: &ErrorVariant, parameters: &Parameters<'_>, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let ErrorVariant { ident, code, body, .. } = variant;
    if matches!(body, Body::Empty) {
        return quote!(#code => ::core::option::Option::Some(Self::#ident {}));
    }
    let ty = parameters.ty();
    let packed = pack(body, parameters);
    quote! {
        #code => {
            let params = <#ty as #private::serde::Deserialize<'_>>::deserialize(error.details()?).ok()?;
            ::core::option::Option::Some(Self::#ident #packed)
        }
    }
}

fn describe(variant: &ErrorVariant, parameters: &Parameters<'_>, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let ty = parameters.ty();
    let (code, retryable) = (variant.code, variant.retryable);
    let kind = contract::text(&variant.kind);
    let rust_name = contract::text(&names::plain(&variant.ident));
    let docs = contract::text(&variant.forward.text());
    let has_details = !matches!(variant.body, Body::Empty);
    quote! {
        {
            let params = <#ty as #private::Params>::params(builder, #private::contract::Side::Client);
            #private::contract::ErrorVariant {
                code: #code,
                kind: #kind,
                rust_name: #rust_name,
                docs: #docs,
                retryable: #retryable,
                fields: params.fields,
                details: if #has_details {
                    ::core::option::Option::Some(params.schema)
                } else {
                    ::core::option::Option::None
                },
            }
        }
    }
}
