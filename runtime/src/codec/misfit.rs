//! What is wrong with parameters, and where: read a second time, once they are known not to fit.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::Raw;
use super::input::Fault;
use super::msgpack::{Deserializer, Tokens};
use crate::check::{Violation, push_segment};
use crate::contract::{Builder, Side};
use crate::types::Params;

/// Reads parameters that stand alone.
pub(super) fn read_params<P: Params>(raw: Raw<'_>) -> Result<P, Fault> {
    raw.read().map_err(|_| Fault::Params(type_violations::<P>(raw)))
}

/// Reads parameters again, this time noting the path to what does not fit.
fn type_violations<P: Params>(raw: Raw<'_>) -> Vec<Violation> {
    let Some((error_path, said)) = misfit::<P>(raw) else {
        return vec![Violation {
            path: String::new(),
            rule: "type",
            message: "too many parameters".to_owned(),
        }];
    };
    // *Paths are in wire names*, also where the caller gave positions.
    let names = || P::params(&mut Builder::new(), Side::Server).fields.into_iter().map(|field| field.name);
    let mut path = String::new();
    for (depth, segment) in error_path.iter().enumerate() {
        match segment {
            Segment::Seq { index } if depth == 0 => {
                push_segment(&mut path, &names().nth(*index).unwrap_or_else(|| index.to_string()));
            }
            Segment::Seq { index } => push_segment(&mut path, &index.to_string()),
            Segment::Map { key } => push_segment(&mut path, key),
            _ => {}
        }
    }
    if let Some(missing) = too_short(&said).filter(|_| path.is_empty()).and_then(|given| names().nth(given)) {
        push_segment(&mut path, &missing);
        return vec![Violation { path, rule: "required", message: "is missing".to_owned() }];
    }
    vec![violation(path, &said)]
}

/// Reads a value again, this time noting the path to what does not fit.
pub(super) fn unfit<T: DeserializeOwned>(raw: Raw<'_>) -> Vec<Violation> {
    let Some((error_path, said)) = misfit::<T>(raw) else { return Vec::new() };
    let mut path = String::new();
    for segment in &error_path {
        match segment {
            Segment::Seq { index } => push_segment(&mut path, &index.to_string()),
            Segment::Map { key } => push_segment(&mut path, key),
            _ => {}
        }
    }
    vec![violation(path, &said)]
}

/// Where something does not fit, and what serde says of it.
fn misfit<T: DeserializeOwned>(raw: Raw<'_>) -> Option<(Path, String)> {
    fn said<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> (Path, String) {
        (error.path().clone(), error.inner().to_string())
    }
    match raw {
        Raw::Json(text) => {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            serde_path_to_error::deserialize::<_, T>(&mut deserializer).err().map(|error| said(&error))
        }
        Raw::MsgPack(bytes) => {
            let mut deserializer = Deserializer::new(Tokens::new(bytes));
            serde_path_to_error::deserialize::<_, T>(&mut deserializer).err().map(|error| said(&error))
        }
    }
}

/// How many parameters there were where serde wanted more.
fn too_short(said: &str) -> Option<usize> {
    said.strip_prefix("invalid length ")?.split(',').next()?.parse().ok()
}

/// Words what serde says, without the offending value that it may quote.
fn violation(mut path: String, said: &str) -> Violation {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let quoted = |text: &str| text.split('`').nth(1).map(str::to_owned);
    let (rule, message) = if said.starts_with("missing field") || said.starts_with("duplicate field") {
        push_segment(&mut path, &quoted(said).unwrap_or_default());
        if said.starts_with('m') {
            ("required", "is missing".to_owned())
        } else {
            ("duplicate", "is given twice".to_owned())
        }
    } else if let Some((found, expected)) = said.split_once(", expected ") {
        let expected = wanted(expected);
        match found.strip_prefix("invalid type: ").and_then(|found| found.split([' ', ',']).next()) {
            Some(found) => ("type", format!("expected {expected}, found {found}")),
            None => ("type", format!("expected {expected}")),
        }
    } else if said.starts_with("unknown field") {
        ("unknown", "has a member that is not known here".to_owned())
    } else if said.starts_with("trailing characters") {
        ("type", "too many parameters".to_owned())
    } else if said.starts_with("expected ") {
        ("type", said.to_owned())
    } else {
        ("type", "does not fit its type".to_owned())
    };
    Violation { path, rule, message }
}

/// What serde wants, without the name of a struct that only this crate knows.
fn wanted(expected: &str) -> &str {
    match expected.strip_prefix("struct ") {
        None => expected,
        Some(name) => name.split_once(" with ").map_or("an object", |(_, elements)| elements),
    }
}

#[cfg(test)]
mod tests {
    use super::violation;

    #[test]
    fn the_offending_value_is_never_quoted() {
        for said in [
            "invalid type: string \"hunter2\", expected u64 at line 1 column 20",
            "unknown variant `hunter2`, expected one of `a`, `b` at line 1 column 2",
            "invalid value: integer `-42`, expected u8",
            "custom: hunter2",
        ] {
            let violation = violation(String::new(), said);
            assert!(
                !violation.message.contains("hunter2") && !violation.message.contains("42"),
                "{violation:?}"
            );
        }
        assert_eq!(violation("/a".into(), "missing field `text`").path, "/a/text");
    }
}
