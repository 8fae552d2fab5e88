//! Collects services and the types they name into one contract.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::{Check, Contract, FORMAT, NamedType, Service};

/// Collects services and the types they name. Code written by the derive macros drives it.
#[derive(Debug)]
pub struct Builder {
    services: Vec<Service>,
    inputs: SchemaGenerator,
    outputs: SchemaGenerator,
    types: BTreeMap<String, NamedType>,
    seen: HashSet<TypeId>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// An empty contract.
    pub fn new() -> Self {
        let settings = SchemaSettings::draft2020_12();
        Self {
            services: Vec::new(),
            inputs: settings.clone().for_deserialize().into_generator(),
            outputs: settings.for_serialize().into_generator(),
            types: BTreeMap::new(),
            seen: HashSet::new(),
        }
    }

    /// Adds a service.
    pub fn service(&mut self, service: Service) {
        self.services.push(service);
    }

    /// JSON Schema of `T` as the server reads it: a reference, where `T` has a name.
    pub fn input<T: JsonSchema + ?Sized>(&mut self) -> Value {
        self.inputs.subschema_for::<T>().to_value()
    }

    /// JSON Schema of `T` as the server writes it: a reference, where `T` has a name.
    pub fn output<T: JsonSchema + ?Sized>(&mut self) -> Value {
        self.outputs.subschema_for::<T>().to_value()
    }

    /// JSON Schema of `T` itself, never a reference, as the server reads it. For parameters.
    pub fn input_body<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.inputs).to_value()
    }

    /// JSON Schema of `T` itself, never a reference, as the server writes it. For events and errors.
    pub fn output_body<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.outputs).to_value()
    }

    /// `true` the first time it is asked for `T`: the caller then describes `T` and the types of its fields.
    pub fn enter<T: ?Sized + 'static>(&mut self) -> bool {
        self.seen.insert(TypeId::of::<T>())
    }

    /// Says about the named type `T` what JSON Schema does not keep, and the checks on its fields.
    ///
    /// Each check is addressed by the wire name of its variant (for an enum) and of its field (`None`: the
    /// one value of a newtype).
    pub fn describe<T: JsonSchema>(
        &mut self,
        info: NamedType,
        checks: &[(Option<&str>, Option<&str>, Check)],
    ) {
        // One name as a rule: what is read and what is written differ only where serde is told so.
        let mut names = BTreeSet::new();
        for generator in [&mut self.inputs, &mut self.outputs] {
            let Some(name) = definition(&generator.subschema_for::<T>()) else { continue };
            if let Some(schema) = generator.definitions_mut().get_mut(&name) {
                for (variant, field, check) in checks {
                    if let Some(at) = locate(schema, *variant, *field) {
                        check.apply(at);
                    }
                }
            }
            names.insert(name);
        }
        if let Some(last) = names.pop_last() {
            for name in names {
                self.types.entry(name).or_insert_with(|| info.clone());
            }
            self.types.entry(last).or_insert(info);
        }
    }

    /// Writes a check into the body of a call's parameters, as [`Builder::describe`] does for a named type.
    pub fn constrain(schema: &mut Value, field: &str, check: &Check) {
        if let Some(at) = locate(schema, None, Some(field)) {
            check.apply(at);
        }
    }

    /// The finished contract.
    pub fn build(mut self) -> Contract {
        let take = |generator: &mut SchemaGenerator| generator.take_definitions(true).into_iter().collect();
        let (inputs, outputs): (BTreeMap<String, Value>, BTreeMap<String, Value>) =
            (take(&mut self.inputs), take(&mut self.outputs));
        self.types.retain(|name, _| inputs.contains_key(name) || outputs.contains_key(name));
        Contract { wirecall: FORMAT, services: self.services, inputs, outputs, types: self.types }
    }
}

/// The name of the definition that a schema refers to.
fn definition(schema: &Schema) -> Option<String> {
    let reference = schema.get("$ref")?.as_str()?;
    let name = reference.strip_prefix("#/$defs/")?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

/// The schema of one field of a type.
fn locate<'s>(schema: &'s mut Value, variant: Option<&str>, field: Option<&str>) -> Option<&'s mut Value> {
    let body = match variant {
        None => schema,
        Some(name) => {
            let key = if schema.get("oneOf").is_some() { "oneOf" } else { "anyOf" };
            let bodies = schema.get_mut(key)?.as_array_mut()?;
            bodies.iter_mut().find_map(|body| variant_body(body, name))?
        }
    };
    match field {
        None => Some(body),
        Some(field) => body.get_mut("properties")?.get_mut(field),
    }
}

/// `body` (or the part of it that holds the fields), if it is the variant of that tag.
fn variant_body<'s>(body: &'s mut Value, name: &str) -> Option<&'s mut Value> {
    let properties = body.get("properties")?.as_object()?;
    if properties.contains_key(name) && properties.len() == 1 {
        return body.get_mut("properties")?.get_mut(name);
    }
    let tag = properties
        .iter()
        .find(|(_, schema)| schema.get("const").and_then(Value::as_str) == Some(name))?
        .0
        .clone();
    let content = properties.iter().find(|(key, _)| **key != tag).map(|(key, _)| key.clone());
    match content {
        Some(content) if is_adjacent(properties, &content) => body.get_mut("properties")?.get_mut(&content),
        _ => Some(body),
    }
}

fn is_adjacent(properties: &serde_json::Map<String, Value>, content: &str) -> bool {
    properties.len() == 2 && properties.get(content).is_some_and(|schema| schema.get("properties").is_some())
}
