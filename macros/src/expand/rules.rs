//! `#[check(…)]` as code that runs and as data for the contract.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Lit, Type};

use super::{Paths, contract, place};
use crate::attr::rules::{Number, Rule, RuleKind};
use crate::check::types::{Class, boxed, class, optional};
use crate::names;

/// Code that runs the rules on `value`, an expression of type `&ty`, noting failures at `at`.
pub(super) fn run(rules: &[Rule], ty: &Type, value: &TokenStream, at: &Ident, paths: &Paths) -> TokenStream {
    if rules.is_empty() {
        return TokenStream::new();
    }
    if let Some(inner) = optional(ty) {
        let held = quote!(__value);
        let checks = run(rules, inner, &held, at, paths);
        return quote! {
            if let ::core::option::Option::Some(#held) = #value {
                #checks
            }
        };
    }
    if let Some(inner) = boxed(ty) {
        return run(rules, inner, &quote!(&**(#value)), at, paths);
    }
    rules.iter().map(|rule| one(rule, ty, value, at, paths)).collect()
}

fn one(rule: &Rule, ty: &Type, value: &TokenStream, at: &Ident, paths: &Paths) -> TokenStream {
    // The whole call stands at the rule's token: there rustc says that a type does not fit.
    let span = place(&rule.span);
    let private = moved(&paths.private, span);
    let value = moved(value, span);
    let mut at = at.clone();
    at.set_span(span);
    match &rule.kind {
        RuleKind::Length { min, max } => {
            let (min, max) = (some(min.as_ref(), Class::Unknown), some(max.as_ref(), Class::Unknown));
            quote_spanned!(span=> #private::length(#value, #min, #max, #at);)
        }
        RuleKind::Range { min, max } => {
            let (min, max) = (some(min.as_ref(), class(ty)), some(max.as_ref(), class(ty)));
            quote_spanned!(span=> #private::range(#value, #min, #max, #at);)
        }
        RuleKind::Pattern(text) => quote_spanned! {span=>
            {
                static __PATTERN: #private::LazyLock<::core::option::Option<#private::Regex>> =
                    #private::LazyLock::new(|| #private::Regex::new(#text).ok());
                #private::pattern(#value, &__PATTERN, #text, #at);
            }
        },
        RuleKind::Email => quote_spanned!(span=> #private::email(#value, #at);),
        RuleKind::Url => quote_spanned!(span=> #private::url(#value, #at);),
        RuleKind::Each(rules) => {
            let item = match class(ty) {
                Class::Items(Some(item)) => item.clone(),
                _ => Type::Verbatim(quote!(_)),
            };
            let checks = run(rules, &item, &quote!(__item), &at, paths);
            quote_spanned!(span=> #private::Each::each(#value, #at, |__item, #at| { #checks });)
        }
        RuleKind::Custom(path) => {
            let name = path.segments.last().map(|segment| names::plain(&segment.ident)).unwrap_or_default();
            // A closure, so that a function may take `&str` for a `String`.
            quote_spanned!(span=> #private::custom(#value, #name, |__value| #path(__value), #at);)
        }
    }
}

/// The same tokens at another place.
fn moved(tokens: &TokenStream, span: Span) -> TokenStream {
    let moved = tokens.clone().into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    moved.collect()
}

fn some(number: Option<&Number>, class: Class<'_>) -> TokenStream {
    let Some(number) = number else { return contract::option(None) };
    let span = number.lit.span();
    let number = literal(number, matches!(class, Class::Float));
    quote_spanned!(place(&span)=> ::core::option::Option::Some(#number))
}

/// The number as written; a whole one as a float where the field is one.
fn literal(number: &Number, float: bool) -> TokenStream {
    let minus = number.negative.then(|| quote!(-));
    let lit = match &number.lit {
        Lit::Int(int) if float && int.suffix().is_empty() => {
            let lit = syn::LitFloat::new(&format!("{}.0", int.base10_digits()), int.span());
            lit.to_token_stream()
        }
        lit => lit.to_token_stream(),
    };
    quote!(#minus #lit)
}

/// The number with a type of its own, to become a JSON number.
fn json(number: &Number) -> TokenStream {
    let minus = number.negative.then(|| quote!(-));
    match &number.lit {
        Lit::Int(int) => {
            let ty = if number.negative { "i64" } else { "u64" };
            let lit = syn::LitInt::new(&format!("{}{ty}", int.base10_digits()), int.span());
            quote!(#minus #lit)
        }
        Lit::Float(float) => {
            let lit = syn::LitFloat::new(&format!("{}f64", float.base10_digits()), float.span());
            quote!(#minus #lit)
        }
        lit => quote!(#minus #lit),
    }
}

/// Each rule as an expression of the contract's type `Check`.
pub(super) fn data(rules: &[Rule], paths: &Paths) -> Vec<TokenStream> {
    rules.iter().map(|rule| describe(&rule.kind, paths)).collect()
}

fn describe(rule: &RuleKind, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let check = quote!(#private::contract::Check);
    match rule {
        RuleKind::Length { min, max } => {
            let (min, max) = (some(min.as_ref(), Class::Unknown), some(max.as_ref(), Class::Unknown));
            quote!(#check::Length { min: #min, max: #max })
        }
        RuleKind::Range { min, max } => {
            let [min, max] = [min, max].map(|number| {
                contract::option(
                    number.as_ref().map(json).map(|number| quote!(::core::convert::Into::into(#number))),
                )
            });
            quote!(#check::Range { min: #min, max: #max })
        }
        RuleKind::Pattern(text) => quote!(#check::Pattern(::core::convert::Into::into(#text))),
        RuleKind::Email => quote!(#check::Email),
        RuleKind::Url => quote!(#check::Url),
        RuleKind::Each(rules) => {
            let rules = data(rules, paths);
            quote!(#check::Each(#private::Vec::from([#(#rules),*])))
        }
        RuleKind::Custom(path) => {
            let name = path.segments.last().map(|segment| names::plain(&segment.ident)).unwrap_or_default();
            quote!(#check::Custom(::core::convert::Into::into(#name)))
        }
    }
}
