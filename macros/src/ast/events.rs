//! `#[derive(Events)]`: an enum whose variants the server emits.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{DeriveInput, Path};

use super::{Body, Method, Names, root, variants};
use crate::attr::forward::Forward;
use crate::attr::{self, rpc, serde};
use crate::check;
use crate::errors::Errors;
use crate::names::Case;

/// A set of events as declared.
pub(crate) struct EventSet {
    pub(crate) ident: Ident,
    pub(crate) root: Path,
    pub(crate) forward: Forward,
    pub(crate) events: Vec<Event>,
}

/// One variant.
pub(crate) struct Event {
    pub(crate) ident: Ident,
    pub(crate) method: Method,
    pub(crate) body: Body,
    pub(crate) field_case: Option<Case>,
    pub(crate) forward: Forward,
}

impl EventSet {
    pub(crate) fn read(input: &DeriveInput, errors: &Errors) -> Option<Self> {
        let root = root(rpc::root(&input.attrs, &attr::EVENTS, errors));
        let renames = serde::read(&input.attrs, &serde::EVENTS, errors).renames(errors);
        let variants = variants(input, "Events", errors)?;
        let events: Vec<Event> = variants
            .iter()
            .map(|variant| {
                let options = rpc::event(&variant.attrs, errors);
                let serde = serde::read(&variant.attrs, &serde::EVENT, errors);
                attr::refuse(&variant.attrs, "check", "`#[check(…)]` goes on a field", errors);
                let field_case = serde.case("rename_all", errors).or(renames.fields);
                let names = Names { case: field_case, allowed: &serde::PARAM, own_self: false };
                let given_by_serde = serde.text("rename", errors);
                let given = (options.name.as_ref(), options.method.as_ref(), given_by_serde.as_ref());
                Event {
                    ident: variant.ident.clone(),
                    method: Method::read(given, &variant.ident, renames.all, errors),
                    body: names.body(&variant.fields, "an event", errors),
                    field_case,
                    forward: Forward::read(&variant.attrs),
                }
            })
            .collect();
        let pairs =
            events.iter().map(|event| (event.method.name().to_owned(), event.ident.to_token_stream()));
        check::unique(pairs, "event", "rpc(name = \"…\")", errors);
        Some(Self { ident: input.ident.clone(), root, forward: Forward::read(&input.attrs), events })
    }
}
