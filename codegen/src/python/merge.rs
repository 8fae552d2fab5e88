//! Unions that msgspec can tell apart, and what becomes of those that it cannot.
//!
//! msgspec decodes a union when each kind of JSON value has one alternative: one array, one kind of string, one
//! object, or several objects that a tag tells apart. A union with more (serde's external and untagged forms)
//! is merged: its objects become one class with the fields of all, of which those that not every alternative
//! has may be `UNSET`. That is the JSON object as it is: it decodes without a hook, it encodes to the same
//! JSON, and every type checker follows `if shape.circle is not UNSET`.

use std::collections::BTreeSet;

use super::module::Module;
use super::types::{Py, has_class};
use crate::model::{Alternative, Field, Record, Text, Type, all, one_of};
use crate::print::names::pascal;

/// How deep unions are merged inside of each other before what is left is any value.
const MAX_DEPTH: usize = 12;

impl Module<'_> {
    /// A union as Python's.
    pub(super) fn union(
        &mut self,
        alternatives: &[Alternative],
        path: &str,
        docs: Option<&str>,
        lazy: bool,
    ) -> Py {
        let opened: Vec<Alternative> = alternatives
            .iter()
            .map(|alternative| Alternative { body: self.open_all(&alternative.body), ..alternative.clone() })
            .collect();
        let opened = match one_of(opened) {
            Type::Union(opened) => opened,
            single => return self.lower(&single, path, docs, lazy),
        };
        let mut leaves = Vec::new();
        let mut seen = BTreeSet::new();
        for alternative in &opened {
            self.leaves(&alternative.body, &mut leaves, &mut seen);
        }
        if leaves.contains(&Type::Unknown) || self.depth >= MAX_DEPTH {
            return Py::Any;
        }
        if is_decodable(&leaves) {
            let parts = opened.iter().map(|alternative| self.variant(alternative, path, lazy));
            return unite(parts.collect());
        }
        self.depth += 1;
        let merged = self.merge(&leaves, path, docs, lazy);
        self.depth -= 1;
        merged
    }

    /// One alternative: a record without a name is named after its variant.
    fn variant(&mut self, alternative: &Alternative, path: &str, lazy: bool) -> Py {
        let Type::Record(record) = &alternative.body else {
            return self.lower(&alternative.body, path, None, lazy);
        };
        if !has_class(record) {
            return self.lower(&alternative.body, path, None, lazy);
        }
        let tag = record.fields.iter().find_map(Field::tag).unwrap_or("Record");
        let variant = pascal(alternative.variant.as_deref().unwrap_or(tag));
        let name = self.names.take([variant.clone(), format!("{path}{variant}")]);
        let docs = match alternative.docs.as_str() {
            "" => format!("The variant `{variant}` of `{path}`."),
            docs => docs.to_owned(),
        };
        self.class(name.clone(), docs, record);
        Py::Name(name)
    }

    /// What a type may be in the end, with names and unions opened.
    fn leaves(&self, body: &Type, leaves: &mut Vec<Type>, seen: &mut BTreeSet<usize>) {
        match body {
            Type::Named(key) => match self.model.place(key) {
                Some((place, declaration)) if seen.insert(place) => {
                    let mut own = Vec::new();
                    self.leaves(&self.open_all(&declaration.body), &mut own, seen);
                    leaves.extend(if is_decodable(&own) { own } else { condensed(own, &declaration.name) });
                }
                Some(_) => {}
                None => leaves.push(Type::Unknown),
            },
            Type::Union(alternatives) => {
                for alternative in alternatives {
                    self.leaves(&self.open_all(&alternative.body), leaves, seen);
                }
            }
            Type::All(_) => leaves.push(Type::Unknown),
            _ if leaves.contains(body) => {}
            _ => leaves.push(body.clone()),
        }
    }

    fn open_all(&self, body: &Type) -> Type {
        if matches!(body, Type::All(_)) { self.open(body, 0) } else { body.clone() }
    }

    /// What has to fit several types at once, with the names among them opened, so that records can be merged.
    pub(super) fn open(&self, body: &Type, depth: usize) -> Type {
        if depth > MAX_DEPTH {
            return Type::Unknown;
        }
        match body {
            Type::All(parts) => all(parts.iter().map(|part| self.open(part, depth + 1)).collect()),
            Type::Named(_) => match self.model.behind(body) {
                Type::Union(alternatives) => {
                    let opened = alternatives.iter().map(|alternative| Alternative {
                        body: self.open(&alternative.body, depth + 1),
                        ..alternative.clone()
                    });
                    one_of(opened.collect())
                }
                behind => self.open(behind, depth + 1),
            },
            _ => body.clone(),
        }
    }

    fn merge(&mut self, leaves: &[Type], path: &str, docs: Option<&str>, lazy: bool) -> Py {
        let mut parts = Vec::new();
        let (objects, others): (Vec<&Type>, Vec<&Type>) =
            leaves.iter().partition(|leaf| matches!(leaf, Type::Record(_) | Type::Map(_)));
        let (arrays, others): (Vec<&Type>, Vec<&Type>) =
            others.into_iter().partition(|leaf| matches!(leaf, Type::List(_) | Type::Tuple(_)));
        let strings: Vec<&Type> = others.iter().copied().filter(|leaf| is_string(leaf)).collect();
        let fits = kinds_of_strings(&strings) <= 1;
        // Bytes are a text in one codec and none in the other: beside another text they may be either.
        let mixed = if strings.contains(&&Type::Bytes) { Py::Any } else { Py::Str };
        for other in others {
            let is_mixed = is_string(other) && !fits;
            parts.push(if is_mixed { mixed.clone() } else { self.lower(other, path, None, lazy) });
        }
        if let [only] = arrays.as_slice() {
            parts.push(self.lower(only, path, None, lazy));
        } else if !arrays.is_empty() {
            let items = arrays.iter().flat_map(|array| array.parts()).cloned().collect();
            parts.push(Py::List(Box::new(self.lower(&one(items), path, None, lazy))));
        }
        if !objects.is_empty() {
            let whole = docs.filter(|_| parts.is_empty());
            parts.push(self.merge_objects(&objects, path, whole, lazy));
        }
        unite(parts)
    }

    fn merge_objects(&mut self, objects: &[&Type], path: &str, docs: Option<&str>, lazy: bool) -> Py {
        let is_open = |object: &&Type| !matches!(object, Type::Record(record) if has_class(record));
        if objects.iter().any(is_open) {
            let values = objects.iter().flat_map(|object| object.parts()).cloned().collect();
            return Py::Dict(Box::new(self.lower(&one(values), path, None, lazy)));
        }
        let key = format!("{objects:?}");
        if let Some(known) = self.merged.get(&key) {
            return Py::Name(known.clone());
        }
        let name = match docs {
            Some(_) => path.to_owned(),
            None => self.names.take([format!("{path}Object")]),
        };
        self.merged.insert(key, name.clone());
        let records: Vec<&Record> = objects
            .iter()
            .filter_map(|object| if let Type::Record(record) = object { Some(record) } else { None })
            .collect();
        let is_external = records.iter().all(|record| record.fields.len() == 1);
        let note = if is_external {
            "Exactly one field is set."
        } else {
            "Which fields are set depends on the alternative."
        };
        let docs = match docs.unwrap_or_default() {
            "" => format!("The objects of `{path}`. {note}"),
            docs => format!("{docs}\n\n{note}"),
        };
        self.class(name.clone(), docs, &merged(&records));
        Py::Name(name)
    }
}

/// What a union that is merged where it is declared looks like from outside: one array, one string, one object.
fn condensed(leaves: Vec<Type>, name: &str) -> Vec<Type> {
    let mut condensed: Vec<Type> = Vec::new();
    for leaf in leaves {
        let leaf = match leaf {
            Type::List(_) | Type::Tuple(_) => Type::List(Box::new(Type::Unknown)),
            Type::Record(_) | Type::Map(_) => {
                let field = Field {
                    wire: name.to_owned(),
                    docs: String::new(),
                    deprecated: false,
                    body: Type::Null,
                    required: true,
                    omittable: false,
                };
                Type::Record(Record { fields: vec![field], rest: None })
            }
            Type::Bytes => Type::Unknown,
            leaf if is_string(&leaf) => Type::Text(Text::Plain),
            leaf => leaf,
        };
        if !condensed.contains(&leaf) {
            condensed.push(leaf);
        }
    }
    condensed
}

/// One record with the fields of all.
fn merged(records: &[&Record]) -> Record {
    let mut fields: Vec<Field> = Vec::new();
    for field in records.iter().flat_map(|record| &record.fields) {
        if fields.iter().any(|known| known.wire == field.wire) {
            continue;
        }
        let same: Vec<&Field> = records
            .iter()
            .flat_map(|record| &record.fields)
            .filter(|other| other.wire == field.wire)
            .collect();
        fields.push(Field {
            body: one(same.iter().map(|field| field.body.clone()).collect()),
            required: same.len() == records.len() && same.iter().all(|field| field.required),
            ..field.clone()
        });
    }
    Record { fields, rest: None }
}

fn one(types: Vec<Type>) -> Type {
    one_of(types.into_iter().map(|body| Alternative { body, docs: String::new(), variant: None }).collect())
}

fn unite(parts: Vec<Py>) -> Py {
    let mut flat: Vec<Py> = Vec::new();
    for part in parts {
        let inner = if let Py::Union(inner) = part { inner } else { vec![part] };
        for part in inner {
            if part == Py::Any {
                return Py::Any;
            }
            if !flat.contains(&part) {
                flat.push(part);
            }
        }
    }
    // `None` comes last, as people write it.
    flat.sort_by_key(|part| *part == Py::None);
    match flat.len() {
        1 => flat.pop().unwrap_or(Py::Any),
        _ => Py::Union(flat),
    }
}

fn is_string(leaf: &Type) -> bool {
    match leaf {
        Type::Text(_) | Type::Bytes => true,
        Type::Literal(literals) => literals.iter().any(|literal| literal.value.is_string()),
        _ => false,
    }
}

/// How many alternatives a string has for msgspec: literals and plain strings go together.
fn kinds_of_strings(leaves: &[&Type]) -> usize {
    let plain = leaves.iter().any(|leaf| matches!(leaf, Type::Text(Text::Plain) | Type::Literal(_)));
    let others = leaves.iter().filter(|leaf| match leaf {
        Type::Text(text) => *text != Text::Plain,
        Type::Bytes => true,
        _ => false,
    });
    usize::from(plain) + others.count()
}

/// Whether msgspec can tell these apart.
fn is_decodable(leaves: &[Type]) -> bool {
    let strings: Vec<&Type> = leaves.iter().filter(|leaf| is_string(leaf)).collect();
    let arrays = leaves.iter().filter(|leaf| matches!(leaf, Type::List(_) | Type::Tuple(_)));
    let objects: Vec<&Type> =
        leaves.iter().filter(|leaf| matches!(leaf, Type::Record(_) | Type::Map(_))).collect();
    kinds_of_strings(&strings) <= 1 && arrays.count() <= 1 && (objects.len() <= 1 || are_tagged(&objects))
}

/// Whether all are records with one tag field and a tag of their own.
fn are_tagged(objects: &[&Type]) -> bool {
    let tags: Vec<Option<(&str, &str)>> = objects
        .iter()
        .map(|object| match object {
            Type::Record(record) if has_class(record) => {
                record.fields.iter().find_map(|field| Some((field.wire.as_str(), field.tag()?)))
            }
            _ => None,
        })
        .collect();
    let fields: BTreeSet<Option<&str>> = tags.iter().map(|tag| tag.map(|(field, _)| field)).collect();
    let values: BTreeSet<Option<&str>> = tags.iter().map(|tag| tag.map(|(_, value)| value)).collect();
    fields.len() == 1 && !fields.contains(&None) && values.len() == tags.len()
}
