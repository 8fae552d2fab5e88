//! No test sleeps to wait: it waits for the event, or moves a clock.

use super::{Source, code, none, source, written};

/// The calls that wait for time to pass, by the language that has them.
fn waits(source: &Source) -> &'static [&'static str] {
    match source.ending() {
        "rs" => &["sleep(", "sleep_until("],
        "py" => &["sleep("],
        _ => &["setTimeout("],
    }
}

/// Places where time itself is what is tested or measured, each with its reason.
const ALLOWED: &[(&str, &str)] = &[(
    "clients/python/tests/chaos/__main__.py",
    "the pace at which messages are made, so that cuts meet all kinds",
)];

fn sleeping(source: &Source) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    // In a file of Rust sources the tests are its last part.
    let from = if source.is_test() {
        Some(0)
    } else {
        source.text.lines().position(|line| line.trim() == "#[cfg(test)]")
    };
    let Some(from) = from else { return Vec::new() };
    lines
        .skip(from)
        .filter(|(_, line)| sleeps(line, waits(source)))
        .map(|(at, _)| format!("{}:{}", source.path, at + 1))
        .collect()
}

fn sleeps(line: &str, waits: &[&str]) -> bool {
    let code = code(line);
    // Python's way to let other tasks run once waits for nothing.
    !code.contains("sleep(0)") && waits.iter().any(|call| is_called(&code, call))
}

/// Whether `call` is called, rather than declared, part of a longer name, or asked of a clock that a test moves.
fn is_called(code: &str, call: &str) -> bool {
    code.match_indices(call).any(|(at, _)| {
        let before = &code[..at];
        let joined = before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        !joined && !before.ends_with("clock.") && !before.ends_with("fn ") && !before.ends_with("def ")
    })
}

#[test]
fn no_test_sleeps_to_wait() {
    let allowed = |place: &String| ALLOWED.iter().any(|(path, _)| place.starts_with(path));
    let found: Vec<_> = written().iter().flat_map(sleeping).filter(|place| !allowed(place)).collect();
    none(&found, "wait for the event, or move a clock");
}

#[test]
fn what_is_allowed_is_still_there() {
    let sources = written();
    let gone = ALLOWED.iter().filter(|(path, _)| !sources.iter().any(|source| source.path == *path));
    none(
        &gone.map(|(path, _)| (*path).to_owned()).collect::<Vec<_>>(),
        "take these off the list of exceptions",
    );
}

#[test]
fn sleeps_are_found_in_tests_alone() {
    let text = "async fn wait() { tokio::time::sleep(second).await }\n#[cfg(test)]\nmod tests { fn a() { thread::sleep(d) } }\n";
    assert_eq!(sleeping(&source("src/a.rs", text)), ["src/a.rs:3"]);
    assert_eq!(
        sleeping(&source("tests/a.py", "await asyncio.sleep(0)\ntime.sleep(0.1)\n")),
        ["tests/a.py:2"]
    );
    assert_eq!(sleeping(&source("tests/a.test.ts", "setTimeout(f, 1)\n")), ["tests/a.test.ts:1"]);
    assert_eq!(sleeping(&source("tests/a.py", "clock.sleep(300)\n")), [""; 0]);
    assert_eq!(sleeping(&source("tests/a.test.ts", "// setTimeout(f, 1)\nclock.setTimeoutOf(3)\n")), [""; 0]);
}
