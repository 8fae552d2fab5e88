//! `ChatHandler`: the trait that the user implements, one method a variant.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use super::{Paths, stream};
use crate::ast::{Body, Call, Service};
use crate::names;

/// The trait, and its implementation for `Arc<T>`.
pub(super) fn items(service: &Service, paths: &Paths) -> [TokenStream; 2] {
    let Service { vis, ident, .. } = service;
    let (root, private) = (&paths.root, &paths.private);
    let handler = name(ident);
    let heading = format!("Answers the calls of [`{ident}`].");
    let (docs, others) = (&service.forward.docs, &service.forward.others);
    let docs = (!docs.is_empty()).then(|| quote!(#[doc = ""] #(#docs)*));
    let declared = service.calls.iter().map(|call| {
        let fallback = format!("Answers `{}`.", call.method.whole(&service.name));
        let docs = call.forward.or(&fallback);
        let signature = signature(service, call, paths);
        quote!(#docs #signature;)
    });
    let forwarded = service.calls.iter().map(|call| {
        let signature = signature(service, call, paths);
        let function = &call.function;
        let arguments = arguments(call).into_iter().map(|(name, _)| name);
        let streams = stream::arguments(call, paths).into_iter().map(|(name, _)| name);
        let context = context(call);
        let given = arguments.chain(streams);
        quote!(#signature { #handler::#function(&**self, #context, #(#given),*) })
    });
    let declaration = quote! {
        #[doc = #heading]
        #docs
        #(#others)*
        #[allow(dead_code, clippy::too_many_arguments)]
        #vis trait #handler: ::core::marker::Send + ::core::marker::Sync + 'static {
            /// What each call is given: who is calling, and what the server knows of that. An extractor may refuse.
            type Context: #root::Extract;
            #(#declared)*
        }
    };
    let forwarding = quote! {
        impl<__H: #handler> #handler for #private::Arc<__H> {
            type Context = __H::Context;
            #(#forwarded)*
        }
    };
    [declaration, forwarding]
}

/// `ChatHandler`
pub(super) fn name(service: &Ident) -> Ident {
    format_ident!("{}Handler", names::plain(service), span = service.span())
}

fn signature(service: &Service, call: &Call, paths: &Paths) -> TokenStream {
    let root = &paths.root;
    let function = &call.function;
    let context = context(call);
    let arguments = arguments(call).into_iter().map(|(name, ty)| quote!(#name: #ty));
    let streams = stream::arguments(call, paths).into_iter().map(|(name, ty)| quote!(#name: #ty));
    let arguments = arguments.chain(streams);
    let returns = returns(call);
    let error = error(service, call, paths);
    quote! {
        fn #function(&self, #context: Self::Context, #(#arguments),*)
            -> impl ::core::future::Future<Output = #root::Reply<#returns, #error>> + ::core::marker::Send
    }
}

/// The parameter that is given the context: `cx`, unless a field has that name.
fn context(call: &Call) -> Ident {
    free(call, ["cx", "context", "__cx"])
}

/// The first of `names` that no field has.
pub(super) fn free(call: &Call, names: [&str; 3]) -> Ident {
    let taken = |name: &str| call.body.fields().iter().any(|field| field.rust_name() == name);
    let [first, second, last] = names;
    format_ident!("{}", [first, second].into_iter().find(|name| !taken(name)).unwrap_or(last))
}

/// The arguments behind the context, of the handler and of the client.
pub(super) fn arguments(call: &Call) -> Vec<(Ident, Type)> {
    match &call.body {
        Body::Empty => Vec::new(),
        Body::Newtype(ty) => vec![(format_ident!("params"), (**ty).clone())],
        Body::Fields(fields) => fields.iter().map(|field| (field.ident.clone(), field.ty.clone())).collect(),
    }
}

/// The type of the result.
pub(super) fn returns(call: &Call) -> TokenStream {
    call.returns.as_ref().map_or_else(|| quote!(()), |ty| quote!(#ty))
}

/// The type of the call's errors.
pub(super) fn error(service: &Service, call: &Call, paths: &Paths) -> TokenStream {
    let root = &paths.root;
    let error = call.error.as_ref().or(service.error.as_ref());
    error.map_or_else(|| quote!(#root::NoError), |ty| quote!(#ty))
}
