//! No queue grows without a bound: in what ships, none is made that has no size.

use super::{Source, code, none, source, written};

const UNBOUNDED: &[&str] =
    &["unbounded_channel", "unbounded(", "mpsc::channel()", "asyncio.Queue()", "SimpleQueue("];

/// What ships: the crates and the clients, without their tests.
fn ships(source: &Source) -> bool {
    ["runtime/", "macros/", "codegen/", "clients/"].iter().any(|folder| source.path.starts_with(folder))
        && !source.is_test()
        && !source.is_specimen()
}

fn findings(source: &Source) -> Vec<String> {
    let unbounded = |line: &str| UNBOUNDED.iter().any(|call| code(line).contains(call));
    let lines = source.text.lines().take_while(|line| line.trim() != "#[cfg(test)]").enumerate();
    lines.filter(|(_, line)| unbounded(line)).map(|(at, _)| format!("{}:{}", source.path, at + 1)).collect()
}

#[test]
fn no_queue_grows_without_a_bound() {
    let found: Vec<_> = written().iter().filter(|source| ships(source)).flat_map(findings).collect();
    none(&found, "give these a size, and say what happens when it is reached");
}

#[test]
fn an_unbounded_queue_is_found() {
    let found = |text: &str| findings(&source("runtime/src/a.rs", text)).len();
    assert_eq!(found("let (tx, rx) = mpsc::unbounded_channel();"), 1);
    assert_eq!(found("let (tx, rx) = mpsc::channel(256);"), 0);
    assert_eq!(found("#[cfg(test)]\nmod tests { fn a() { unbounded_channel() } }"), 0);
}
