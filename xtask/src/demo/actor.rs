//! A child whose lines are shown under its name.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::process::{Ending, Owned};

/// A running program of the demo.
#[derive(Debug)]
pub(super) struct Actor {
    name: &'static str,
    child: Owned,
    /// One for each of its outputs; they end when the outputs do.
    echoes: Vec<JoinHandle<()>>,
}

impl Actor {
    /// Starts `command` and shows its output, each line after `name`.
    pub(super) fn start(name: &'static str, command: &mut Command) -> Result<Self, String> {
        Self::watched(name, command, |_| {})
    }

    /// As [`Actor::start`]; `watch` is also given each line of standard output.
    pub(super) fn watched(
        name: &'static str,
        command: &mut Command,
        watch: impl FnMut(&str) + Send + 'static,
    ) -> Result<Self, String> {
        let mut child = Owned::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let stdout = child.stdout.take().map(|output| echo(name, output, watch));
        let stderr = child.stderr.take().map(|output| echo(name, output, |_| {}));
        Ok(Self { name, child, echoes: stdout.into_iter().chain(stderr).collect() })
    }

    /// Waits for the program's own end, at most `limit`.
    pub(super) fn finish(self, limit: Duration) -> Result<(), String> {
        let ending = self.child.wait(limit);
        // Its last lines come before what is said of it.
        for echo in self.echoes {
            drop(echo.join());
        }
        match ending {
            Ending::Success => Ok(()),
            Ending::Failure(how) => Err(format!("{}: {how}", self.name)),
        }
    }

    /// Interrupts the program and waits for its end, at most `limit`; it has to end well.
    pub(super) fn interrupt(self, limit: Duration) -> Result<(), String> {
        self.child.interrupt();
        self.finish(limit)
    }
}

/// Prints what a program writes, line by line, until it closes the output.
fn echo(
    name: &'static str,
    output: impl Read + Send + 'static,
    mut watch: impl FnMut(&str) + Send + 'static,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { break };
            println!("{name:>6} | {line}");
            watch(&line);
        }
    })
}
