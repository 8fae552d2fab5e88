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
                Doc::join(" | ", parts)
            }
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
            Py::Name(name) => self.aliases.get(name).copied().unwrap_or(true),
            _ => true,
        }
    }

    /// A field's or parameter's annotation and default.
    pub(super) fn with_default(&mut self, field: &PyField, hidden: &[String]) -> (Doc, Option<String>) {
        let body = self.annotation(&field.body, hidden);
        match field.default {
            Default::None => (body, None),
            Default::Null => (body, Some("None".to_owned())),
            Default::Unset => {
                let class = self.imports.value("msgspec", "UnsetType");
                let value = self.imports.value("msgspec", "UNSET");
                (Doc::Concat(vec![body, format!(" | {class}").into()]), Some(value))
            }
        }
    }
}
