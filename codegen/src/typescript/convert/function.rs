//! The functions that convert.

use super::{Function, Way};
use crate::model::{Record, Type};
use crate::print::layout::Doc;
use crate::typescript::Context;
use crate::typescript::syntax::{brackets, signature, string};
use crate::typescript::types::Place;

impl Context<'_> {
    pub(super) fn print(&mut self, function: &Function) -> Doc {
        let Function { name, way, shape, .. } = function;
        let (parameter, result) = match way {
            Way::Decode => ("wire: unknown".into(), shape.clone()),
            Way::Encode => (Doc::Concat(vec!["value: ".into(), shape.clone()]), "unknown".into()),
        };
        let lines = self.lines(function);
        Doc::Concat(vec![
            format!("function {name}").into(),
            signature(vec![parameter], Doc::Concat(vec![" ".into(), result])),
            " {".into(),
            Doc::indent(vec![Doc::HardLine, Doc::lines(lines)]),
            Doc::HardLine,
            "}".into(),
        ])
    }

    fn lines(&mut self, function: &Function) -> Vec<Doc> {
        let Function { way, body, path, .. } = function;
        match body {
            Type::Map(item) => {
                let converted = self.converter(item, *way, &format!("{path}Value")).unwrap_or_default();
                let entries = entries(&format!("{converted}(item)"));
                let mut lines = typed(function);
                lines.push(returned(entries));
                lines
            }
            Type::Record(record) if self.has_rest(record, *way) => self.open_record(function, record),
            Type::Union(alternatives) if super::expression::or_null(alternatives).is_none() => {
                self.union_lines(function, alternatives)
            }
            body => {
                let converted = self.convert(body, "value", *way, path).unwrap_or_else(|| "value".into());
                let mut lines = typed(function);
                lines.push(returned(converted));
                lines
            }
        }
    }

    /// A record with members that are not known by name: those that are keep their own form.
    fn open_record(&mut self, function: &Function, record: &Record) -> Vec<Doc> {
        let Function { way, path, .. } = function;
        let rest = record.rest.as_deref().cloned().unwrap_or(Type::Unknown);
        let converter = self.converter(&rest, *way, &format!("{path}Value")).unwrap_or_default();
        let item = match way {
            Way::Decode => "item".to_owned(),
            Way::Encode => format!("item as {}", self.of(&rest, Place::Inside).render(usize::MAX, 0)),
        };
        let known = record.fields.iter().map(|field| string(&field.wire).into()).collect();
        let others = entries(&format!("known.includes(key) ? item : {converter}({item})"));
        let members = vec![Doc::Concat(vec!["...".into(), others])];
        let object = self.object_of(members, record, "value", *way, path);
        let mut lines = typed(function);
        lines.push(Doc::Concat(vec![
            "const known: readonly string[] = ".into(),
            brackets(known),
            ";".into(),
        ]));
        let cast = match way {
            Way::Decode => Doc::Concat(vec![" as ".into(), function.shape.clone()]),
            Way::Encode => Doc::empty(),
        };
        lines.push(returned(Doc::Concat(vec![object, cast])));
        lines
    }
}

/// `const value = wire as T;`, where the function takes what came from the wire.
pub(super) fn typed(function: &Function) -> Vec<Doc> {
    match function.way {
        Way::Decode => {
            vec![Doc::Concat(vec!["const value = wire as ".into(), function.shape.clone(), ";".into()])]
        }
        Way::Encode => Vec::new(),
    }
}

/// The members of `value`, each converted.
fn entries(item: &str) -> Doc {
    let item = brackets(vec!["key".into(), item.to_owned().into()]);
    let mapped = Doc::Concat(vec!["Object.entries(value).map(([key, item]) => ".into(), item, ")".into()]);
    Doc::group(vec![
        "Object.fromEntries(".into(),
        Doc::indent(vec![Doc::SoftLine, mapped]),
        Doc::IfBroken(",", ""),
        Doc::SoftLine,
        ")".into(),
    ])
}

/// An `if` with the lines of its body.
pub(super) fn when(tests: Vec<Doc>, lines: Vec<Doc>) -> Doc {
    let tests = Doc::join(vec![" &&".into(), Doc::Line], tests);
    Doc::Concat(vec![
        Doc::group(vec!["if (".into(), Doc::indent(vec![Doc::SoftLine, tests]), Doc::SoftLine, ") {".into()]),
        Doc::indent(vec![Doc::HardLine, Doc::lines(lines)]),
        Doc::HardLine,
        "}".into(),
    ])
}

/// `return` and a value.
pub(super) fn returned(value: Doc) -> Doc {
    Doc::Concat(vec!["return ".into(), value, ";".into()])
}
