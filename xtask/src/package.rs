//! `cargo xtask package`: the crates as they would be published, packed, and then built from the packed files alone.
//!
//! Cargo's own check of a package takes the other packed crates from its home folder, by version and by the folder of the checkout: one
//! that was packed there before, of an older commit, is built against instead of the one just packed. Here they are unpacked side by
//! side, and each is built against its neighbours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::gate::run_line;
use crate::workspace;

/// The crates that are published, each after those that it depends on.
const PUBLISHED: &[&str] =
    &["wirecall-contract", "wirecall-macros", "wirecall", "wirecall-codegen", "wirecall-cli"];

/// All of them have the version of the workspace, as this program does.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Packs the published crates and builds them from what was packed.
pub(crate) fn run() -> ExitCode {
    let done = pack().and_then(|target| {
        let folder = unpack(&target).map_err(|error| format!("cannot unpack the crates: {error}"))?;
        build(&folder, &target)
    });
    match done {
        Ok(()) => {
            println!("{} crates packed and built: {}", PUBLISHED.len(), PUBLISHED.join(", "));
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Packs them; tells the folder that cargo builds in. Not `publish --dry-run`, which asks the registry again for what is already here,
/// and fails with it.
fn pack() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = own.ancestors().nth(2).ok_or("this program is not where cargo builds")?.to_path_buf();
    let packages = PUBLISHED.join(" --package ");
    run_line(
        ".",
        &format!("cargo package --quiet --offline --allow-dirty --no-verify --package {packages}"),
    )?;
    Ok(target)
}

/// Lays the packed crates side by side in a workspace of their own.
fn unpack(target: &Path) -> Result<PathBuf, String> {
    let packed = target.join("package");
    let folder = packed.join("unpacked");
    let failed = |error: std::io::Error| error.to_string();
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    fs::create_dir_all(&folder).map_err(failed)?;
    for name in PUBLISHED {
        let file = packed.join(format!("{name}-{VERSION}.crate"));
        let (file, into) = (file.display().to_string(), folder.display().to_string());
        // As new files: what is in a package is dated 2006, and cargo would take it for what it built before.
        if !workspace::succeeds(".", "tar", &["-xzmf", &file, "-C", &into]) {
            return Err(format!("tar cannot read {file}"));
        }
    }
    fs::write(folder.join("Cargo.toml"), manifest()).map_err(failed)?;
    fs::copy(workspace::root().join("Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
    Ok(folder)
}

/// The workspace around the unpacked crates. Each names the others by version; here that version is its neighbour.
fn manifest() -> String {
    let members: Vec<String> = PUBLISHED.iter().map(|name| format!("\"{name}-{VERSION}\"")).collect();
    let neighbours: Vec<String> =
        PUBLISHED.iter().map(|name| format!("{name} = {{ path = \"{name}-{VERSION}\" }}")).collect();
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[patch.crates-io]\n{}\n",
        members.join(", "),
        neighbours.join("\n")
    )
}

/// Builds each by itself, so that none has the features that another one asks for.
fn build(folder: &Path, target: &Path) -> Result<(), String> {
    let (manifest, target) = (folder.join("Cargo.toml"), target.display());
    for name in PUBLISHED {
        run_line(
            ".",
            &format!(
                "cargo check --quiet --offline --manifest-path {} --target-dir {target} --package {name}",
                manifest.display()
            ),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_is_either_published_or_says_that_it_is_not() {
        for file in crate::tidy::files() {
            if !file.ends_with("Cargo.toml") {
                continue;
            }
            let text = fs::read_to_string(workspace::root().join(&file)).expect("a manifest");
            let Some((_, package)) = text.split_once("[package]\nname = \"") else { continue };
            let name = package.split('"').next().unwrap_or_default();
            assert!(
                package.contains("\npublish = false\n") != PUBLISHED.contains(&name),
                "{name} is either not published or packed"
            );
        }
    }
}
