//! Debian packages: which programs stand for which, and installing those that are missing.

use std::process::Command;

use crate::gate::run_line;
use crate::parts::Need;
use crate::workspace;

/// A Debian package and the command that succeeds where it is not needed any more.
struct Package {
    name: &'static str,
    need: Need,
    present: (&'static str, &'static [&'static str]),
}

const PACKAGES: &[Package] = &[
    Package { name: "nodejs", need: Need::Node, present: ("node", &["--version"]) },
    Package { name: "npm", need: Need::Node, present: ("npm", &["--version"]) },
    Package { name: "python3", need: Need::Python, present: ("python3", &["--version"]) },
    Package {
        name: "python3-venv",
        need: Need::Python,
        present: ("python3", &["-c", "import ensurepip, venv"]),
    },
    Package { name: "redis-server", need: Need::Redis, present: ("redis-server", &["--version"]) },
    Package { name: "chromium", need: Need::Browser, present: ("chromium", &["--version"]) },
];

/// Installs what is missing of the packages behind `needs`.
pub(super) fn install(needs: &[Need]) -> Result<(), String> {
    let present = |package: &Package| workspace::succeeds(".", package.present.0, package.present.1);
    let missing: Vec<&Package> =
        PACKAGES.iter().filter(|package| needs.contains(&package.need) && !present(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|package| package.name).collect::<Vec<_>>().join(" ");
    if !may_install() {
        return Err(refusal(&missing, &names));
    }
    run_line(".", "apt-get update --quiet --quiet")?;
    run_line(
        ".",
        &format!(
            "env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends {names}"
        ),
    )
}

fn refusal(missing: &[&Package], names: &str) -> String {
    let mut without: Vec<&str> = missing.iter().map(|package| package.need.name()).collect();
    without.dedup();
    format!(
        "missing on this machine: {names}\n  install with: sudo apt-get install {names}\n  or leave out what needs them: --without {}",
        without.join(",")
    )
}

#[cfg(unix)]
fn may_install() -> bool {
    nix::unistd::Uid::effective().is_root() && Command::new("apt-get").arg("--version").output().is_ok()
}

#[cfg(not(unix))]
fn may_install() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_packages_the_command_and_the_way_around() {
        let missing: Vec<&Package> = PACKAGES.iter().filter(|package| package.need != Need::Redis).collect();
        let text = refusal(&missing[2..], "python3 python3-venv chromium");
        assert!(text.contains("sudo apt-get install python3 python3-venv chromium"), "{text}");
        assert!(text.ends_with("--without virtualenv,browser"), "{text}");
    }

    #[test]
    fn every_need_has_a_package() {
        for need in Need::ALL {
            assert!(PACKAGES.iter().any(|package| package.need == need), "{need:?}");
        }
    }
}
