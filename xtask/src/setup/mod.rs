//! What the tests need on a machine that has only Rust, Node and Python: looked for, and installed where that is allowed.

mod debian;
mod npm;
mod python;
mod version;

use crate::parts::Need;

/// Looks for the programs behind `needs` and, as root on Debian, installs those that are missing.
///
/// # Errors
///
/// What is missing and the command that installs it, for a person who may.
pub(crate) fn machine(needs: &[Need]) -> Result<(), String> {
    debian::install(needs)?;
    version::programs(needs)
}

/// Installs the npm packages and the virtual environment behind `needs`, where they are not up to date.
pub(crate) fn packages(needs: &[Need]) -> Result<(), String> {
    // Both are tried, so that one that fails keeps only its own parts from running.
    let node = if needs.contains(&Need::Node) { npm::install() } else { Ok(()) };
    let python = if needs.contains(&Need::Python) { python::install() } else { Ok(()) };
    let failed: Vec<String> = [node, python].into_iter().filter_map(Result::err).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}
