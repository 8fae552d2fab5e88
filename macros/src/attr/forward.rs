//! Attributes that go on to every emitted item: docs, `cfg`, `deprecated` and lint levels.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Token};

/// The docs, and what else of an item's attributes goes on to what is emitted for it.
pub(crate) struct Forward {
    /// The doc attributes as written.
    pub(crate) docs: Vec<Attribute>,
    /// `cfg` and lint levels.
    pub(crate) others: Vec<Attribute>,
    /// `#[deprecated]` as written.
    pub(crate) deprecated: Option<Attribute>,
}

impl Forward {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let named = |names: &[&str]| -> Vec<Attribute> {
            attrs.iter().filter(|attr| names.iter().any(|name| attr.path().is_ident(name))).cloned().collect()
        };
        Self {
            docs: named(&["doc"]),
            others: named(&["cfg", "allow", "expect", "warn", "deny", "forbid"]),
            deprecated: named(&["deprecated"]).into_iter().next(),
        }
    }

    /// The text of the docs, without the space that `///` leaves.
    pub(crate) fn text(&self) -> String {
        let lines = self.docs.iter().filter_map(|attr| match &attr.meta {
            Meta::NameValue(pair) => text_of(&pair.value),
            _ => None,
        });
        let lines: Vec<String> = lines
            .flat_map(|text| text.split('\n').map(str::to_owned).collect::<Vec<_>>())
            .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
            .collect();
        lines.join("\n").trim().to_owned()
    }

    /// The first sentence of the docs, on one line and without its full stop.
    pub(crate) fn sentence(&self) -> Option<String> {
        let text = self.text();
        let paragraph = text.split("\n\n").next()?.replace('\n', " ");
        let sentence = paragraph.split(". ").next()?.trim_end_matches('.').trim();
        (!sentence.is_empty()).then(|| sentence.to_owned())
    }

    /// Docs for an item whose user wrote none: its own, else `fallback`; then lint levels and `deprecated`.
    pub(crate) fn or(&self, fallback: &str) -> TokenStream {
        let Self { docs, others, deprecated } = self;
        if docs.is_empty() {
            quote!(#[doc = #fallback] #(#others)* #deprecated)
        } else {
            quote!(#(#docs)* #(#others)* #deprecated)
        }
    }

    /// The note of `#[deprecated]`, which may be empty.
    pub(crate) fn deprecation(&self) -> Option<String> {
        let attr = self.deprecated.as_ref()?;
        let note = match &attr.meta {
            Meta::Path(_) => None,
            Meta::NameValue(pair) => text_of(&pair.value),
            Meta::List(list) => list
                .parse_args_with(syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated)
                .ok()
                .and_then(|metas| metas.into_iter().find(|meta| meta.path().is_ident("note")))
                .and_then(|meta| meta.require_name_value().ok().and_then(|pair| text_of(&pair.value))),
        };
        Some(note.unwrap_or_default())
    }
}

fn text_of(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        // `#[doc = $text]` from a macro arrives in an invisible group.
        other => syn::parse2::<LitStr>(other.to_token_stream()).ok().map(|text| text.value()),
    }
}
