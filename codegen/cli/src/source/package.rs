//! The package whose services are meant, as `cargo metadata` tells of it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::Failure;

/// A package with a library and services.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest: PathBuf,
    /// Paths of services from the crate's root.
    pub(super) services: Vec<String>,
    pub(super) typescript: Option<PathBuf>,
    pub(super) python: Option<PathBuf>,
    pub(super) workspace: PathBuf,
    pub(super) target: PathBuf,
}

/// The program `cargo`: the one that runs this command, where one does.
pub(super) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Finds the package of a manifest, or of the folder that this runs in.
pub(super) fn find(manifest: Option<&Path>, services: &[String]) -> Result<Package, Failure> {
    let metadata = metadata(manifest)?;
    let package = choose(&metadata, manifest)?;
    let path = text(package, "manifest_path");
    let name = text(package, "name");
    if !has_library(package) {
        return Err(Failure::NoLibrary { package: name, manifest: path });
    }
    let root = PathBuf::from(&path).parent().map(Path::to_owned).unwrap_or_default();
    let folder = |key: &'static str| match setting(package, key) {
        None => Ok(None),
        Some(Value::String(folder)) => Ok(Some(shown(&root.join(folder)))),
        Some(_) => Err(Failure::BadMetadata {
            manifest: path.clone(),
            key,
            wanted: "the path of a folder, as a string",
        }),
    };
    let services = if services.is_empty() { named(package, &path)? } else { services.to_vec() };
    if services.is_empty() {
        return Err(no_services(&path, &root));
    }
    let services = services.iter().map(|service| checked(service, &name)).collect::<Result<_, _>>()?;
    Ok(Package {
        typescript: folder("typescript")?,
        python: folder("python")?,
        name,
        services,
        workspace: text(&metadata, "workspace_root").into(),
        target: text(&metadata, "target_directory").into(),
        manifest: path.into(),
    })
}

fn metadata(manifest: Option<&Path>) -> Result<Value, Failure> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--no-deps"]);
    if let Some(path) = manifest {
        command.arg("--manifest-path").arg(path);
    }
    let output = command.output().map_err(Failure::NoCargo)?;
    let failed = || Failure::Metadata(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    if !output.status.success() {
        return Err(failed());
    }
    serde_json::from_slice(&output.stdout).map_err(|_| failed())
}

/// The package that is meant: the one of the manifest, or the only one, or the only one that names services.
fn choose<'m>(metadata: &'m Value, manifest: Option<&Path>) -> Result<&'m Value, Failure> {
    let packages = metadata.get("packages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let here = match manifest {
        Some(path) => path.canonicalize().ok(),
        None => env::current_dir().ok().and_then(|folder| nearest(&folder)),
    };
    let own =
        packages.iter().find(|package| here.as_deref() == Some(Path::new(&text(package, "manifest_path"))));
    if let Some(package) = own {
        return Ok(package);
    }
    let marked: Vec<&Value> =
        packages.iter().filter(|package| setting(package, "services").is_some()).collect();
    match (marked.as_slice(), packages) {
        ([only], _) => Ok(only),
        ([], [only]) => Ok(only),
        (several, all) => {
            let example = several.first().copied().or_else(|| all.first());
            let example = example.map(|package| text(package, "manifest_path")).unwrap_or_default();
            Err(Failure::WhichPackage {
                marked: !several.is_empty(),
                example: shown(Path::new(&example)).display().to_string(),
            })
        }
    }
}

/// The manifest of a folder, or of the first folder above that has one.
fn nearest(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .map(|folder| folder.join("Cargo.toml"))
        .find(|path| path.is_file())?
        .canonicalize()
        .ok()
}

fn has_library(package: &Value) -> bool {
    let targets = package.get("targets").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let kinds = targets.iter().filter_map(|target| target.get("kind")?.as_array()).flatten();
    kinds.filter_map(Value::as_str).any(|kind| kind == "lib" || kind == "rlib")
}

fn setting<'p>(package: &'p Value, key: &str) -> Option<&'p Value> {
    package.get("metadata")?.get("wirecall")?.get(key)
}

/// The services that the manifest names.
fn named(package: &Value, manifest: &str) -> Result<Vec<String>, Failure> {
    let wrong = || Failure::BadMetadata {
        manifest: manifest.to_owned(),
        key: "services",
        wanted: "an array of paths, such as [\"Chat\"]",
    };
    match setting(package, "services") {
        None => Ok(Vec::new()),
        Some(Value::Array(paths)) => {
            paths.iter().map(|path| path.as_str().map(ToOwned::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

/// A path of names, from the crate's root.
fn checked(path: &str, package: &str) -> Result<String, Failure> {
    let krate = package.replace('-', "_");
    let path = path.trim();
    let inner = [format!("{krate}::"), "crate::".to_owned(), "::".to_owned()];
    let inner = inner.iter().find_map(|prefix| path.strip_prefix(prefix.as_str())).unwrap_or(path);
    let is_name = |name: &str| {
        let mut chars = name.chars();
        chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && chars.all(|c| c.is_alphanumeric() || c == '_')
    };
    let is_path = inner.split("::").all(|name| is_name(name.strip_prefix("r#").unwrap_or(name)));
    if is_path { Ok(inner.to_owned()) } else { Err(Failure::BadPath(path.to_owned())) }
}

/// Says which line to add, with the services that the source seems to have.
fn no_services(manifest: &str, root: &Path) -> Failure {
    let mut found = derived(&std::fs::read_to_string(root.join("src/lib.rs")).unwrap_or_default());
    if found.is_empty() {
        found.push("Chat".to_owned());
    }
    let example = found.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    Failure::NoServices { manifest: manifest.to_owned(), example, first: found.swap_remove(0) }
}

/// The enums of a source text that derive `Service`: a guess for a message, no more.
fn derived(source: &str) -> Vec<String> {
    let derives = source.split("derive(").skip(1).filter_map(|rest| rest.split_once(')'));
    let services = derives.filter(|(list, _)| {
        list.split(',').any(|name| matches!(name.trim().rsplit("::").next(), Some("Service")))
    });
    let names = services.filter_map(|(_, rest)| {
        let (before, after) = rest.split_once("enum ")?;
        let name: String =
            after.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (!before.contains("derive(") && !before.contains("side") && !name.is_empty()).then_some(name)
    });
    names.collect()
}

/// A path as people write it: relative to where they are, where it lies below.
fn shown(path: &Path) -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).map_or_else(|_| path.to_owned(), Path::to_owned)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_from_the_root_of_its_crate() {
        for path in ["api::Chat", "crate::api::Chat", "my_app::api::Chat"] {
            assert_eq!(checked(path, "my-app").unwrap(), "api::Chat");
        }
        for path in ["", "a b", "Chat; evil()", "Chat::"] {
            assert!(matches!(checked(path, "my-app"), Err(Failure::BadPath(_))), "{path}");
        }
    }

    #[test]
    fn services_of_a_source_are_guessed() {
        let source = "#[derive(Debug, wirecall::Service)]\n#[rpc(name = \"chat\")]\npub enum Chat {}\n\
            #[derive(ServiceError)]\npub enum ChatError {}\n\
            #[derive(Service)]\n#[rpc(side = \"client\")]\nenum Ui {}";
        assert_eq!(derived(source), ["Chat"]);
    }
}
