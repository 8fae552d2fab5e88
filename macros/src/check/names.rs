//! Names on the wire that the user gave: no protocol's, nothing that a method could not be called.

use syn::LitStr;

use crate::errors::Errors;

/// The prefix that belongs to the protocol.
const RESERVED: &str = "rpc";

/// `name = "…"` of a call or an event, and of a service.
pub(crate) fn name(text: &LitStr, errors: &Errors) {
    let value = text.value();
    let good = value.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && value.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
    if value.contains('.') {
        errors.on(text, "this name follows `service.` on the wire and has no dot; for a whole method write `method = \"…\"`");
    } else if !good {
        errors.on(text, "a name on the wire starts with a letter, then letters, digits, `_` and `-`");
    }
}

/// `name = "…"` of a service.
pub(crate) fn service(text: &LitStr, errors: &Errors) {
    let value = text.value();
    if value == RESERVED || value.starts_with("rpc.") {
        errors.on(text, "`rpc.` belongs to the protocol; give the service another name");
    } else if value.contains('.') {
        errors.on(text, "the name of a service has no dot, which parts it from its methods; use `_`");
    } else {
        name(text, errors);
    }
}

/// `method = "…"` of a call or an event.
pub(crate) fn method(text: &LitStr, errors: &Errors) {
    let value = text.value();
    if value.starts_with("rpc.") {
        errors.on(text, "`rpc.` belongs to the protocol; give the method another name");
    } else if value.is_empty() || value.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        errors.on(text, "a method has at least one character and no white space");
    }
}
