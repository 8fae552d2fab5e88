//! Parts of the contract as expressions.

use proc_macro2::TokenStream;
use quote::quote;

use super::Paths;
use crate::ast::Field;
use crate::attr::forward::Forward;

/// The fields that are on the wire, as a `Vec<contract::Field>`.
pub(super) fn fields(fields: &[Field], paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let fields = fields.iter().filter(|field| !field.skip && !field.flatten).map(|field| {
        let (wire, rust_name) = (&field.wire, field.rust_name());
        quote!(#private::contract::Field {
            name: ::core::convert::Into::into(#wire),
            rust_name: ::core::convert::Into::into(#rust_name),
        })
    });
    quote!(#private::Vec::from([#(#fields),*]))
}

/// A text as a `String`.
pub(super) fn text(text: &str) -> TokenStream {
    quote!(::core::convert::Into::into(#text))
}

/// An expression of type `Option`.
pub(super) fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}

/// The note of `#[deprecated]` as an `Option<String>`.
pub(super) fn deprecated(forward: &Forward) -> TokenStream {
    option(forward.deprecation().map(|note| text(&note)))
}
