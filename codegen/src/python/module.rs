//! A module under way: which types it declares, in which order, and what it imports.
//!
//! msgspec looks names of annotations up among the module's globals, and only when a class is first used, so
//! classes may refer to each other in any order. An alias is evaluated where it stands: what it refers to has
//! to stand before it, and where it refers to itself without a class between, that place is `Any`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::names;
use super::types::{Default, Py, PyField, has_class};
use crate::model::{Alternative, Field, Key, Model, Record, Service, Text, Type};
use crate::print::imports::Imports;
use crate::print::names::{Scope, pascal};

/// Which module it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Home {
    /// The one that several services use.
    Shared,
    /// The one of the service at this place.
    Service(usize),
}

/// Something that a module declares.
#[derive(Debug)]
pub(super) enum Item {
    Class { name: String, docs: String, tag: Option<(String, String)>, fields: Vec<PyField> },
    Alias { name: String, docs: String, body: Py },
}

/// How far a declaration is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    UnderWay,
    Done,
}

/// A module under way.
pub(super) struct Module<'m> {
    pub(super) model: &'m Model,
    home: Home,
    /// The name of the shared module.
    pub(super) shared: String,
    pub(super) imports: Imports,
    /// The names that the module declares.
    pub(super) names: Scope,
    pub(super) items: Vec<Item>,
    /// Whether an alias, of this module or the shared one, stands for a class.
    pub(super) aliases: BTreeMap<String, bool>,
    /// Names of the shared module that this one uses.
    pub(super) foreign: BTreeSet<String>,
    /// Classes for unions that had to be merged, by what was merged.
    pub(super) merged: BTreeMap<String, String>,
    /// How many unions are being merged inside of each other.
    pub(super) depth: usize,
    states: BTreeMap<usize, State>,
    waiting: VecDeque<usize>,
}

impl<'m> Module<'m> {
    pub(super) fn new(model: &'m Model, home: Home, shared: String, aliases: BTreeMap<String, bool>) -> Self {
        let names = match home {
            Home::Service(place) => model.services.get(place).map(|service| service.names.clone()),
            Home::Shared => None,
        };
        let names = names.unwrap_or_else(|| {
            let mut names = crate::model::type_names();
            model.declarations.iter().for_each(|declaration| names.add(&declaration.name));
            names
        });
        Self {
            model,
            home,
            shared,
            imports: Imports::new(Scope::default()),
            names,
            items: Vec::new(),
            aliases,
            foreign: BTreeSet::new(),
            merged: BTreeMap::new(),
            depth: 0,
            states: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// The service, where this is the module of one.
    pub(super) fn service(&self) -> Option<&'m Service> {
        match self.home {
            Home::Service(place) => self.model.services.get(place),
            Home::Shared => None,
        }
    }

    /// Whether a declaration is at home here.
    fn is_home(&self, place: usize) -> bool {
        let shared =
            self.model.declarations.get(place).is_some_and(|declaration| declaration.services.len() > 1);
        shared == (self.home == Home::Shared)
    }

    /// Declares everything that is at home in the shared module.
    pub(super) fn declare_all(&mut self) {
        for place in 0..self.model.declarations.len() {
            if self.is_home(place) {
                self.declare(place);
            }
        }
        self.finish();
    }

    /// Declares what was referred to and is not declared yet. Names are settled then: imports may follow.
    pub(super) fn finish(&mut self) {
        while let Some(place) = self.waiting.pop_front() {
            self.declare(place);
        }
        let mut declared = self.names.clone();
        self.foreign.iter().for_each(|name| declared.release(name));
        self.imports = Imports::new(declared);
    }

    fn declare(&mut self, place: usize) {
        let Some(declaration) =
            self.model.declarations.get(place).filter(|_| !self.states.contains_key(&place))
        else {
            return;
        };
        self.states.insert(place, State::UnderWay);
        let (name, docs) = (declaration.name.clone(), declaration.docs.clone());
        match &declaration.body {
            Type::Record(record) if has_class(record) => self.class(name, docs, record),
            body => {
                let lowered = self.lower(body, &name, Some(&docs), false);
                if lowered != Py::Name(name.clone()) {
                    let is_class = self.is_class(&lowered);
                    self.aliases.insert(name.clone(), is_class);
                    self.items.push(Item::Alias { name, docs, body: lowered });
                }
            }
        }
        self.states.insert(place, State::Done);
    }

    /// Declares a class.
    pub(super) fn class(&mut self, name: String, docs: String, record: &Record) {
        let place = self.items.len();
        // Its place comes before those of the classes that its fields bring.
        self.items.push(Item::Alias { name: name.clone(), docs: String::new(), body: Py::Any });
        let tag = record.fields.iter().find_map(|field| Some((field.wire.clone(), field.tag()?.to_owned())));
        let fields: Vec<&Field> = record
            .fields
            .iter()
            .filter(|field| tag.as_ref().is_none_or(|(wire, _)| *wire != field.wire))
            .collect();
        let fields = self.fields(&fields, &name, &[]);
        if let Some(item) = self.items.get_mut(place) {
            *item = Item::Class { name, docs, tag, fields };
        }
    }

    /// The fields of a class that is declared already.
    pub(super) fn class_of(&self, class: &str) -> Vec<PyField> {
        let fields = self.items.iter().find_map(|item| match item {
            Item::Class { name, fields, .. } if name == class => Some(fields.clone()),
            _ => None,
        });
        fields.unwrap_or_default()
    }

    /// Fields with their names and types in Python.
    pub(super) fn fields(&mut self, fields: &[&Field], path: &str, reserved: &[&str]) -> Vec<PyField> {
        let names = names::fields(fields.iter().map(|field| field.wire.as_str()), reserved);
        let lowered = fields.iter().zip(names).map(|(field, name)| {
            let body = self.lower(&field.body, &format!("{path}{}", pascal(&name)), None, true);
            let nullable = self.model.is_nullable(&field.body);
            let default = match (field.required && !field.omittable, nullable) {
                (true, _) => Default::None,
                (false, true) => Default::Null,
                (false, false) => Default::Unset,
            };
            let docs = if field.deprecated {
                format!("{}\n\nDeprecated.", field.docs).trim().to_owned()
            } else {
                field.docs.clone()
            };
            PyField { name, wire: field.wire.clone(), docs, body, default }
        });
        lowered.collect()
    }

    /// A type as Python's. `path` names what has no name of its own; `docs` are those of the declaration whose
    /// whole body this is; `lazy` says that names are looked up later, as those of a class's fields are.
    pub(super) fn lower(&mut self, body: &Type, path: &str, docs: Option<&str>, lazy: bool) -> Py {
        match body {
            Type::Unknown => Py::Any,
            Type::Null => Py::None,
            Type::Bool => Py::Bool,
            Type::Int => Py::Int,
            Type::Float => Py::Float,
            Type::Text(Text::Plain) => Py::Str,
            Type::Text(Text::DateTime) => Py::DateTime,
            Type::Text(Text::Date) => Py::Date,
            Type::Text(Text::Uuid) => Py::Uuid,
            Type::Bytes => Py::Bytes,
            Type::Literal(literals) => {
                Py::Literal(literals.iter().map(|literal| literal.value.clone()).collect())
            }
            Type::List(item) => Py::List(Box::new(self.lower(item, path, None, lazy))),
            Type::Tuple(items) => {
                Py::Tuple(items.iter().map(|item| self.lower(item, path, None, lazy)).collect())
            }
            Type::Map(item) => Py::Dict(Box::new(self.lower(item, path, None, lazy))),
            Type::Named(key) => self.refer(key, lazy),
            Type::Record(record) => self.anonymous(record, path, docs, lazy),
            Type::Union(alternatives) => self.union(alternatives, path, docs, lazy),
            Type::All(_) => match self.open(body, 0) {
                Type::All(_) => Py::Dict(Box::new(Py::Any)),
                opened => self.lower(&opened, path, docs, lazy),
            },
        }
    }

    /// A record without a name: a class named after where it stands, or a dict where it can have none.
    fn anonymous(&mut self, record: &Record, path: &str, docs: Option<&str>, lazy: bool) -> Py {
        if !has_class(record) {
            let types = record.fields.iter().map(|field| &field.body).chain(record.rest.as_deref());
            let all =
                types.map(|body| Alternative { body: body.clone(), docs: String::new(), variant: None });
            let value = crate::model::one_of(all.collect());
            return Py::Dict(Box::new(self.lower(&value, path, None, lazy)));
        }
        let name = match docs {
            Some(_) => path.to_owned(),
            None => self.names.take([path.to_owned(), format!("{path}Record")]),
        };
        self.class(name.clone(), docs.unwrap_or_default().to_owned(), record);
        Py::Name(name)
    }

    /// A reference to a declaration, which is declared before where that is needed.
    fn refer(&mut self, key: &Key, lazy: bool) -> Py {
        let Some((place, declaration)) = self.model.place(key) else { return Py::Any };
        if *self.model.behind(&declaration.body) == Type::Null {
            // Python cannot unite two names for `None`.
            return Py::None;
        }
        let name = declaration.name.clone();
        if !self.is_home(place) {
            self.foreign.insert(name.clone());
            return Py::Name(name);
        }
        if lazy {
            self.waiting.push_back(place);
        } else if self.states.get(&place) == Some(&State::UnderWay) && !self.is_class_item(&name) {
            return Py::Any;
        } else {
            self.declare(place);
        }
        Py::Name(name)
    }

    /// Whether a class of that name is declared already, so that an alias may refer to it.
    fn is_class_item(&self, name: &str) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Class { name: known, .. } if known == name))
    }
}
