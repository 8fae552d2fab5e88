//! `ChatClient`: the typed Rust client, one method a variant.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::params::Parameters;
use super::{Paths, handler, stream};
use crate::ast::{Call, Service};
use crate::check::types::convertible;
use crate::names;

/// The struct, and what is implemented for it.
pub(super) fn items(service: &Service, parameters: &[Parameters<'_>], paths: &Paths) -> [TokenStream; 2] {
    let Service { vis, ident, .. } = service;
    let root = &paths.root;
    let client = name(ident);
    let heading = format!("Calls [`{ident}`] at the other end of a connection.");
    let (docs, others) = (&service.forward.docs, &service.forward.others);
    let docs = (!docs.is_empty()).then(|| quote!(#[doc = ""] #(#docs)*));
    let declaration = quote! {
        #[doc = #heading]
        #docs
        #(#others)*
        #[allow(dead_code)]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #client {
            peer: #root::Peer,
        }
    };
    let methods = service
        .calls
        .iter()
        .zip(parameters)
        .map(|(call, parameters)| method(service, call, parameters, paths));
    let events = service.events.as_ref().map(|events| {
        quote! {
            /// The events that the server emits, from now on.
            #vis fn events(&self) -> #root::EventStream<#events> {
                __listen::<#ident>(&self.peer)
            }
        }
    });
    let implementation = quote! {
        #[allow(dead_code)]
        impl #client {
            /// A client that calls over `peer`.
            #vis fn new(peer: impl ::core::convert::Into<#root::Peer>) -> Self {
                Self { peer: ::core::convert::Into::into(peer) }
            }
            #(#methods)*
            #events
        }
        impl #root::ServiceClient for #client {
            type Service = #ident;
            fn from_peer(peer: #root::Peer) -> Self {
                Self { peer }
            }
        }
        impl ::core::convert::From<#root::Peer> for #client {
            fn from(peer: #root::Peer) -> Self {
                Self { peer }
            }
        }
    };
    [declaration, implementation]
}

/// `ChatClient`
fn name(service: &Ident) -> Ident {
    format_ident!("{}Client", names::plain(service), span = service.span())
}

fn method(service: &Service, call: &Call, parameters: &Parameters<'_>, paths: &Paths) -> TokenStream {
    let (root, vis, function) = (&paths.root, &service.vis, &call.function);
    let fallback = format!("Calls `{}`.", call.method.whole(&service.name));
    let docs = call.forward.or(&fallback);
    let arguments = handler::arguments(call).into_iter().map(|(name, ty)| {
        if convertible(&ty) { quote!(#name: impl ::core::convert::Into<#ty>) } else { quote!(#name: #ty) }
    });
    let params = parameters.make(|field| {
        let (name, ty) = match field {
            Some(field) => (field.ident.clone(), Some(&field.ty)),
            None => (format_ident!("params"), None),
        };
        let converts = match (ty, &call.body) {
            (Some(ty), _) => convertible(ty),
            (None, crate::ast::Body::Newtype(ty)) => convertible(ty),
            (None, _) => false,
        };
        if converts { quote!(::core::convert::Into::into(#name)) } else { quote!(#name) }
    });
    let (returns, error, send) = if call.notification {
        (quote!(()), quote!(#root::NoError), format_ident!("__notify"))
    } else {
        (handler::returns(call), handler::error(service, call, paths), format_ident!("__call"))
    };
    if call.streams.any() {
        let stream::Client { argument, returns, send, given } =
            stream::client(call, [&returns, &error], paths);
        let arguments = arguments.chain(argument);
        return quote! {
            #docs
            #vis fn #function(&self, #(#arguments),*) -> #returns {
                #send(&self.peer, &#params #given)
            }
        };
    }
    quote! {
        #docs
        #vis fn #function(&self, #(#arguments),*) -> #root::Pending<#returns, #error> {
            #send(&self.peer, &#params)
        }
    }
}
