//! What a variant carries: its fields, each with its name on the wire and its rules.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Attribute, Fields, FieldsNamed, FieldsUnnamed, Type};

use crate::attr::forward::Forward;
use crate::attr::rules::{self, Rule};
use crate::attr::serde::{self, Allowed};
use crate::check;
use crate::errors::Errors;
use crate::names::{self, Case};

/// What a variant of a service, of events or of errors carries.
pub(crate) enum Body {
    Empty,
    Fields(Vec<Field>),
    /// `Post(PostBody)`: the fields of that message are the parameters.
    Newtype(Box<Type>),
}

impl Body {
    /// The named fields.
    pub(crate) fn fields(&self) -> &[Field] {
        match self {
            Self::Fields(fields) => fields,
            _ => &[],
        }
    }
}

/// A named field.
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent facts, one for each option that the user may give"
)]
pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// The name on the wire.
    pub(crate) wire: String,
    pub(crate) ty: Type,
    pub(crate) forward: Forward,
    /// Its serde and schemars options, less those that were refused.
    pub(crate) formats: Vec<Attribute>,
    pub(crate) rules: Vec<Rule>,
    /// Serialized by functions of the user's own: the type itself need be no message.
    pub(crate) custom: bool,
    /// Serde's attributes name functions that want the type itself: `default = "path"`, `skip_serializing_if`.
    pub(crate) functions: bool,
    /// Has `#[serde(default)]` of either form.
    pub(crate) default: bool,
    /// Its members stand beside the other fields.
    pub(crate) flatten: bool,
    /// Never on the wire.
    pub(crate) skip: bool,
}

impl Field {
    pub(crate) fn rust_name(&self) -> String {
        names::plain(&self.ident)
    }

    /// Whether it may be absent.
    pub(crate) fn optional(&self) -> bool {
        check::types::optional(&self.ty).is_some()
    }
}

/// How the fields of a body get their names, and what is allowed on them.
pub(crate) struct Names<'a> {
    pub(crate) case: Option<Case>,
    pub(crate) allowed: &'a Allowed,
    /// Whether `Self` in a type means what the user thinks.
    pub(crate) own_self: bool,
}

impl Names<'_> {
    /// Reads the body of a variant. `noun` is what the variant declares: `a call`.
    pub(crate) fn body(&self, fields: &Fields, noun: &str, errors: &Errors) -> Body {
        match fields {
            Fields::Unit => Body::Empty,
            Fields::Named(named) if named.named.is_empty() => Body::Empty,
            Fields::Named(named) => Body::Fields(self.fields(named, errors)),
            Fields::Unnamed(unnamed) => self.unnamed(unnamed, noun, errors),
        }
    }

    fn unnamed(&self, unnamed: &FieldsUnnamed, noun: &str, errors: &Errors) -> Body {
        let mut fields = unnamed.unnamed.iter();
        let (Some(field), None) = (fields.next(), fields.next()) else {
            if !unnamed.unnamed.is_empty() {
                let cure = "name them, `{ first: …, second: … }`, or give one message, `(PostBody)`";
                errors.stop(unnamed, format!("the values of {noun} go by name: {cure}"));
            }
            return Body::Empty;
        };
        for attr in &field.attrs {
            if ["check", "serde", "rpc"].iter().any(|name| attr.path().is_ident(name)) {
                errors.on(
                    attr.path(),
                    "this has no effect on a message; put it on the fields of the message's type",
                );
            }
        }
        check::types::owned(&field.ty, self.own_self, errors);
        Body::Newtype(Box::new(field.ty.clone()))
    }

    /// Reads named fields.
    pub(crate) fn fields(&self, named: &FieldsNamed, errors: &Errors) -> Vec<Field> {
        let fields: Vec<Field> = named.named.iter().filter_map(|field| self.field(field, errors)).collect();
        let pairs = fields.iter().filter(|field| !field.skip && !field.flatten);
        let pairs = pairs.map(|field| (field.wire.clone(), field.ident.to_token_stream()));
        check::unique(pairs, "field", "serde(rename = \"…\")", errors);
        fields
    }

    fn field(&self, field: &syn::Field, errors: &Errors) -> Option<Field> {
        let ident = field.ident.clone()?;
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("rpc")) {
            errors.on(
                attr.path(),
                "`#[rpc(…)]` goes on the enum or on a variant; a field takes `#[check(…)]` and `#[serde(…)]`",
            );
        }
        let mut serde = serde::read(&field.attrs, self.allowed, errors);
        let rust_name = names::plain(&ident);
        let renamed = serde.text("rename", errors).map(|text| text.value());
        let wire = renamed
            .unwrap_or_else(|| self.case.map_or_else(|| rust_name.clone(), |case| case.field(&rust_name)));
        let custom = serde.custom(&field.attrs, errors);
        let schemars = field.attrs.iter().filter(|attr| attr.path().is_ident("schemars")).cloned();
        let formats: Vec<Attribute> = serde.attribute().into_iter().chain(schemars).collect();
        let skip = serde.has("skip");
        let mut rules = rules::read(&field.attrs, errors);
        if !skip {
            check::types::owned(&field.ty, self.own_self, errors);
            rules = check::rules::fitting(rules, &field.ty, errors);
        }
        Some(Field {
            ident,
            wire,
            ty: field.ty.clone(),
            forward: Forward::read(&field.attrs),
            formats,
            rules,
            custom,
            functions: serde.functions(),
            default: serde.has("default"),
            flatten: serde.has("flatten"),
            skip,
        })
    }
}
