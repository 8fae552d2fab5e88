//! What could not be done, and what to do about it.

use std::io;
use std::path::PathBuf;

use wirecall_contract::ParseError;

/// Why the command ends with code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(
        "nothing to write: name a folder with --typescript DIR, --python DIR or both, or once and for all in {place}:\n\n    [package.metadata.wirecall]\n    typescript = \"web/src/rpc\"\n    python = \"bots/rpc\""
    )]
    NoFolder { place: String },
    #[error(transparent)]
    Codegen(#[from] wirecall_codegen::Error),
    #[error("cannot print: {0}")]
    Print(io::Error),

    #[error("cannot read the contract {}: {source}; write one with `wirecall contract > {}`", path.display(), path.display())]
    ReadContract { path: PathBuf, source: io::Error },
    #[error("{origin}: {source}")]
    BadContract { origin: String, source: ParseError },

    #[error(
        "cannot run cargo: {0}; install Rust from https://rustup.rs, or give --contract FILE or --url URL"
    )]
    NoCargo(io::Error),
    #[error(
        "cargo finds no package here:\n{0}\nRun this in the folder of a crate, or give --manifest-path, --contract or --url"
    )]
    Metadata(String),
    #[error(
        "this workspace has several packages, and {}: choose one with --manifest-path, such as --manifest-path {example}",
        if *marked { "more than one names services" } else { "none names services in [package.metadata.wirecall]" }
    )]
    WhichPackage { marked: bool, example: String },
    #[error(
        "{manifest}: the package `{package}` has no library, and a contract is read from one: move the services from src/main.rs to src/lib.rs and `use {package}::…` in main.rs, or give --contract or --url"
    )]
    NoLibrary { package: String, manifest: String },
    #[error(
        "{manifest}: no service is named. Add\n\n    [package.metadata.wirecall]\n    services = [{example}]\n\n(paths from the crate's root), or name it here: --service {first}"
    )]
    NoServices { manifest: String, example: String, first: String },
    #[error("{manifest}: [package.metadata.wirecall] {key} must be {wanted}")]
    BadMetadata { manifest: String, key: &'static str, wanted: &'static str },
    #[error("`{0}` is no path of a service: write it from the crate's root, such as `Chat` or `api::Chat`")]
    BadPath(String),
    #[error(
        "`{path}` is not in the library of `{package}`, or not public there: check the name, write the path from the crate's root (such as `api::Chat`), and make the enum and its modules `pub`"
    )]
    NoService { path: String, package: String },
    #[error("`{path}` in `{package}` is no service: put #[derive(wirecall::Service)] on the enum")]
    NotAService { path: String, package: String },
    #[error("`{package}` does not compile: mend the errors above, then run this again")]
    Compile { package: String },
    #[error("the program that prints the contract of `{package}` failed: {what}")]
    Run { package: String, what: String },
    #[error("cannot write {}: {source}; the contract of a crate is printed by a small crate in its target folder", path.display())]
    WriteRunner { path: PathBuf, source: io::Error },

    #[error("`{url}` is no address of a WebSocket server: {why}")]
    BadUrl { url: String, why: String },
    #[error("no server answers at {url}: {why}; is it running, and is this the path that it serves?")]
    NoServer { url: String, why: String },
    #[error(
        "the server at {url} does not expose its contract: build it with `.expose_contract()`, or give --contract or a crate"
    )]
    NotExposed { url: String },
    #[error("the server at {url} refuses to tell its contract: {why}")]
    Refused { url: String, why: String },
}
