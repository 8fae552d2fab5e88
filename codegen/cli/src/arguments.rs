//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Typed RPC over WebSocket from annotated Rust enums.
#[derive(Debug, Parser)]
#[command(name = "wirecall", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write TypeScript and Python clients
    Generate(Generate),
    /// Print the contract as JSON
    Contract(Contract),
}

/// Where clients go.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 done, 1 --check found differences, 2 something could not be done.")]
pub(crate) struct Generate {
    /// Folder for TypeScript; default: `typescript` of [package.metadata.wirecall]
    #[arg(long, value_name = "DIR")]
    pub(crate) typescript: Option<PathBuf>,
    /// Folder for Python; default: `python` of [package.metadata.wirecall]
    #[arg(long, value_name = "DIR")]
    pub(crate) python: Option<PathBuf>,
    /// Write nothing, and fail when files differ
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) source: Source,
}

/// Where the contract comes from.
#[derive(Debug, Args)]
pub(crate) struct Contract {
    #[command(flatten)]
    pub(crate) source: Source,
}

/// The source of the contract: a crate, unless a file or a server is named.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// Cargo.toml of the library crate; default: that of this folder
    #[arg(long, value_name = "PATH", help_heading = "Contract from a crate")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Service, by its path from the crate's root (repeatable); default: `services` of [package.metadata.wirecall]
    #[arg(long, value_name = "PATH", help_heading = "Contract from a crate")]
    pub(crate) service: Vec<String>,
    /// Features of the crate to turn on, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Contract from a crate")]
    pub(crate) features: Vec<String>,
    /// Contract from a file that `wirecall contract` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["manifest_path", "service", "features", "url"])]
    pub(crate) contract: Option<PathBuf>,
    /// Contract from a running server that exposes it (ws://…)
    #[arg(long, value_name = "URL", conflicts_with_all = ["manifest_path", "service", "features"])]
    pub(crate) url: Option<String>,
}
