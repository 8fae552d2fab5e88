//! `cargo xtask`: the repository's own commands, so that a fresh machine needs no other instructions than two lines of the README.
//!
//! `cargo xtask test` is the one gate, `cargo xtask demo` shows the chat example at work. Exit codes: 0 all well, 1 something
//! failed, 2 the command line or the machine has to change first.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output is its purpose")]

mod arguments;
mod demo;
mod echo;
mod fuzz;
mod gate;
mod living;
mod package;
mod parts;
mod plan;
mod process;
mod report;
mod setup;
#[cfg(test)]
mod tidy;
mod workspace;

use std::process::ExitCode;

use arguments::Command;

fn main() -> ExitCode {
    if let Err(error) = living::stop_all_when_interrupted() {
        eprintln!("xtask: cannot listen for Ctrl-C: {error}");
        return ExitCode::from(2);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = match arguments::parse(&arguments) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("xtask: {message}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    match command {
        Command::Test(choice) => gate::run(parts::TEST, &choice),
        Command::Full(choice) => gate::run(parts::FULL, &choice),
        Command::Demo { once } => demo::run(once),
        Command::Fuzz { seconds, only } => fuzz::run(seconds, &only),
        Command::Chaos(arguments) => gate::chaos(&arguments),
        Command::Package => package::run(),
        Command::Help => {
            println!("{}\n\n{}", arguments::USAGE, report::parts(&[parts::TEST, parts::FULL].concat()));
            ExitCode::SUCCESS
        }
    }
}
