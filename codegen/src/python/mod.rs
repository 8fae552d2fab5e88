//! Python for the package `wirecall`: one module a service, and one for what several services share.
//!
//! Python compares classes by their name, not by their structure, so a type that two services use is one class
//! in the module `messages`, which both import.

mod client;
mod declarations;
mod docstring;
mod errors;
mod imports;
mod merge;
mod method;
mod module;
mod names;
mod peer;
mod syntax;
mod types;

use std::collections::BTreeMap;

use crate::File;
use crate::model::Model;
use crate::output::MARK;
use crate::print::docs::header;
use crate::print::layout::Doc;
use crate::print::names::{Scope, snake, words};
use module::{Home, Module};

/// Columns of a line, as ruff is set.
const WIDTH: usize = 100;
const STEP: usize = 4;
/// The package of the runtime.
const WIRECALL: &str = "wirecall";

/// The shared module, where there is something to share, and one module a service.
pub(crate) fn files(model: &Model) -> Vec<File> {
    let mut names = Scope::reserving(names::MODULES.iter().copied());
    let modules: Vec<String> =
        model.services.iter().map(|service| module_name(&service.name, &mut names)).collect();
    let shared = names.take(["messages".to_owned(), "shared_messages".to_owned()]);
    let mut files = Vec::new();
    let mut aliases = BTreeMap::new();
    if model.declarations.iter().any(|declaration| declaration.services.len() > 1) {
        let mut module = Module::new(model, Home::Shared, shared.clone(), aliases);
        module.declare_all();
        let names: Vec<String> =
            model.services.iter().map(|service| format!("`{}`", printable(&service.name))).collect();
        let origin = format!("services {}", names.join(", "));
        let parts = module.declarations();
        files.push(File::new(
            format!("{shared}.py"),
            text(&mut module, &origin, "What several services share.", parts),
        ));
        aliases = module.aliases;
    }
    for (place, name) in modules.iter().enumerate() {
        let mut module = Module::new(model, Home::Service(place), shared.clone(), aliases.clone());
        let (docs, origin) = module.service().map_or_else(Default::default, |service| {
            let name = printable(&service.name);
            let docs =
                if service.docs.is_empty() { format!("The service `{name}`.") } else { service.docs.clone() };
            (docs, format!("service `{name}` (contract {})", service.fingerprint))
        });
        let parts = module.parts();
        files.push(File::new(format!("{name}.py"), text(&mut module, &origin, &docs, parts)));
    }
    files
}

/// The name of a service's module: never one of Python's own, which it would hide from programs beside it.
fn module_name(service: &str, names: &mut Scope) -> String {
    let base = if words(service).is_empty() { "service".to_owned() } else { snake(service) };
    names.take([base.clone(), format!("{base}_service")])
}

fn printable(name: &str) -> String {
    name.replace(char::is_control, " ")
}

/// A whole module.
fn text(module: &mut Module<'_>, origin: &str, docs: &str, parts: Vec<Doc>) -> String {
    let blank = Doc::Concat(vec![Doc::HardLine, Doc::HardLine, Doc::HardLine]);
    let body = Doc::join(blank, parts).render(WIDTH, STEP);
    let docs = docstring::docstring(docs, 0).render(WIDTH, STEP);
    let imports = module.import_lines();
    let gap = if body.starts_with("class ") { "\n\n" } else { "\n" };
    let body = if body.is_empty() { body } else { format!("{gap}{body}") };
    let version = env!("CARGO_PKG_VERSION");
    let header = header("#", &format!("{MARK}{version} from {origin}."), WIDTH);
    format!("{header}\n{docs}\n\nfrom __future__ import annotations\n{imports}{body}\n")
}
