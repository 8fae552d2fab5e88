//! What is committed stands on its own: it names no machine it was written on and no list of things to do.

use super::{Source, none, source, sources};

/// Put together here, so that this file does not find itself.
const FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];

fn findings(source: &Source) -> Vec<String> {
    let folder = |line: &str| FOLDERS.iter().any(|folder| starts_a_path(line, folder));
    let mark = |line: &str| source.is_program() && MARKS.iter().any(|mark| line.contains(mark));
    let lines = source.text.lines().enumerate();
    lines
        .filter(|(_, line)| folder(line) || mark(line))
        .map(|(at, _)| format!("{}:{}", source.path, at + 1))
        .collect()
}

/// Whether `folder` is in the line as the start of a path, not in the middle of a longer one or of a URL.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at].ends_with(|letter: char| {
            letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '}' | '~' | '*')
        })
    })
}

#[test]
fn nothing_names_the_machine_it_was_written_on_or_work_left_over() {
    let found: Vec<_> = sources().iter().flat_map(findings).collect();
    none(&found, "say it without the path, or do the work");
}

#[test]
fn a_path_is_found_and_a_url_is_not() {
    let found = |text: &str| findings(&source("a.md", text)).len();
    assert_eq!(found(concat!("see /wo", "rk/notes")), 1);
    assert_eq!(found(concat!("https://example.org/wo", "rk/notes")), 0);
    assert_eq!(findings(&source("a.rs", concat!("// TO", "DO: later"))).len(), 1);
}
