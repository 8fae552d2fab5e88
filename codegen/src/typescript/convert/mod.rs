//! Values whose form on the wire differs from their type: bytes, and whatever holds some.
//!
//! A function is printed for each named type that needs one, in the direction in which it is used, and for what has
//! no name but is no single expression either: unions and maps.

mod expression;
mod function;
mod union;

use std::collections::{BTreeSet, VecDeque};

use super::{CLIENT, Context};
use crate::model::{Alternative, Field, Params, Text, Type};
use crate::print::layout::Doc;
use crate::print::names::{Scope, pascal};

/// From the wire, or to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Decode,
    Encode,
}

impl Way {
    fn verb(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Encode => "encode",
        }
    }
}

/// A function that is printed at the end of the file.
#[derive(Debug, Clone)]
struct Function {
    name: String,
    way: Way,
    body: Type,
    /// How its type is written.
    shape: Doc,
    /// What names the functions that it brings.
    path: String,
}

/// The functions of a file.
#[derive(Debug)]
pub(super) struct Converters {
    names: Scope,
    known: Vec<Function>,
    waiting: VecDeque<Function>,
}

impl Converters {
    pub(super) fn new() -> Self {
        // Both are imported.
        let names = Scope::reserving(["decodeBytes", "encodeBytes"]);
        Self { names, known: Vec::new(), waiting: VecDeque::new() }
    }
}

impl Context<'_> {
    /// The function that converts a type, where it needs one. `path` names what has no name of its own.
    pub(super) fn converter(&mut self, body: &Type, way: Way, path: &str) -> Option<String> {
        if !self.differs(body, way) {
            return None;
        }
        if *self.model.behind(body) == Type::Bytes {
            return Some(self.imports.value(CLIENT, &format!("{}Bytes", way.verb())));
        }
        if let Type::Named(key) = body {
            let declaration = self.model.declaration(key)?;
            let (name, inner) = (declaration.name.clone(), declaration.body.clone());
            return Some(self.function(way, &inner, name.clone().into(), &name));
        }
        let shape = self.of(body, super::types::Place::Inside);
        Some(self.function(way, body, shape, path))
    }

    /// The function that converts parameters, or what an event carries.
    pub(super) fn params_converter(&mut self, params: &Params, way: Way) -> Option<String> {
        match params {
            Params::None => None,
            Params::Type(body) => self.converter(body, way, "Params"),
            Params::Own { name, record } => {
                let body = Type::Record(record.clone());
                self.differs(&body, way).then(|| self.function(way, &body, name.clone().into(), name))
            }
        }
    }

    /// A field that is a value of its own, where it needs to be converted.
    pub(super) fn converted_field(
        &mut self,
        field: &Field,
        value: &str,
        way: Way,
        path: &str,
    ) -> Option<Doc> {
        let path = format!("{path}{}", pascal(&field.wire));
        if field.required {
            return self.convert(&field.body, value, way, &path);
        }
        let (test, body) = match &field.body {
            Type::Union(alternatives) if let Some(only) = expression::or_null(alternatives) => {
                (format!("{value} === undefined || {value} === null"), only)
            }
            body => (format!("{value} === undefined"), body),
        };
        let converted = self.convert(body, value, way, &path)?;
        Some(expression::conditional(&test, value.to_owned().into(), converted))
    }

    /// Every function that was asked for, and those that they ask for.
    pub(super) fn converters(&mut self) -> Vec<Doc> {
        let mut printed = Vec::new();
        while let Some(function) = self.converters.waiting.pop_front() {
            printed.push(self.print(&function));
        }
        printed
    }

    /// The name of the function for a type of that shape, which is printed later.
    fn function(&mut self, way: Way, body: &Type, shape: Doc, path: &str) -> String {
        let written = |shape: &Doc| shape.render(usize::MAX, 0);
        let found = self.converters.known.iter().find(|known| {
            known.way == way && known.body == *body && written(&known.shape) == written(&shape)
        });
        if let Some(known) = found {
            return known.name.clone();
        }
        let name = self.converters.names.take([format!("{}{}", way.verb(), pascal(path))]);
        let function = Function { name: name.clone(), way, body: body.clone(), shape, path: path.to_owned() };
        self.converters.known.push(function.clone());
        self.converters.waiting.push_back(function);
        name
    }

    /// Whether a type's form on the wire differs from it.
    fn differs(&self, body: &Type, way: Way) -> bool {
        self.differs_within(body, way, &mut BTreeSet::new())
    }

    fn differs_within(&self, body: &Type, way: Way, seen: &mut BTreeSet<usize>) -> bool {
        match body {
            Type::Bytes => true,
            Type::Named(key) => self.model.place(key).is_some_and(|(place, declaration)| {
                seen.insert(place) && self.differs_within(&declaration.body, way, seen)
            }),
            Type::Union(alternatives) => {
                let kept = self.keeps_bytes(alternatives, way);
                let mut bodies = alternatives.iter().map(|alternative| &alternative.body);
                bodies.any(|body| !(kept && *body == Type::Bytes) && self.differs_within(body, way, seen))
            }
            body => body.parts().into_iter().any(|part| self.differs_within(part, way, seen)),
        }
    }

    /// Whether bytes stay as they come: beside another string nobody can tell what a text is.
    fn keeps_bytes(&self, alternatives: &[Alternative], way: Way) -> bool {
        let is_string = |alternative: &Alternative| match self.model.behind(&alternative.body) {
            Type::Text(Text::Plain | Text::DateTime | Text::Date | Text::Uuid) => true,
            Type::Literal(literals) => literals.iter().any(|literal| literal.value.is_string()),
            _ => false,
        };
        way == Way::Decode && alternatives.iter().any(is_string)
    }
}
