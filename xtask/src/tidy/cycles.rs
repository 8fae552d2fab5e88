//! No import cycles: modules of the clients, and the folders of the Rust runtime, can each be read before what is built on them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, none, written};

/// Who imports whom.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// One way round in `graph`, if there is any.
fn cycle(graph: &Graph) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| walk(graph, start, &mut Vec::new(), &mut done))
}

fn walk<'graph>(
    graph: &'graph Graph,
    at: &'graph str,
    path: &mut Vec<&'graph str>,
    done: &mut BTreeSet<&'graph str>,
) -> Option<Vec<String>> {
    if let Some(from) = path.iter().position(|seen| *seen == at) {
        let round = path.iter().skip(from).chain([&at]);
        return Some(round.map(|name| (*name).to_owned()).collect());
    }
    if done.contains(at) {
        return None;
    }
    path.push(at);
    let next = graph.get(at).into_iter().flatten();
    let found = next.into_iter().find_map(|name| walk(graph, name, path, done));
    path.pop();
    done.insert(at);
    found
}

/// The modules of a TypeScript folder; an import of types alone does not count, since nothing is left of it when the code runs.
fn typescript(sources: &[Source], folder: &str) -> Graph {
    let modules = sources.iter().filter(|source| source.path.starts_with(folder) && source.ending() == "ts");
    let imports = |source: &Source| {
        let statements = source.text.split(';').map(str::trim_start);
        let code = statements.filter(|it| !it.starts_with("import type") && !it.starts_with("export type"));
        let targets =
            code.filter_map(|it| Some(it.rsplit_once("from \"")?.1.trim_end_matches('"').to_owned()));
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        targets.filter_map(|target| joined(&folder, &target)).collect()
    };
    modules.map(|source| (source.path.clone(), imports(source))).collect()
}

/// A relative import as the path of the file it names.
fn joined(folder: &str, target: &str) -> Option<String> {
    if !target.starts_with('.') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let path = parts.join("/");
    Some(path.strip_suffix(".js").map_or(path.clone(), |stem| format!("{stem}.ts")))
}

/// The modules of a Python package; an indented import is one for the type checker, or late on purpose.
fn python(sources: &[Source], folder: &str, package: &str) -> Graph {
    let modules = sources.iter().filter(|source| source.path.starts_with(folder) && source.ending() == "py");
    let name = |path: &str| {
        let inner = path.trim_start_matches(folder).trim_start_matches('/').trim_end_matches(".py");
        format!("{package}.{}", inner.trim_end_matches("/__init__").replace('/', "."))
    };
    let imports = |source: &Source| {
        let own = name(&source.path);
        let parent = own.rsplit_once('.').map_or(package, |(parent, _)| parent).to_owned();
        let lines = source.text.lines().filter_map(|line| line.strip_prefix("from "));
        let targets = lines.filter_map(|rest| rest.split(' ').next());
        targets
            .filter_map(|target| match target.strip_prefix('.') {
                Some(relative) => Some(format!("{parent}.{relative}")),
                None => target.starts_with(&format!("{package}.")).then(|| target.to_owned()),
            })
            .collect()
    };
    modules.map(|source| (name(&source.path), imports(source))).collect()
}

/// The top-level modules of a Rust crate.
fn rust(sources: &[Source], folder: &str) -> Graph {
    let mut graph = Graph::new();
    for source in sources.iter().filter(|source| source.path.starts_with(folder) && source.ending() == "rs") {
        let inner = source.path.trim_start_matches(folder).trim_start_matches('/');
        let own = inner.split(['/', '.']).next().unwrap_or_default();
        let uses = source.text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
        let named = uses.flat_map(|line| line.split("crate::").skip(1)).filter_map(|rest| {
            let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
            // A name from the root of the crate is the story that lib.rs tells, not a module.
            (!name.is_empty() && name != own && name.starts_with(char::is_lowercase)).then(|| name.to_owned())
        });
        if !matches!(own, "lib" | "main" | "__private") {
            graph.entry(own.to_owned()).or_default().extend(named);
        }
    }
    graph
}

#[track_caller]
fn none_in(graph: &Graph) {
    let round = cycle(graph).map(|round| round.join(" → "));
    none(&round.into_iter().collect::<Vec<_>>(), "take these apart");
}

#[test]
fn modules_of_the_typescript_client_form_no_cycle() {
    none_in(&typescript(&written(), "clients/typescript/src"));
}

#[test]
fn modules_of_the_python_client_form_no_cycle() {
    none_in(&python(&written(), "clients/python/src/wirecall", "wirecall"));
}

#[test]
fn folders_of_the_rust_crates_form_no_cycle() {
    let sources = written();
    let folders = ["runtime/contract/src", "macros/src", "codegen/src", "codegen/cli/src", "runtime/src"];
    let rounds = folders
        .iter()
        .filter_map(|folder| Some(format!("{folder}: {}", cycle(&rust(&sources, folder))?.join(" → "))));
    none(&rounds.collect::<Vec<_>>(), "take these apart");
}

#[test]
fn a_way_round_is_found() {
    let edge =
        |from: &str, to: &[&str]| (from.to_owned(), to.iter().map(|name| (*name).to_owned()).collect());
    let round = Graph::from([edge("a", &["b"]), edge("b", &["c", "d"]), edge("c", &[]), edge("d", &["b"])]);
    assert_eq!(cycle(&round), Some(["b", "d", "b"].map(str::to_owned).to_vec()));
    assert_eq!(cycle(&Graph::from([edge("a", &["b", "c"]), edge("b", &["c"])])), None);
}

#[test]
fn imports_of_the_three_languages_are_read() {
    use super::source;
    let sources = [
        source("ts/a.ts", "import { b } from \"./in/b.js\";\nimport type { C } from \"./c.js\";\n"),
        source(
            "py/a.py",
            "from wirecall.b import x\nfrom .c import y\nif TYPE_CHECKING:\n    from .d import z\n",
        ),
        source("rs/a/mod.rs", "use crate::b::X;\nuse crate::Root;\n// crate::c\n"),
    ];
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(typescript(&sources, "ts")["ts/a.ts"], set(&["ts/in/b.ts"]));
    assert_eq!(python(&sources, "py", "wirecall")["wirecall.a"], set(&["wirecall.b", "wirecall.c"]));
    assert_eq!(rust(&sources, "rs")["a"], set(&["b"]));
}
