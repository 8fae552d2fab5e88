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
//! [`write()`] puts the files into a folder, [`check`] says how a folder differs from what would be written; the
//! command `wirecall generate` does nothing else. A test keeps the clients of a crate up to date without it:
//!
//! ```no_run
//! # use wirecall_codegen::{Language, Options, check, generate};
//! # struct Chat; // Stands for an enum that derives `wirecall::Service`.
//! # impl Chat { fn contract() -> wirecall_contract::Contract { wirecall_contract::Builder::new().build() } }
//! let files = generate(&Chat::contract(), &Options::new(Language::Python))?;
//! assert_eq!(check("clients/python".as_ref(), &files)?, []);
//! # Ok::<(), wirecall_codegen::Error>(())
//! ```
//!
//! # What becomes of a type
//!
//! - A name is declared once, for both directions, in the form in which the server writes it. Only where the two
//!   forms differ in a way that a language must show (a field with a default, one that is only read or only
//!   written) there is a second, `MessageInput`, for what the server reads. An `Option` is no such difference.
//! - What users wrote keeps its name: where it is taken, imports are renamed (`Client as WirecallClient`),
//!   parameters get `Params`, errors the name of their set, and what is left a number.
//! - Python's types are what msgspec decodes without a hook: a union with a tag is a union of classes with that
//!   tag; one that msgspec cannot tell apart is one class with the fields of all alternatives, of which those
//!   that are not there are `UNSET`.
//! - A type that two services use is in both TypeScript files, since TypeScript compares structure, and in the
//!   Python module `messages`, since Python compares names.

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
