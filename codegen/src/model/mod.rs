//! The contract as every language needs it: JSON Schema turned into types, each declared type with its name.

mod definitions;
mod lower;
mod names;
mod note;
mod reserved;
mod service;
mod unify;
mod unions;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wirecall_contract::CallKind;

pub(crate) use names::{params_docs, type_names};
pub(crate) use unions::{all, one_of};

/// Everything that is printed.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) services: Vec<Service>,
    /// The declared types, in the order of their first use.
    pub(crate) declarations: Vec<Declaration>,
    /// Which declaration a definition of the contract became.
    places: BTreeMap<Key, usize>,
}

impl Model {
    /// The declaration that stands for a definition.
    pub(crate) fn declaration(&self, key: &Key) -> Option<&Declaration> {
        self.place(key).map(|(_, declaration)| declaration)
    }

    /// The declaration that stands for a definition, and its place among all.
    pub(crate) fn place(&self, key: &Key) -> Option<(usize, &Declaration)> {
        let place = *self.places.get(key)?;
        Some((place, self.declarations.get(place)?))
    }
}

/// Which way a value crosses the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// As the server reads it.
    Read,
    /// As the server writes it.
    Written,
}

/// A definition of the contract, in one of its forms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) form: Form,
}

/// A named type.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) body: Type,
    /// The services that use it, by their place in [`Model::services`].
    pub(crate) services: BTreeSet<usize>,
}

/// A type, in no language.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    /// Any JSON value.
    Unknown,
    Null,
    Bool,
    Int,
    Float,
    Text(Text),
    /// Base64 text in JSON, bytes in MessagePack.
    Bytes,
    /// One of a few strings or integers.
    Literal(Vec<Literal>),
    List(Box<Self>),
    Tuple(Vec<Self>),
    /// An object with any members of one type.
    Map(Box<Self>),
    Record(Record),
    Named(Key),
    Union(Vec<Alternative>),
    /// What fits every one of these.
    All(Vec<Self>),
}

/// What a string holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Plain,
    DateTime,
    Date,
    Uuid,
}

/// One of the values of a literal type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Literal {
    /// A string or an integer.
    pub(crate) value: Value,
    pub(crate) docs: String,
}

/// One alternative of a union.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alternative {
    pub(crate) body: Type,
    pub(crate) docs: String,
    /// The name of the variant in Rust, where it is known.
    pub(crate) variant: Option<String>,
}

/// An object with known members.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) fields: Vec<Field>,
    /// The type of all other members, where there may be some.
    pub(crate) rest: Option<Box<Type>>,
}

/// One member of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// The name on the wire.
    pub(crate) wire: String,
    pub(crate) docs: String,
    pub(crate) deprecated: bool,
    pub(crate) body: Type,
    /// Whether it is always there.
    pub(crate) required: bool,
    /// Whether it may be left out when it is sent to the server, though it is there when it comes.
    pub(crate) omittable: bool,
}

impl Type {
    /// Whether `null` is one of its values.
    pub(crate) fn is_nullable(&self) -> bool {
        match self {
            Self::Unknown | Self::Null => true,
            Self::Union(alternatives) => {
                alternatives.iter().any(|alternative| alternative.body.is_nullable())
            }
            _ => false,
        }
    }

    /// The types that it is made of, one level down.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::List(item) | Self::Map(item) => vec![item],
            Self::Tuple(items) | Self::All(items) => items.iter().collect(),
            Self::Record(record) => record.parts(),
            Self::Union(alternatives) => alternatives.iter().map(|alternative| &alternative.body).collect(),
            _ => Vec::new(),
        }
    }
}

impl Record {
    fn parts(&self) -> Vec<&Type> {
        self.fields.iter().map(|field| &field.body).chain(self.rest.as_deref()).collect()
    }
}

impl Field {
    /// The one string that this field always holds: what tells the alternatives of a union apart.
    pub(crate) fn tag(&self) -> Option<&str> {
        match &self.body {
            Type::Literal(literals) if self.required => match literals.as_slice() {
                [only] => only.value.as_str(),
                _ => None,
            },
            _ => None,
        }
    }
}

/// One file.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) fingerprint: String,
    /// The name of the client class.
    pub(crate) client: String,
    pub(crate) methods: Vec<Method>,
    pub(crate) events: Vec<Event>,
    /// The errors of the file, each once.
    pub(crate) errors: Vec<ErrorClass>,
    /// The errors that every call may answer.
    pub(crate) default_errors: Vec<usize>,
    pub(crate) peer: Option<Peer>,
    /// The names that the file declares or refers to.
    pub(crate) names: crate::print::names::Scope,
}

/// What the client answers.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) rust_name: String,
    pub(crate) docs: String,
    /// The name of the interface that an application implements.
    pub(crate) handler: String,
    pub(crate) methods: Vec<Method>,
}

/// A call or a notification.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) wire: String,
    pub(crate) rust_name: String,
    pub(crate) docs: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) kind: CallKind,
    pub(crate) params: Params,
    /// `None` where the result is `null`.
    pub(crate) result: Option<Type>,
    /// The items that it answers with, one by one.
    pub(crate) stream: Option<Type>,
    /// The items that it takes, one by one.
    pub(crate) upload: Option<Type>,
    /// The errors that it may answer.
    pub(crate) errors: Vec<usize>,
    /// Whether these are others than the service's.
    pub(crate) has_own_errors: bool,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) idempotent: bool,
    pub(crate) positional: bool,
}

/// What a method takes, or an event carries.
#[derive(Debug)]
pub(crate) enum Params {
    None,
    /// Members of its own, declared under this name.
    Own {
        name: String,
        record: Record,
    },
    /// A type that has a name already, or is no record.
    Type(Type),
}

/// A message of the server that no call asked for.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) wire: String,
    pub(crate) rust_name: String,
    pub(crate) docs: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) params: Params,
}

/// A typed error.
#[derive(Debug)]
pub(crate) struct ErrorClass {
    pub(crate) class: String,
    pub(crate) code: i64,
    pub(crate) kind: String,
    pub(crate) docs: String,
    pub(crate) retryable: bool,
    pub(crate) details: Option<Type>,
}

impl Method {
    /// The types that it is made of.
    fn parts(&self) -> impl Iterator<Item = &Type> {
        let items = self.upload.iter().chain(&self.stream);
        self.params.parts().into_iter().chain(items).chain(&self.result)
    }

    /// The errors that its caller may meet: a notification is never answered.
    pub(crate) fn answers(&self) -> impl Iterator<Item = &usize> {
        self.errors.iter().filter(|_| self.is_call())
    }

    /// Whether it is answered.
    pub(crate) fn is_call(&self) -> bool {
        self.kind == CallKind::Call
    }
}

impl Params {
    /// The types that it is made of.
    fn parts(&self) -> Vec<&Type> {
        match self {
            Self::None => Vec::new(),
            Self::Own { record, .. } => record.parts(),
            Self::Type(body) => vec![body],
        }
    }
}

impl Service {
    /// The types it is made of, in the order in which they are met: calls, peer, events, errors.
    fn parts(&self) -> Vec<&Type> {
        let methods = self.methods.iter().chain(self.peer.iter().flat_map(|peer| &peer.methods));
        let calls = methods.flat_map(Method::parts);
        let events = self.events.iter().flat_map(|event| event.params.parts());
        let errors = self.errors.iter().flat_map(|error| &error.details);
        calls.chain(events).chain(errors).collect()
    }
}
