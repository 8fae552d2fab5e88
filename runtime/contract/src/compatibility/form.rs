//! The forms that a value may have: a schema with its references followed and its alternatives taken apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// More forms than this are not looked at one by one.
const MAX_FORMS: usize = 512;
/// References that lead to references and so on, before it is given up.
const MAX_NESTING: usize = 32;

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    const ALL: [(&'static str, Self); 7] = [
        ("null", Self::Null),
        ("boolean", Self::Boolean),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("string", Self::String),
        ("array", Self::Array),
        ("object", Self::Object),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    /// What is of both kinds.
    fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Some(Self::Integer),
            (one, another) => (one == another).then_some(one),
        }
    }

    /// Whether a value of this kind is also one of that.
    pub(super) fn is(self, other: Self) -> bool {
        self.and(other) == Some(self)
    }
}

/// One form that a value may have.
#[derive(Debug, Clone, Default)]
pub(super) struct Form<'c> {
    /// `None`: anything.
    pub(super) kind: Option<Kind>,
    /// The one value that it is.
    pub(super) constant: Option<&'c Value>,
    pub(super) properties: BTreeMap<&'c str, &'c Value>,
    pub(super) required: BTreeSet<&'c str>,
    /// All other keywords that say something of the value.
    pub(super) keywords: BTreeMap<&'c str, &'c Value>,
}

impl<'c> Form<'c> {
    pub(super) fn number(&self, keyword: &str) -> Option<f64> {
        self.keywords.get(keyword)?.as_f64()
    }

    pub(super) fn text(&self, keyword: &str) -> Option<&'c str> {
        self.keywords.get(keyword)?.as_str()
    }

    pub(super) fn is_integer(&self) -> bool {
        self.kind == Some(Kind::Integer)
    }

    /// What its name is, where it is a variant of an enum.
    pub(super) fn variant(&self) -> Option<&'c str> {
        if let Some(constant) = self.constant {
            return constant.as_str();
        }
        self.tags().next().map(|(_, tag)| tag).or_else(|| self.outer())
    }

    /// Its members that have one value only.
    fn tags(&self) -> impl Iterator<Item = (&'c str, &'c str)> {
        self.properties.iter().filter_map(|(name, schema)| Some((*name, only(schema)?)))
    }

    /// The member that it consists of, as in serde's own form of enums.
    fn outer(&self) -> Option<&'c str> {
        let closed = self.keywords.get("additionalProperties") == Some(&&Value::Bool(false));
        let alone = closed && self.properties.len() == 1 && self.required.len() == 1;
        alone.then(|| self.required.first().copied()).flatten()
    }

    /// Whether a value of that form may be meant for this one: the same variant, as far as variants are told apart.
    pub(super) fn is_meant_for(&self, reader: &Self) -> bool {
        let Some(kind) = reader.kind else { return true };
        let same_kind = self.kind.is_some_and(|own| own.is(kind));
        let same_value = reader.constant.is_none_or(|value| self.constant == Some(value));
        let same_tag = self.tags().all(|(name, tag)| {
            reader.properties.get(name).and_then(|schema| only(schema)).is_none_or(|other| other == tag)
        });
        let same_outer = match (self.outer(), reader.outer()) {
            (Some(one), Some(another)) => one == another,
            _ => true,
        };
        same_kind && same_value && same_tag && same_outer
    }

    /// What is of both forms, if anything is.
    fn and(&self, other: &Self) -> Result<Option<Self>, Untold> {
        let mut both = self.clone();
        both.kind = match (self.kind, other.kind) {
            (Some(one), Some(another)) => match one.and(another) {
                Some(kind) => Some(kind),
                None => return Ok(None),
            },
            (one, another) => one.or(another),
        };
        both.constant = match (self.constant, other.constant) {
            (Some(one), Some(another)) if one != another => return Ok(None),
            (one, another) => one.or(another),
        };
        both.required.extend(&other.required);
        join(&mut both.properties, &other.properties)?;
        join(&mut both.keywords, &other.keywords)?;
        Ok(Some(both))
    }

    /// Without what says nothing of a value of its kind.
    fn settled(mut self) -> Self {
        let members = !self.properties.is_empty() || !self.required.is_empty();
        if self.kind.is_none() && members {
            self.kind = Some(Kind::Object);
        }
        if let Some(kind) = self.kind {
            self.keywords.retain(|keyword, _| concerns(keyword, kind));
        }
        self
    }
}

/// The one text that a schema allows.
fn only(schema: &Value) -> Option<&str> {
    let listed = || match schema.get("enum")?.as_array()?.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    schema.get("const").or_else(listed)?.as_str()
}

/// What two schemas say of one thing cannot be said as one.
struct Untold;

fn join<'c>(
    one: &mut BTreeMap<&'c str, &'c Value>,
    other: &BTreeMap<&'c str, &'c Value>,
) -> Result<(), Untold> {
    for (name, value) in other {
        if *one.entry(name).or_insert(value) != *value {
            return Err(Untold);
        }
    }
    Ok(())
}

/// Whether the keyword says something of values of that kind. What is not known might.
fn concerns(keyword: &str, kind: Kind) -> bool {
    match keyword {
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            matches!(kind, Kind::Integer | Kind::Number)
        }
        "minLength" | "maxLength" | "pattern" | "contentEncoding" | "x-minBytes" | "x-maxBytes" => {
            kind == Kind::String
        }
        "format" => matches!(kind, Kind::Integer | Kind::Number | Kind::String),
        "items" | "prefixItems" | "minItems" | "maxItems" | "uniqueItems" => kind == Kind::Array,
        "additionalProperties"
        | "patternProperties"
        | "propertyNames"
        | "minProperties"
        | "maxProperties" => kind == Kind::Object,
        _ => true,
    }
}

/// All forms of a schema; `None` where they cannot be told.
pub(super) fn forms<'c>(
    schema: &'c Value,
    definitions: &'c BTreeMap<String, Value>,
) -> Option<Vec<Form<'c>>> {
    let found = apart(schema, definitions, MAX_NESTING)?;
    Some(found.into_iter().map(Form::settled).collect())
}

fn apart<'c>(
    schema: &'c Value,
    definitions: &'c BTreeMap<String, Value>,
    nesting: usize,
) -> Option<Vec<Form<'c>>> {
    let nesting = nesting.checked_sub(1)?;
    let members = match schema {
        Value::Bool(true) => return Some(vec![Form::default()]),
        Value::Bool(false) => return Some(Vec::new()),
        other => other.as_object()?,
    };
    let mut found = own(members)?;
    if let Some(reference) = members.get("$ref") {
        let target = definitions.get(&definition(reference.as_str()?)?)?;
        found = product(&found, &apart(target, definitions, nesting)?)?;
    }
    for all in list(members, "allOf")? {
        found = product(&found, &apart(all, definitions, nesting)?)?;
    }
    for keyword in ["anyOf", "oneOf"].into_iter().filter(|keyword| members.contains_key(*keyword)) {
        let mut alternatives = Vec::new();
        for alternative in list(members, keyword)? {
            alternatives.extend(apart(alternative, definitions, nesting)?);
        }
        found = product(&found, &alternatives)?;
    }
    Some(found)
}

fn list<'c>(members: &'c Map<String, Value>, keyword: &str) -> Option<&'c [Value]> {
    members.get(keyword).map_or(Some(&[]), |value| value.as_array().map(Vec::as_slice))
}

/// The name of the definition that is referred to.
fn definition(reference: &str) -> Option<String> {
    Some(reference.strip_prefix("#/$defs/")?.replace("~1", "/").replace("~0", "~"))
}

fn product<'c>(one: &[Form<'c>], other: &[Form<'c>]) -> Option<Vec<Form<'c>>> {
    if one.len().saturating_mul(other.len()) > MAX_FORMS {
        return None;
    }
    let mut both = Vec::new();
    for (one, other) in one.iter().flat_map(|one| other.iter().map(move |other| (one, other))) {
        both.extend(one.and(other).ok()?);
    }
    Some(both)
}

/// What the schema says itself, without what it refers to.
fn own(members: &Map<String, Value>) -> Option<Vec<Form<'_>>> {
    let mut base = Form::default();
    for (keyword, value) in members {
        match keyword.as_str() {
            "title" | "description" | "examples" | "deprecated" | "default" | "readOnly" | "writeOnly"
            | "$schema" | "$comment" | "$defs" | "x-check" | "type" | "enum" | "const" | "$ref" | "allOf"
            | "anyOf" | "oneOf" => {}
            "properties" => {
                let named = value.as_object()?.iter();
                base.properties.extend(named.map(|(name, schema)| (name.as_str(), schema)));
            }
            "required" => base.required.extend(value.as_array()?.iter().filter_map(Value::as_str)),
            // The members of all parts are together in a form.
            "unevaluatedProperties" => {
                join(&mut base.keywords, &[("additionalProperties", value)].into()).ok()?;
            }
            other => join(&mut base.keywords, &[(other, value)].into()).ok()?,
        }
    }
    let constant = |value| Form { kind: Some(Kind::of(value)), constant: Some(value), ..base.clone() };
    let typed = |name: &str| Some(Form { kind: Some(Kind::named(name)?), ..base.clone() });
    match (members.get("const"), members.get("enum"), members.get("type")) {
        (Some(value), _, _) => Some(vec![constant(value)]),
        (None, Some(values), _) => Some(values.as_array()?.iter().map(constant).collect()),
        (None, None, Some(Value::Array(names))) => names.iter().map(|name| typed(name.as_str()?)).collect(),
        (None, None, Some(name)) => Some(vec![typed(name.as_str()?)?]),
        (None, None, None) => Some(vec![base]),
    }
}
