//! Dependencies go inwards: which crate may know which, and which crates stay small.

use std::collections::BTreeMap;

use serde_json::Value;

use super::none;
use crate::workspace;

/// For each published crate: the crates of this workspace that it may depend on.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("wirecall-macros", &[]),
    ("wirecall-contract", &[]),
    ("wirecall-codegen", &["wirecall-contract"]),
    ("wirecall", &["wirecall-contract", "wirecall-macros", "wirecall-codegen"]),
    ("wirecall-cli", &["wirecall-codegen", "wirecall", "wirecall-contract"]),
];

/// For crates that everything is built on: all that they may depend on besides.
const ONLY: &[(&str, &[&str])] = &[
    // regex-syntax reads the patterns of `#[check(pattern = …)]`, which have to mean the same in three languages.
    ("wirecall-macros", &["proc-macro2", "quote", "regex-syntax", "syn"]),
    ("wirecall-contract", &["schemars", "serde", "serde_json", "sha2"]),
];

/// Dependencies that are there only with a feature.
const OPTIONAL: &[(&str, &str)] = &[("wirecall", "wirecall-codegen")];

/// One dependency of a crate, as users of the crate meet it.
struct Dependency {
    name: String,
    optional: bool,
    ours: bool,
}

/// The dependencies of every published crate of the workspace.
fn published() -> BTreeMap<String, Vec<Dependency>> {
    let output = workspace::command(".", "cargo", &["metadata", "--format-version=1", "--no-deps"])
        .output()
        .expect("cargo describes the workspace");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's description is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    // `publish` is null where anything goes, and an empty list where nothing does.
    let published = packages.iter().filter(|package| package["publish"].is_null());
    published.map(|package| (text(&package["name"]), dependencies(package))).collect()
}

fn dependencies(package: &Value) -> Vec<Dependency> {
    let all = package["dependencies"].as_array().expect("dependencies");
    // A kind of null is an ordinary dependency; those of tests and build scripts are nobody else's.
    let ordinary = all.iter().filter(|dependency| dependency["kind"].is_null());
    ordinary
        .map(|dependency| Dependency {
            name: text(&dependency["name"]),
            optional: dependency["optional"].as_bool().unwrap_or_default(),
            ours: dependency["path"].is_string(),
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn allowed<'list>(table: &[(&str, &'list [&'list str])], name: &str) -> Option<&'list [&'list str]> {
    table.iter().find(|(other, _)| *other == name).map(|(_, list)| *list)
}

#[test]
fn every_published_crate_has_a_place_in_the_order() {
    let missing: Vec<_> = published().into_keys().filter(|name| allowed(MAY_KNOW, name).is_none()).collect();
    none(&missing, "say in MAY_KNOW what these may depend on, or set `publish = false`");
}

#[test]
fn dependencies_go_inwards() {
    let mut found = Vec::new();
    for (name, dependencies) in published() {
        let inner = allowed(MAY_KNOW, &name).unwrap_or_default();
        let outward = dependencies.iter().filter(|it| it.ours && !inner.contains(&it.name.as_str()));
        found.extend(outward.map(|it| format!("{name} → {}", it.name)));
    }
    none(&found, "these point outwards");
}

#[test]
fn what_everything_is_built_on_stays_small() {
    let mut found = Vec::new();
    for (name, dependencies) in published() {
        let Some(few) = allowed(ONLY, &name) else { continue };
        let more = dependencies.iter().filter(|it| !it.ours && !few.contains(&it.name.as_str()));
        found.extend(more.map(|it| format!("{name} → {}", it.name)));
    }
    none(&found, "do without these, or say in ONLY why not");
}

#[test]
fn what_a_feature_brings_is_not_always_there() {
    let published = published();
    for (name, dependency) in OPTIONAL {
        let always = published
            .get(*name)
            .is_some_and(|all| all.iter().any(|it| it.name == *dependency && !it.optional));
        assert!(!always, "{name} → {dependency} has to be optional");
    }
}
