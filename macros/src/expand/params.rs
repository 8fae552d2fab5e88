//! The hidden struct that carries a variant's parameters, with all that the runtime wants of it.
//!
//! It is generic over the user's enum, which says through a local trait what the types of the fields are. The struct and
//! its derives know only that these are messages; a field that is none is one error, at the line `type room = …`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;

use super::{Paths, place, rules};
use crate::ast::{Body, Field};
use crate::check::types;
use crate::names::{self, Case};

/// What is written for the parameters of one variant.
pub(super) struct Parameters<'a> {
    paths: &'a Paths,
    /// The user's enum.
    owner: &'a Ident,
    body: &'a Body,
    pub(super) case: Option<Case>,
    pub(super) positional: bool,
    pub(super) deny_unknown_fields: bool,
    /// `__PostParams`
    pub(super) ident: Ident,
    /// `__PostTypes`
    pub(super) types: Ident,
}

impl<'a> Parameters<'a> {
    pub(super) fn new(
        paths: &'a Paths,
        owner: &'a Ident,
        variant: &Ident,
        body: &'a Body,
        case: Option<Case>,
    ) -> Self {
        let name = names::plain(variant);
        Self {
            paths,
            owner,
            body,
            case,
            positional: false,
            deny_unknown_fields: false,
            ident: format_ident!("__{name}Params"),
            types: format_ident!("__{name}Types"),
        }
    }

    /// `__PostParams::<Chat>`
    pub(super) fn ty(&self) -> TokenStream {
        let Self { ident, owner, .. } = self;
        quote!(#ident::<#owner>)
    }

    /// An expression that makes the parameters; `value` gives that of a field, or of the message (`None`).
    pub(super) fn make(&self, value: impl Fn(Option<&Field>) -> TokenStream) -> TokenStream {
        let ty = self.ty();
        match self.body {
            Body::Newtype(_) => {
                let value = value(None);
                quote!(#ty { body: #value })
            }
            body => {
                let fields = body.fields().iter().map(|field| {
                    let ident = &field.ident;
                    let value = value(Some(field));
                    quote!(#ident: #value)
                });
                let marker = self.marked().then(|| quote!(__marker: ::core::marker::PhantomData));
                let fields = fields.chain(marker);
                quote!(#ty { #(#fields),* })
            }
        }
    }

    /// The values in `params` as the user's fields: an expression each.
    pub(super) fn take(&self, params: &Ident) -> Vec<TokenStream> {
        match self.body {
            Body::Newtype(_) => vec![quote!(#params.body)],
            body => {
                body.fields().iter().map(|field| &field.ident).map(|ident| quote!(#params.#ident)).collect()
            }
        }
    }

    /// The items: the local trait, what the user's enum says through it, the struct, and `Params` for it.
    ///
    /// `more` adds associated types: name, bound, value.
    pub(super) fn items(&self, more: &[(Ident, TokenStream, Type)]) -> TokenStream {
        let [types, structure, params] = [self.types_items(more), self.structure(), self.params()];
        quote!(#types #structure #params)
    }

    fn types_items(&self, more: &[(Ident, TokenStream, Type)]) -> TokenStream {
        let Self { owner, types, .. } = self;
        let root = &self.paths.root;
        let mut declared = Vec::new();
        let mut given = Vec::new();
        for (name, bound, ty) in self.messages() {
            declared.push(quote!(type #name: #bound;));
            given.push(quote_spanned!(place(ty)=> type #name = #ty;));
        }
        for (name, bound, ty) in more {
            declared.push(quote!(type #name: #bound;));
            given.push(quote_spanned!(place(ty)=> type #name = #ty;));
        }
        for field in self.body.fields().iter().filter(|field| !field.rules.is_empty()) {
            let (name, ty) = (check_name(field), &field.ty);
            let at = format_ident!("at");
            let checks = rules::run(&field.rules, ty, &quote!(value), &at, self.paths);
            let generic = Self::member_type(field, &quote!(Self));
            declared.push(quote!(fn #name(value: &#generic, at: &mut #root::Checker<'_>);));
            given.push(quote!(fn #name(value: &#ty, #at: &mut #root::Checker<'_>) { #checks }));
        }
        let object = match self.body {
            Body::Newtype(ty) => {
                declared.push(quote!(const OBJECT: bool = <Self::body as #root::Message>::OBJECT;));
                let message = "what is carried alone must be a message with named fields: name the value, `{{ value: … }}`";
                Some(
                    quote_spanned!(place(ty)=> const _: () = ::core::assert!(<#owner as #types>::OBJECT, #message);),
                )
            }
            _ => None,
        };
        quote! {
            trait #types: 'static {
                #(#declared)*
            }
            impl #types for #owner {
                #(#given)*
            }
            #object
        }
    }

    /// The types that have to be messages: name, bound, type.
    fn messages(&self) -> Vec<(Ident, TokenStream, &Type)> {
        let root = &self.paths.root;
        let message = quote!(#root::Message);
        match self.body {
            Body::Empty => Vec::new(),
            Body::Newtype(ty) => vec![(format_ident!("body"), message, &**ty)],
            Body::Fields(fields) => {
                let shielded = fields.iter().filter(|field| !field.custom);
                shielded
                    .map(|field| {
                        let inner = types::optional(&field.ty);
                        let default =
                            (field.default && inner.is_none()).then(|| quote!(+ ::core::default::Default));
                        (field.ident.clone(), quote!(#message #default), inner.unwrap_or(&field.ty))
                    })
                    .collect()
            }
        }
    }

    /// Whether the struct knows the field's type only as a message (or as an option of one). Functions that the user
    /// named in serde's attributes want the type itself.
    fn shielded(field: &Field) -> bool {
        !field.custom && (!field.functions || field.optional())
    }

    /// The type of the struct's field; `owner` is who says what the types are.
    fn member_type(field: &Field, owner: &TokenStream) -> TokenStream {
        let (ident, ty) = (&field.ident, &field.ty);
        if !Self::shielded(field) {
            return quote!(#ty);
        }
        types::around_optional(ty, &quote!(#owner::#ident)).unwrap_or_else(|| quote!(#owner::#ident))
    }

    /// Whether no field makes use of the struct's parameter.
    fn marked(&self) -> bool {
        match self.body {
            Body::Newtype(_) => false,
            body => !body.fields().iter().any(Self::shielded),
        }
    }

    fn structure(&self) -> TokenStream {
        let Self { ident, types, .. } = self;
        let private = &self.paths.private;
        let (serde, schemars) = (self.paths.text("serde"), self.paths.text("schemars"));
        let case = self.case.map(|case| {
            let name = case.name();
            quote!(rename_all = #name,)
        });
        let deny = self.deny_unknown_fields.then(|| quote!(deny_unknown_fields,));
        let transparent = matches!(self.body, Body::Newtype(_)).then(|| quote!(transparent,));
        let fields = match self.body {
            Body::Newtype(_) => vec![quote!(body: __Of::body)],
            body => body.fields().iter().map(Self::member).collect(),
        };
        let marker =
            self.marked().then(|| quote!(#[serde(skip)] __marker: ::core::marker::PhantomData<fn() -> __Of>));
        let fields = fields.into_iter().chain(marker);
        quote! {
            #[derive(#private::serde::Serialize, #private::serde::Deserialize, #private::schemars::JsonSchema)]
            #[serde(crate = #serde, bound = "", #case #deny #transparent)]
            #[schemars(crate = #schemars, bound = "")]
            struct #ident<__Of: #types> {
                #(#fields),*
            }
        }
    }

    fn member(field: &Field) -> TokenStream {
        let (ident, docs, formats) = (&field.ident, &field.forward.docs, &field.formats);
        // A parameter that may be null may also be left out, by position too.
        let default =
            (field.optional() && !field.default && !field.custom).then(|| quote!(#[serde(default)]));
        let ty = Self::member_type(field, &quote!(__Of));
        quote!(#(#docs)* #(#formats)* #default #ident: #ty)
    }

    fn params(&self) -> TokenStream {
        let Self { ident, types, .. } = self;
        let (root, private) = (&self.paths.root, &self.paths.private);
        let check = self.check();
        let describe = self.describe();
        let unused = check.is_empty().then(|| quote!(let _ = at;));
        quote! {
            impl<__Of: #types> #private::Params for #ident<__Of> {
                fn check(&self, at: &mut #root::Checker<'_>) {
                    #unused
                    #check
                }
                fn params(
                    builder: &mut #private::contract::Builder,
                    side: #private::contract::Side,
                ) -> #private::contract::Params {
                    #describe
                }
            }
        }
    }

    fn check(&self) -> TokenStream {
        let root = &self.paths.root;
        let fields = match self.body {
            Body::Newtype(_) => return quote!(#root::Message::check(&self.body, at);),
            body => body.fields(),
        };
        let checks = fields.iter().map(|field| {
            let (ident, wire) = (&field.ident, &field.wire);
            let rules = (!field.rules.is_empty()).then(|| {
                let name = check_name(field);
                quote!(__Of::#name(&self.#ident, at);)
            });
            let message = (!field.custom).then(|| quote!(#root::Message::check(&self.#ident, at);));
            if rules.is_none() && message.is_none() {
                return TokenStream::new();
            }
            quote!(at.field(#wire, |at| { #rules #message });)
        });
        checks.collect()
    }

    fn describe(&self) -> TokenStream {
        let (root, private) = (&self.paths.root, &self.paths.private);
        let positional = self.positional;
        let fields = match self.body {
            Body::Newtype(_) => quote! {
                {
                    let mut alone = #private::contract::Builder::new();
                    <__Of::body as #root::Message>::describe(&mut alone);
                    let name = <__Of::body as #private::schemars::JsonSchema>::schema_name();
                    let info = alone.build().types.remove(&*name);
                    info.map(|info| info.fields).unwrap_or_default()
                }
            },
            body => super::contract::fields(body.fields(), self.paths),
        };
        let messages = self.messages();
        let describes =
            messages.iter().map(|(name, ..)| quote!(<__Of::#name as #root::Message>::describe(builder);));
        let constrain = self.body.fields().iter().flat_map(|field| {
            let wire = &field.wire;
            let rules = rules::data(&field.rules, self.paths);
            rules
                .into_iter()
                .map(move |rule| quote!(#private::contract::Builder::constrain(&mut schema, #wire, &#rule);))
        });
        let constrain: Vec<TokenStream> = constrain.collect();
        let mutable = (!constrain.is_empty()).then(|| quote!(mut));
        quote! {
            #(#describes)*
            let #mutable schema = match side {
                #private::contract::Side::Server => builder.input_body::<Self>(),
                #private::contract::Side::Client => builder.output_body::<Self>(),
            };
            #(#constrain)*
            #private::contract::Params { fields: #fields, schema, positional: #positional }
        }
    }
}

fn check_name(field: &Field) -> Ident {
    format_ident!("check_{}", field.rust_name())
}
