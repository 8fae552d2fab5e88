//! Checks on a set of service errors: codes and kinds are stable, distinct, and not the protocol's.

use std::collections::HashMap;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::LitStr;

use crate::attr::rpc::Code;
use crate::errors::Errors;

/// Said where `#[check(…)]` stands on an error.
pub(crate) const UNCHECKED: &str =
    "an error is made by the server itself and never checked; `#[check(…)]` goes on parameters and messages";

/// The kinds that belong to the protocol.
const PROTOCOL: [&str; 14] = [
    "parse_error",
    "invalid_request",
    "method_not_found",
    "validation_error",
    "internal_error",
    "unauthenticated",
    "permission_denied",
    "rate_limited",
    "deadline_exceeded",
    "cancelled",
    "unavailable",
    "not_found",
    "too_large",
    "resource_exhausted",
];

/// The codes given so far.
#[derive(Default)]
pub(crate) struct Codes(HashMap<i64, String>);

impl Codes {
    /// The variant's code; notes a mistake where it is absent, out of range or given already.
    pub(crate) fn take(&mut self, code: &Code, variant: &Ident, errors: &Errors) -> i64 {
        let code = match code {
            Code::Given(code) => code,
            Code::Unreadable => return 0,
            Code::Absent => {
                let free = (1001..=32000).find(|code| !self.0.contains_key(code)).unwrap_or(1);
                errors.on(
                    variant,
                    format!("every error has a stable code of its own: `#[rpc(code = {free})]`"),
                );
                return 0;
            }
        };
        let value = code.base10_parse::<i64>().ok().filter(|value| (1..=32000).contains(value));
        let Some(value) = value else {
            errors.on(code, "a service's codes are 1 to 32000; the others belong to the protocol");
            return 0;
        };
        match self.0.get(&value) {
            Some(first) => errors
                .on(code, format!("`{first}` has the code {value} already; give each error one of its own")),
            None => drop(self.0.insert(value, variant.to_string())),
        }
        value
    }
}

/// The kinds given so far.
#[derive(Default)]
pub(crate) struct Kinds(HashMap<String, String>);

impl Kinds {
    /// Notes a mistake where the kind is the protocol's, taken, or no name.
    pub(crate) fn take(&mut self, kind: &str, given: Option<&LitStr>, variant: &Ident, errors: &Errors) {
        let token = given.map_or_else(|| variant.to_token_stream(), ToTokens::to_token_stream);
        let good = kind.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && kind.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if PROTOCOL.contains(&kind) {
            let cure = "rename the variant or give another kind: `#[rpc(kind = \"…\")]`";
            errors.on(token, format!("the kind `{kind}` belongs to the protocol; {cure}"));
        } else if !good {
            errors.on(token, "a kind starts with a letter, then letters, digits and `_`: `room_not_found`");
        } else if let Some(first) = self.0.get(kind) {
            errors.on(
                token,
                format!("`{first}` has the kind `{kind}` already; give another: `#[rpc(kind = \"…\")]`"),
            );
        } else {
            self.0.insert(kind.to_owned(), variant.to_string());
        }
    }
}
