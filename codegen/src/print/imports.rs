//! The imports of a file, collected while its body is printed, so that only what is used is imported.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Scope, capitalized};

/// Names used so far, by module.
#[derive(Debug)]
pub(crate) struct Imports {
    /// The names that the file declares: an import of the same name gets another one locally.
    declared: Scope,
    used: BTreeMap<String, BTreeSet<Import>>,
    modules: BTreeSet<String>,
}

/// One imported name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The name in its module.
    pub(crate) name: String,
    /// The name in this file, where it is another.
    pub(crate) local: Option<String>,
    /// Whether it is used as a type only.
    pub(crate) is_type: bool,
}

impl std::fmt::Display for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        self.local.iter().try_for_each(|local| write!(f, " as {local}"))
    }
}

impl Imports {
    /// No imports yet, in a file that declares these names.
    pub(crate) fn new(declared: Scope) -> Self {
        Self { declared, used: BTreeMap::new(), modules: BTreeSet::new() }
    }

    /// Uses `name` of `module` as a value, or as a value and a type; gives its name in this file.
    pub(crate) fn value(&mut self, module: &str, name: &str) -> String {
        self.insert(module, name, false)
    }

    /// Uses `name` of `module` as a type; gives its name in this file.
    pub(crate) fn class(&mut self, module: &str, name: &str) -> String {
        self.insert(module, name, true)
    }

    /// Uses a module as a whole.
    pub(crate) fn module(&mut self, module: &str) {
        self.modules.insert(module.to_owned());
    }

    /// What is used, by module.
    pub(crate) fn used(&self) -> &BTreeMap<String, BTreeSet<Import>> {
        &self.used
    }

    /// The modules used as a whole.
    pub(crate) fn modules(&self) -> &BTreeSet<String> {
        &self.modules
    }

    fn insert(&mut self, module: &str, name: &str, is_type: bool) -> String {
        let local = self.declared.has(name).then(|| self.local(module, name));
        let imports = self.used.entry(module.to_owned()).or_default();
        if !is_type {
            imports.retain(|import| import.name != name);
        }
        if !imports.iter().any(|import| import.name == name) {
            imports.insert(Import { name: name.to_owned(), local: local.clone(), is_type });
        }
        local.unwrap_or_else(|| name.to_owned())
    }

    /// `Client` of `@wirecall/client` as `WirecallClient`.
    fn local(&self, module: &str, name: &str) -> String {
        let package: String = module
            .split(['/', '.'])
            .map(|part| part.trim_start_matches('@'))
            .find(|part| !part.is_empty())
            .unwrap_or_default()
            .to_owned();
        let mut local = capitalized(&package) + name;
        while self.declared.has(&local) {
            local.push('_');
        }
        local
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declaring(name: &str) -> Scope {
        let mut declared = Scope::default();
        declared.add(name);
        declared
    }

    #[test]
    fn a_name_that_the_file_declares_is_imported_under_another() {
        let mut imports = Imports::new(declaring("Client"));
        assert_eq!(imports.class("@wirecall/client", "Client"), "WirecallClient");
        assert_eq!(imports.class("@wirecall/client", "CallOptions"), "CallOptions");
    }

    #[test]
    fn a_name_used_as_a_value_is_no_longer_a_type_only() {
        let mut imports = Imports::new(Scope::default());
        imports.class("m", "A");
        imports.value("m", "A");
        imports.class("m", "A");
        assert_eq!(imports.used()["m"].iter().map(|import| import.is_type).collect::<Vec<_>>(), [false]);
    }
}
