//! No check is silenced: types are never waved through, tests are never skipped, and a lint is switched off by its name alone.

use super::{Source, none, source, written};

/// Put together here, so that this file does not find itself.
const NEVER: &[&str] = &[
    concat!("@ts-", "ignore"),
    concat!("@ts-", "nocheck"),
    concat!("type: ", "ignore"),
    concat!("pyright: ", "ignore"),
    concat!("mypy: ", "ignore"),
    concat!("biome-ignore", "-all"),
    concat!("#[", "ignore]"),
    concat!("mark.", "skip("),
    concat!("it.", "skip("),
    concat!("it.", "only("),
    concat!("test.", "skip("),
    concat!("test.", "only("),
    concat!("describe.", "skip("),
    concat!("describe.", "only("),
];

/// Lints are named, with a colon behind the mark.
const NAMED: &str = concat!("no", "qa");

fn findings(source: &Source) -> Vec<String> {
    let silenced = |line: &str| {
        let bare = line.split(NAMED).skip(1).any(|rest| !rest.starts_with(':'));
        bare && source.ending() == "py" || NEVER.iter().any(|mark| line.contains(mark))
    };
    let lines = source.text.lines().enumerate().filter(|(_, line)| silenced(line));
    lines.map(|(at, line)| format!("{}:{}: {}", source.path, at + 1, line.trim())).collect()
}

#[test]
fn no_check_is_silenced() {
    let found: Vec<_> = written().iter().flat_map(findings).collect();
    none(&found, "mend what the check says instead");
}

#[test]
fn a_silenced_check_is_found() {
    let found = |path: &str, line: &str| findings(&source(path, line)).len();
    assert_eq!(found("a.ts", concat!("// @ts-", "ignore: later")), 1);
    assert_eq!(found("a.test.ts", concat!("it.", "skip(\"waits\", () => {});")), 1);
    assert_eq!(found("a.py", concat!("x = 1  # no", "qa")), 1);
    assert_eq!(found("a.py", concat!("x = 1  # no", "qa: B010")), 0);
}
