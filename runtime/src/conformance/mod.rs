//! Plays the conformance vectors (`clients/conformance`) against both machines of a session: text in, text out, and a clock
//! that the script moves. What the scripts look like is told in the README beside them.

mod client;
mod compare;
mod form;
mod script;
mod server;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use script::Script;

/// Every vector, with its path.
fn scripts() -> Vec<(String, Script)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/conformance/vectors");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a vector");
        let script =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.strip_prefix(&root).expect("it is below").display().to_string();
        (name, script)
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder of the vectors") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
}

#[track_caller]
fn play_all(side: &str, play: fn(&Script) -> Result<(), String>) {
    let wanted = std::env::var("WIRECALL_VECTOR").unwrap_or_default();
    let scripts = scripts();
    let played: Vec<_> = scripts
        .iter()
        .filter(|(path, script)| (script.side == side || script.side == "both") && path.contains(&wanted))
        .collect();
    let mut failures = String::new();
    let mut failed = 0;
    for (path, script) in &played {
        if let Err(difference) = play(script) {
            failed += 1;
            write!(failures, "\n{path}: {}\n{difference}\n", script.name).expect("a string takes all");
        }
    }
    // Past the capture of the test's output: the counts are part of what a run shows.
    writeln!(std::io::stdout(), "conformance: rust {side}: {} vectors, {failed} failed", played.len())
        .expect("standard output");
    assert!(failures.is_empty(), "{failures}");
    assert!(!played.is_empty(), "no vector is called {wanted:?}");
}

#[test]
fn the_client_s_machine_passes_every_vector_of_its_side() {
    play_all("client", client::play);
}

#[test]
fn the_server_s_machine_passes_every_vector_of_its_side() {
    play_all("server", server::play);
}
