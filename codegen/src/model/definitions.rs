//! The definitions that a contract's services reach, and which of them need two declarations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wirecall_contract::Contract;

use super::lower::{Hint, Lower, text};
use super::unify::unify;
use super::{Declaration, Form, Key, Model, Service, Type, names, note};
use crate::Error;
use crate::print::docs::with_note;

/// A definition of the contract, as a type.
struct Definition {
    body: Type,
    docs: String,
    /// The services that reach it.
    services: BTreeSet<usize>,
}

impl Model {
    /// Reads a contract.
    pub(crate) fn build(contract: &Contract) -> Result<Self, Error> {
        let mut services = Vec::new();
        for service in &contract.services {
            if services.iter().any(|known: &Service| known.name == service.name) {
                return Err(Error::DuplicateService(service.name.clone()));
            }
            services.push(Service::build(contract, service));
        }
        let mut found = Found { contract, order: Vec::new(), definitions: BTreeMap::new() };
        for (place, service) in services.iter().enumerate() {
            for part in service.parts() {
                found.visit(part, place, &service.name)?;
            }
        }
        let mut model = found.declare();
        names::assign(&mut services, &model);
        model.services = services;
        Ok(model)
    }
}

struct Found<'c> {
    contract: &'c Contract,
    order: Vec<Key>,
    definitions: BTreeMap<Key, Definition>,
}

impl Found<'_> {
    /// Takes up everything that a type refers to, for the service at `place`.
    fn visit(&mut self, body: &Type, place: usize, by: &str) -> Result<(), Error> {
        let mut waiting: Vec<Type> = vec![body.clone()];
        while let Some(body) = waiting.pop() {
            if let Type::Named(key) = &body {
                if !self.definitions.contains_key(key) {
                    let definition = self
                        .read(key)
                        .ok_or_else(|| Error::MissingType { name: key.name.clone(), by: by.to_owned() })?;
                    self.order.push(key.clone());
                    self.definitions.insert(key.clone(), definition);
                }
                if let Some(known) = self.definitions.get_mut(key)
                    && known.services.insert(place)
                {
                    waiting.push(known.body.clone());
                }
            }
            waiting.extend(body.parts().into_iter().rev().cloned());
        }
        Ok(())
    }

    fn read(&self, key: &Key) -> Option<Definition> {
        let schemas = match key.form {
            Form::Read => &self.contract.inputs,
            Form::Written => &self.contract.outputs,
        };
        let schema: &Value = schemas.get(&key.name)?;
        let body = Lower { contract: self.contract, form: key.form }
            .schema(schema, Hint::of(self.contract.types.get(&key.name)));
        let docs = with_note(&text(schema, "description"), &note::checks(schema, &body));
        Some(Definition { body, docs, services: BTreeSet::new() })
    }

    /// The names whose two forms are two types: those that differ, and those that refer to such a one.
    fn split(&self) -> BTreeSet<String> {
        let both: Vec<&str> = self
            .order
            .iter()
            .filter(|key| key.form == Form::Read && self.has(&key.name, Form::Written))
            .map(|key| key.name.as_str())
            .collect();
        let mut split: BTreeSet<String> =
            both.iter().filter(|name| self.unified(name).is_none()).map(|name| (*name).to_owned()).collect();
        loop {
            let more: Vec<&str> = both
                .iter()
                .copied()
                .filter(|name| !split.contains(*name))
                .filter(|name| self.unified(name).is_some_and(|body| refers_to(&body, &split)))
                .collect();
            if more.is_empty() {
                return split;
            }
            split.extend(more.into_iter().map(ToOwned::to_owned));
        }
    }

    fn has(&self, name: &str, form: Form) -> bool {
        self.definitions.contains_key(&Key { name: name.to_owned(), form })
    }

    fn body(&self, name: &str, form: Form) -> Option<&Type> {
        self.definitions.get(&Key { name: name.to_owned(), form }).map(|definition| &definition.body)
    }

    fn unified(&self, name: &str) -> Option<Type> {
        unify(self.body(name, Form::Read)?, self.body(name, Form::Written)?)
    }

    /// Whether a definition is one of its own alternatives, with nothing around it: no value can be told from that.
    fn is_circular(&self, key: &Key, body: &Type, seen: &mut BTreeSet<Key>) -> bool {
        match body {
            Type::Named(other) => {
                let behind = self.definitions.get(other).filter(|_| seen.insert(other.clone()));
                other == key || behind.is_some_and(|definition| self.is_circular(key, &definition.body, seen))
            }
            Type::Union(_) | Type::All(_) => {
                body.parts().into_iter().any(|part| self.is_circular(key, part, seen))
            }
            _ => false,
        }
    }

    fn declare(&self) -> Model {
        let split = self.split();
        let names = names::declared(&self.order, &split);
        let mut model = Model { services: Vec::new(), declarations: Vec::new(), places: BTreeMap::new() };
        for key in &self.order {
            if model.places.contains_key(key) {
                continue;
            }
            let keys: Vec<&Key> = self
                .order
                .iter()
                .filter(|other| *other == key || (other.name == key.name && !split.contains(&key.name)))
                .collect();
            let Some(definition) = self.definitions.get(key) else { continue };
            let services = keys
                .iter()
                .filter_map(|key| self.definitions.get(*key))
                .flat_map(|known| known.services.iter().copied());
            let unified = if keys.len() > 1 { self.unified(&key.name) } else { None };
            let mut body = unified.unwrap_or_else(|| definition.body.clone());
            if self.is_circular(key, &body, &mut BTreeSet::new()) {
                body = Type::Unknown;
            }
            model.declarations.push(Declaration {
                name: names.get(key).cloned().unwrap_or_default(),
                docs: definition.docs.clone(),
                body,
                services: services.collect(),
            });
            let place = model.declarations.len() - 1;
            model.places.extend(keys.into_iter().map(|key| (key.clone(), place)));
        }
        model
    }
}

fn refers_to(body: &Type, names: &BTreeSet<String>) -> bool {
    match body {
        Type::Named(key) => names.contains(&key.name),
        _ => body.parts().into_iter().any(|part| refers_to(part, names)),
    }
}
