//! What every call of one side shares: the layers, and what becomes of unexpected failures.

use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::context::incident;
use super::layer::Layers;
use crate::message::{ErrorKind, RpcError};

/// What every call of one side shares.
pub(crate) struct Environment {
    pub(crate) layers: Layers,
    /// Told of every unexpected failure: the method, the incident id, the cause.
    pub(crate) on_error: Vec<ErrorHook>,
    /// The time limit of calls that have none.
    pub(crate) default_timeout: Duration,
}

/// A hook for unexpected failures.
pub(crate) type ErrorHook = Box<dyn Fn(&Incident<'_>) + Send + Sync>;

/// An unexpected failure of a handler. Given to `on_error`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Incident<'a> {
    /// The method whose handler failed.
    pub method: &'a str,
    /// The id that the caller was told, `details.incident`.
    pub id: &'a str,
    /// What happened. Nothing of it leaves this process.
    pub cause: &'a (dyn StdError + Send + Sync + 'static),
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

impl Environment {
    /// Logs an unexpected failure and gives the error that the caller may read.
    #[cold]
    pub(crate) fn incident(&self, method: &str, cause: &(dyn StdError + Send + Sync + 'static)) -> RpcError {
        let id = incident();
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(cause) = source {
            chain = format!("{chain}: {cause}");
            source = cause.source();
        }
        tracing::error!(target: "wirecall", method, incident = %id, cause = %chain, "a handler failed");
        for hook in &self.on_error {
            let told = catch_unwind(AssertUnwindSafe(|| hook(&Incident { method, id: &id, cause })));
            if told.is_err() {
                tracing::error!(target: "wirecall", incident = %id, "an on_error hook panicked");
            }
        }
        RpcError::new(ErrorKind::InternalError, "the server failed unexpectedly")
            .with_details(serde_json::json!({ "incident": id }))
    }
}
