//! `#[derive(ServiceError)]`: an enum whose variants are errors with a stable code each.

use proc_macro2::Ident;
use syn::{DeriveInput, Path, Variant};

use super::{Body, Names, root, variants};
use crate::attr::forward::Forward;
use crate::attr::serde::Renames;
use crate::attr::{self, rpc, serde};
use crate::check;
use crate::errors::Errors;
use crate::names::{self, Case};

/// A set of errors as declared.
pub(crate) struct ErrorSet {
    pub(crate) ident: Ident,
    pub(crate) root: Path,
    pub(crate) forward: Forward,
    pub(crate) variants: Vec<ErrorVariant>,
}

/// One variant.
pub(crate) struct ErrorVariant {
    pub(crate) ident: Ident,
    pub(crate) code: i64,
    pub(crate) kind: String,
    pub(crate) retryable: bool,
    /// The text for people.
    pub(crate) message: String,
    pub(crate) body: Body,
    pub(crate) field_case: Option<Case>,
    pub(crate) forward: Forward,
}

impl ErrorSet {
    pub(crate) fn read(input: &DeriveInput, errors: &Errors) -> Option<Self> {
        let root = root(rpc::root(&input.attrs, &attr::ERRORS, errors));
        let renames = serde::read(&input.attrs, &serde::ERRORS, errors).renames(errors);
        let variants = variants(input, "ServiceError", errors)?;
        let mut codes = check::error::Codes::default();
        let mut kinds = check::error::Kinds::default();
        let variants = variants
            .iter()
            .map(|variant| ErrorVariant::read(variant, renames, &mut codes, &mut kinds, errors))
            .collect();
        Some(Self { ident: input.ident.clone(), root, forward: Forward::read(&input.attrs), variants })
    }
}

impl ErrorVariant {
    fn read(
        variant: &Variant,
        renames: Renames,
        codes: &mut check::error::Codes,
        kinds: &mut check::error::Kinds,
        errors: &Errors,
    ) -> Self {
        let options = rpc::error(&variant.attrs, errors);
        let serde = serde::read(&variant.attrs, &serde::ERROR, errors);
        attr::refuse(&variant.attrs, "check", check::error::UNCHECKED, errors);
        let field_case = serde.case("rename_all", errors).or(renames.fields);
        let names = Names { case: field_case, allowed: &serde::PARAM, own_self: false };
        let kind = options
            .kind
            .as_ref()
            .map_or_else(|| names::snake(&names::plain(&variant.ident)), syn::LitStr::value);
        kinds.take(&kind, options.kind.as_ref(), &variant.ident, errors);
        let forward = Forward::read(&variant.attrs);
        let message = options
            .message
            .map(|text| text.value())
            .or_else(|| forward.sentence())
            .unwrap_or_else(|| kind.replace('_', " "));
        let body = names.body(&variant.fields, "an error", errors);
        for rule in body.fields().iter().flat_map(|field| &field.rules) {
            errors.at(rule.span, check::error::UNCHECKED);
        }
        Self {
            ident: variant.ident.clone(),
            code: codes.take(&options.code, &variant.ident, errors),
            kind,
            retryable: options.retryable,
            message,
            body,
            field_case,
            forward,
        }
    }
}
