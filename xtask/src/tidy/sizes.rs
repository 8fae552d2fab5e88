//! A file has one reason to exist and fits in a head: 400 lines are too many.

use super::{Source, none, source, written};

const MOST_LINES: usize = 400;

fn too_long(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > MOST_LINES).then(|| format!("{}: {lines} lines", source.path))
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let found: Vec<_> = written().iter().filter_map(too_long).collect();
    none(&found, "split these by what they are for");
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(too_long(&source("a.rs", &"\n".repeat(400))), None);
    assert_eq!(too_long(&source("a.rs", &"\n".repeat(401))), Some("a.rs: 401 lines".to_owned()));
}
