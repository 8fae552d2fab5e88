//! JSON Schema, as schemars writes it for serde's types, to a [`Type`].

use serde_json::{Map, Value};
use wirecall_contract::{self as contract, Contract, NamedType};

use super::{Alternative, Field, Form, Key, Literal, Record, Text, Type, note, unions};

/// How deep a schema is followed. What lies deeper is any value.
const MAX_DEPTH: usize = 64;

/// What the contract knows of the type beyond its schema.
#[derive(Clone, Copy, Default)]
pub(super) struct Hint<'c> {
    fields: &'c [contract::Field],
    variants: &'c [contract::Variant],
}

impl<'c> Hint<'c> {
    /// The order of fields of a struct or of one variant.
    pub(super) fn fields(fields: &'c [contract::Field]) -> Self {
        Self { fields, variants: &[] }
    }

    /// What is known of a named type.
    pub(super) fn of(info: Option<&'c NamedType>) -> Self {
        info.map_or_else(Self::default, |info| Self { fields: &info.fields, variants: &info.variants })
    }

    /// What is known of one alternative of an enum.
    fn variant(self, schema: &Value, place: usize, count: usize) -> Option<&'c contract::Variant> {
        let by_name = self.variants.iter().find(|variant| is_variant(schema, &variant.name));
        by_name.or_else(|| if self.variants.len() == count { self.variants.get(place) } else { None })
    }
}

/// Whether a schema is the variant of that wire name: by its tag, or by its only member.
fn is_variant(schema: &Value, name: &str) -> bool {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return false };
    let tagged =
        properties.values().any(|property| property.get("const").and_then(Value::as_str) == Some(name));
    tagged || (properties.len() == 1 && properties.contains_key(name))
}

/// Turns the schemas of one form into types.
#[derive(Clone, Copy)]
pub(super) struct Lower<'c> {
    pub(super) contract: &'c Contract,
    pub(super) form: Form,
}

impl Lower<'_> {
    /// The type that a schema describes.
    pub(super) fn schema(self, schema: &Value, hint: Hint<'_>) -> Type {
        self.at(schema, hint, 0)
    }

    fn at(self, schema: &Value, hint: Hint<'_>, depth: usize) -> Type {
        let Value::Object(members) = schema else { return Type::Unknown };
        if depth > MAX_DEPTH {
            return Type::Unknown;
        }
        let mut parts: Vec<Type> = Vec::new();
        if let Some(base) = self.base(members, hint, depth + 1) {
            parts.push(base);
        }
        parts.extend(members.get("$ref").map(|reference| self.reference(reference)));
        for part in list(members, "allOf") {
            parts.push(self.at(part, hint, depth + 1));
        }
        for key in ["anyOf", "oneOf"] {
            let alternatives = list(members, key);
            if !alternatives.is_empty() {
                parts.push(self.union(alternatives, hint, depth + 1));
            }
        }
        unions::all(parts)
    }

    fn reference(self, reference: &Value) -> Type {
        let name = reference.as_str().and_then(|text| text.strip_prefix("#/$defs/"));
        let Some(name) = name.map(|name| name.replace("~1", "/").replace("~0", "~")) else {
            return Type::Unknown;
        };
        if name == "Timestamp" && self.is_timestamp(&name) {
            return Type::Text(Text::DateTime);
        }
        Type::Named(Key { name, form: self.form })
    }

    /// Whether a definition is wirecall's own `Timestamp`: each language has a better name for it.
    fn is_timestamp(self, name: &str) -> bool {
        let schema = self.contract.outputs.get(name).or_else(|| self.contract.inputs.get(name));
        schema.is_some_and(|schema| text(schema, "type") == "string" && text(schema, "format") == "date-time")
    }

    fn union(self, alternatives: &[Value], hint: Hint<'_>, depth: usize) -> Type {
        let lowered = alternatives.iter().enumerate().map(|(place, schema)| {
            let variant = hint.variant(schema, place, alternatives.len());
            let inner = variant.map_or_else(Hint::default, |variant| Hint::fields(&variant.fields));
            let docs = text(schema, "description");
            let body = describe_literals(self.at(schema, inner, depth), &docs);
            Alternative { body, docs, variant: variant.map(|variant| variant.rust_name.clone()) }
        });
        let mut body = unions::one_of(lowered.collect());
        sort_literals(&mut body, hint.variants);
        body
    }

    /// What a schema says itself, without its references and combinations.
    fn base(self, members: &Map<String, Value>, hint: Hint<'_>, depth: usize) -> Option<Type> {
        if let Some(value) = members.get("const") {
            return Some(literals(std::slice::from_ref(value)));
        }
        if let Some(Value::Array(values)) = members.get("enum") {
            let mut body = literals(values);
            sort_literals(&mut body, hint.variants);
            return Some(body);
        }
        let combined = ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|key| members.contains_key(*key));
        match members.get("type") {
            Some(Value::String(name)) => {
                // Beside a reference, `type` alone only repeats what the reference says.
                let repeats = combined && (name != "object" || !has_members(members));
                (!repeats).then(|| self.simple(name, members, hint, depth))
            }
            Some(Value::Array(names)) if !combined => {
                let names = names.iter().filter_map(Value::as_str);
                let alternatives = names.map(|name| alternative(self.simple(name, members, hint, depth)));
                Some(unions::one_of(alternatives.collect()))
            }
            _ => members.contains_key("properties").then(|| self.object(members, hint, depth)),
        }
    }

    fn simple(self, name: &str, members: &Map<String, Value>, hint: Hint<'_>, depth: usize) -> Type {
        match name {
            "null" => Type::Null,
            "boolean" => Type::Bool,
            "integer" => Type::Int,
            "number" => Type::Float,
            "string" if is_base64(members) => Type::Bytes,
            "string" => Type::Text(match members.get("format").and_then(Value::as_str) {
                Some("date-time") => Text::DateTime,
                Some("date") => Text::Date,
                Some("uuid") => Text::Uuid,
                _ => Text::Plain,
            }),
            "array" => self.array(members, depth),
            "object" => self.object(members, hint, depth),
            _ => Type::Unknown,
        }
    }

    fn array(self, members: &Map<String, Value>, depth: usize) -> Type {
        let prefix = list(members, "prefixItems");
        if !prefix.is_empty() {
            return Type::Tuple(prefix.iter().map(|item| self.at(item, Hint::default(), depth)).collect());
        }
        let item = members.get("items").map_or(Type::Unknown, |item| self.at(item, Hint::default(), depth));
        Type::List(Box::new(item))
    }

    fn object(self, members: &Map<String, Value>, hint: Hint<'_>, depth: usize) -> Type {
        let rest = match members.get("additionalProperties") {
            None | Some(Value::Bool(false)) => self.pattern(members, depth),
            Some(schema) => Some(Box::new(self.at(schema, Hint::default(), depth))),
        };
        match (members.get("properties"), rest) {
            (Some(Value::Object(properties)), rest) if !properties.is_empty() => {
                let fields = self.fields(properties, members, hint, depth);
                Type::Record(Record { fields, rest })
            }
            (_, Some(rest)) => Type::Map(rest),
            (_, None) => Type::Record(Record::default()),
        }
    }

    /// The type of members whose names keep a pattern, as those of a map with numbers for keys.
    fn pattern(self, members: &Map<String, Value>, depth: usize) -> Option<Box<Type>> {
        let Some(Value::Object(patterns)) = members.get("patternProperties") else { return None };
        let bodies = patterns.values().map(|schema| alternative(self.at(schema, Hint::default(), depth)));
        Some(Box::new(unions::one_of(bodies.collect())))
    }

    fn fields(
        self,
        properties: &Map<String, Value>,
        members: &Map<String, Value>,
        hint: Hint<'_>,
        depth: usize,
    ) -> Vec<Field> {
        let required = list(members, "required");
        let inner = Hint::fields(hint.fields);
        let mut fields: Vec<Field> = properties
            .iter()
            .map(|(name, schema)| {
                let required = required.iter().any(|item| item.as_str() == Some(name));
                let body = self.at(schema, inner, depth);
                Field {
                    wire: name.clone(),
                    docs: note::field_docs(schema, &body, required),
                    deprecated: schema.get("deprecated").and_then(Value::as_bool).unwrap_or_default(),
                    body,
                    required,
                    omittable: false,
                }
            })
            .collect();
        // Tags first, then as declared, then (what is flattened into it) by name.
        fields.sort_by_key(|field| match hint.fields.iter().position(|known| known.name == field.wire) {
            Some(place) => (1, place),
            None if field.tag().is_some() => (0, 0),
            None => (2, 0),
        });
        fields
    }
}

/// Whether a string holds bytes, as wirecall's own `Bytes` says.
fn is_base64(members: &Map<String, Value>) -> bool {
    members.get("contentEncoding").and_then(Value::as_str) == Some("base64")
}

fn has_members(members: &Map<String, Value>) -> bool {
    ["properties", "additionalProperties", "patternProperties"].iter().any(|key| members.contains_key(*key))
}

fn alternative(body: Type) -> Alternative {
    Alternative { body, docs: String::new(), variant: None }
}

fn list<'v>(members: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    members.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text member of a schema.
pub(super) fn text(schema: &Value, key: &str) -> String {
    schema.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

fn literals(values: &[Value]) -> Type {
    unions::one_of(values.iter().map(|value| alternative(literal(value))).collect())
}

fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::String(_) => Type::Literal(vec![Literal { value: value.clone(), docs: String::new() }]),
        Value::Number(number) if number.is_i64() => {
            Type::Literal(vec![Literal { value: value.clone(), docs: String::new() }])
        }
        Value::Number(_) => Type::Float,
        Value::Array(_) | Value::Object(_) => Type::Unknown,
    }
}

/// Moves the docs of a unit variant to its literal.
fn describe_literals(mut body: Type, docs: &str) -> Type {
    if let Type::Literal(literals) = &mut body
        && let [only] = literals.as_mut_slice()
    {
        docs.clone_into(&mut only.docs);
    }
    body
}

/// Brings the values of an enum into the order of declaration: schemars puts those without docs first.
fn sort_literals(body: &mut Type, variants: &[contract::Variant]) {
    if let Type::Literal(literals) = body {
        literals.sort_by_key(|literal| {
            let place = variants.iter().position(|variant| literal.value.as_str() == Some(&variant.name));
            place.unwrap_or(usize::MAX)
        });
    }
}
