//! The one virtual environment of the repository, under `target/venv`: the tools of the Python tests and the client itself.

use std::fs;
use std::path::PathBuf;

use crate::gate::run_line;
use crate::workspace;

/// The tools and libraries of the tests, at exact versions.
const REQUIREMENTS: [&str; 2] =
    ["clients/python/requirements-dev.txt", "clients/interop/python/requirements.txt"];
/// The client, installed so that its sources are used as they are.
const CLIENT: &str = "clients/python";

/// Makes the environment, or brings it to what the requirements say.
pub(super) fn install() -> Result<(), String> {
    let wanted = wanted()?;
    if fs::read_to_string(note()).is_ok_and(|noted| noted == wanted) {
        println!("target/venv is up to date");
        return Ok(());
    }
    // Gone first: its own python3 is the first on the search path, and could not make itself anew.
    if workspace::venv().exists() {
        fs::remove_dir_all(workspace::venv()).map_err(|error| format!("target/venv: {error}"))?;
    }
    run_line(".", "python3 -m venv target/venv")?;
    let requirements = REQUIREMENTS.map(|file| format!("--requirement {file}")).join(" ");
    run_line(".", &format!("python -m pip install --quiet {requirements} --editable {CLIENT}"))?;
    fs::write(note(), wanted).map_err(|error| format!("{}: {error}", note().display()))
}

/// What was installed last, kept inside the environment, so that removing it removes the note.
fn note() -> PathBuf {
    workspace::venv().join("installed.txt")
}

/// Everything that decides what is installed, in one text.
fn wanted() -> Result<String, String> {
    let mut text = String::new();
    for path in REQUIREMENTS.into_iter().chain(["clients/python/pyproject.toml"]) {
        let file = workspace::root().join(path);
        text += &fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(text)
}
