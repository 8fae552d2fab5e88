//! The contract of what is mounted, printed once when the server is built.

use crate::contract::{Builder, Contract, Service as Description, Side};
use crate::service::Service;

/// How to describe one mounted service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContractSource {
    pub(crate) name: &'static str,
    pub(crate) side: Side,
    describe: fn(&mut Builder) -> Description,
}

impl ContractSource {
    pub(crate) fn of<S: Service>() -> Self {
        Self { name: S::NAME, side: S::SIDE, describe: S::service }
    }

    /// The contract of several services.
    pub(crate) fn contract(sources: &[Self]) -> Contract {
        let mut builder = Builder::new();
        for source in sources {
            let service = (source.describe)(&mut builder);
            builder.service(service);
        }
        builder.build()
    }
}
