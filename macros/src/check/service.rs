//! Checks on a service: its parts, its names, and options that contradict each other.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::LitStr;

use super::unique;
use crate::attr::rpc::{CallOptions, ServiceOptions, Side};
use crate::errors::Errors;
use crate::names;

/// A service of the client's has no events and no peer of its own.
pub(crate) fn parts(options: &mut ServiceOptions, errors: &Errors) {
    if !matches!(options.side, Some((Side::Client, _))) {
        return;
    }
    if let Some(events) = options.events.take() {
        errors.on(events, "a client emits no events; declare a notification of the server's service instead");
    }
    if let Some(peer) = options.peer.take() {
        errors.on(
            peer,
            "a service with `side = \"client\"` is the peer; name it in the server's service: `peer = …`",
        );
    }
}

/// The name on the wire: as given, else the enum's in `snake_case`.
pub(crate) fn name(given: Option<&LitStr>, ident: &Ident, errors: &Errors) -> String {
    if let Some(text) = given {
        super::names::service(text, errors);
        return text.value();
    }
    let name = names::snake(&names::plain(ident));
    if name == "rpc" {
        errors.on(
            ident,
            "`rpc.` belongs to the protocol; give the service another name: `#[rpc(name = \"…\")]`",
        );
    }
    name
}

/// A call by its names: on the wire, as a method in Rust, as a variant.
pub(crate) struct Named<'c> {
    pub(crate) wire: String,
    pub(crate) function: &'c Ident,
    pub(crate) variant: &'c Ident,
}

/// No two calls may have one name, on the wire or as methods in Rust.
pub(crate) fn calls(calls: &[Named<'_>], has_events: bool, errors: &Errors) {
    unique(
        calls.iter().map(|call| (call.wire.clone(), call.variant.to_token_stream())),
        "call",
        "rpc(name = \"…\")",
        errors,
    );
    let cure = "rename the variant and keep the name on the wire with `#[rpc(name = \"…\")]`";
    let mut seen: Vec<String> = Vec::new();
    for call in calls {
        let function = names::plain(call.function);
        if function == "new" || (function == "events" && has_events) {
            errors.stop(
                call.variant,
                format!("the generated client has a method `{function}` of its own: {cure}"),
            );
        }
        // Two variants of one name are rustc's to tell.
        if seen.contains(&function) && calls.iter().filter(|other| other.variant == call.variant).count() == 1
        {
            errors.stop(call.variant, format!("two variants make the method `{function}`: {cure}"));
        }
        seen.push(function);
    }
}

/// A notification has no answer, so nothing about answers may be said of it.
pub(crate) fn notification(options: &CallOptions, errors: &Errors) {
    if !options.notification {
        return;
    }
    let spans = [
        ("returns", options.returns.as_ref().map(|(span, _)| *span)),
        ("error", options.error.as_ref().map(|(span, _)| *span)),
        ("idempotent", options.idempotent),
    ];
    for (name, span) in spans {
        if let Some(span) = span {
            errors.at(
                span,
                format!(
                    "a notification is never answered, so `{name}` says nothing; remove it, or `notification`"
                ),
            );
        }
    }
}

/// `timeout = "5m"` in milliseconds.
pub(crate) fn timeout(text: &LitStr, errors: &Errors) -> Option<u64> {
    let value = text.value();
    let digits = value.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor = match value.get(digits.len()..) {
        Some("ms") => Some(1),
        Some("s") => Some(1_000),
        Some("m") => Some(60_000),
        Some("h") => Some(3_600_000),
        _ => None,
    };
    let millis = factor.zip(digits.parse::<u64>().ok()).and_then(|(factor, count)| count.checked_mul(factor));
    if millis.is_none_or(|millis| millis == 0 || millis > 1 << 53) {
        errors.on(
            text,
            "expected a duration such as `\"5m\"`: a whole number above 0 with `ms`, `s`, `m` or `h`",
        );
        return None;
    }
    millis
}
