//! The command `wirecall`: prints clients, or the contract they are printed from.
//!
//! It ends with 0 when all is done, with 1 when `--check` found differences, and with 2 when something could not
//! be done; the message then says what to do.

mod arguments;
mod failure;
mod generate;
mod source;

use std::io::Write;
use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Failure;

/// `--check` found differences.
const DIFFERENT: u8 = 1;
/// Something could not be done. Wrong usage has this code too, by clap's custom.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Contract(arguments) => print_contract(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(DIFFERENT),
        Err(failure) => {
            // With standard error closed there is nobody to tell; the exit code remains.
            drop(writeln!(std::io::stderr(), "wirecall: {failure}"));
            ExitCode::from(FAILED)
        }
    }
}

fn print_contract(arguments: &arguments::Contract) -> Result<bool, Failure> {
    let contract = source::contract(&arguments.source)?.contract;
    std::io::stdout().write_all(contract.to_json().as_bytes()).map_err(Failure::Print)?;
    Ok(true)
}
