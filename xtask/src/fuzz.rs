//! `cargo xtask fuzz`: every target of `fuzz/`, each for as long as it was given, from the committed seeds.
//!
//! The toolchain is the ordinary one: without a sanitizer, cargo-fuzz asks for nothing that stable lacks, and the code under test has no
//! `unsafe` for one to watch.

use std::process::ExitCode;

use crate::gate::run_line;
use crate::workspace;

/// The workspace of the targets.
const FOLDER: &str = "fuzz";

/// The targets of `fuzz/Cargo.toml`, in its order.
const TARGETS: &[&str] = &["json", "msgpack", "hello", "session", "credit", "contract"];

/// Installs cargo-fuzz where it is missing, builds the targets, and runs those that were asked for, all when none was. A finding ends
/// its target and not the others.
pub(crate) fn run(seconds: u64, only: &[String]) -> ExitCode {
    if let Some(unknown) = only.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        eprintln!("xtask: no target `{unknown}`; there are: {}", TARGETS.join(", "));
        return ExitCode::from(2);
    }
    if let Err(message) = build() {
        eprintln!("xtask: {message}");
        return ExitCode::from(2);
    }
    let wanted = TARGETS.iter().filter(|target| only.is_empty() || only.iter().any(|name| name == *target));
    let results: Vec<_> = wanted.map(|target| (*target, run_target(target, seconds))).collect();
    for (target, result) in &results {
        match result {
            Ok(()) => println!("{target}: nothing found in {seconds} s"),
            Err(error) => println!("{target}: FAILED: {error}"),
        }
    }
    if results.iter().all(|(_, result)| result.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn build() -> Result<(), String> {
    if !workspace::succeeds(FOLDER, "cargo", &["fuzz", "--version"]) {
        run_line(".", "cargo install cargo-fuzz --locked --quiet")?;
    }
    run_line(FOLDER, "cargo fuzz build --fuzz-dir . --sanitizer none")
}

fn run_target(target: &str, seconds: u64) -> Result<(), String> {
    // The fuzzer wants it there, and git keeps no empty folder.
    let corpus = workspace::root().join(FOLDER).join("corpus").join(target);
    std::fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    run_line(FOLDER, &line(target, seconds))
}

/// The command line of one target. What it learns goes to `corpus`, what breaks it to `artifacts`; git keeps neither.
fn line(target: &str, seconds: u64) -> String {
    format!(
        "cargo fuzz run --fuzz-dir . --sanitizer none {target} corpus/{target} seeds/{target} -- \
         -max_total_time={seconds} -timeout=10 -rss_limit_mb=2048 -print_final_stats=1"
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{FOLDER, TARGETS};
    use crate::workspace;

    #[test]
    fn every_target_is_declared_and_has_seeds() {
        let folder = workspace::root().join(FOLDER);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let declared: Vec<_> =
            manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")).collect();
        let expected: Vec<_> = TARGETS.iter().map(|target| format!("{target}.rs\"")).collect();
        assert_eq!(declared, expected);
        for target in TARGETS {
            let seeds = fs::read_dir(folder.join("seeds").join(target)).expect("a folder of seeds").count();
            assert!(seeds > 0, "{target} has no seeds");
        }
    }
}
