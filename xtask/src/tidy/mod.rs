//! The house rules that a machine can keep, as ordinary tests over the files of the repository.

mod bounds;
mod cycles;
mod direction;
mod licences;
mod links;
mod named;
mod openings;
mod rules;
mod silenced;
mod sizes;
mod waiting;
mod words;
mod workplace;

use std::fs;
use std::process::Command;

use crate::workspace;

/// A text file of the repository.
pub(crate) struct Source {
    /// From the root of the repository, with `/` between folders.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl Source {
    /// The file name's ending, without the dot.
    fn ending(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// Whether the file is program text in one of the three languages.
    fn is_program(&self) -> bool {
        matches!(self.ending(), "rs" | "ts" | "mts" | "tsx" | "js" | "mjs" | "py")
    }

    /// Whether a program wrote it, which its first lines or its name say.
    fn is_generated(&self) -> bool {
        self.path.ends_with(".expanded.rs")
            || self.text.lines().take(5).any(|line| line.contains("@generated"))
    }

    /// Whether it is input or expected output of a test rather than a program: it may look like what users write.
    fn is_specimen(&self) -> bool {
        ["tests/ui/", "tests/expand/", "/fixtures/", "/goldens/"]
            .iter()
            .any(|folder| self.path.contains(folder))
    }

    /// Whether it holds tests and nothing else.
    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "test" | "tidy"))
            || self.path.contains(".test.")
            || self
                .path
                .rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with("test_") || name == "tests.rs")
    }
}

/// Every file of the repository that git keeps or would keep.
pub(crate) fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(workspace::root())
        .output()
        .expect("git lists the files of the repository");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let mut files: Vec<String> =
        listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|path| workspace::root().join(path).is_file());
    files
}

/// Every text file of the repository.
fn sources() -> Vec<Source> {
    let read = |path: String| {
        let text = fs::read_to_string(workspace::root().join(&path)).ok()?;
        Some(Source { path, text })
    };
    files().into_iter().filter_map(read).collect()
}

/// Every program text of the repository that a person wrote.
fn written() -> Vec<Source> {
    sources().into_iter().filter(|source| source.is_program() && !source.is_generated()).collect()
}

/// A line of program text without its comment and without what is inside its strings, so that neither is taken for code.
fn code(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let (mut quoted, mut escaped) = (false, false);
    for letter in line.chars() {
        if letter == '"' && !escaped {
            quoted = !quoted;
        }
        if !quoted || letter == '"' && !escaped {
            code.push(letter);
        }
        escaped = quoted && letter == '\\' && !escaped;
    }
    let end = ["//", " # "].iter().filter_map(|mark| code.find(mark)).min();
    code.truncate(end.unwrap_or(code.len()));
    code
}

/// Fails with all findings, one a line, and what to do about them.
#[track_caller]
fn none(findings: &[String], cure: &str) {
    assert!(findings.is_empty(), "{cure}:\n  {}", findings.join("\n  "));
}

/// A source for the tests of a check.
fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn the_repository_has_files_to_look_at() {
    assert!(written().iter().any(|source| source.path == "xtask/src/main.rs"));
}

#[test]
fn strings_and_comments_are_not_code() {
    assert_eq!(code(r#"call("a // \"b\" c", d) // e"#), r#"call("", d) "#);
    assert_eq!(code("wait(1)  # not long"), "wait(1) ");
}
