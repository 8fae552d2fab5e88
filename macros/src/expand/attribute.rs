//! `#[wirecall::message]`: the derives that make a type a message, through the runtime, so that a user needs no other
//! dependency.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Path, Token, Type};

use super::{Paths, formats};
use crate::ast::{Message, Shape, Tagging, VariantBody, root};
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
    let paths = Paths::new(&root(given.clone()));
    let formats = formats::of_type(&input, &paths);
    let mut declared = input.clone();
    declared.attrs.extend(formats.iter().cloned());
    let before = errors.count();
    if let Some(message) = Message::read(&declared, &errors) {
        tag_is_free(&message, &errors);
    }
    if errors.count() > before {
        let bare = bare(&input, &paths, errors.stopped());
        return TokenStream::from_iter([errors.beside(None), bare]);
    }
    let renamed = given.map(|path| {
        let text = quote!(#path).to_string().split_whitespace().collect::<String>();
        quote!(#[rpc(crate = #text)])
    });
    let derives = missing(
        &input,
        &paths,
        &["Message", "Clone", "Debug", "Serialize", "Deserialize", "JsonSchema", "TS"],
    );
    let conversions = conversions(&input);
    let mut input = input;
    formats::tell_ts(&mut input);
    errors.beside(Some(quote! {
        #[derive(#(#derives),*)]
        #(#formats)*
        #renamed
        #input
        #conversions
    }))
}

/// Serde would say this of a tag that the user may not know of.
fn tag_is_free(message: &Message, errors: &Errors) {
    let (Shape::Enum(Tagging::Internal, variants), Some(tag)) = (&message.shape, &message.tag) else {
        return;
    };
    let fields = variants.iter().flat_map(|variant| match &variant.body {
        VariantBody::Fields(fields) => fields.as_slice(),
        VariantBody::Unit | VariantBody::Newtype(_) => &[],
    });
    for field in fields.filter(|field| field.wire == *tag) {
        let cure = "rename it, or tell the variants by another member: `#[serde(tag = \"kind\")]`";
        errors.stop(
            &field.ident,
            format!("the member `{tag}` tells the variant, so that no field can have its name: {cure}"),
        );
    }
}

/// The type without what was wrong with it, so that what names it finds it.
fn bare(input: &DeriveInput, paths: &Paths, stopped: bool) -> TokenStream {
    if matches!(input.data, Data::Union(_)) {
        return quote!(#input);
    }
    let mut input = input.clone();
    let kept = |attrs: &mut Vec<Attribute>| {
        attrs.retain(|attr| {
            !["serde", "schemars", "check", "rpc", "ts"].iter().any(|name| attr.path().is_ident(name))
        });
    };
    kept(&mut input.attrs);
    let fields: Vec<&mut Fields> = match &mut input.data {
        Data::Struct(data) => vec![&mut data.fields],
        Data::Enum(data) => data
            .variants
            .iter_mut()
            .map(|variant| {
                kept(&mut variant.attrs);
                &mut variant.fields
            })
            .collect(),
        Data::Union(_) => Vec::new(),
    };
    fields.into_iter().flat_map(Fields::iter_mut).for_each(|field| kept(&mut field.attrs));
    if stopped || !input.generics.params.is_empty() {
        let derives = missing(&input, paths, &["Clone", "Debug"]);
        return quote!(#[derive(#(#derives),*)] #input);
    }
    let derives = missing(&input, paths, &["Clone", "Debug", "Serialize", "Deserialize", "JsonSchema"]);
    let (serde, schemars) = (paths.text("serde"), paths.text("schemars"));
    let (root, ident) = (&paths.root, &input.ident);
    quote! {
        #[derive(#(#derives),*)]
        #[serde(crate = #serde)]
        #[schemars(crate = #schemars)]
        #input
        impl #root::Message for #ident {}
    }
}

/// The paths of those derives that the user did not list himself.
fn missing(input: &DeriveInput, paths: &Paths, names: &[&str]) -> Vec<TokenStream> {
    let (root, private) = (&paths.root, &paths.private);
    let listed = derives(&input.attrs);
    let wanted = names.iter().filter(|name| !listed.iter().any(|other| other == *name));
    wanted
        .map(|name| match *name {
            "Clone" => quote!(::core::clone::Clone),
            "Debug" => quote!(::core::fmt::Debug),
            "Serialize" => quote!(#private::serde::Serialize),
            "Deserialize" => quote!(#private::serde::Deserialize),
            "JsonSchema" => quote!(#private::schemars::JsonSchema),
            "TS" => quote!(#private::TS),
            _ => quote!(#root::Message),
        })
        .collect()
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

/// The names of the derives that the user listed below the attribute.
fn derives(attrs: &[Attribute]) -> Vec<String> {
    let lists = attrs.iter().filter(|attr| attr.path().is_ident("derive"));
    let paths =
        lists.filter_map(|attr| attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok());
    paths
        .flatten()
        .filter_map(|path| path.segments.last().map(|segment| names::plain(&segment.ident)))
        .collect()
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
