//! Prints clients from a wirecall contract: TypeScript and Python, one file a service.
//!
//! The same contract always gives the same files, and they look as if a careful colleague had written them:
//! a formatter would not change a line.
//!
//! ```
//! use wirecall_codegen::{Language, Options, generate};
//! use wirecall_contract::Contract;
//!
//! let contract = Contract::from_json(r#"{ "wirecall": 1, "services": [
//!     { "name": "chat", "rust_name": "Chat", "side": "server", "calls": [] }
//! ] }"#)?;
//! let files = generate(&contract, &Options::new(Language::TypeScript))?;
//! assert_eq!(files[0].path, "chat.ts");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In a build script or a test: [`write()`] puts the files into a folder, [`check`] says how a folder differs
//! from what would be written. The command `wirecall generate` does nothing else.

mod error;
mod model;
mod output;
mod print;
mod python;
mod typescript;

pub use error::Error;
pub use output::{Difference, File, check, write};
use wirecall_contract::Contract;

/// A language that clients are printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Language {
    /// For `@wirecall/client`.
    TypeScript,
    /// For the package `wirecall`, Python 3.10 and later.
    Python,
}

/// What to print.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The language. No default.
    pub language: Language,
}

impl Options {
    /// The defaults for a language.
    pub fn new(language: Language) -> Self {
        Self { language }
    }
}

/// The files for a contract, sorted by path.
///
/// # Errors
///
/// [`Error`] where the contract contradicts itself: a type that it names and does not have, two services of one
/// name. A contract that was printed by the derive macros does neither.
pub fn generate(contract: &Contract, options: &Options) -> Result<Vec<File>, Error> {
    let model = model::Model::build(contract)?;
    let mut files = match options.language {
        Language::TypeScript => typescript::files(&model),
        Language::Python => python::files(&model),
    };
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
