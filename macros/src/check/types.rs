//! Checks on the types of fields that can be made from their tokens alone, and what the tokens say about a type.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{GenericArgument, Path, PathArguments, Type};

use crate::errors::Errors;

/// Notes a mistake where `ty` borrows, or is of a kind that no message can be. One for a type.
pub(crate) fn owned(ty: &Type, own_self: bool, errors: &Errors) {
    let mut walk = Walk { own_self, errors, found: false };
    walk.visit_type(ty);
}

struct Walk<'e> {
    own_self: bool,
    errors: &'e Errors,
    found: bool,
}

impl Walk<'_> {
    fn refuse(&mut self, tokens: impl ToTokens, message: &str) {
        self.errors.stop(tokens, message);
        self.found = true;
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_type(&mut self, ty: &'ast Type) {
        if self.found {
            return;
        }
        match ty {
            Type::Reference(_) => {
                self.refuse(ty, "what crosses the wire owns its data; write `String`, `Vec<T>` or another owned type instead of a reference");
            }
            Type::ImplTrait(_) | Type::TraitObject(_) | Type::Infer(_) => {
                self.refuse(
                    ty,
                    "the contract needs one type here; name it, or declare an enum of the possible ones",
                );
            }
            Type::FnPtr(_) | Type::Ptr(_) | Type::Never(_) => {
                self.refuse(ty, "this has no form on the wire; send a message");
            }
            _ => visit::visit_type(self, ty),
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        match path.segments.first() {
            Some(first) if first.ident == "Self" && !self.own_self => {
                self.refuse(first, "`Self` would be the enum here; write the name of the type that is meant");
            }
            _ => visit::visit_path(self, path),
        }
    }
}

/// What the tokens of a type say about it.
#[derive(Clone, Copy)]
pub(crate) enum Class<'t> {
    Text,
    Signed,
    Unsigned,
    Float,
    Bool,
    Char,
    /// With the type of its items, where it is written.
    Items(Option<&'t Type>),
    Unknown,
}

/// Looks at the type inside `Option` and `Box`.
pub(crate) fn class(ty: &Type) -> Class<'_> {
    let ty = inside(ty);
    match ty {
        Type::Array(array) => return Class::Items(Some(&array.elem)),
        Type::Slice(slice) => return Class::Items(Some(&slice.elem)),
        _ => {}
    }
    let Some(segment) = last_segment(ty) else { return Class::Unknown };
    match segment.ident.to_string().as_str() {
        "String" | "str" => Class::Text,
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => Class::Signed,
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => Class::Unsigned,
        "f32" | "f64" => Class::Float,
        "bool" => Class::Bool,
        "char" => Class::Char,
        "Vec" | "VecDeque" | "HashSet" | "BTreeSet" => Class::Items(arguments(ty).into_iter().next()),
        "HashMap" | "BTreeMap" => Class::Items(arguments(ty).into_iter().nth(1)),
        _ => Class::Unknown,
    }
}

/// The type in `Option<…>`.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    within(ty, "Option")
}

/// The type in `Box<…>`.
pub(crate) fn boxed(ty: &Type) -> Option<&Type> {
    within(ty, "Box")
}

fn within<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let ty = peeled(ty);
    let segment = last_segment(ty)?;
    if segment.ident != name {
        return None;
    }
    match arguments(ty).as_slice() {
        [inner] => Some(inner),
        _ => None,
    }
}

/// `Option<…>` as the user wrote it, around another type.
pub(crate) fn around_optional(ty: &Type, inner: &TokenStream) -> Option<TokenStream> {
    optional(ty)?;
    let Type::Path(mut path) = peeled(ty).clone() else { return None };
    let inner: Type = Type::Verbatim(inner.clone());
    path.path.segments.last_mut()?.arguments = PathArguments::AngleBracketed(syn::parse_quote!(<#inner>));
    Some(path.into_token_stream())
}

/// Whether it is a path without generic arguments that is no primitive: callers may then give anything that converts.
pub(crate) fn convertible(ty: &Type) -> bool {
    if optional(ty).is_some() {
        return true;
    }
    let plain = match peeled(ty) {
        Type::Path(path) => {
            path.qself.is_none() && path.path.segments.iter().all(|segment| segment.arguments.is_none())
        }
        _ => false,
    };
    plain && matches!(class(ty), Class::Text | Class::Unknown)
}

fn inside(ty: &Type) -> &Type {
    match optional(ty).or_else(|| boxed(ty)) {
        Some(inner) => inside(inner),
        None => peeled(ty),
    }
}

/// Without parentheses, visible or not (`macro_rules!` puts invisible ones).
fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peeled(&group.elem),
        Type::Paren(paren) => peeled(&paren.elem),
        _ => ty,
    }
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn arguments(ty: &Type) -> Vec<&Type> {
    let Some(segment) = last_segment(ty) else { return Vec::new() };
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
