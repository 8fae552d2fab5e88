//! What can go wrong between a contract and files.

use std::io;
use std::path::PathBuf;

/// Why files could not be printed, written or compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The contract names a type that it does not hold. Print the contract again with `wirecall contract`.
    #[error(
        "service `{by}` uses the type `{name}`, which is not in the contract; print the contract again with `wirecall contract`"
    )]
    MissingType {
        /// The type.
        name: String,
        /// The service that uses it.
        by: String,
    },
    /// Two services have one name on the wire. Rename one with `#[rpc(name = "…")]`.
    #[error("two services have the name `{0}`; rename one of them with #[rpc(name = \"…\")]")]
    DuplicateService(String),
    /// A file or folder could not be read. Look at its permissions.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder could not be written. Look at its permissions, and whether it is a folder.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
