//! `#[derive(Service)]`: an enum whose variants are calls and notifications.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{DeriveInput, LitStr, Path, Type, Variant, Visibility};

use super::{Body, Names, Streams, root, variants};
use crate::attr::forward::Forward;
use crate::attr::rpc::{self, CallOptions, Side};
use crate::attr::serde::{self, Renames};
use crate::attr::{self};
use crate::check::{self, service::Named};
use crate::errors::Errors;
use crate::names::{self, Case};

/// A service as declared.
pub(crate) struct Service {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) root: Path,
    pub(crate) side: Side,
    pub(crate) error: Option<Type>,
    pub(crate) events: Option<Type>,
    pub(crate) peer: Option<Type>,
    pub(crate) deny_unknown_fields: bool,
    pub(crate) forward: Forward,
    pub(crate) calls: Vec<Call>,
}

/// One variant.
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent facts, one for each option that the user may give"
)]
pub(crate) struct Call {
    pub(crate) ident: Ident,
    /// The method in Rust: of the handler and of the client.
    pub(crate) function: Ident,
    pub(crate) method: Method,
    pub(crate) body: Body,
    /// The rule for the names of its fields.
    pub(crate) field_case: Option<Case>,
    pub(crate) returns: Option<Type>,
    pub(crate) streams: Streams,
    pub(crate) error: Option<Type>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) idempotent: bool,
    pub(crate) no_cancel: bool,
    pub(crate) serial: Serial,
    pub(crate) positional: bool,
    pub(crate) notification: bool,
    pub(crate) forward: Forward,
}

/// A method's name on the wire.
#[derive(Clone)]
pub(crate) enum Method {
    /// What follows `service.`.
    Named(String),
    /// The whole name, as an existing API has it.
    Exact(String),
}

impl Method {
    /// Works out the name of a variant from what the user gave, and notes what is wrong with that.
    pub(crate) fn read(
        given: (Option<&LitStr>, Option<&LitStr>, Option<&LitStr>),
        ident: &Ident,
        case: Option<Case>,
        errors: &Errors,
    ) -> Self {
        let (name, method, given_by_serde) = given;
        if let [_, second, ..] =
            [name, method, given_by_serde].into_iter().flatten().collect::<Vec<_>>().as_slice()
        {
            errors.on(
                second,
                "the name on the wire is given twice; keep one of `name`, `method` and `#[serde(rename)]`",
            );
        }
        if let Some(method) = method {
            check::names::method(method, errors);
            return Self::Exact(method.value());
        }
        if let Some(name) = name.or(given_by_serde) {
            check::names::name(name, errors);
            return Self::Named(name.value());
        }
        Self::Named(case.unwrap_or(Case::Snake).variant(&names::plain(ident)))
    }

    /// The name as given: without the service's.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) | Self::Exact(name) => name,
        }
    }

    /// The whole method, `chat.post`.
    pub(crate) fn whole(&self, service: &str) -> String {
        match self {
            Self::Named(name) => format!("{service}.{name}"),
            Self::Exact(method) => method.clone(),
        }
    }
}

/// In which order the calls of one session run.
pub(crate) enum Serial {
    No,
    Call,
    /// By the value of the field of that index.
    Field(usize),
}

impl Service {
    pub(crate) fn read(input: &DeriveInput, errors: &Errors) -> Option<Self> {
        let mut options = rpc::service(&input.attrs, errors);
        let serde = serde::read(&input.attrs, &serde::SERVICE, errors);
        attr::refuse(&input.attrs, "check", "`#[check(…)]` goes on a field", errors);
        let renames = serde.renames(errors);
        check::service::parts(&mut options, errors);
        let name = check::service::name(options.name.as_ref(), &input.ident, errors);
        let variants = variants(input, "Service", errors)?;
        let positional = options.positional;
        let side = options.side.as_ref().map(|(side, _)| *side).unwrap_or_default();
        let read = |variant| Call::read(variant, renames, (positional, side), errors);
        let calls: Vec<Call> = variants.iter().filter_map(read).collect();
        let named: Vec<Named<'_>> = calls.iter().map(|call| call.named(&name)).collect();
        check::service::calls(&named, options.events.is_some(), errors);
        for call in &calls {
            call.streams.apart_from(&named, errors);
        }
        Some(Self {
            vis: input.vis.clone(),
            ident: input.ident.clone(),
            name,
            root: root(options.krate),
            side,
            error: options.error,
            events: options.events,
            peer: options.peer,
            deny_unknown_fields: serde.has("deny_unknown_fields"),
            forward: Forward::read(&input.attrs),
            calls,
        })
    }
}

impl Call {
    fn named(&self, service: &str) -> Named<'_> {
        Named { wire: self.method.whole(service), function: &self.function, variant: &self.ident }
    }

    /// The field whose value makes the serial lane.
    pub(crate) fn lane_field(&self) -> Option<&super::Field> {
        match self.serial {
            Serial::Field(index) => self.body.fields().get(index),
            Serial::No | Serial::Call => None,
        }
    }

    /// `of` is what the service says of all its calls: whether they are positional, and who answers them.
    fn read(variant: &Variant, renames: Renames, of: (bool, Side), errors: &Errors) -> Option<Self> {
        let (positional, side) = of;
        let options = rpc::call(&variant.attrs, errors);
        let serde = serde::read(&variant.attrs, &serde::CALL, errors);
        attr::refuse(&variant.attrs, "check", "`#[check(…)]` goes on a field", errors);
        let field_case = serde.case("rename_all", errors).or(renames.fields);
        let names = Names { case: field_case, allowed: &serde::PARAM, own_self: false };
        let body = names.body(&variant.fields, "a call", errors);
        let given_by_serde = serde.text("rename", errors);
        let given = (options.name.as_ref(), options.method.as_ref(), given_by_serde.as_ref());
        let method = Method::read(given, &variant.ident, renames.all, errors);
        check::service::notification(&options, errors);
        let streams = Streams::read(&options, side, errors);
        let serial = serial(&options, &body, errors);
        let Some(function) = names::ident(&names::snake(&names::plain(&variant.ident)), &variant.ident)
        else {
            let cure = "rename the variant and keep the name on the wire with `#[rpc(name = \"…\")]`";
            errors.stop(&variant.ident, format!("no method can have the name of this variant: {cure}"));
            return None;
        };
        let notification = options.notification;
        Some(Self {
            ident: variant.ident.clone(),
            function,
            method,
            body,
            field_case,
            returns: options.returns.map(|(_, ty)| ty).filter(|_| !notification),
            streams,
            error: options.error.map(|(_, ty)| ty).filter(|_| !notification),
            timeout_ms: options.timeout.and_then(|text| check::service::timeout(&text, errors)),
            idempotent: options.idempotent.is_some(),
            no_cancel: options.no_cancel.is_some(),
            serial,
            positional: positional || options.positional,
            notification,
            forward: Forward::read(&variant.attrs),
        })
    }
}

fn serial(options: &CallOptions, body: &Body, errors: &Errors) -> Serial {
    let Some((_, field)) = &options.serial else { return Serial::No };
    let Some(field) = field else { return Serial::Call };
    let known: Vec<String> = body.fields().iter().map(super::Field::rust_name).collect();
    if let Some(index) = known.iter().position(|name| *name == field.value()) {
        return Serial::Field(index);
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let message = if known.is_empty() {
        "this call has no named fields; write `serial` alone for one lane over all calls".to_owned()
    } else {
        format!("no field `{}`: {}", field.value(), names::one_of(&field.value(), &known))
    };
    errors.on(field.to_token_stream(), message);
    Serial::Call
}
