//! Runs the parts of a table one after another, all of them whatever fails, and says what came out.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::arguments::Choice;
use crate::echo::{self, Echo};
use crate::parts::{self, Need, Part, Step, Work};
use crate::plan::{self, Planned};
use crate::process::{Ending, Owned};
use crate::report::{self, Row, Verdict};
use crate::{demo, setup, workspace};

/// No single command takes longer than this on two cores; one that does hangs, and is stopped so that the rest is still seen.
const STEP_LIMIT: Duration = Duration::from_mins(15);

/// Runs what `choice` chooses of `parts` and prints the table.
pub(crate) fn run(parts: &[Part], choice: &Choice) -> ExitCode {
    let plan = match plan::plan(parts, choice) {
        Ok(plan) => plan,
        Err(message) => {
            eprintln!("xtask: {message}");
            return ExitCode::from(2);
        }
    };
    let needs = plan::needs(parts, choice, &plan);
    // Said before anything is run or installed: no part can help here, a person has to.
    if let Err(message) = setup::machine(&needs) {
        eprintln!("xtask: {message}");
        return ExitCode::from(2);
    }
    let rows: Vec<Row> = plan.iter().map(|planned| row(planned, &needs)).collect();
    println!("{}{}", report::failures(&rows), report::table(&rows));
    if rows.iter().any(|row| matches!(row.verdict, Verdict::Failed(_))) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Cuts connections under every client, with these arguments for the program that does it.
pub(crate) fn chaos(arguments: &[String]) -> ExitCode {
    let needs = [Need::Node, Need::Python];
    let ready = setup::machine(&needs).and_then(|()| setup::packages(&needs));
    if let Err(message) = ready {
        eprintln!("xtask: {message}");
        return ExitCode::from(2);
    }
    let [programs, crates, run] = &parts::CHAOS;
    let line = [&[run.line.to_owned()], arguments].concat().join(" ");
    let limit = Duration::from_hours(24);
    let built = [programs, crates].into_iter().all(|step| told(&step_done(step)));
    if built && told(&run_within(run.folder, &line, limit)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(planned: &Planned, needs: &[Need]) -> Row {
    let part = &planned.part;
    println!("{}", report::heading(part));
    let started = Instant::now();
    let verdict = match planned.skipped_for {
        Some(reason) => {
            println!("skipped, --without {reason}");
            Verdict::Skipped(reason)
        }
        None => match work(part, needs) {
            failures if failures.is_empty() => Verdict::Passed,
            failures => Verdict::Failed(failures),
        },
    };
    let took = started.elapsed();
    println!("{}: {:.1} s", part.name, took.as_secs_f64());
    Row { part: part.name, took, verdict }
}

/// Does a part's work, and says what of it failed.
fn work(part: &Part, needs: &[Need]) -> Vec<String> {
    let done = match part.work {
        Work::Setup => vec![heard(setup::packages(needs))],
        Work::Demo => vec![heard(demo::once())],
        // All of them, also after one has failed, which is told where it stands.
        Work::Steps(steps) => steps.iter().map(|step| heard(step_done(step))).collect(),
    };
    done.into_iter().filter_map(Result::err).collect()
}

fn heard(done: Result<(), String>) -> Result<(), String> {
    told(&done);
    done
}

/// Whether it is done; where it is not, the first line of the reason is shown.
fn told(done: &Result<(), String>) -> bool {
    if let Err(message) = done {
        eprintln!("FAILED: {}", message.lines().next().unwrap_or_default());
    }
    done.is_ok()
}

fn step_done(step: &Step) -> Result<(), String> {
    let line = match step.without_nextest {
        Some(line) if !workspace::succeeds(".", "cargo", &["nextest", "--version"]) => line,
        _ => step.line,
    };
    run_line(step.folder, line)
}

/// Runs one command line in a folder, showing the command first and its output as it comes.
pub(crate) fn run_line(folder: &str, line: &str) -> Result<(), String> {
    run_within(folder, line, STEP_LIMIT)
}

/// Like [`run_line`], for a command that may take so long. The error's first line says how it ended, the others are the last of what
/// it printed.
fn run_within(folder: &str, line: &str, limit: Duration) -> Result<(), String> {
    let place = if folder == "." { String::new() } else { format!("{folder}: ") };
    println!("{place}{line}");
    let mut words = line.split(' ');
    let program = words.next().unwrap_or_default();
    let arguments: Vec<&str> = words.collect();
    let mut command = workspace::command(folder, program, &arguments);
    let output = echo::pipe(&mut command).map_err(|error| format!("{place}{line}: no pipe: {error}"))?;
    let child = Owned::start(&mut command)?;
    drop(command);
    let echo = output.map(|output| Echo::start(output, io::stdout()));
    match child.wait(limit) {
        Ending::Success => {
            // What it printed comes before what the next one does.
            drop(echo.map(|echo| echo.tail()));
            Ok(())
        }
        Ending::Failure(how) => {
            let tail = echo.map(|echo| echo.tail()).unwrap_or_default();
            Err(format!("{place}{line}: {how}\n{tail}").trim_end().to_owned())
        }
    }
}
