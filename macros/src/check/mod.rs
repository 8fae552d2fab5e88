//! Checks on what was declared: everything that would be wrong on the wire or in a client is told here, on its token.

pub(crate) mod error;
pub(crate) mod names;
pub(crate) mod pattern;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod stream;
pub(crate) mod types;

use std::collections::HashMap;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// Notes a mistake on each of `pairs` (name on the wire, token) whose name an earlier one has. Code with two such names
/// would only cause more messages.
pub(crate) fn unique(
    pairs: impl Iterator<Item = (String, TokenStream)>,
    noun: &str,
    cure: &str,
    errors: &Errors,
) {
    let mut seen: HashMap<String, String> = HashMap::new();
    for (wire, token) in pairs {
        let rust_name = token.to_string();
        match seen.get(&wire) {
            Some(first) => {
                let message = format!(
                    "the {noun}s `{first}` and `{rust_name}` have one name on the wire, `{wire}`; rename one with `#[{cure}]`"
                );
                errors.stop(token, message);
            }
            None => {
                seen.insert(wire, rust_name);
            }
        }
    }
}
