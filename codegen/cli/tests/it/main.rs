//! The command as a user runs it: what it writes, what it says, and its exit codes.

mod crates;
mod files;
mod servers;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io};

/// A folder of a test's own, empty at its start.
fn folder(name: &str) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    folder.canonicalize()
}

/// The contract of a small chat, as a file in a folder.
fn chat(folder: &Path) -> io::Result<PathBuf> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens/contracts/chat.json");
    let path = folder.join("chat.json");
    fs::copy(golden, &path)?;
    Ok(path)
}

/// Runs the command in a folder.
fn wirecall(folder: &Path, arguments: &[&str]) -> io::Result<Output> {
    // Crates of tests share what the workspace has compiled.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    Command::new(env!("CARGO_BIN_EXE_wirecall"))
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target.canonicalize()?)
        .output()
}

/// Runs the command and gives its exit code and all that it printed.
fn told(folder: &Path, arguments: &[&str]) -> io::Result<(Option<i32>, String)> {
    let output = wirecall(folder, arguments)?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&text).into_owned()))
}
