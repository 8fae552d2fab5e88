//! Every package that is published ships both licences, word for word those of the repository.

use std::fs;
use std::path::Path;

use super::{files, none};
use crate::workspace;

const LICENCES: &[&str] = &["LICENSE-MIT", "LICENSE-APACHE"];

/// Folders of packages that are published: a manifest that does not say otherwise.
fn published() -> Vec<String> {
    let published = |path: &String| {
        let text = fs::read_to_string(workspace::root().join(path)).unwrap_or_default();
        match path.rsplit('/').next() {
            Some("Cargo.toml") => text.contains("[package]") && !text.contains("publish = false"),
            Some("package.json") => !text.contains("\"private\": true"),
            Some("pyproject.toml") => text.contains("[build-system]"),
            _ => false,
        }
    };
    let folder = |path: String| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    files().into_iter().filter(published).filter_map(folder).collect()
}

#[test]
fn every_published_package_ships_both_licences() {
    let root = workspace::root();
    let text = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).ok();
    let mut found = Vec::new();
    for folder in published() {
        for name in LICENCES {
            if text(&root.join(&folder), name) != text(&root, name) {
                found.push(format!("{folder}/{name}"));
            }
        }
    }
    none(&found, "copy these from the root of the repository");
}

#[test]
fn the_root_has_both_licences() {
    for name in LICENCES {
        assert!(workspace::root().join(name).is_file(), "{name}");
    }
}
