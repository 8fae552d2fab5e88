//! What a call streams, beside its parameters and its result.

use syn::{LitStr, Type};

use crate::attr::rpc::{CallOptions, Side};
use crate::check::{self, service::Named};
use crate::errors::Errors;

/// What a call streams; a call without streams has neither type.
#[derive(Default)]
pub(crate) struct Streams {
    /// What it answers with, before its result.
    pub(crate) items: Option<Type>,
    /// What it takes, beside its parameters.
    pub(crate) chunks: Option<Type>,
    pub(crate) subscription: Option<Subscription>,
}

/// The names that existing publish/subscribe clients know a stream by.
pub(crate) struct Subscription {
    /// The method of the notifications that carry the items.
    pub(crate) notification: LitStr,
    /// The method of the call that ends it.
    pub(crate) unsubscribe: LitStr,
}

impl Streams {
    /// What the options say, as far as it makes sense.
    pub(super) fn read(options: &CallOptions, side: Side, errors: &Errors) -> Self {
        if !check::stream::options(options, side, errors) {
            return Self::default();
        }
        let ty = |given: &Option<(_, Type)>| given.as_ref().map(|(_, ty)| ty.clone());
        let streams = Self {
            items: ty(&options.stream),
            chunks: ty(&options.upload),
            subscription: options.subscription.clone().map(|(_, [notification, unsubscribe])| {
                check::names::method(&notification, errors);
                check::names::method(&unsubscribe, errors);
                Subscription { notification, unsubscribe }
            }),
        };
        for ty in streams.items.iter().chain(&streams.chunks) {
            check::types::owned(ty, false, errors);
        }
        streams
    }

    /// Whether there are any.
    pub(crate) fn any(&self) -> bool {
        self.items.is_some() || self.chunks.is_some()
    }

    /// Notes a mistake where the call that ends it is declared as one of the service's own.
    pub(super) fn apart_from(&self, calls: &[Named<'_>], errors: &Errors) {
        let Some(subscription) = &self.subscription else { return };
        let unsubscribe = subscription.unsubscribe.value();
        if let Some(call) = calls.iter().find(|call| call.wire == unsubscribe) {
            let variant = call.variant;
            errors.on(
                &subscription.unsubscribe,
                format!("`{variant}` has this name already; `unsubscribe` is answered for you: remove the variant, or rename one"),
            );
        }
    }
}
