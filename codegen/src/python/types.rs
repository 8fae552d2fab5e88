//! Types as Python's: what msgspec decodes, and how it is written.

use serde_json::Value;

use super::WIRECALL;
use super::module::Module;
use super::syntax::{literal, subscript};
use crate::model::Record;
use crate::print::layout::Doc;

/// A type of Python that msgspec decodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Py {
    Any,
    None,
    Bool,
    Int,
    Float,
    Str,
    Bytes,
    DateTime,
    Date,
    Uuid,
    Literal(Vec<Value>),
    List(Box<Self>),
    Tuple(Vec<Self>),
    Dict(Box<Self>),
    /// A class or alias, declared in this module or imported.
    Name(String),
    Union(Vec<Self>),
}

/// A field of a class, or a parameter.
#[derive(Debug, Clone)]
pub(super) struct PyField {
    pub(super) name: String,
    pub(super) wire: String,
    pub(super) docs: String,
    pub(super) body: Py,
    pub(super) default: Default,
}

/// What stands for a field that is not there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Default {
    /// It is always there.
    None,
    /// Absent and null are one.
    Null,
    /// Absent is something of its own.
    Unset,
}

/// Whether a record can be a class of msgspec: it knows all members, and msgspec takes their names.
pub(super) fn has_class(record: &Record) -> bool {
    let is_plain = |wire: &str| !wire.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'));
    record.rest.is_none() && record.fields.iter().all(|field| is_plain(&field.wire))
}

impl Module<'_> {
    /// A type as an annotation. `hidden` are names of the class around it, which hide builtins.
    pub(super) fn annotation(&mut self, body: &Py, hidden: &[String]) -> Doc {
        match body {
            Py::Any => self.imports.value("typing", "Any").into(),
            Py::None => "None".into(),
            Py::Bool => self.builtin("bool", hidden).into(),
            Py::Int => self.builtin("int", hidden).into(),
            Py::Float => self.builtin("float", hidden).into(),
            Py::Str => self.builtin("str", hidden).into(),
            Py::Bytes => self.builtin("bytes", hidden).into(),
            Py::DateTime => self.imports.value("datetime", "datetime").into(),
            Py::Date => self.imports.value("datetime", "date").into(),
            Py::Uuid => self.imports.value("uuid", "UUID").into(),
            Py::Literal(values) => {
                let name = self.imports.value("typing", "Literal");
                subscript(format!("{name}["), values.iter().map(|value| literal(value).into()).collect())
            }
            Py::List(item) => {
                let item = self.annotation(item, hidden);
                subscript(format!("{}[", self.builtin("list", hidden)), vec![item])
            }
            Py::Dict(item) => {
                let items = vec![self.builtin("str", hidden).into(), self.annotation(item, hidden)];
                subscript(format!("{}[", self.builtin("dict", hidden)), items)
            }
            Py::Tuple(items) => {
                let items = items.iter().map(|item| self.annotation(item, hidden)).collect();
                subscript(format!("{}[", self.builtin("tuple", hidden)), items)
            }
            Py::Name(name) => self.named(name).into(),
            Py::Union(parts) => {
                let parts: Vec<Doc> = parts.iter().map(|part| self.annotation(part, hidden)).collect();
                alternatives(parts)
            }
        }
    }

    /// A type as the annotation of a result.
    pub(super) fn result(&mut self, body: &Py, hidden: &[String]) -> Doc {
        match body {
            Py::Any => "object".into(),
            Py::Union(parts) => union(parts.iter().map(|part| self.annotation(part, hidden)).collect()),
            body => self.annotation(body, hidden),
        }
    }

    /// A name of this module or of the shared one.
    pub(super) fn named(&mut self, name: &str) -> String {
        if self.foreign.contains(name) {
            let module = format!(".{}", self.shared);
            return self.imports.value(&module, name);
        }
        name.to_owned()
    }

    fn builtin(&mut self, name: &'static str, hidden: &[String]) -> String {
        if hidden.iter().any(|other| other == name) {
            self.imports.module("builtins");
            return format!("builtins.{name}");
        }
        name.to_owned()
    }

    /// A type as a value that the runtime decodes with.
    pub(super) fn expression(&mut self, body: &Py, hidden: &[String]) -> Doc {
        let doc = self.annotation(body, hidden);
        if self.is_class(body) {
            return doc;
        }
        let wrapper = self.imports.value(WIRECALL, "TypeExpr");
        Doc::Concat(vec![subscript(format!("{wrapper}["), vec![doc]), "()".into()])
    }

    /// Whether type checkers take a type as a class: unions, literals and aliases of them are none.
    pub(super) fn is_class(&self, body: &Py) -> bool {
        match body {
            Py::Any | Py::Literal(_) | Py::Union(_) => false,
            // mypy takes the expression `tuple[int]` for one of any length.
            Py::Tuple(items) => items.len() > 1,
            Py::Name(name) => self.aliases.get(name).copied().unwrap_or(true),
            _ => true,
        }
    }

    /// The alternatives of a field's or parameter's annotation, mostly one, and its default.
    pub(super) fn with_default(&mut self, field: &PyField, hidden: &[String]) -> (Vec<Doc>, Option<String>) {
        let bodies = if let Py::Union(parts) = &field.body {
            parts.as_slice()
        } else {
            std::slice::from_ref(&field.body)
        };
        let mut parts: Vec<Doc> = bodies.iter().map(|body| self.annotation(body, hidden)).collect();
        match field.default {
            Default::None => (parts, None),
            Default::Null => (parts, Some("None".to_owned())),
            Default::Unset => {
                parts.push(self.imports.value("msgspec", "UnsetType").into());
                let value = self.imports.value("msgspec", "UNSET");
                (parts, Some(value))
            }
        }
    }
}

/// Alternatives inside of parentheses: on one line, or one a line.
pub(super) fn alternatives(parts: Vec<Doc>) -> Doc {
    Doc::group(Doc::join(vec![Doc::Line, "| ".into()], parts))
}

/// Alternatives outside of parentheses, which they get where they do not fit.
pub(super) fn union(parts: Vec<Doc>) -> Doc {
    if let [only] = parts.as_slice()
        && !matches!(only, Doc::Text(_))
    {
        // It has brackets of its own.
        return only.clone();
    }
    let open = Doc::IfBroken("(", "");
    let close = Doc::IfBroken(")", "");
    Doc::group(vec![open, Doc::indent(vec![Doc::SoftLine, alternatives(parts)]), Doc::SoftLine, close])
}
