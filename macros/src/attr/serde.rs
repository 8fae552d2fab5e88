//! `#[serde(…)]`: the names on the wire, and a refusal of what clients could not follow.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Token, Type};

use crate::errors::Errors;
use crate::names::{self, Case};

/// What serde options say about the names of an enum or a struct.
#[derive(Clone, Copy, Default)]
pub(crate) struct Renames {
    /// `rename_all`: variants of an enum, fields of a struct or a variant.
    pub(crate) all: Option<Case>,
    /// `rename_all_fields`: fields of an enum's variants.
    pub(crate) fields: Option<Case>,
}

/// Which options a place takes. What else serde knows is refused, with the cure of [`cure`].
pub(crate) struct Allowed {
    place: &'static str,
    options: &'static [&'static str],
    /// Whether serde's own derive reads the options too, and tells what it does not know.
    derived: bool,
}

pub(crate) const SERVICE: Allowed = Allowed {
    place: "service",
    options: &["rename_all", "rename_all_fields", "deny_unknown_fields"],
    derived: false,
};
pub(crate) const EVENTS: Allowed =
    Allowed { place: "set of events", options: &["rename_all", "rename_all_fields"], derived: false };
pub(crate) const ERRORS: Allowed =
    Allowed { place: "set of errors", options: &["rename_all_fields"], derived: false };
pub(crate) const CALL: Allowed =
    Allowed { place: "call", options: &["rename", "rename_all"], derived: false };
pub(crate) const EVENT: Allowed =
    Allowed { place: "event", options: &["rename", "rename_all"], derived: false };
pub(crate) const ERROR: Allowed =
    Allowed { place: "service error", options: &["rename_all"], derived: false };
pub(crate) const PARAM: Allowed = Allowed {
    place: "parameter",
    options: &[
        "rename",
        "default",
        "alias",
        "skip_serializing_if",
        "with",
        "serialize_with",
        "deserialize_with",
    ],
    derived: false,
};
pub(crate) const STRUCT: Allowed = Allowed {
    place: "message",
    options: &[
        "rename",
        "rename_all",
        "rename_all_fields",
        "tag",
        "content",
        "untagged",
        "transparent",
        "deny_unknown_fields",
        "default",
        "crate",
        "bound",
        "expecting",
        "into",
        "from",
        "try_from",
    ],
    derived: true,
};
pub(crate) const VARIANT: Allowed = Allowed {
    place: "variant of a message",
    options: &["rename", "rename_all", "alias", "skip"],
    derived: true,
};
pub(crate) const FIELD: Allowed = Allowed {
    place: "field of a message",
    options: &[
        "rename",
        "default",
        "alias",
        "skip_serializing_if",
        "with",
        "serialize_with",
        "deserialize_with",
        "flatten",
        "skip",
        "skip_serializing",
        "skip_deserializing",
        "bound",
    ],
    derived: true,
};

/// The serde options among `attrs`; those that `allowed` does not list are refused.
pub(crate) fn read(attrs: &[Attribute], allowed: &Allowed, errors: &Errors) -> Options {
    let mut metas = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let parsed = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        metas.extend(errors.keep(parsed).into_iter().flatten());
    }
    metas.retain(|meta| {
        let Some(name) = meta.path().get_ident().map(names::plain) else { return true };
        if allowed.options.contains(&name.as_str()) {
            return true;
        }
        match refusal(&name, allowed) {
            Some(message) => errors.on(meta.path(), message),
            None => return true,
        }
        false
    });
    Options(metas)
}

/// What is wrong with an option; `None` where serde says that itself.
fn refusal(name: &str, allowed: &Allowed) -> Option<String> {
    let place = allowed.place;
    match cure(name, place) {
        Some(cure) => Some(format!("clients could not follow `{name}` on a {place}: {cure}")),
        None if allowed.derived => None,
        None => Some(format!(
            "unknown serde option `{name}` on a {place}: {}",
            names::one_of(name, allowed.options)
        )),
    }
}

/// What to write instead of an option of serde.
fn cure(name: &str, place: &str) -> Option<&'static str> {
    Some(match (name, place) {
        ("untagged", "variant of a message") => "make the whole enum untagged",
        ("tag" | "content" | "untagged" | "transparent", _) => {
            "remove it, the protocol frames calls, events and errors itself"
        }
        ("flatten", "parameter") => {
            "write the fields out, or take one message as all parameters: `Post(PostBody)`"
        }
        ("skip" | "skip_serializing" | "skip_deserializing", "parameter") => {
            "what is not sent is no parameter, remove the field"
        }
        ("skip" | "skip_serializing" | "skip_deserializing", _) => {
            "what is not sent is not declared, remove it"
        }
        ("rename", "service" | "set of events") => "the name on the wire is `#[rpc(name = \"…\")]`",
        ("rename", "service error") => "the name on the wire is `#[rpc(kind = \"…\")]`",
        ("rename_all", "set of errors") => "name a variant on the wire with `#[rpc(kind = \"…\")]`",
        ("alias", _) => "they send one name only, remove it",
        ("other", _) => "they could not tell which variant was meant, remove it",
        ("remote", _) => "declare a type of your own with the same fields and convert",
        ("getter", _) => {
            "it belongs to `remote`; declare a type of your own with the same fields and convert"
        }
        ("variant_identifier" | "field_identifier", _) => "it is for hand-written deserializers, remove it",
        ("borrow", _) => "a message owns its fields, use `String` or `Vec<T>`",
        ("with" | "serialize_with" | "deserialize_with", _) => "put it on the field",
        ("crate", _) => "give the path as `#[rpc(crate = \"…\")]`",
        ("into" | "from" | "try_from" | "default" | "bound" | "expecting" | "deny_unknown_fields", _) => {
            "remove it, or put it on a message: `Post(PostBody)`"
        }
        _ => return None,
    })
}

/// The serde options of one place.
pub(crate) struct Options(Vec<Meta>);

impl Options {
    fn find(&self, name: &str) -> Option<&Meta> {
        self.0.iter().find(|meta| meta.path().get_ident().is_some_and(|ident| names::plain(ident) == name))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The token of an option that is there.
    pub(crate) fn token(&self, name: &str) -> Option<&Ident> {
        self.find(name)?.path().get_ident()
    }

    /// The text of `name = "…"`, or of `name(serialize = "…", deserialize = "…")` where both are the same.
    pub(crate) fn text(&self, name: &str, errors: &Errors) -> Option<LitStr> {
        match self.find(name)? {
            Meta::Path(_) => None,
            Meta::NameValue(pair) => literal(&pair.value),
            Meta::List(list) => {
                let parsed = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                let texts: Vec<LitStr> = errors
                    .keep(parsed)?
                    .iter()
                    .filter_map(|meta| literal(&meta.require_name_value().ok()?.value))
                    .collect();
                match texts.as_slice() {
                    [one, other] if one.value() == other.value() => Some(one.clone()),
                    _ => {
                        errors.on(
                            list,
                            format!("a name that differs by direction has no one form in clients: write `{name} = \"…\"`"),
                        );
                        None
                    }
                }
            }
        }
    }

    /// The rule of `rename_all` or `rename_all_fields`.
    pub(crate) fn case(&self, name: &str, errors: &Errors) -> Option<Case> {
        let text = self.text(name, errors)?;
        let case = Case::parse(&text.value());
        if case.is_none() {
            let known: Vec<&str> = Case::names().collect();
            errors.on(&text, format!("unknown case: {}", names::one_of(&text.value(), &known)));
        }
        case
    }

    /// The type of `into = "Type"` and its like.
    pub(crate) fn ty(&self, name: &str, errors: &Errors) -> Option<Type> {
        let text = self.text(name, errors)?;
        errors.keep(text.parse())
    }

    pub(crate) fn renames(&self, errors: &Errors) -> Renames {
        Renames { all: self.case("rename_all", errors), fields: self.case("rename_all_fields", errors) }
    }

    /// Whether `with` or one of its like is there and the attributes say what it writes; forgotten where they do not.
    pub(crate) fn custom(&mut self, attrs: &[Attribute], errors: &Errors) -> bool {
        let names = ["with", "serialize_with", "deserialize_with"];
        let Some(meta) = names.into_iter().find_map(|name| self.find(name)) else { return false };
        let told = form(meta, attrs, errors);
        if !told {
            self.0.retain(|meta| !names.iter().any(|name| meta.path().is_ident(name)));
        }
        told
    }

    /// The options as one attribute.
    pub(crate) fn attribute(&self) -> Option<Attribute> {
        let metas = &self.0;
        (!metas.is_empty()).then(|| syn::parse_quote!(#[serde(#(#metas),*)]))
    }

    /// Whether an option names a function that takes or makes the field's own type.
    pub(crate) fn functions(&self) -> bool {
        self.has("skip_serializing_if") || matches!(self.find("default"), Some(Meta::NameValue(_)))
    }
}

fn literal(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}

/// `#[serde(with = …)]` hides the form on the wire, which `#[schemars(with = "…")]` tells. Whether it is told.
fn form(meta: &Meta, attrs: &[Attribute], errors: &Errors) -> bool {
    let told = attrs.iter().filter(|attr| attr.path().is_ident("schemars")).any(|attr| {
        let mut told = false;
        // Schemars itself says what is wrong with an attribute that cannot be read.
        let read = attr.parse_nested_meta(|nested| {
            told |= nested.path.is_ident("with") || nested.path.is_ident("schema_with");
            nested.value().and_then(syn::parse::ParseBuffer::parse::<Expr>).map(drop)
        });
        read.is_ok() && told
    });
    if !told {
        let name = meta.path().to_token_stream();
        errors.on(
            meta.path(),
            format!("clients cannot see what `{name}` writes; add `#[schemars(with = \"Type\")]` with a type of that form"),
        );
    }
    told
}
