//! `#[wirecall::message]`: the derives that make a type a message, through the runtime, so that a user needs no other
//! dependency.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Path, Token, Type};

use super::Paths;
use crate::ast::{root, units_only};
use crate::attr::rpc;
use crate::check::types::{Class, class, optional};
use crate::errors::Errors;
use crate::names;

pub(crate) fn message_attribute(options: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let given = errors.keep(krate.parse2(options)).flatten();
    let Some(input) = errors.keep(syn::parse2::<DeriveInput>(item.clone())) else {
        return errors.beside(Some(item));
    };
    let expansion = expand(&input, given);
    errors.beside(Some(expansion))
}

/// `crate = "path"`, or nothing.
fn krate(input: ParseStream<'_>) -> syn::Result<Option<Path>> {
    if input.is_empty() {
        return Ok(None);
    }
    let cure = "expected nothing or `crate = \"path\"`; names and forms are serde's: `#[serde(…)]`";
    if !input.peek(Token![crate]) {
        let name = input.parse::<proc_macro2::TokenTree>()?;
        input.parse::<TokenStream>()?;
        return Err(syn::Error::new(name.span(), cure));
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    rpc::krate(&input.parse::<LitStr>()?).map(Some)
}

fn expand(input: &DeriveInput, given: Option<Path>) -> TokenStream {
    let renamed = given.as_ref().map(|path| {
        let text = quote!(#path).to_string().split_whitespace().collect::<String>();
        quote!(#[rpc(crate = #text)])
    });
    let paths = Paths::new(&root(given));
    let (root, private) = (&paths.root, &paths.private);
    let listed = derives(&input.attrs);
    let wanted = [
        ("Clone", quote!(::core::clone::Clone)),
        ("Debug", quote!(::core::fmt::Debug)),
        ("Serialize", quote!(#private::serde::Serialize)),
        ("Deserialize", quote!(#private::serde::Deserialize)),
        ("JsonSchema", quote!(#private::schemars::JsonSchema)),
        ("TS", quote!(#private::TS)),
        ("Message", quote!(#root::Message)),
    ];
    let derives = wanted.into_iter().filter(|(name, _)| !listed.contains(&(*name).to_owned())).map(|(_, path)| path);
    let formats = formats(input, &paths);
    let conversions = conversions(input);
    quote! {
        #[derive(#(#derives),*)]
        #formats
        #renamed
        #input
        #conversions
    }
}

/// The names of the derives that the user listed below the attribute.
fn derives(attrs: &[Attribute]) -> Vec<String> {
    let lists = attrs.iter().filter(|attr| attr.path().is_ident("derive"));
    let paths = lists.filter_map(|attr| attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok());
    paths.flatten().filter_map(|path| path.segments.last().map(|segment| names::plain(&segment.ident))).collect()
}

/// Serde's options that the user did not give himself, and where serde, schemars and ts-rs are.
fn formats(input: &DeriveInput, paths: &Paths) -> TokenStream {
    let given = |attribute: &str, name: &str| has(&input.attrs, attribute, name);
    let mut options = Vec::new();
    if !given("serde", "crate") {
        let serde = paths.text("serde");
        options.push(quote!(crate = #serde));
    }
    if let Data::Enum(data) = &input.data {
        let tagged = ["tag", "untagged", "content", "into", "from", "try_from"].iter().any(|name| given("serde", name));
        if !units_only(&data.variants) && !tagged {
            options.push(quote!(tag = "type"));
        }
        if !given("serde", "rename_all") {
            options.push(quote!(rename_all = "snake_case"));
        }
    }
    let serde = (!options.is_empty()).then(|| quote!(#[serde(#(#options),*)]));
    let schemars = (!given("schemars", "crate")).then(|| {
        let path = paths.text("schemars");
        quote!(#[schemars(crate = #path)])
    });
    let ts = (!given("ts", "crate")).then(|| {
        let path = paths.text("ts_rs");
        quote!(#[ts(crate = #path)])
    });
    quote!(#serde #schemars #ts)
}

/// Whether an attribute of that name has an option of that name, whatever its value.
fn has(attrs: &[Attribute], attribute: &str, option: &str) -> bool {
    attrs.iter().filter(|attr| attr.path().is_ident(attribute)).any(|attr| {
        let metas = attr.parse_args_with(Punctuated::<syn::Meta, Token![,]>::parse_terminated);
        metas.is_ok_and(|metas| metas.iter().any(|meta| meta.path().is_ident(option)))
    })
}

/// What a newtype converts from, and how it reads as text.
fn conversions(input: &DeriveInput) -> TokenStream {
    let Data::Struct(data) = &input.data else { return TokenStream::new() };
    let Fields::Unnamed(fields) = &data.fields else { return TokenStream::new() };
    let mut fields = fields.unnamed.iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return TokenStream::new() };
    // A generic inner type could be the newtype itself, which converts from itself already. A checked one is as open to
    // any value as a message's field is: it is checked where it crosses the wire.
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let (ident, ty) = (&input.ident, &field.ty);
    let from = quote! {
        impl ::core::convert::From<#ty> for #ident {
            fn from(value: #ty) -> Self {
                Self(value)
            }
        }
    };
    let text = is_text(ty).then(|| text_conversions(ident));
    quote! {
        const _: () = {
            #from
            #text
        };
    }
}

fn is_text(ty: &Type) -> bool {
    optional(ty).is_none() && matches!(ty, Type::Path(_)) && matches!(class(ty), Class::Text)
}

fn text_conversions(ident: &Ident) -> TokenStream {
    quote! {
        impl<'__a> ::core::convert::From<&'__a str> for #ident {
            fn from(value: &'__a str) -> Self {
                Self(::core::convert::Into::into(value))
            }
        }
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.0, f)
            }
        }
        impl ::core::convert::AsRef<str> for #ident {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    }
}
