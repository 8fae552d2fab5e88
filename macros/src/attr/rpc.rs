//! The options of `#[rpc(…)]`, place by place, as typed values.

use proc_macro2::Span;
use syn::{Attribute, LitInt, LitStr, Path, Type};

use super::option::{CALL, ERROR, EVENT, Place, SERVICE, read};
use crate::errors::Errors;
use crate::names;

/// What stands on the enum of a service.
#[derive(Default)]
pub(crate) struct ServiceOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) error: Option<Type>,
    pub(crate) events: Option<Type>,
    pub(crate) peer: Option<Type>,
    pub(crate) side: Option<(Side, LitStr)>,
    pub(crate) positional: bool,
    pub(crate) krate: Option<Path>,
}

/// Who answers a service's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Side {
    #[default]
    Server,
    Client,
}

/// What stands on a variant of a service.
#[derive(Default)]
pub(crate) struct CallOptions {
    pub(crate) returns: Option<(Span, Type)>,
    pub(crate) stream: Option<(Span, Type)>,
    pub(crate) upload: Option<(Span, Type)>,
    pub(crate) subscription: Option<(Span, [LitStr; 2])>,
    pub(crate) error: Option<(Span, Type)>,
    pub(crate) timeout: Option<LitStr>,
    pub(crate) idempotent: Option<Span>,
    pub(crate) no_cancel: Option<Span>,
    pub(crate) serial: Option<(Span, Option<LitStr>)>,
    pub(crate) name: Option<LitStr>,
    pub(crate) method: Option<LitStr>,
    pub(crate) positional: bool,
    pub(crate) notification: bool,
}

/// What stands on a variant of a service error.
#[derive(Default)]
pub(crate) struct ErrorOptions {
    pub(crate) code: Code,
    pub(crate) kind: Option<LitStr>,
    pub(crate) retryable: bool,
    pub(crate) message: Option<LitStr>,
}

/// The code of a service error, as far as it was given.
#[derive(Default)]
pub(crate) enum Code {
    #[default]
    Absent,
    /// Given, but no number, which was told already.
    Unreadable,
    Given(LitInt),
}

/// What stands on a variant of the events.
#[derive(Default)]
pub(crate) struct EventOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) method: Option<LitStr>,
}

pub(crate) fn service(attrs: &[Attribute], errors: &Errors) -> ServiceOptions {
    let mut options = ServiceOptions::default();
    read(attrs, &SERVICE, errors, |name, option| {
        match name {
            "name" => options.name = Some(option.text()?),
            "error" => options.error = Some(option.ty()?),
            "events" => options.events = Some(option.ty()?),
            "peer" => options.peer = Some(option.ty()?),
            "side" => options.side = Some(side(option.text()?)?),
            "positional" => options.positional = option.flag().map(|_| true)?,
            _ => options.krate = Some(krate(&option.text()?)?),
        }
        Ok(())
    });
    options
}

pub(crate) fn call(attrs: &[Attribute], errors: &Errors) -> CallOptions {
    let mut options = CallOptions::default();
    read(attrs, &CALL, errors, |name, option| {
        match name {
            "returns" => options.returns = Some((option.name.span(), option.ty()?)),
            "stream" => options.stream = Some((option.name.span(), option.ty()?)),
            "upload" => options.upload = Some((option.name.span(), option.ty()?)),
            "subscription" => {
                let names = option.texts(["notification", "unsubscribe"])?;
                options.subscription = Some((option.name.span(), names));
            }
            "error" => options.error = Some((option.name.span(), option.ty()?)),
            "timeout" => options.timeout = Some(option.text()?),
            "idempotent" => options.idempotent = Some(option.flag()?),
            "no_cancel" => options.no_cancel = Some(option.flag()?),
            "serial" => options.serial = Some((option.name.span(), option.flag_or_text()?)),
            "name" => options.name = Some(option.text()?),
            "method" => options.method = Some(option.text()?),
            "positional" => options.positional = option.flag().map(|_| true)?,
            _ => options.notification = option.flag().map(|_| true)?,
        }
        Ok(())
    });
    options
}

pub(crate) fn error(attrs: &[Attribute], errors: &Errors) -> ErrorOptions {
    let mut options = ErrorOptions::default();
    read(attrs, &ERROR, errors, |name, option| {
        match name {
            "code" => {
                options.code = Code::Unreadable;
                options.code = Code::Given(option.number()?);
            }
            "kind" => options.kind = Some(option.text()?),
            "message" => options.message = Some(option.text()?),
            _ => options.retryable = option.flag().map(|_| true)?,
        }
        Ok(())
    });
    options
}

pub(crate) fn event(attrs: &[Attribute], errors: &Errors) -> EventOptions {
    let mut options = EventOptions::default();
    read(attrs, &EVENT, errors, |name, option| {
        match name {
            "name" => options.name = Some(option.text()?),
            _ => options.method = Some(option.text()?),
        }
        Ok(())
    });
    options
}

/// `#[rpc(crate = "…")]`, where it is the only option.
pub(crate) fn root(attrs: &[Attribute], place: &Place, errors: &Errors) -> Option<Path> {
    let mut path = None;
    read(attrs, place, errors, |_, option| {
        path = Some(krate(&option.text()?)?);
        Ok(())
    });
    path
}

/// The path in `crate = "…"`.
pub(crate) fn krate(text: &LitStr) -> syn::Result<Path> {
    let cure = "expected a path, such as `crate = \"my_app::wirecall\"`";
    text.parse_with(Path::parse_mod_style).map_err(|_| syn::Error::new(text.span(), cure))
}

fn side(text: LitStr) -> syn::Result<(Side, LitStr)> {
    match text.value().as_str() {
        "server" => Ok((Side::Server, text)),
        "client" => Ok((Side::Client, text)),
        other => Err(syn::Error::new(
            text.span(),
            format!("unknown side `{other}`: {}", names::one_of(other, &["server", "client"])),
        )),
    }
}
