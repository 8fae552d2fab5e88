//! The conversion of one of several types: which one a value is, is seen at its tag, its only member, or its kind.

use std::collections::BTreeSet;

use super::function::{returned, typed, when};
use super::{Function, Way};
use crate::model::{Alternative, Record, Type};
use crate::print::layout::Doc;
use crate::print::names::pascal;
use crate::typescript::Context;
use crate::typescript::syntax::{access, string};
use crate::typescript::types::Place;

/// How deep unions inside of unions are opened.
const MAX_DEPTH: usize = 8;

/// An alternative that is an object, and what it is told by.
struct Case<'a> {
    /// The value of its tag, or the name of its only member.
    name: &'a str,
    body: &'a Type,
}

impl Context<'_> {
    /// The lines of the function for a union.
    pub(super) fn union_lines(&mut self, function: &Function, alternatives: &[Alternative]) -> Vec<Doc> {
        if let Some((tag, cases)) = tagged(alternatives) {
            return self.switch(function, alternatives, tag, &cases);
        }
        if let Some(cases) = external(alternatives) {
            return self.external(function, alternatives, &cases);
        }
        self.by_kind(function, alternatives)
    }

    /// Alternatives with a tag: TypeScript knows them by it.
    fn switch(
        &mut self,
        function: &Function,
        alternatives: &[Alternative],
        tag: &str,
        cases: &[Case<'_>],
    ) -> Vec<Doc> {
        let mut lines = typed(function);
        if alternatives.len() > cases.len() {
            lines.push(when(
                vec!["typeof value !== \"object\" || value === null".into()],
                vec![returned("value".into())],
            ));
        }
        let mut arms = Vec::new();
        for case in cases {
            let path = format!("{}{}", function.path, pascal(case.name));
            if let Some(converted) = self.convert(case.body, "value", function.way, &path) {
                let head = format!("case {}:", string(case.name));
                let body = Doc::indent(vec![Doc::HardLine, returned(converted)]);
                arms.push(Doc::Concat(vec![head.into(), body]));
            }
        }
        arms.push("default:".into());
        arms.push("  return value;".into());
        lines.push(Doc::Concat(vec![
            format!("switch ({}) {{", access("value", tag)).into(),
            Doc::indent(vec![Doc::HardLine, Doc::lines(arms)]),
            Doc::HardLine,
            "}".into(),
        ]));
        lines
    }

    /// Objects with one member each, whose name tells them apart.
    fn external(
        &mut self,
        function: &Function,
        alternatives: &[Alternative],
        cases: &[Case<'_>],
    ) -> Vec<Doc> {
        let mut lines = typed(function);
        if alternatives.len() > cases.len() {
            lines.push(when(
                vec!["typeof value !== \"object\" || value === null".into()],
                vec![returned("value".into())],
            ));
        }
        for case in cases {
            let path = format!("{}{}", function.path, pascal(case.name));
            if let Some(converted) = self.convert(case.body, "value", function.way, &path) {
                lines.push(when(
                    vec![format!("{} in value", string(case.name)).into()],
                    vec![returned(converted)],
                ));
            }
        }
        lines.push("return value;".into());
        lines
    }

    /// What nothing tells apart is the first alternative whose kind of value and required members are there.
    fn by_kind(&mut self, function: &Function, alternatives: &[Alternative]) -> Vec<Doc> {
        let way = function.way;
        let value = match way {
            Way::Decode => "wire",
            Way::Encode => "value",
        };
        let mut leaves = Vec::new();
        for alternative in alternatives {
            let variant = alternative.variant.as_deref().map(pascal).unwrap_or_default();
            self.leaves(&alternative.body, &variant, &mut leaves, 0);
        }
        let kept = self.keeps_bytes(alternatives, way);
        let whole = match way {
            Way::Decode => Doc::Concat(vec![format!("{value} as ").into(), function.shape.clone()]),
            Way::Encode => value.into(),
        };
        let mut lines = Vec::new();
        for (leaf, variant) in &leaves {
            let Some(tests) = self.tests(leaf, value, way) else { continue };
            let bytes = *self.model.behind(leaf) == Type::Bytes;
            let function_name = if bytes && kept {
                None
            } else {
                self.converter(leaf, way, &format!("{}{variant}", function.path))
            };
            let converted = match (function_name, way) {
                (Some(name), Way::Encode) => {
                    let shape = self.of(leaf, Place::Inside);
                    Doc::Concat(vec![format!("{name}({value} as ").into(), shape, ")".into()])
                }
                (Some(name), Way::Decode) => format!("{name}({value})").into(),
                (None, _) => whole.clone(),
            };
            lines.push(when(tests, vec![returned(converted)]));
        }
        lines.push(returned(whole));
        lines
    }

    /// The alternatives with unions among them opened.
    fn leaves(&self, body: &Type, variant: &str, leaves: &mut Vec<(Type, String)>, depth: usize) {
        match self.model.behind(body) {
            Type::Union(alternatives) if depth < MAX_DEPTH => {
                for alternative in alternatives {
                    let inner = alternative.variant.as_deref().map(pascal).unwrap_or_default();
                    self.leaves(&alternative.body, &format!("{variant}{inner}"), leaves, depth + 1);
                }
            }
            _ => leaves.push((body.clone(), variant.to_owned())),
        }
    }

    /// What is true of a value of this type; `None` where it is neither an object, an array nor bytes.
    fn tests(&self, body: &Type, value: &str, way: Way) -> Option<Vec<Doc>> {
        match self.model.behind(body) {
            Type::Bytes => Some(vec![
                match way {
                    Way::Decode => format!("typeof {value} === \"string\" || {value} instanceof Uint8Array"),
                    Way::Encode => format!("{value} instanceof Uint8Array"),
                }
                .into(),
            ]),
            Type::List(_) | Type::Tuple(_) => Some(vec![format!("Array.isArray({value})").into()]),
            Type::Record(_) | Type::Map(_) | Type::All(_) => {
                let mut required = BTreeSet::new();
                self.required(body, &mut required, 0);
                let mut tests: Vec<Doc> =
                    vec![format!("typeof {value} === \"object\"").into(), format!("{value} !== null").into()];
                if required.is_empty() {
                    tests.push(format!("!Array.isArray({value})").into());
                    tests.push(format!("!({value} instanceof Uint8Array)").into());
                }
                tests.extend(required.iter().map(|name| format!("{} in {value}", string(name)).into()));
                Some(tests)
            }
            _ => None,
        }
    }

    /// The members that are always there.
    fn required(&self, body: &Type, names: &mut BTreeSet<String>, depth: usize) {
        match self.model.behind(body) {
            Type::Record(record) => names.extend(required(record)),
            Type::All(parts) if depth < MAX_DEPTH => {
                for part in parts {
                    self.required(part, names, depth + 1);
                }
            }
            _ => {}
        }
    }
}

fn required(record: &Record) -> impl Iterator<Item = String> {
    record.fields.iter().filter(|field| field.required).map(|field| field.wire.clone())
}

/// The alternatives that are no string, number, boolean or null.
fn objects(alternatives: &[Alternative]) -> impl Iterator<Item = &Type> {
    let bodies = alternatives.iter().map(|alternative| &alternative.body);
    bodies.filter(|body| {
        !matches!(body, Type::Null | Type::Bool | Type::Int | Type::Float | Type::Text(_) | Type::Literal(_))
    })
}

/// The tag of a type that is declared inside of a union.
fn tag(body: &Type) -> Option<(&str, &str)> {
    let has_tag = |record: &Record| record.fields.iter().any(|field| field.tag().is_some());
    let record = match body {
        Type::Record(record) => record,
        Type::All(parts) => parts.iter().find_map(|part| match part {
            Type::Record(record) if has_tag(record) => Some(record),
            _ => None,
        })?,
        _ => return None,
    };
    record.fields.iter().find_map(|field| Some((field.wire.as_str(), field.tag()?)))
}

/// The name of the tag and each object's, where all have the same and none twice.
fn tagged(alternatives: &[Alternative]) -> Option<(&str, Vec<Case<'_>>)> {
    let mut name = None;
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for body in objects(alternatives) {
        let (field, value) = tag(body)?;
        if *name.get_or_insert(field) != field || !seen.insert(value) {
            return None;
        }
        cases.push(Case { name: value, body });
    }
    Some((name?, cases))
}

/// Each object by its only member, where all have one.
fn external(alternatives: &[Alternative]) -> Option<Vec<Case<'_>>> {
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for body in objects(alternatives) {
        let Type::Record(Record { fields, rest: None }) = body else { return None };
        let [field] = fields.as_slice() else { return None };
        if !field.required || !seen.insert(field.wire.as_str()) {
            return None;
        }
        cases.push(Case { name: &field.wire, body });
    }
    (!cases.is_empty()).then_some(cases)
}
