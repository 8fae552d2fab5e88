//! What the user declared, as plain values: attributes read, names on the wire worked out, nothing emitted yet.

mod body;
mod errors;
mod events;
mod message;
mod service;
mod streams;

pub(crate) use body::{Body, Field, Names};
pub(crate) use errors::{ErrorSet, ErrorVariant};
pub(crate) use events::{Event, EventSet};
pub(crate) use message::{Inner, Message, MessageVariant, Shape, Tagging, VariantBody, units_only};
pub(crate) use service::{Call, Method, Serial, Service};
pub(crate) use streams::Streams;

use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Path, Token, Variant, parse_quote};

use crate::errors::Errors;

/// The path of the runtime crate, `::wirecall` unless the user gave another.
pub(crate) fn root(given: Option<Path>) -> Path {
    given.unwrap_or_else(|| parse_quote!(::wirecall))
}

/// The variants of an enum without generics; notes a mistake for anything else.
fn variants<'i>(
    input: &'i DeriveInput,
    derive: &str,
    errors: &Errors,
) -> Option<&'i Punctuated<Variant, Token![,]>> {
    if !input.generics.params.is_empty() {
        let message = format!("an enum with `#[derive({derive})]` has no generic parameters; name the types");
        errors.stop(&input.generics, message);
        return None;
    }
    let cure = format!("`#[derive({derive})]` goes on an enum, one variant each; write `enum` here");
    match &input.data {
        Data::Enum(data) => return Some(&data.variants),
        Data::Struct(data) => errors.stop(data.struct_token, cure),
        Data::Union(data) => errors.stop(data.union_token, cure),
    }
    None
}
