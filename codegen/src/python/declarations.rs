//! The classes and aliases of a module.

use super::WIRECALL;
use super::docstring::docstring;
use super::module::{Item, Module};
use super::syntax::{list, string, subscript};
use super::types::{Py, PyField, union};
use crate::print::layout::Doc;

impl Module<'_> {
    /// Every class and alias, in the order of declaration.
    pub(super) fn declarations(&mut self) -> Vec<Doc> {
        let items = std::mem::take(&mut self.items);
        items.iter().map(|item| self.item(item)).collect()
    }

    fn item(&mut self, item: &Item) -> Doc {
        match item {
            Item::Alias { name, docs, body } => self.alias(name, docs, body),
            Item::Class { name, docs, tag, fields } => {
                let mut bases: Vec<Doc> = vec![self.imports.value(WIRECALL, "Record").into()];
                if let Some((field, value)) = tag {
                    bases.push(format!("tag={}", string(value)).into());
                    bases.extend((field != "type").then(|| format!("tag_field={}", string(field)).into()));
                }
                let docs = if docs.is_empty() { format!("The message `{name}`.") } else { docs.clone() };
                let mut body = vec![docstring(&docs, 1)];
                if !fields.is_empty() {
                    body.push(Doc::empty());
                    body.extend(self.class_fields(fields));
                }
                class(list(format!("class {name}("), bases, ")"), body)
            }
        }
    }

    /// The fields of a class, each followed by its docs.
    pub(super) fn class_fields(&mut self, fields: &[PyField]) -> Vec<Doc> {
        let hidden: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let mut lines = Vec::new();
        for field in fields {
            lines.push(self.class_field(field, &hidden));
            lines.extend((!field.docs.is_empty()).then(|| docstring(&field.docs, 1)));
        }
        lines
    }

    fn class_field(&mut self, field: &PyField, hidden: &[String]) -> Doc {
        let (parts, default) = self.with_default(field, hidden);
        let name = format!("{}: ", field.name);
        // Python reads names in a normal form of Unicode, which need not be that of the wire.
        let is_renamed = field.name != field.wire || !field.wire.is_ascii();
        match (is_renamed, default) {
            (false, None) => Doc::Concat(vec![name.into(), union(parts)]),
            (false, Some(default)) => {
                let line =
                    |middle: Doc, end: Doc| Doc::Concat(vec![name.clone().into(), middle, " = ".into(), end]);
                let inside = Doc::indent(vec![Doc::HardLine, default.clone().into()]);
                Doc::Choice(vec![
                    line(union(parts.clone()), default.clone().into()),
                    line(
                        union(parts.clone()),
                        Doc::Concat(vec!["(".into(), inside, Doc::HardLine, ")".into()]),
                    ),
                    line(union(parts), default.into()),
                ])
            }
            (true, default) => {
                let call = self.imports.value("msgspec", "field");
                let mut arguments: Vec<Doc> = vec![format!("name={}", string(&field.wire)).into()];
                arguments.extend(default.map(|default| format!("default={default}").into()));
                let value = list(format!("{call}("), arguments, ")");
                Doc::Concat(vec![name.into(), union(parts), " = ".into(), value])
            }
        }
    }

    fn alias(&mut self, name: &str, docs: &str, body: &Py) -> Doc {
        let annotation = self.imports.value("typing", "TypeAlias");
        let value = match body {
            Py::Union(parts) => {
                let parts: Vec<Doc> = parts.iter().map(|part| self.annotation(part, &[])).collect();
                union(parts)
            }
            Py::Literal(_) => self.literals(body),
            body => self.annotation(body, &[]),
        };
        let docs =
            if docs.is_empty() { Doc::empty() } else { Doc::Concat(vec![Doc::HardLine, docstring(docs, 0)]) };
        Doc::Concat(vec![format!("{name}: {annotation} = ").into(), value, docs])
    }

    fn literals(&mut self, body: &Py) -> Doc {
        let name = self.imports.value("typing", "Literal");
        let Py::Literal(values) = body else { return Doc::empty() };
        subscript(
            format!("{name}["),
            values.iter().map(|value| super::syntax::literal(value).into()).collect(),
        )
    }
}

/// A class with the lines of its body; an empty one is an empty line.
pub(super) fn class(head: Doc, body: Vec<Doc>) -> Doc {
    Doc::Concat(vec![head, ":".into(), Doc::indent(vec![Doc::HardLine, Doc::lines(body)])])
}
