//! Plays the conformance vectors (`clients/conformance`) against both machines of a session: text in, text out, and a clock
//! that the script moves. What the scripts look like is told in the README beside them.

mod client;
mod compare;
mod form;
mod live;
mod machine_client;
mod machine_server;
mod script;
mod server;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::codec::Codec;
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

/// How one vector is played: nothing where it is left out, else whether it is passed.
type Playing<'p> = &'p dyn Fn(&Script) -> Option<Result<(), String>>;

/// Plays every vector of a side with each of the players, and tells how many there were, under that name.
#[track_caller]
fn play_all(side: &str, name: &str, players: &[(&str, Playing<'_>)]) {
    let wanted = std::env::var("WIRECALL_VECTOR").unwrap_or_default();
    let scripts = scripts();
    let scripts: Vec<_> = scripts
        .iter()
        .filter(|(path, script)| (script.side == side || script.side == "both") && path.contains(&wanted))
        .collect();
    let (mut left_out, mut failed) = (0, 0);
    let mut failures = String::new();
    for (codec, play) in players {
        for (path, script) in &scripts {
            match play(script) {
                None => left_out += 1,
                Some(Ok(())) => {}
                Some(Err(difference)) => {
                    failed += 1;
                    write!(failures, "\n{path}{codec}: {}\n{difference}\n", script.name)
                        .expect("a string takes all");
                }
            }
        }
    }
    // Past the capture of the test's output: the counts are part of what a run shows.
    let codecs = match players.len() {
        1 => String::new(),
        codecs => format!(" in {codecs} codecs, {left_out} left out"),
    };
    writeln!(
        std::io::stdout(),
        "conformance: rust {name}: {} vectors{codecs}, {failed} failed",
        scripts.len()
    )
    .expect("standard output");
    assert!(failures.is_empty(), "{failures}");
    assert!(!scripts.is_empty(), "no vector is called {wanted:?}");
}

#[test]
fn the_client_s_machine_passes_every_vector_of_its_side() {
    play_all("client", "client", &[("", &|script| Some(machine_client::play(script)))]);
}

#[test]
fn the_server_s_machine_passes_every_vector_of_its_side() {
    play_all("server", "server", &[("", &|script| Some(machine_server::play(script)))]);
}

/// Plays every vector of a side in both codecs.
#[track_caller]
fn play_live(side: &str, play: fn(&Script, Codec) -> Result<(), String>) {
    let play = |script: &Script, codec| live::can_play(script, codec).then(|| play(script, codec));
    play_all(
        side,
        &format!("{side} over a real connection"),
        &[
            (" in JSON", &|script| play(script, Codec::Json)),
            (" in MessagePack", &|script| play(script, Codec::MsgPack)),
        ],
    );
}

#[test]
fn the_server_passes_every_vector_of_its_side_over_a_real_connection_in_both_codecs() {
    play_live("server", live::play_server);
}

#[test]
fn the_client_passes_every_vector_of_its_side_over_a_real_connection_in_both_codecs() {
    play_live("client", live::play_client);
}
