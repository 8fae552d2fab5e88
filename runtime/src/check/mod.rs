//! Checks on values: where a value is (its JSON Pointer), what it breaks, and the rules themselves.

pub(crate) mod rules;

use serde_json::{Value, json};

use crate::message::{ErrorKind, RpcError};

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The place, as a JSON Pointer in wire names.
    pub path: String,
    /// The rule's name: `length`, `range`, `pattern`, `email`, `url`, `type`, `required`, or a custom check's.
    pub rule: &'static str,
    /// What the rule wants. Never the offending value.
    pub message: String,
}

impl Violation {
    pub(crate) fn into_value(self) -> Value {
        json!({ "path": self.path, "rule": self.rule, "message": self.message })
    }
}

/// The error that carries all violations of a call's parameters.
pub(crate) fn validation_error(violations: Vec<Violation>) -> RpcError {
    let message = match violations.as_slice() {
        [only] if only.path.is_empty() => format!("invalid parameters: {}", only.message),
        [only] => format!("invalid parameters: {} {}", only.path, only.message),
        more => format!("invalid parameters: {} checks failed", more.len()),
    };
    let errors: Vec<Value> = violations.into_iter().map(Violation::into_value).collect();
    RpcError::new(ErrorKind::ValidationError, message).with_details(json!({ "errors": errors }))
}

/// Collects what a value breaks, knowing where in the message it stands.
///
/// Given to [`Message::check`](crate::Message::check). All failures are collected, none stops the others.
#[derive(Debug)]
pub struct Checker<'a> {
    path: Path<'a>,
    violations: &'a mut Vec<Violation>,
}

/// A place, kept as links on the stack: nothing is allocated while all is well.
#[derive(Debug, Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Self>,
    segment: Segment<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Segment<'a> {
    Root,
    Name(&'a str),
    Index(usize),
}

impl<'a> Checker<'a> {
    pub(crate) fn new(violations: &'a mut Vec<Violation>) -> Self {
        Self { path: Path { parent: None, segment: Segment::Root }, violations }
    }

    /// Runs `check` one step deeper, at the member of that wire name.
    pub fn field(&mut self, name: &str, check: impl FnOnce(&mut Checker<'_>)) {
        check(&mut Checker {
            path: Path { parent: Some(&self.path), segment: Segment::Name(name) },
            violations: self.violations,
        });
    }

    /// Runs `check` one step deeper, at the item of that index.
    pub fn item(&mut self, index: usize, check: impl FnOnce(&mut Checker<'_>)) {
        check(&mut Checker {
            path: Path { parent: Some(&self.path), segment: Segment::Index(index) },
            violations: self.violations,
        });
    }

    /// Notes that the value here breaks `rule`. `message` says what the rule wants, never the value.
    pub fn fail(&mut self, rule: &'static str, message: impl Into<String>) {
        // A huge array of wrong items must not become a huge answer.
        if self.violations.len() < MAX_VIOLATIONS {
            let path = self.path.pointer();
            self.violations.push(Violation { path, rule, message: message.into() });
        }
    }
}

/// The most violations that one answer lists.
const MAX_VIOLATIONS: usize = 100;

impl Path<'_> {
    fn pointer(&self) -> String {
        let mut pointer = self.parent.map_or_else(String::new, Path::pointer);
        match self.segment {
            Segment::Root => {}
            Segment::Name(name) => push_segment(&mut pointer, name),
            Segment::Index(index) => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
        pointer
    }
}

/// Appends one reference token of RFC 6901.
pub(crate) fn push_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    use super::{Checker, rules};

    #[test]
    fn every_failure_is_told_with_its_json_pointer() {
        let mut violations = Vec::new();
        let mut at = Checker::new(&mut violations);
        at.field("a/b", |at| rules::length("", Some(1), None, at));
        at.field("items", |at| at.item(3, |at| rules::range(&7, Some(0), Some(5), at)));
        let paths: Vec<&str> = violations.iter().map(|violation| violation.path.as_str()).collect();
        assert_eq!(paths, ["/a~1b", "/items/3"]);
    }
}
