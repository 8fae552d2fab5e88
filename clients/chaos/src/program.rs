//! A child whose lines are read, that is told to stop by a line, and that does not outlive this program.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A running program.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self, String> {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = piped.spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
        let output = child.stdout.take().ok_or_else(|| format!("{name} has no output"))?;
        let input = child.stdin.take();
        Ok(Self { name: name.to_owned(), child, input, lines: BufReader::new(output).lines() })
    }

    /// Its number, by which the system tells of its memory.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// The rest of the next line that begins like this, within that time.
    pub(crate) async fn line(&mut self, beginning: &str, limit: Duration) -> Result<String, String> {
        let awaited = async {
            loop {
                match self.lines.next_line().await {
                    Ok(Some(line)) => {
                        if let Some(rest) = line.strip_prefix(beginning) {
                            return Ok(rest.to_owned());
                        }
                    }
                    Ok(None) => return Err(format!("{} ended without printing `{beginning}`", self.name)),
                    Err(error) => return Err(format!("{}: {error}", self.name)),
                }
            }
        };
        let line = tokio::time::timeout(limit, awaited).await;
        line.unwrap_or_else(|_| Err(format!("{} did not print `{beginning}` in time", self.name)))
    }

    /// Asks it to stop.
    pub(crate) async fn stop(&mut self) -> Result<(), String> {
        let Some(mut input) = self.input.take() else { return Ok(()) };
        let told = input.write_all(b"stop\n").await;
        told.map_err(|error| format!("{} cannot be told to stop: {error}", self.name))
    }
}

/// The memory of a process that is in use, in bytes; 0 where the system does not tell.
pub(crate) fn resident(id: Option<u32>) -> u64 {
    let status = id.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/status")).ok());
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
