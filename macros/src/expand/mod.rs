//! Expansion: from a declaration to code that names the runtime only by its path.
//!
//! Everything that is no public API stands in `const _: () = { … };`. Names of the runtime's own are written as paths, and
//! those of the standard library as `::core::…` or through the runtime, so that nothing a user shadows or leaves out (the
//! prelude even) changes what the code means.
//!
//! A type that the user gave is named in one place that needs its trait, an associated type, and all else is generic: rustc
//! then reports a type that is no message once, on the user's token.

mod attribute;
mod client;
mod contract;
mod error;
mod events;
mod formats;
mod glue;
mod handler;
mod message;
mod params;
mod rules;
mod service;
mod stream;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{DeriveInput, Path};

use crate::ast;
use crate::errors::Errors;

/// Paths into the runtime.
struct Paths {
    root: Path,
    /// `…::__private`
    private: TokenStream,
}

impl Paths {
    fn new(root: &Path) -> Self {
        Self { root: root.clone(), private: quote!(#root::__private) }
    }

    /// The path of something in `__private`, as text for `#[serde(crate = "…")]`.
    fn text(&self, name: &str) -> String {
        let path: String = self.root.to_token_stream().to_string().split_whitespace().collect();
        format!("{path}::__private::{name}")
    }
}

/// The place of the user's tokens, for code that a wrong type of theirs makes wrong.
fn place(tokens: &impl Spanned) -> Span {
    tokens.span().resolved_at(Span::call_site())
}

/// What schemars' derive takes from the prelude, and this one for constructors: a user may have none, or another.
fn traits() -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        use ::core::{
            convert::{From as _, Into as _},
            default::Default as _,
            option::Option::{None, Some},
        };
    }
}

fn derive<T>(
    input: TokenStream,
    read: impl FnOnce(&DeriveInput, &Errors) -> Option<T>,
    write: impl FnOnce(&T) -> TokenStream,
) -> TokenStream {
    let errors = Errors::default();
    let declared = errors.keep(syn::parse2(input)).and_then(|input| read(&input, &errors));
    errors.beside(declared.as_ref().map(write))
}

pub(crate) fn service(input: TokenStream) -> TokenStream {
    derive(input, ast::Service::read, service::expand)
}

pub(crate) fn events(input: TokenStream) -> TokenStream {
    derive(input, ast::EventSet::read, events::expand)
}

pub(crate) fn service_error(input: TokenStream) -> TokenStream {
    derive(input, ast::ErrorSet::read, error::expand)
}

pub(crate) fn message(input: TokenStream) -> TokenStream {
    derive(input, ast::Message::read, message::expand)
}

pub(crate) use attribute::message_attribute;
