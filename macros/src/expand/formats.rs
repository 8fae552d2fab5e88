//! The attributes that `#[wirecall::message]` adds: forms of serde's that the user did not choose himself, and where serde,
//! schemars and ts-rs are.

use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Meta, Token, Type, parse_quote};

use super::Paths;
use crate::ast::units_only;

/// Serde's options that the user did not give himself, and where serde, schemars and ts-rs are.
pub(super) fn of_type(input: &DeriveInput, paths: &Paths) -> Vec<Attribute> {
    let given = |attribute: &str, name: &str| has(&input.attrs, attribute, name);
    let mut attributes = Vec::new();
    let mut options = Vec::new();
    if let Data::Enum(data) = &input.data {
        let formed = ["tag", "untagged", "content", "into", "from", "try_from"]
            .iter()
            .any(|name| given("serde", name));
        if !units_only(&data.variants) && !formed {
            options.push(quote!(tag = "type"));
        }
        if !given("serde", "rename_all") {
            options.push(quote!(rename_all = "snake_case"));
        }
    }
    if !options.is_empty() {
        attributes.push(parse_quote!(#[serde(#(#options),*)]));
    }
    // Apart from the options: ts-rs reads these too, and does not know `crate` among serde's.
    for (attribute, crate_name) in [("serde", "serde"), ("schemars", "schemars"), ("ts", "ts_rs")] {
        if !given(attribute, "crate") {
            let (name, path) = (format_ident!("{attribute}"), paths.text(crate_name));
            attributes.push(parse_quote!(#[#name(crate = #path)]));
        }
    }
    attributes
}

/// Whether an attribute of that name has an option of that name, whatever its value.
fn has(attrs: &[Attribute], attribute: &str, option: &str) -> bool {
    let metas = attrs.iter().filter(|attr| attr.path().is_ident(attribute)).filter_map(metas).flatten();
    metas.into_iter().any(|meta| option_name(&meta).is_some_and(|name| name == option))
}

/// Says to ts-rs what the form of a value is, where serde's options hide it: `into`, and `with` on a field.
pub(super) fn tell_ts(input: &mut DeriveInput) {
    let tell = |attrs: &mut Vec<Attribute>, attribute: &str, option: &str| {
        let told = attrs.iter().any(|attr| attr.path().is_ident("ts"));
        if let Some(form) = value(attrs, attribute, option).filter(|_| !told) {
            attrs.push(parse_quote!(#[ts(as = #form)]));
        }
    };
    tell(&mut input.attrs, "serde", "into");
    if let (true, Some(inner)) = (has(&input.attrs, "serde", "transparent"), only_field(&input.data)) {
        let form = inner.to_token_stream().to_string();
        input.attrs.push(parse_quote!(#[ts(as = #form)]));
    }
    let fields: Vec<&mut Fields> = match &mut input.data {
        Data::Struct(data) => vec![&mut data.fields],
        Data::Enum(data) => data.variants.iter_mut().map(|variant| &mut variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    for field in fields.into_iter().flat_map(Fields::iter_mut) {
        tell(&mut field.attrs, "schemars", "with");
    }
}

/// The type of a struct's one field.
fn only_field(data: &Data) -> Option<&Type> {
    let Data::Struct(data) = data else { return None };
    let mut fields = data.fields.iter();
    fields.next().filter(|_| fields.next().is_none()).map(|field| &field.ty)
}

/// The text of `#[attribute(option = "…")]`.
fn value(attrs: &[Attribute], attribute: &str, option: &str) -> Option<LitStr> {
    let metas = attrs.iter().filter(|attr| attr.path().is_ident(attribute)).filter_map(metas).flatten();
    let pair = metas
        .filter_map(|meta| meta.require_name_value().ok().cloned())
        .find(|pair| pair.path.is_ident(option))?;
    syn::parse2(pair.value.to_token_stream()).ok()
}

fn metas(attr: &Attribute) -> Option<Punctuated<Meta, Token![,]>> {
    attr.parse_args_with(Punctuated::parse_terminated).ok()
}

fn option_name(meta: &Meta) -> Option<String> {
    meta.path().get_ident().map(crate::names::plain)
}
