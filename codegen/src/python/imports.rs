//! The import statements of a module, in isort's order.

use super::module::Module;
use super::{STEP, WIDTH};
use crate::print::imports::Import;
use crate::print::layout::Doc;

impl Module<'_> {
    /// The lines of the imports, after those of `__future__`.
    pub(super) fn import_lines(&self) -> String {
        let mut groups: [Vec<String>; 3] = std::array::from_fn(|_| Vec::new());
        let [standard, packages, own] = &mut groups;
        standard.extend(self.imports.modules().iter().map(|module| format!("import {module}\n")));
        for (module, names) in self.imports.used() {
            let mut names: Vec<&Import> = names.iter().collect();
            names.sort_by_key(|import| order(&import.name));
            // An import under another name stands in a statement of its own.
            let (plain, renamed): (Vec<&Import>, Vec<&Import>) =
                names.iter().partition(|import| import.local.is_none());
            let mut statements: Vec<Vec<&Import>> = renamed.into_iter().map(|import| vec![import]).collect();
            statements.extend(Some(plain).filter(|plain| !plain.is_empty()));
            statements.sort_by_key(|names| names.first().map(|import| order(&import.name)));
            let line = statements.iter().map(|names| import_line(module, names)).collect::<String>();
            match module.as_str() {
                module if module.starts_with('.') => own.push(line),
                "msgspec" | "wirecall" => packages.push(line),
                _ => standard.push(line),
            }
        }
        let groups: Vec<String> =
            groups.iter().map(|group| group.concat()).filter(|group| !group.is_empty()).collect();
        if groups.is_empty() { String::new() } else { format!("\n{}", groups.join("\n")) }
    }
}

/// One statement, which is broken with one name a line where it does not fit.
fn import_line(module: &str, names: &[&Import]) -> String {
    let line = format!("from {module} import ");
    let flat = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if line.chars().count() + flat.chars().count() <= WIDTH {
        return format!("{line}{flat}\n");
    }
    let names: Vec<Doc> = names.iter().map(|name| format!("{name},").into()).collect();
    let body = Doc::Concat(vec![
        "(".into(),
        Doc::indent(vec![Doc::HardLine, Doc::lines(names)]),
        Doc::HardLine,
        ")".into(),
    ]);
    format!("{line}{}\n", body.render(WIDTH, STEP))
}

/// isort's order: constants, classes, the rest; in each without regard to case.
fn order(name: &str) -> (u8, String, String) {
    let rank = match () {
        () if name.chars().count() > 1 && name.chars().all(|c| !c.is_lowercase()) => 0,
        () if name.chars().next().is_some_and(char::is_uppercase) => 1,
        () => 2,
    };
    (rank, name.to_lowercase(), name.to_owned())
}
