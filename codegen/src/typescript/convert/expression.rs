//! The conversion of a value as an expression.

use super::Way;
use crate::model::{Alternative, Field, Record, Type};
use crate::print::layout::Doc;
use crate::print::names::pascal;
use crate::typescript::Context;
use crate::typescript::syntax::{access, braces, brackets, property, string};

impl Context<'_> {
    /// `value` converted; `None` where it stays as it is. `path` names the functions that it brings.
    pub(super) fn convert(&mut self, body: &Type, value: &str, way: Way, path: &str) -> Option<Doc> {
        if !self.differs(body, way) {
            return None;
        }
        match body {
            Type::List(item) => {
                let function = self.converter(item, way, &format!("{path}Item"))?;
                Some(format!("{value}.map({function})").into())
            }
            Type::Tuple(items) => {
                let items = items.iter().enumerate().map(|(place, item)| {
                    let value = format!("{value}[{place}]");
                    let path = format!("{path}{place}");
                    self.convert(item, &value, way, &path).unwrap_or_else(|| value.into())
                });
                Some(brackets(items.collect()))
            }
            Type::Record(record) if !self.has_rest(record, way) => {
                Some(self.object_of(vec![format!("...{value}").into()], record, value, way, path))
            }
            Type::All(parts) => Some(self.convert_all(parts, value, way, path)),
            Type::Union(alternatives) => self.convert_union(body, alternatives, value, way, path),
            _ => self.converter(body, way, path).map(|function| format!("{function}({value})").into()),
        }
    }

    /// Whether members that are not known by name need to be converted.
    pub(super) fn has_rest(&self, record: &Record, way: Way) -> bool {
        record.rest.as_ref().is_some_and(|rest| self.differs(rest, way))
    }

    /// An object of these members and the converted fields.
    pub(super) fn object_of(
        &mut self,
        mut members: Vec<Doc>,
        record: &Record,
        value: &str,
        way: Way,
        path: &str,
    ) -> Doc {
        for field in &record.fields {
            members.extend(self.member(field, value, way, path));
        }
        braces(members, ",")
    }

    fn member(&mut self, field: &Field, value: &str, way: Way, path: &str) -> Option<Doc> {
        let value = access(value, &field.wire);
        let path = format!("{path}{}", pascal(&field.wire));
        let converted = self.convert(&field.body, &value, way, &path)?;
        // A member of that name in an object literal would set the prototype.
        let name = if field.wire == "__proto__" {
            format!("[{}]", string(&field.wire))
        } else {
            property(&field.wire)
        };
        let member = if matches!(converted, Doc::Group { .. }) && self.is_conditional(&field.body, way) {
            let inside = Doc::group(Doc::indent(vec![Doc::Line, converted]));
            Doc::Concat(vec![format!("{name}:").into(), inside])
        } else {
            Doc::Concat(vec![format!("{name}: ").into(), converted])
        };
        if field.required {
            return Some(member);
        }
        let object = braces(vec![member], ",");
        let inner = conditional(&format!("{value} === undefined"), "{}".into(), object);
        Some(Doc::Concat(vec!["...(".into(), inner, ")".into()]))
    }

    /// What has to fit several types: the functions of those with names first, then the fields of the others.
    fn convert_all(&mut self, parts: &[Type], value: &str, way: Way, path: &str) -> Doc {
        let mut inner = value.to_owned();
        let mut fields = Record::default();
        for part in parts {
            match part {
                Type::Record(record) if record.rest.is_none() => {
                    fields.fields.extend(record.fields.iter().cloned());
                }
                part => {
                    if let Some(function) = self.converter(part, way, path) {
                        inner = format!("{function}({inner})");
                    }
                }
            }
        }
        let mut members = vec![format!("...{value}").into()];
        if inner != value {
            // The type of an encoded value is not known.
            let shown =
                if way == Way::Encode { format!("...({inner} as object)") } else { format!("...{inner}") };
            members.push(shown.into());
        }
        self.object_of(members, &fields, value, way, path)
    }

    /// A value or `null` as an expression; any other union is a function.
    fn convert_union(
        &mut self,
        body: &Type,
        alternatives: &[Alternative],
        value: &str,
        way: Way,
        path: &str,
    ) -> Option<Doc> {
        if let Some(only) = or_null(alternatives) {
            let converted = self.convert(only, value, way, path)?;
            return Some(conditional(&format!("{value} === null"), "null".into(), converted));
        }
        self.converter(body, way, path).map(|function| format!("{function}({value})").into())
    }

    fn is_conditional(&self, body: &Type, way: Way) -> bool {
        matches!(body, Type::Union(alternatives) if or_null(alternatives).is_some())
            && self.differs(body, way)
    }
}

/// The one alternative beside `null`.
pub(super) fn or_null(alternatives: &[Alternative]) -> Option<&Type> {
    match alternatives {
        [one, other] if other.body == Type::Null => Some(&one.body),
        [one, other] if one.body == Type::Null => Some(&other.body),
        _ => None,
    }
}

/// `test ? yes : no`, or one part a line.
pub(super) fn conditional(test: &str, yes: Doc, no: Doc) -> Doc {
    let inside = vec![Doc::Line, "? ".into(), yes, Doc::Line, ": ".into(), no];
    Doc::group(vec![test.to_owned().into(), Doc::indent(inside)])
}
