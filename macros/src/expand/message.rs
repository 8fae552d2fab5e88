//! `#[derive(Message)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{GenericParam, Generics, parse_quote};

use super::{Paths, contract, place, rules};
use crate::ast::{Field, Inner, Message, MessageVariant, Shape, Tagging, VariantBody};
use crate::names;

pub(super) fn expand(message: &Message) -> TokenStream {
    let paths = Paths::new(&message.root);
    let (root, private) = (&paths.root, &paths.private);
    let ident = &message.ident;
    let generics = bounded(&message.generics, root);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let facts = facts(&message.shape, &paths);
    let check = check(&message.shape, &paths);
    let unused = check.is_empty().then(|| quote!(let _ = at;));
    let describe = describe(message, &paths);
    let objects = objects(&message.shape, &paths);
    let traits = super::traits();
    quote! {
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        const _: () = {
            #traits
            impl #impl_generics #root::Message for #ident #ty_generics #where_clause {
                #facts
                fn check(&self, at: &mut #root::Checker<'_>) {
                    #unused
                    #check
                }
                fn describe(builder: &mut #private::contract::Builder) {
                    #describe
                }
            }
            #objects
        };
    }
}

fn bounded(generics: &Generics, root: &syn::Path) -> Generics {
    let mut generics = generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(parse_quote!(#root::Message));
        }
    }
    generics
}

/// Whether the message can be all parameters of a call.
fn facts(shape: &Shape, paths: &Paths) -> TokenStream {
    let root = &paths.root;
    match shape {
        Shape::Struct(_) => quote!(
            const OBJECT: bool = true;
        ),
        Shape::Via(ty) => quote_spanned!(place(ty)=> const OBJECT: bool = <#ty as #root::Message>::OBJECT;),
        Shape::Newtype(_) | Shape::Enum(..) => TokenStream::new(),
    }
}

fn on_wire(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().filter(|field| !field.skip && !field.flatten)
}

fn check(shape: &Shape, paths: &Paths) -> TokenStream {
    match shape {
        Shape::Struct(fields) => {
            let checks = fields.iter().map(|field| {
                let ident = &field.ident;
                check_field(field, &quote!(&self.#ident), paths)
            });
            checks.collect()
        }
        Shape::Newtype(inner) => {
            let member = &inner.member;
            check_inner(inner, &quote!(&self.#member), paths)
        }
        Shape::Enum(tagging, variants) => {
            let arms: Vec<TokenStream> =
                variants.iter().filter_map(|variant| check_variant(*tagging, variant, paths)).collect();
            if arms.is_empty() {
                return TokenStream::new();
            }
            quote! {
                #[allow(unreachable_patterns)]
                match self {
                    #(#arms)*
                    _ => {}
                }
            }
        }
        Shape::Via(_) => TokenStream::new(),
    }
}

fn check_field(field: &Field, value: &TokenStream, paths: &Paths) -> TokenStream {
    if field.skip {
        return TokenStream::new();
    }
    let (root, ty, wire) = (&paths.root, &field.ty, &field.wire);
    let rules = rules::run(&field.rules, ty, value, &format_ident!("at"), paths);
    let message =
        (!field.custom).then(|| quote_spanned!(place(ty)=> <#ty as #root::Message>::check(#value, at);));
    if field.flatten {
        return quote!(#rules #message);
    }
    if rules.is_empty() && message.is_none() {
        return TokenStream::new();
    }
    quote!(at.field(#wire, |at| { #rules #message });)
}

fn check_inner(inner: &Inner, value: &TokenStream, paths: &Paths) -> TokenStream {
    let (root, ty) = (&paths.root, &inner.ty);
    let rules = rules::run(&inner.rules, ty, value, &format_ident!("at"), paths);
    let message =
        (!inner.custom).then(|| quote_spanned!(place(ty)=> <#ty as #root::Message>::check(#value, at);));
    quote!(#rules #message)
}

fn check_variant(tagging: Tagging, variant: &MessageVariant, paths: &Paths) -> Option<TokenStream> {
    let ident = &variant.ident;
    let (pattern, checks) = match &variant.body {
        VariantBody::Unit => return None,
        VariantBody::Newtype(inner) => (quote!((__0)), check_inner(inner, &quote!(__0), paths)),
        VariantBody::Fields(fields) => {
            let binding = |index: usize| format_ident!("__{index}");
            let kept = || fields.iter().enumerate().filter(|(_, field)| !field.skip);
            let bindings = kept().map(|(index, field)| {
                let (ident, binding) = (&field.ident, binding(index));
                quote!(#ident: #binding)
            });
            let checks: TokenStream = kept()
                .map(|(index, field)| check_field(field, &binding(index).to_token_stream(), paths))
                .collect();
            (quote!({ #(#bindings,)* .. }), checks)
        }
    };
    let segment = match tagging {
        Tagging::External => Some(&variant.wire),
        Tagging::Adjacent => variant.content.as_ref(),
        Tagging::Internal | Tagging::Untagged => None,
    };
    Some(segment.map_or_else(
        || quote!(Self::#ident #pattern => { #checks }),
        |segment| quote!(Self::#ident #pattern => at.field(#segment, |at| { #checks }),),
    ))
}

fn describe(message: &Message, paths: &Paths) -> TokenStream {
    let (root, private) = (&paths.root, &paths.private);
    let rust_name = contract::text(&names::plain(&message.ident));
    let of = |ty: &syn::Type| quote_spanned!(place(ty)=> <#ty as #root::Message>::describe(builder););
    let of_fields = |fields: &[Field]| -> TokenStream {
        fields.iter().filter(|field| !field.skip && !field.custom).map(|field| of(&field.ty)).collect()
    };
    let of_inner = |inner: &Inner| if inner.custom { TokenStream::new() } else { of(&inner.ty) };
    let mut checks = Vec::new();
    let (named, fields, variants) = match &message.shape {
        Shape::Via(ty) => return of(ty),
        Shape::Struct(all) => {
            checks.extend(field_checks(None, all, paths));
            (of_fields(all), contract::fields(all, paths), quote!(#private::Vec::new()))
        }
        Shape::Newtype(inner) => {
            let none = quote!(::core::option::Option::None);
            checks.extend(
                rules::data(&inner.rules, paths).into_iter().map(|rule| quote!((#none, #none, #rule))),
            );
            (of_inner(inner), quote!(#private::Vec::new()), quote!(#private::Vec::new()))
        }
        Shape::Enum(_, all) => {
            let mut named = TokenStream::new();
            for variant in all {
                match &variant.body {
                    VariantBody::Unit => {}
                    VariantBody::Newtype(inner) => named.extend(of_inner(inner)),
                    VariantBody::Fields(fields) => {
                        named.extend(of_fields(fields));
                        checks.extend(field_checks(Some(&variant.wire), fields, paths));
                    }
                }
            }
            let variants = all.iter().map(|variant| describe_variant(variant, paths));
            (named, quote!(#private::Vec::new()), quote!(#private::Vec::from([#(#variants),*])))
        }
    };
    quote! {
        if !builder.enter::<Self>() {
            return;
        }
        #named
        // Generic, so that a type without a JSON Schema is told once, by the implementation itself.
        fn describe<__T: #root::Message>(
            builder: &mut #private::contract::Builder,
            info: #private::contract::NamedType,
            checks: &[(::core::option::Option<&str>, ::core::option::Option<&str>, #private::contract::Check)],
        ) {
            builder.describe::<__T>(info, checks);
        }
        describe::<Self>(
            builder,
            #private::contract::NamedType { rust_name: #rust_name, fields: #fields, variants: #variants },
            &[#(#checks),*],
        );
    }
}

fn field_checks(variant: Option<&String>, fields: &[Field], paths: &Paths) -> Vec<TokenStream> {
    let variant = contract::option(variant.map(|name| quote!(#name)));
    let checks = on_wire(fields).flat_map(|field| {
        let (wire, variant) = (&field.wire, variant.clone());
        let rules = rules::data(&field.rules, paths);
        rules.into_iter().map(move |rule| quote!((#variant, ::core::option::Option::Some(#wire), #rule)))
    });
    checks.collect()
}

fn describe_variant(variant: &MessageVariant, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let (name, rust_name) = (&variant.wire, names::plain(&variant.ident));
    let fields = if let VariantBody::Fields(fields) = &variant.body {
        contract::fields(fields, paths)
    } else {
        quote!(#private::Vec::new())
    };
    quote! {
        #private::contract::Variant {
            name: ::core::convert::Into::into(#name),
            rust_name: ::core::convert::Into::into(#rust_name),
            fields: #fields,
        }
    }
}

/// With a tag beside the fields, what a variant holds must have fields: serde would find out at run time only.
fn objects(shape: &Shape, paths: &Paths) -> TokenStream {
    let Shape::Enum(Tagging::Internal, variants) = shape else { return TokenStream::new() };
    let root = &paths.root;
    let checks = variants.iter().filter_map(|variant| match &variant.body {
        VariantBody::Newtype(inner) if !inner.custom => {
            let ty = &inner.ty;
            let name: &Ident = &variant.ident;
            let message = format!(
                "`{name}` holds no message with named fields, so there is no place for the tag: name the value, `{name} {{{{ value: … }}}}`, or use `#[serde(tag = \"type\", content = \"value\")]`"
            );
            Some(quote_spanned!(place(ty)=> const _: () = ::core::assert!(<#ty as #root::Message>::OBJECT, #message);))
        }
        _ => None,
    });
    checks.collect()
}
