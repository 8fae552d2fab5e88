//! TypeScript for `@wirecall/client`: one self-contained file a service.
//!
//! A type that two services use is printed into both files. TypeScript compares types by their structure, so
//! the two are one type to it, and no file has to import another (with which extension is a question that every
//! build tool answers differently).

mod client;
mod convert;
mod declarations;
mod errors;
mod method;
mod peer;
mod syntax;
mod types;

use crate::File;
use crate::model::{Model, Service};
use crate::output::MARK;
use crate::print::docs::header;
use crate::print::imports::{Import, Imports};
use crate::print::layout::Doc;
use crate::print::names::{Scope, words};

/// Columns of a line, as biome is set.
const WIDTH: usize = 100;
const STEP: usize = 2;
/// The module of the runtime.
const CLIENT: &str = "@wirecall/client";

/// What every part of a file is printed with.
struct Context<'m> {
    model: &'m Model,
    service: &'m Service,
    place: usize,
    imports: Imports,
    converters: convert::Converters,
}

/// One file a service.
pub(crate) fn files(model: &Model) -> Vec<File> {
    let mut names = Scope::default();
    let files = model.services.iter().enumerate().map(|(place, service)| {
        let base = words(&service.name).join("_").to_lowercase();
        let base = names.take([if base.is_empty() { "service".to_owned() } else { base }]);
        let imports = Imports::new(service.names.clone());
        let converters = convert::Converters::new();
        let mut context = Context { model, service, place, imports, converters };
        File::new(format!("{base}.ts"), context.file())
    });
    files.collect()
}

impl Context<'_> {
    fn file(&mut self) -> String {
        let mut parts = vec![self.client()];
        parts.extend(self.handler());
        parts.extend(self.declarations());
        parts.extend(self.error_classes());
        parts.extend(self.converters());
        let body = Doc::join(vec![Doc::HardLine, Doc::HardLine], parts).render(WIDTH, STEP);
        format!("{}\n\n{}\n{body}\n", self.header(), self.import_lines())
    }

    fn header(&self) -> String {
        let (version, service) = (env!("CARGO_PKG_VERSION"), self.service);
        let name = service.name.replace(char::is_control, " ");
        let fingerprint = &service.fingerprint;
        header("//", &format!("{MARK}{version} from service `{name}` (contract {fingerprint})."), WIDTH)
    }

    fn import_lines(&self) -> String {
        let mut lines = String::new();
        for (module, names) in self.imports.used() {
            for is_type in [true, false] {
                let mut names: Vec<&Import> =
                    names.iter().filter(|import| import.is_type == is_type).collect();
                names.sort_by_key(|import| {
                    let local = import.local.as_ref().unwrap_or(&import.name);
                    (local.to_lowercase(), local)
                });
                let names: Vec<Doc> = names.into_iter().map(|import| import.to_string().into()).collect();
                if !names.is_empty() {
                    let keyword = if is_type { "import type " } else { "import " };
                    let from = format!(" from {};", syntax::string(module));
                    let line = vec![keyword.into(), syntax::braces(names, ","), from.into()];
                    lines += &Doc::from(line).render(WIDTH, STEP);
                    lines.push('\n');
                }
            }
        }
        lines
    }
}
