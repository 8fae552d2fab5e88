//! `#[derive(Message)]`: a struct or an enum that crosses the wire.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Fields, FieldsUnnamed, Generics, Member, Path, Token, Type, Variant};

use super::{Field, Names, root};
use crate::attr::rules::{self, Rule};
use crate::attr::serde::{self, Options, Renames};
use crate::attr::{self, rpc};
use crate::check;
use crate::errors::Errors;
use crate::names::{self, Case};

/// A message as declared.
pub(crate) struct Message {
    pub(crate) ident: Ident,
    /// The member that tells the variant of an enum.
    pub(crate) tag: Option<String>,
    pub(crate) generics: Generics,
    pub(crate) root: Path,
    pub(crate) shape: Shape,
}

/// What a message looks like on the wire.
pub(crate) enum Shape {
    Struct(Vec<Field>),
    /// The one value of it.
    Newtype(Box<Inner>),
    Enum(Tagging, Vec<MessageVariant>),
    /// Another type, into and from which it converts.
    Via(Box<Type>),
}

/// The value inside a newtype struct or a newtype variant.
pub(crate) struct Inner {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) rules: Vec<Rule>,
    pub(crate) custom: bool,
}

/// How an enum's variant is told on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tagging {
    External,
    Internal,
    /// The values are under `content`.
    Adjacent,
    Untagged,
}

/// One variant of an enum.
pub(crate) struct MessageVariant {
    pub(crate) ident: Ident,
    pub(crate) wire: String,
    pub(crate) body: VariantBody,
    /// The member of an adjacently tagged enum that holds the values.
    pub(crate) content: Option<String>,
}

pub(crate) enum VariantBody {
    Unit,
    Fields(Vec<Field>),
    Newtype(Box<Inner>),
}

impl Message {
    pub(crate) fn read(input: &DeriveInput, errors: &Errors) -> Option<Self> {
        let root = root(rpc::root(&input.attrs, &attr::MESSAGE, errors));
        let serde = serde::read(&input.attrs, &serde::STRUCT, errors);
        attr::refuse(&input.attrs, "check", "`#[check(…)]` goes on a field", errors);
        if let Some(lifetime) = input.generics.lifetimes().next() {
            errors.stop(lifetime, "a message owns its data; use `String`, `Vec<T>` or another owned type instead of a reference");
            return None;
        }
        let shape = match via(&serde, errors) {
            Some(ty) => Shape::Via(Box::new(ty)),
            None => shape(&input.data, &serde, &input.ident, errors)?,
        };
        let tag = serde.text("tag", errors).map(|text| text.value());
        Some(Self { ident: input.ident.clone(), tag, generics: input.generics.clone(), root, shape })
    }
}

/// The type of `into` and `from` (or `try_from`), where the two name the same.
fn via(serde: &Options, errors: &Errors) -> Option<Type> {
    let from = if serde.has("from") { "from" } else { "try_from" };
    let token = serde.token("into").or_else(|| serde.token(from))?;
    match (serde.ty("into", errors), serde.ty(from, errors)) {
        (Some(into), Some(from)) if into == from => Some(into),
        _ => {
            errors.stop(
                token,
                "clients need one form for both directions: give `into = \"T\"` and `from = \"T\"` (or `try_from`) with one type",
            );
            None
        }
    }
}

fn shape(data: &Data, serde: &Options, ident: &Ident, errors: &Errors) -> Option<Shape> {
    let renames = serde.renames(errors);
    match data {
        Data::Struct(data) => {
            match &data.fields {
                Fields::Named(named) => {
                    let fields = Names { case: renames.all, allowed: &serde::FIELD, own_self: true }
                        .fields(named, errors);
                    Some(if serde.has("transparent") { transparent(fields) } else { Shape::Struct(fields) })
                }
                Fields::Unnamed(unnamed) => newtype(unnamed, errors).map(Box::new).map(Shape::Newtype),
                Fields::Unit => {
                    errors.stop(ident, format!("a unit struct is `null` on the wire and tells nothing; write `struct {ident} {{}}`"));
                    None
                }
            }
        }
        Data::Enum(data) => {
            let tagging = match (serde.has("tag"), serde.has("content"), serde.has("untagged")) {
                (true, true, _) => Tagging::Adjacent,
                (true, false, _) => Tagging::Internal,
                (_, _, true) => Tagging::Untagged,
                _ => Tagging::External,
            };
            let content = serde
                .text("content", errors)
                .map(|text| text.value())
                .filter(|_| tagging == Tagging::Adjacent);
            Some(Shape::Enum(tagging, variants(&data.variants, renames, tagging, content.as_deref(), errors)))
        }
        Data::Union(data) => {
            errors.stop(data.union_token, "a union has no form on the wire; write an `enum`");
            None
        }
    }
}

/// A struct that is on the wire what its one field is.
fn transparent(fields: Vec<Field>) -> Shape {
    let mut kept = fields.into_iter().filter(|field| !field.skip);
    match (kept.next(), kept.next()) {
        (Some(field), None) => {
            let Field { ident, ty, rules, custom, .. } = field;
            Shape::Newtype(Box::new(Inner { member: Member::Named(ident), ty, rules, custom }))
        }
        // serde itself says what is wrong with any other number of fields.
        (first, second) => Shape::Struct(first.into_iter().chain(second).chain(kept).collect()),
    }
}

fn newtype(unnamed: &FieldsUnnamed, errors: &Errors) -> Option<Inner> {
    let mut fields = unnamed.unnamed.iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        errors.stop(
            unnamed,
            "values without names have no good form in clients: name them, `{ first: …, second: … }`",
        );
        return None;
    };
    let custom = serde::read(&field.attrs, &serde::FIELD, errors).custom(&field.attrs, errors);
    check::types::owned(&field.ty, true, errors);
    let rules = check::rules::fitting(rules::read(&field.attrs, errors), &field.ty, errors);
    Some(Inner { member: Member::Unnamed(0.into()), ty: field.ty.clone(), rules, custom })
}

fn variants(
    variants: &Punctuated<Variant, Token![,]>,
    renames: Renames,
    tagging: Tagging,
    content: Option<&str>,
    errors: &Errors,
) -> Vec<MessageVariant> {
    let variants: Vec<MessageVariant> =
        variants.iter().filter_map(|variant| self::variant(variant, renames, content, errors)).collect();
    if tagging != Tagging::Untagged {
        let pairs = variants.iter().map(|variant| (variant.wire.clone(), variant.ident.to_token_stream()));
        check::unique(pairs, "variant", "serde(rename = \"…\")", errors);
    }
    variants
}

fn variant(
    variant: &Variant,
    renames: Renames,
    content: Option<&str>,
    errors: &Errors,
) -> Option<MessageVariant> {
    let serde = serde::read(&variant.attrs, &serde::VARIANT, errors);
    attr::refuse(&variant.attrs, "check", "`#[check(…)]` goes on a field", errors);
    attr::refuse(&variant.attrs, "rpc", "a message's names are serde's: `#[serde(rename = \"…\")]`", errors);
    if serde.has("skip") {
        return None;
    }
    let rust_name = names::plain(&variant.ident);
    let given_by_serde = serde.text("rename", errors).map(|text| text.value());
    let wire = given_by_serde.unwrap_or_else(|| renames.all.unwrap_or(Case::Pascal).variant(&rust_name));
    let case = serde.case("rename_all", errors).or(renames.fields);
    let body = match &variant.fields {
        Fields::Unit => VariantBody::Unit,
        Fields::Named(named) => {
            VariantBody::Fields(Names { case, allowed: &serde::FIELD, own_self: true }.fields(named, errors))
        }
        Fields::Unnamed(unnamed) => VariantBody::Newtype(Box::new(newtype(unnamed, errors)?)),
    };
    Some(MessageVariant { ident: variant.ident.clone(), wire, body, content: content.map(str::to_owned) })
}

/// Whether no variant carries anything.
pub(crate) fn units_only(variants: &Punctuated<Variant, Token![,]>) -> bool {
    variants.iter().all(|variant| matches!(variant.fields, Fields::Unit))
}
