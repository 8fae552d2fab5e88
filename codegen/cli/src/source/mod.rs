//! Where a contract comes from: a crate, a file or a server.

mod package;
mod runner;
mod server;

use std::path::{Path, PathBuf};

use wirecall_contract::Contract;

use crate::arguments::Source;
use crate::failure::Failure;

/// A contract, and what its source says of folders.
#[derive(Debug)]
pub(crate) struct Sourced {
    pub(crate) contract: Contract,
    /// Folder for TypeScript, where the crate's manifest names one.
    pub(crate) typescript: Option<PathBuf>,
    /// Folder for Python, where the crate's manifest names one.
    pub(crate) python: Option<PathBuf>,
    /// The crate's manifest, where it is a crate.
    pub(crate) manifest: Option<PathBuf>,
}

/// Gets the contract.
pub(crate) fn contract(source: &Source) -> Result<Sourced, Failure> {
    let contract = match (&source.contract, &source.url) {
        (Some(path), _) => read(path)?,
        (None, Some(url)) => server::contract(url)?,
        (None, None) => return from_crate(source),
    };
    Ok(Sourced { contract, typescript: None, python: None, manifest: None })
}

fn from_crate(source: &Source) -> Result<Sourced, Failure> {
    let package = package::find(source.manifest_path.as_deref(), &source.service)?;
    let contract = runner::contract(&package, &source.features)?;
    Ok(Sourced {
        contract,
        typescript: package.typescript,
        python: package.python,
        manifest: Some(package.manifest),
    })
}

fn read(path: &Path) -> Result<Contract, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Failure::ReadContract { path: path.to_owned(), source })?;
    Contract::from_json(&text)
        .map_err(|source| Failure::BadContract { origin: path.display().to_string(), source })
}
