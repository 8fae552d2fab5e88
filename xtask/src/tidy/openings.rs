//! Every file opens by saying why it exists.

use super::{Source, none, source, written};

/// Whether the first thing in the file is a comment with words in it.
fn opens_with_a_reason(source: &Source) -> bool {
    let mut lines =
        source.text.lines().map(str::trim).skip_while(|line| line.is_empty() || line.starts_with("#!/"));
    let Some(first) = lines.next() else { return true };
    let openings: &[&str] = match source.ending() {
        "py" => &["\"\"\"", "#"],
        "rs" => &["//!", "//"],
        _ => &["/**", "/*", "//"],
    };
    let Some(opening) = openings.iter().find(|opening| first.starts_with(**opening)) else { return false };
    // A block comment may put its words on the next line.
    let words = |line: &str| line.chars().any(char::is_alphabetic);
    words(first.trim_start_matches(opening)) || lines.next().is_some_and(words)
}

#[test]
fn every_file_opens_by_saying_why_it_exists() {
    let silent = written().into_iter().filter(|source| !source.is_specimen() && !opens_with_a_reason(source));
    none(
        &silent.map(|source| source.path).collect::<Vec<_>>(),
        "open these with a comment that says why they exist",
    );
}

#[test]
fn comments_of_each_language_count() {
    assert!(opens_with_a_reason(&source("a.rs", "//! Why.\n")));
    assert!(opens_with_a_reason(&source("a.ts", "\n/**\n * Why.\n */\n")));
    assert!(opens_with_a_reason(&source("a.py", "#!/usr/bin/env python3\n\"\"\"Why.\"\"\"\n")));
    assert!(opens_with_a_reason(&source("pkg/__init__.py", "")));
}

#[test]
fn code_and_empty_comments_do_not_count() {
    assert!(!opens_with_a_reason(&source("a.rs", "#![no_std]\n//! Why.\n")));
    assert!(!opens_with_a_reason(&source("a.ts", "import x from \"y\";\n")));
    assert!(!opens_with_a_reason(&source("a.rs", "//!\n\n")));
}
