//! Tests that are named elsewhere, as `path::name`: that they are there and run, and whose part in the protocol they show.

use std::fmt;

use super::{Source, source};

/// Who keeps rules of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    Server,
    Rust,
    TypeScript,
    Python,
}

/// The clients, each of which has a session of its own.
pub(super) const CLIENTS: &[Party] = &[Party::Rust, Party::TypeScript, Party::Python];

/// All of them.
pub(super) const ALL: &[Party] = &[Party::Server, Party::Rust, Party::TypeScript, Party::Python];

impl Party {
    /// The client of that language.
    pub(super) fn of(language: &str) -> Option<Self> {
        match language {
            "rust" => Some(Self::Rust),
            "typescript" => Some(Self::TypeScript),
            "python" => Some(Self::Python),
            _ => None,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "the server",
            Self::Rust => "the Rust client",
            Self::TypeScript => "the TypeScript client",
            Self::Python => "the Python client",
        })
    }
}

/// Those whose part a test shows: what lies in nobody's place is code that the server and the Rust client both run.
pub(super) fn parties(test: &str) -> &'static [Party] {
    let is_in = |places: &[&str]| places.iter().any(|place| test.starts_with(place));
    if is_in(&["clients/typescript/"]) {
        &[Party::TypeScript]
    } else if is_in(&["clients/python/"]) {
        &[Party::Python]
    } else if is_in(&["runtime/src/client/", "runtime/tests/it/client_"]) {
        &[Party::Rust]
    } else if is_in(&["runtime/src/server/", "runtime/tests/"]) {
        &[Party::Server]
    } else {
        &[Party::Server, Party::Rust]
    }
}

/// Why that test shows nothing; `None` where it shows something.
pub(super) fn fault(test: &str, files: &[Source]) -> Option<&'static str> {
    let known = test.split_once("::").and_then(|(path, name)| {
        let file = files.iter().find(|file| file.path == path)?;
        runs(file, name)
    });
    match known {
        None => Some("there is no test"),
        Some(false) => Some("nobody runs the test"),
        Some(true) => None,
    }
}

/// Whether a run of the tests runs that one; `None` where the file has none of that name.
fn runs(file: &Source, name: &str) -> Option<bool> {
    Some(match file.ending() {
        "rs" => {
            let above = above(&file.text, &format!("fn {name}("))?;
            let attributes = || above.iter().filter(|line| line.starts_with("#["));
            attributes().any(|line| line.contains("test"))
                && !attributes().any(|line| line.contains("ignore"))
        }
        "py" => {
            let above = above(&file.text, &format!("def {name}("))?;
            let whole = file.text.lines().filter(|line| line.starts_with("pytestmark"));
            !above.into_iter().chain(whole).any(|line| line.contains("mark.skip"))
        }
        _ => {
            let at = file.text.find(&format!("\"{name}\""))?;
            let call = file.text.get(..at)?.trim_end().lines().next_back()?;
            ![".skip", ".todo"].iter().any(|left_out| call.contains(left_out))
                && !file.text.contains("describe.skip")
        }
    })
}

/// The lines above that of a declaration, up to an empty one.
fn above<'t>(text: &'t str, declaration: &str) -> Option<Vec<&'t str>> {
    let (above, _) = text.get(..text.find(declaration)?)?.rsplit_once('\n').unwrap_or_default();
    Some(above.lines().rev().map(str::trim).take_while(|line| !line.is_empty()).collect())
}

/// What is wrong with the test `a` in a file of that ending.
fn fault_in(ending: &str, text: &str) -> Option<&'static str> {
    fault(&format!("x.{ending}::a"), &[source(&format!("x.{ending}"), text)])
}

#[test]
fn a_test_that_runs_is_told_from_one_that_is_not_there() {
    for (ending, text) in [
        ("rs", "#[test]\nfn a() {}\n"),
        ("rs", "mod tests {\n    #[test]\n    fn a() {}\n}\n"),
        ("rs", "#[ignore = \"another\"]\nfn b() {}\n\n/// A.\n#[tokio::test]\nasync fn a() {}\n"),
        ("py", "@pytest.mark.parametrize(\"n\", [1])\ndef a(n: int) -> None: ...\n"),
        ("ts", "test(\"a\", () => {});\n"),
        ("ts", "test.each(ALL)(\n  \"a\",\n  () => {},\n);\n"),
    ] {
        assert_eq!(fault_in(ending, text), None, "{text}");
        assert_eq!(fault_in(ending, &text.replace('a', "o")), Some("there is no test"), "{text}");
    }
    assert_eq!(fault("y.rs::a", &[source("x.rs", "#[test]\nfn a() {}\n")]), Some("there is no test"));
}

#[test]
fn a_test_that_is_left_out_is_found() {
    for (ending, text) in [
        ("rs", "fn a() {}\n"),
        ("rs", concat!("#[test]\n#[", "ignore]\nfn a() {}\n")),
        ("rs", concat!("#[", "ignore = \"slow\"]\n#[tokio::test]\npub async fn a() {}\n")),
        ("rs", "#[test]\n#[cfg_attr(windows, ignore)]\nfn a() {}\n"),
        ("py", concat!("@pytest.mark.", "skip(\"later\")\nasync def a() -> None: ...\n")),
        ("py", "@pytest.mark.skipif(\n    SLOW,\n)\ndef a() -> None: ...\n"),
        ("py", "pytestmark = pytest.mark.skip\n\n\ndef a() -> None: ...\n"),
        ("ts", concat!("it.", "skip(\"a\", () => {});\n")),
        ("ts", concat!("test.", "skip(\n  \"a\",\n  () => {},\n);\n")),
        ("ts", "test.todo(\"a\");\n"),
        ("ts", concat!("describe.", "skip(\"all\", () => {\n  test(\"a\", () => {});\n});\n")),
    ] {
        assert_eq!(fault_in(ending, text), Some("nobody runs the test"), "{text}");
    }
}

#[test]
fn a_test_shows_the_part_of_those_in_whose_place_it_is() {
    for (place, expected) in [
        ("clients/typescript/tests/a.test.ts", Party::TypeScript),
        ("clients/python/tests/a.py", Party::Python),
        ("runtime/src/client/a.rs", Party::Rust),
        ("runtime/tests/it/client_a.rs", Party::Rust),
        ("runtime/src/server/a.rs", Party::Server),
        ("runtime/tests/it/a.rs", Party::Server),
    ] {
        assert_eq!(parties(place), [expected], "{place}");
    }
    assert_eq!(parties("runtime/src/session/a.rs"), [Party::Server, Party::Rust]);
}
