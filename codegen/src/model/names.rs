//! Which declaration gets which name. What users wrote comes first: imports, parameters and clients give way.

use std::collections::{BTreeMap, BTreeSet};

use super::reserved::TYPE_NAMES;
use super::{Form, Key, Method, Model, Params, Service, Type};
use crate::print::names::{Scope, pascal};

/// A scope for the names of types.
pub(crate) fn type_names() -> Scope {
    Scope::reserving(TYPE_NAMES.iter().copied())
}

/// A name for each definition: `Message`, and `MessageInput` for what the server reads where it is another type.
pub(super) fn declared(order: &[Key], split: &BTreeSet<String>) -> BTreeMap<Key, String> {
    let mut scope = type_names();
    let mut names: BTreeMap<Key, String> = BTreeMap::new();
    let sorted: BTreeSet<&Key> = order.iter().collect();
    for key in &sorted {
        let other = Key { name: key.name.clone(), form: Form::Written };
        let base = pascal(&key.name);
        let is_input = split.contains(&key.name) && key.form == Form::Read;
        let known = names
            .get(&Key { name: key.name.clone(), form: Form::Read })
            .filter(|_| !split.contains(&key.name));
        let name = match known {
            Some(name) => name.clone(),
            None if is_input && sorted.contains(&other) => scope.take([format!("{base}Input")]),
            None => scope.take([base.clone(), format!("{base}Message")]),
        };
        names.insert((*key).clone(), name);
    }
    names
}

/// Names everything that a file declares beside the named types.
pub(super) fn assign(services: &mut [Service], model: &Model) {
    for (place, service) in services.iter_mut().enumerate() {
        let mut scope = type_names();
        for declaration in
            model.declarations.iter().filter(|declaration| declaration.services.contains(&place))
        {
            scope.add(&declaration.name);
        }
        let rust_name = std::mem::take(&mut service.client);
        service.client = scope.take([format!("{rust_name}Client"), format!("{rust_name}ServiceClient")]);
        for error in &mut service.errors {
            let (set, variant) = error.class.split_once('.').unwrap_or_default();
            let base =
                pascal(variant.strip_suffix("Error").filter(|base| !base.is_empty()).unwrap_or(variant));
            let set = pascal(set);
            error.class = scope.take([
                format!("{base}Error"),
                format!("{set}{base}Error"),
                format!("{rust_name}{base}Error"),
            ]);
        }
        if let Some(peer) = &mut service.peer {
            let base = pascal(&peer.rust_name);
            peer.handler = scope.take([format!("{base}Handler"), format!("{base}ServiceHandler")]);
        }
        let peer_methods = service.peer.iter_mut().flat_map(|peer| &mut peer.methods);
        for method in service.methods.iter_mut().chain(peer_methods) {
            name_params(&mut method.params, &mut scope, "Params", &rust_name);
        }
        for event in &mut service.events {
            name_params(&mut event.params, &mut scope, "Event", &rust_name);
        }
        service.names = scope;
    }
}

fn name_params(params: &mut Params, scope: &mut Scope, suffix: &str, service: &str) {
    if let Params::Own { name, .. } = params {
        let base = name.clone();
        *name = scope.take([base.clone(), format!("{base}{suffix}"), format!("{service}{base}{suffix}")]);
    }
}

/// What is said of parameters, which have no docs of their own.
pub(crate) fn params_docs(method: &Method) -> String {
    format!("What `{}` takes.", method.wire)
}

impl Model {
    /// Whether `null` is one of a type's values, also behind names.
    pub(crate) fn is_nullable(&self, body: &Type) -> bool {
        self.is_nullable_within(body, self.declarations.len())
    }

    fn is_nullable_within(&self, body: &Type, names: usize) -> bool {
        match body {
            Type::Named(key) => {
                let behind = names.checked_sub(1).zip(self.declaration(key));
                behind.is_some_and(|(names, declaration)| self.is_nullable_within(&declaration.body, names))
            }
            Type::Union(all) => {
                all.iter().any(|alternative| self.is_nullable_within(&alternative.body, names))
            }
            body => body.is_nullable(),
        }
    }

    /// The type behind names that stand for another type.
    pub(crate) fn behind<'m>(&'m self, body: &'m Type) -> &'m Type {
        let mut body = body;
        // A chain of names cannot be longer than there are names, unless it is a circle.
        for _ in 0..=self.declarations.len() {
            match body {
                Type::Named(key) => match self.declaration(key) {
                    Some(declaration) => body = &declaration.body,
                    None => return &Type::Unknown,
                },
                _ => return body,
            }
        }
        &Type::Unknown
    }
}
