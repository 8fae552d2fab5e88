//! Where things are: the root of the repository, the virtual environment, the programs that cargo built.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository: the folder above this crate's.
pub(crate) fn root() -> PathBuf {
    let package =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map(Path::to_path_buf).unwrap_or(package)
}

/// The virtual environment that setup makes and every part uses. It stays in the checkout's own `target` even where cargo builds
/// elsewhere, because the tests of other packages look for it there.
pub(crate) fn venv() -> PathBuf {
    root().join("target/venv")
}

/// A program that cargo built in the profile of this very program.
pub(crate) fn built(name: &str) -> std::io::Result<PathBuf> {
    let own = env::current_exe()?;
    Ok(own.with_file_name(format!("{name}{}", env::consts::EXE_SUFFIX)))
}

/// A command in a folder of the repository, without standard input, that finds the virtual environment's programs first.
pub(crate) fn command(folder: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root().join(folder)).args(arguments).stdin(Stdio::null());
    command.env("PATH", search_path()).env("VIRTUAL_ENV", venv());
    // Cargo describes xtask in these; a program started from here would take them for a description of itself.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

fn search_path() -> OsString {
    let own = venv().join("bin");
    let before = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(own).chain(env::split_paths(&before));
    env::join_paths(folders).unwrap_or(before)
}

/// Whether a command runs and succeeds, with nothing of its output shown.
pub(crate) fn succeeds(folder: &str, program: &str, arguments: &[&str]) -> bool {
    let mut command = command(folder, program, arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
