//! `#[check(…)]`: the rules that a field's value must keep.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Lit, LitInt, LitStr, Meta, Path, Token};

use crate::errors::Errors;
use crate::names;

/// One rule, with the token of its name.
pub(crate) struct Rule {
    pub(crate) span: Span,
    pub(crate) kind: RuleKind,
}

pub(crate) enum RuleKind {
    Length { min: Option<Number>, max: Option<Number> },
    Range { min: Option<Number>, max: Option<Number> },
    Pattern(LitStr),
    Email,
    Url,
    Each(Vec<Rule>),
    Custom(Path),
}

/// A number as written, with its sign.
pub(crate) struct Number {
    pub(crate) negative: bool,
    pub(crate) lit: Lit,
}

const RULES: [&str; 7] = ["length", "range", "pattern", "email", "url", "each", "custom"];

impl RuleKind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Length { .. } => "length",
            Self::Range { .. } => "range",
            Self::Pattern(_) => "pattern",
            Self::Email => "email",
            Self::Url => "url",
            Self::Each(_) => "each",
            Self::Custom(_) => "custom",
        }
    }
}

impl Number {
    /// The value, exact enough to compare two of them.
    pub(crate) fn value(&self) -> f64 {
        let value = match &self.lit {
            Lit::Int(int) => int.base10_digits().parse(),
            Lit::Float(float) => float.base10_digits().parse(),
            _ => Ok(f64::NAN),
        };
        let value: f64 = value.unwrap_or(f64::NAN);
        if self.negative { -value } else { value }
    }
}

impl Parse for Number {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let negative = input.parse::<Option<Token![-]>>()?.is_some();
        let lit: Lit = input.parse().map_err(|error| syn::Error::new(error.span(), "expected a number"))?;
        if matches!(lit, Lit::Int(_) | Lit::Float(_)) {
            Ok(Self { negative, lit })
        } else {
            Err(syn::Error::new(lit.span(), "expected a number"))
        }
    }
}

/// The rules of all `#[check(…)]` among `attrs`, in order.
pub(crate) fn read(attrs: &[Attribute], errors: &Errors) -> Vec<Rule> {
    let mut rules = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("check")) {
        let Meta::List(list) = &attr.meta else {
            errors.on(&attr.meta, "write the rules in parentheses: `#[check(length(min = 1))]`");
            continue;
        };
        let parsed = list.parse_args_with(Punctuated::<Rule, Token![,]>::parse_terminated);
        let Some(parsed) = errors.keep(parsed) else { continue };
        if parsed.is_empty() {
            errors.on(list, format!("no rule given: expected one of {}", listed()));
        }
        rules.extend(parsed);
    }
    rules
}

fn listed() -> String {
    RULES.map(|rule| format!("`{rule}`")).join(", ")
}

impl Parse for Rule {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let kind = match name.to_string().as_str() {
            "length" => bounds(&name, input).and_then(|(min, max)| {
                [&min, &max].into_iter().flatten().try_for_each(whole)?;
                Ok(RuleKind::Length { min, max })
            }),
            "range" => bounds(&name, input).map(|(min, max)| RuleKind::Range { min, max }),
            "pattern" => value(&name, input, "pattern = \"^[a-z]+$\"").map(RuleKind::Pattern),
            "custom" => value(&name, input, "custom = path::to::function").map(RuleKind::Custom),
            "email" => alone(&name, input).map(|()| RuleKind::Email),
            "url" => alone(&name, input).map(|()| RuleKind::Url),
            "each" => each(&name, input).map(RuleKind::Each),
            other => {
                let message = format!("unknown rule `{other}`: {}", names::one_of(other, &RULES));
                Err(syn::Error::new(name.span(), message))
            }
        }?;
        Ok(Self { span: name.span(), kind })
    }
}

/// `(min = 1, max = 10)`, at least one of the two, and the first not above the second.
fn bounds(name: &Ident, input: ParseStream<'_>) -> syn::Result<(Option<Number>, Option<Number>)> {
    let cure = format!("write `{name}(min = 1, max = 10)`, or one of the two");
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(name.span(), cure));
    }
    let content;
    syn::parenthesized!(content in input);
    let (mut min, mut max) = (None, None);
    while !content.is_empty() {
        let bound = content.call(Ident::parse_any)?;
        let place = match bound.to_string().as_str() {
            "min" => &mut min,
            "max" => &mut max,
            other => {
                let message = format!("unknown bound `{other}`: {}", names::one_of(other, &["min", "max"]));
                return Err(syn::Error::new(bound.span(), message));
            }
        };
        content.parse::<Token![=]>()?;
        *place = Some(content.parse::<Number>()?);
        content.parse::<Option<Token![,]>>()?;
    }
    match (&min, &max) {
        (None, None) => Err(syn::Error::new(name.span(), cure)),
        (Some(least), Some(most)) if least.value() > most.value() => Err(syn::Error::new(
            least.lit.span(),
            "`min` is above `max`, so that no value would pass; swap them",
        )),
        _ => Ok((min, max)),
    }
}

fn whole(number: &Number) -> syn::Result<()> {
    let fits = matches!(&number.lit, Lit::Int(int) if LitInt::base10_parse::<u32>(int).is_ok() && int.suffix().is_empty());
    if fits && !number.negative {
        return Ok(());
    }
    Err(syn::Error::new(number.lit.span(), "a length is a whole number from 0 to 4294967295"))
}

fn value<T: Parse>(name: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<T> {
    let cure = || format!("write `{example}`");
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(name.span(), cure()));
    }
    input.parse::<Token![=]>()?;
    input.parse().map_err(|error| syn::Error::new(error.span(), cure()))
}

fn alone(name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(syn::Error::new(name.span(), format!("`{name}` takes no value; write `{name}` alone")))
}

fn each(name: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Rule>> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(
            name.span(),
            "write the rules of the items in parentheses: `each(length(max = 10))`",
        ));
    }
    let content;
    syn::parenthesized!(content in input);
    let rules = Punctuated::<Rule, Token![,]>::parse_terminated(&content)?;
    Ok(rules.into_iter().collect())
}
