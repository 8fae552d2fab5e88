//! Attributes: what the user wrote in `#[rpc(…)]`, `#[check(…)]` and `#[serde(…)]`, read into plain values.

pub(crate) mod forward;
mod option;
pub(crate) mod rpc;
pub(crate) mod rules;
pub(crate) mod serde;

pub(crate) use option::{ERRORS, EVENTS, MESSAGE};

use syn::Attribute;

use crate::errors::Errors;

/// Notes a mistake on each attribute of that name, which has no meaning here.
pub(crate) fn refuse(attrs: &[Attribute], name: &str, message: &str, errors: &Errors) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        errors.on(attr.path(), message);
    }
}
