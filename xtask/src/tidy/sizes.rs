//! A file has one reason to exist and fits in a head: 400 lines of code are too many. Comments are counted by nobody.

use super::{Source, code, none, source, written};

const MOST_LINES: usize = 400;

fn too_long(source: &Source) -> Option<String> {
    let is_code = |line: &&str| {
        let code = code(line);
        let code = code.trim();
        !code.is_empty() && !code.starts_with(['*', '#']) && !code.starts_with("/*")
    };
    let lines = source.text.lines().filter(is_code).count();
    (lines > MOST_LINES).then(|| format!("{}: {lines} lines of code", source.path))
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let found: Vec<_> = written().iter().filter_map(too_long).collect();
    none(&found, "split these by what they are for");
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(too_long(&source("a.rs", &"f();\n\n// why\n".repeat(400))), None);
    assert_eq!(too_long(&source("a.rs", &"f();\n".repeat(401))), Some("a.rs: 401 lines of code".to_owned()));
}
