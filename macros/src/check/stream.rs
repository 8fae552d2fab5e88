//! Checks on what a call streams: options that say nothing, contradict each other or are not there yet.

use proc_macro2::Span;

use crate::attr::rpc::{CallOptions, Side};
use crate::errors::Errors;

/// Notes what is wrong with the options about streams; gives whether they make sense.
pub(crate) fn options(options: &CallOptions, side: Side, errors: &Errors) -> bool {
    let before = errors.count();
    let stream = options.stream.as_ref().map(|(span, _)| *span);
    let upload = options.upload.as_ref().map(|(span, _)| *span);
    let subscription = options.subscription.as_ref().map(|(span, _)| *span);
    let given = || [("stream", stream), ("upload", upload), ("subscription", subscription)];
    if options.notification {
        each(given(), |span, name| {
            let text =
                format!("a notification has no id to stream under; remove `{name}`, or `notification`");
            errors.at(span, text);
        });
    } else if side == Side::Client {
        each(given(), |span, name| {
            let text = format!(
                "`{name}` is not yet supported where the client answers (`side = \"client\"`); stream from a call of the server's service"
            );
            errors.at(span, text);
        });
    } else if let Some(span) = subscription {
        if stream.is_none() {
            errors.at(span, "`subscription` is a form of `stream`: say what it carries, `stream = Type`");
        }
        let returns = options.returns.as_ref().map(|(span, _)| *span);
        each([("upload", upload), ("returns", returns)], |span, name| {
            let text = format!(
                "a subscription answers with its id and goes one way, so `{name}` says nothing; remove it, or `subscription`"
            );
            errors.at(span, text);
        });
    }
    errors.count() == before
}

fn each<const N: usize>(given: [(&str, Option<Span>); N], mut tell: impl FnMut(Span, &str)) {
    for (name, span) in given {
        if let Some(span) = span {
            tell(span, name);
        }
    }
}
