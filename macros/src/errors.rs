//! Collects what is wrong with the user's input, so that all mistakes of a type are told at once.

use std::cell::{Cell, RefCell};
use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// All mistakes found so far, each on the token that is wrong.
#[derive(Default)]
pub(crate) struct Errors {
    found: RefCell<Vec<syn::Error>>,
    /// Whether what would be emitted despite the mistakes would only cause more messages.
    stop: Cell<bool>,
}

impl Errors {
    /// Notes a mistake on `tokens`.
    pub(crate) fn on(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Notes a mistake at `span`.
    pub(crate) fn at(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Notes a mistake that syn found.
    pub(crate) fn push(&self, error: syn::Error) {
        self.found.borrow_mut().push(error);
    }

    /// Notes the mistake, if there is one, and returns the value otherwise.
    pub(crate) fn keep<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// How many mistakes were found so far.
    pub(crate) fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// Whether a mistake was found after which nothing is emitted.
    pub(crate) fn stopped(&self) -> bool {
        self.stop.get()
    }

    /// Notes a mistake after which nothing is emitted.
    pub(crate) fn stop(&self, tokens: impl ToTokens, message: impl Display) {
        self.on(tokens, message);
        self.stop.set(true);
    }

    /// The mistakes as `compile_error!` calls, beside the `expansion` where that causes no further messages: a
    /// handler or a client elsewhere then still finds what it names.
    pub(crate) fn beside(self, expansion: Option<TokenStream>) -> TokenStream {
        let expansion = expansion.filter(|_| !self.stop.get());
        let mut tokens: TokenStream =
            self.found.into_inner().into_iter().map(syn::Error::into_compile_error).collect();
        tokens.extend(expansion);
        tokens
    }
}
