//! Walks over the options of `#[rpc(…)]`, going on after a mistake, so that all of them are told.

use proc_macro2::{Group, Ident, Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, LitInt, LitStr, Meta, Token, Type};

use crate::errors::Errors;
use crate::names;

/// Where an `#[rpc(…)]` stands, and the options that it takes there.
pub(crate) struct Place {
    noun: &'static str,
    options: &'static [&'static str],
}

pub(crate) const SERVICE: Place = Place {
    noun: "the enum of a service",
    options: &["name", "error", "events", "peer", "side", "positional", "crate"],
};
pub(crate) const CALL: Place = Place {
    noun: "the variant of a service",
    options: &[
        "returns",
        "stream",
        "upload",
        "subscription",
        "error",
        "timeout",
        "idempotent",
        "no_cancel",
        "serial",
        "name",
        "method",
        "positional",
        "notification",
    ],
};
pub(crate) const EVENTS: Place = Place { noun: "the enum of the events", options: &["crate"] };
pub(crate) const EVENT: Place = Place { noun: "an event", options: &["name", "method"] };
pub(crate) const ERRORS: Place = Place { noun: "the enum of the errors", options: &["crate"] };
pub(crate) const ERROR: Place =
    Place { noun: "the variant of a service error", options: &["code", "kind", "retryable", "message"] };
pub(crate) const MESSAGE: Place = Place { noun: "a message", options: &["crate"] };

/// Options that later versions will have.
const RESERVED: [&str; 2] = ["channels", "require"];

/// One option, its value not read yet.
pub(crate) struct Opt<'a> {
    pub(crate) name: Ident,
    input: ParseStream<'a>,
}

impl Opt<'_> {
    /// An option without a value.
    pub(crate) fn flag(&self) -> syn::Result<Span> {
        if self.input.peek(Token![=]) || self.input.peek(syn::token::Paren) {
            let name = &self.name;
            return Err(syn::Error::new(
                name.span(),
                format!("`{name}` takes no value; write `{name}` alone"),
            ));
        }
        Ok(self.name.span())
    }

    /// `name = Type`
    pub(crate) fn ty(&self) -> syn::Result<Type> {
        self.equals("Type")?;
        if self.input.peek(LitStr) {
            return Err(self.input.error(format!("write the type without quotes: `{} = Type`", self.name)));
        }
        self.input.parse()
    }

    /// `name = "text"`
    pub(crate) fn text(&self) -> syn::Result<LitStr> {
        self.equals("\"…\"")?;
        let example = format!("expected a string: `{} = \"…\"`", self.name);
        self.input.parse().map_err(|error| syn::Error::new(error.span(), example))
    }

    /// `name` or `name = "text"`
    pub(crate) fn flag_or_text(&self) -> syn::Result<Option<LitStr>> {
        if self.input.peek(Token![=]) { self.text().map(Some) } else { self.flag().map(|_| None) }
    }

    /// `name(first = "…", second = "…")`: all of `wanted`, each once.
    pub(crate) fn texts<const N: usize>(&self, wanted: [&'static str; N]) -> syn::Result<[LitStr; N]> {
        let all = wanted.map(|name| format!("{name} = \"…\"")).join(", ");
        let example = format!("write `{}({all})`", self.name);
        if !self.input.peek(syn::token::Paren) {
            return Err(syn::Error::new(
                self.name.span(),
                format!("`{}` needs its names: {example}", self.name),
            ));
        }
        let group: Group = self.input.parse()?;
        let read = |inside: ParseStream<'_>| {
            let mut given: [Option<LitStr>; N] = [const { None }; N];
            while !inside.is_empty() {
                let option = Opt { name: inside.call(Ident::parse_any)?, input: inside };
                let name = names::plain(&option.name);
                let place = wanted.iter().position(|wanted| *wanted == name);
                let Some(place) = place.and_then(|place| given.get_mut(place)) else {
                    let names = names::one_of(&name, &wanted);
                    let message = format!("unknown name `{name}` in `{}`: {names}", self.name);
                    return Err(syn::Error::new(option.name.span(), message));
                };
                if place.replace(option.text()?).is_some() {
                    let message = format!("`{name}` is given twice; keep one");
                    return Err(syn::Error::new(option.name.span(), message));
                }
                if !inside.is_empty() {
                    inside.parse::<Token![,]>()?;
                }
            }
            Ok(given)
        };
        let given = read.parse2(group.stream())?;
        if let Some(missing) = given.iter().position(Option::is_none).and_then(|place| wanted.get(place)) {
            return Err(syn::Error::new(self.name.span(), format!("`{missing}` is missing: {example}")));
        }
        Ok(given.map(|text| text.unwrap_or_else(|| LitStr::new("", self.name.span()))))
    }

    /// `name = 1001`
    pub(crate) fn number(&self) -> syn::Result<LitInt> {
        self.equals("1001")?;
        let minus = self.input.parse::<Option<Token![-]>>()?;
        let number: LitInt = self.input.parse().map_err(|error| {
            syn::Error::new(error.span(), format!("expected an integer: `{} = 1001`", self.name))
        })?;
        match minus {
            Some(_) => Ok(LitInt::new(&format!("-{number}"), number.span())),
            None => Ok(number),
        }
    }

    fn equals(&self, value: &str) -> syn::Result<()> {
        if self.input.peek(Token![=]) {
            return self.input.parse::<Token![=]>().map(drop);
        }
        let name = &self.name;
        Err(syn::Error::new(name.span(), format!("`{name}` needs a value: `{name} = {value}`")))
    }
}

/// Reads the `#[rpc(…)]` among `attrs`, handing each option to `take`, which may refuse it.
pub(crate) fn read(
    attrs: &[Attribute],
    place: &Place,
    errors: &Errors,
    mut take: impl FnMut(&str, &Opt<'_>) -> syn::Result<()>,
) {
    let mut seen: Vec<String> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("rpc")) {
        let Meta::List(list) = &attr.meta else {
            errors.on(&attr.meta, "write the options in parentheses: `#[rpc(…)]`");
            continue;
        };
        let parser = |input: ParseStream<'_>| walk(input, place, errors, &mut seen, &mut take);
        errors.keep(parser.parse2(list.tokens.clone()));
    }
}

fn walk(
    input: ParseStream<'_>,
    place: &Place,
    errors: &Errors,
    seen: &mut Vec<String>,
    take: &mut impl FnMut(&str, &Opt<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    while !input.is_empty() {
        let option = Opt { name: input.call(Ident::parse_any)?, input };
        let name = names::plain(&option.name);
        let known = place.options.contains(&name.as_str());
        let result = if !known {
            Err(unknown(&option.name, &name, place))
        } else if seen.contains(&name) {
            Err(syn::Error::new(option.name.span(), format!("`{name}` is given twice; keep one")))
        } else {
            take(&name, &option)
        };
        seen.push(name);
        match result {
            Err(error) => {
                errors.push(error);
                skip(input)?;
            }
            Ok(()) if !input.is_empty() && !input.peek(Token![,]) => {
                errors.push(input.error("expected `,` before the next option"));
                skip(input)?;
            }
            Ok(()) => {}
        }
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(())
}

fn unknown(ident: &Ident, name: &str, place: &Place) -> syn::Error {
    let elsewhere = [&SERVICE, &CALL, &EVENT, &ERROR].into_iter().find(|other| other.options.contains(&name));
    let message = if RESERVED.contains(&name) {
        format!("`{name}` is not yet supported in this version; remove it")
    } else if let Some(other) = elsewhere {
        format!("`{name}` goes on {}, not on {}", other.noun, place.noun)
    } else {
        format!("unknown option `{name}` on {}: {}", place.noun, names::one_of(name, place.options))
    };
    syn::Error::new(ident.span(), message)
}

/// Skips to the next comma that is not inside `<…>`.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    let mut depth = 0_usize;
    while !input.is_empty() && (depth > 0 || !input.peek(Token![,])) {
        if let TokenTree::Punct(punct) = input.parse::<TokenTree>()? {
            match punct.as_char() {
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    Ok(())
}
