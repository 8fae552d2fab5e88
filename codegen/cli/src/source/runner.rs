//! The one-file crate that prints the contract of another: written below its target folder, built, run.

use std::fs;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use wirecall_contract::Contract;

use super::package::{Package, cargo};
use crate::failure::Failure;

/// The file of the crate; its name is in no other crate, so that its errors are known by it.
const MAIN: &str = "print_contract.rs";

/// The user's `Cargo.lock` as it was when it was copied.
const LOCK: &str = "Cargo.lock.original";

/// Prints the contract of a package's services.
pub(super) fn contract(package: &Package, features: &[String]) -> Result<Contract, Failure> {
    let folder = package.target.join("wirecall").join(&package.name);
    prepare(package, features, &folder)?;
    let program = build(package, &folder)?;
    let failed = |what: String| Failure::Run { package: package.name.clone(), what };
    let output = Command::new(&program).output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let origin = format!("the contract of `{}`", package.name);
    Contract::from_json(&String::from_utf8_lossy(&output.stdout))
        .map_err(|source| Failure::BadContract { origin, source })
}

/// Writes the crate. Files that are right stay untouched, so that nothing is built twice.
fn prepare(package: &Package, features: &[String], folder: &Path) -> Result<(), Failure> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|known| known == text) {
            return Ok(());
        }
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|source| Failure::WriteRunner { path: path.clone(), source })
    };
    write("Cargo.toml", &manifest(package, features))?;
    write(MAIN, &main(package))?;
    // The same versions as in the user's own builds, which are compiled already. Cargo adds our crate to its copy,
    // so another copy tells whether the user's file has changed.
    let Ok(lock) = fs::read_to_string(package.workspace.join("Cargo.lock")) else { return Ok(()) };
    if fs::read_to_string(folder.join(LOCK)).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    write("Cargo.lock", &lock)?;
    write(LOCK, &lock)
}

fn manifest(package: &Package, features: &[String]) -> String {
    let root = package.manifest.parent().unwrap_or(Path::new("."));
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let features = features.iter().map(|feature| quoted(feature)).collect::<Vec<_>>().join(", ");
    let name = quoted(&package.name);
    let root = quoted(&root.display().to_string());
    format!(
        "# Written by `wirecall`: prints the contract of a crate. It may be deleted.\n\
         [package]\nname = \"wirecall-print-contract\"\nversion = \"0.0.0\"\nedition = \"2021\"\npublish = false\n\n\
         [workspace]\n\n\
         [[bin]]\nname = \"wirecall-print-contract\"\npath = \"{MAIN}\"\n\n\
         [dependencies]\napp = {{ package = {name}, path = {root}, features = [{features}] }}\n{}",
        patches(&package.workspace)
    )
}

/// The `[patch]` tables of the user's workspace, which would not hold for another workspace.
fn patches(workspace: &Path) -> String {
    let text = fs::read_to_string(workspace.join("Cargo.toml")).unwrap_or_default();
    let Ok(mut manifest) = text.parse::<toml::Table>() else { return String::new() };
    let Some(toml::Value::Table(mut patch)) = manifest.remove("patch") else { return String::new() };
    for (_, source) in &mut patch {
        for (_, entry) in source.as_table_mut().into_iter().flatten() {
            if let Some(toml::Value::String(path)) = entry.get_mut("path") {
                *path = workspace.join(&*path).display().to_string();
            }
        }
    }
    let mut wrapped = toml::Table::new();
    wrapped.insert("patch".to_owned(), toml::Value::Table(patch));
    format!("\n{wrapped}")
}

/// The program: one line a service, so that an error's line says which it is about.
fn main(package: &Package) -> String {
    let calls =
        package.services.iter().map(|path| format!("    let builder = app::{path}::describe(builder);\n"));
    format!(
        "// Written by `wirecall`: prints the contract of a crate. It may be deleted.\nfn main() {{\n    let builder = Default::default();\n{}    print!(\"{{}}\", builder.build().to_json());\n}}\n",
        calls.collect::<String>()
    )
}

/// The line of the first service in [`main`].
const FIRST_SERVICE: u64 = 4;

/// Builds the crate and gives the path of its program. Cargo's progress and the compiler's errors are shown.
fn build(package: &Package, folder: &Path) -> Result<PathBuf, Failure> {
    let format = if std::io::stderr().is_terminal() { "json-diagnostic-rendered-ansi" } else { "json" };
    let mut command = cargo();
    command
        .args(["build", "--message-format", format, "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .current_dir(&package.workspace)
        .env("CARGO_TARGET_DIR", &package.target)
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(Failure::NoCargo)?;
    let mut report = Report::default();
    if let Some(messages) = child.stdout.take() {
        for line in BufReader::new(messages).lines().map_while(Result::ok) {
            report.read(&serde_json::from_str(&line).unwrap_or_default());
        }
    }
    let status = child.wait().map_err(Failure::NoCargo)?;
    match (report.program, status.success()) {
        (Some(program), true) => Ok(program),
        _ => Err(report.failure.unwrap_or(Wrong::Elsewhere).failure(package)),
    }
}

/// What a build told.
#[derive(Default)]
struct Report {
    program: Option<PathBuf>,
    failure: Option<Wrong>,
}

/// What an error is about.
enum Wrong {
    /// The path at a line of our file is no public item.
    Path(u64),
    /// The item at a line of our file is no service.
    Item(u64),
    /// Something else: the user's crate does not compile.
    Elsewhere,
}

impl Report {
    fn read(&mut self, message: &Value) {
        let member = |key: &str| message.get(key).unwrap_or(&Value::Null);
        match member("reason").as_str() {
            Some("compiler-artifact") => {
                let program = member("executable").as_str().map(PathBuf::from);
                self.program = program.or(self.program.take());
            }
            Some("compiler-message") => self.diagnostic(member("message")),
            _ => {}
        }
    }

    fn diagnostic(&mut self, diagnostic: &Value) {
        if diagnostic.get("level").and_then(Value::as_str) != Some("error") {
            return;
        }
        let spans = diagnostic.get("spans").and_then(Value::as_array).into_iter().flatten();
        let mut ours = spans.filter(|span| {
            span.get("file_name").and_then(Value::as_str).is_some_and(|file| file.ends_with(MAIN))
        });
        let line = ours.find_map(|span| span.get("line_start")?.as_u64());
        let code = diagnostic.get("code").and_then(|code| code.get("code")?.as_str()).unwrap_or_default();
        let wrong = match line {
            Some(line) if code == "E0599" => Wrong::Item(line),
            Some(line) => Wrong::Path(line),
            None => Wrong::Elsewhere,
        };
        if matches!(wrong, Wrong::Elsewhere) {
            let rendered = diagnostic.get("rendered").and_then(Value::as_str).unwrap_or_default();
            // With standard error closed there is nobody to show it to.
            drop(write!(std::io::stderr(), "{rendered}"));
        }
        self.failure.get_or_insert(wrong);
    }
}

impl Wrong {
    fn failure(self, package: &Package) -> Failure {
        let service = |line: u64| {
            let place = usize::try_from(line.saturating_sub(FIRST_SERVICE)).unwrap_or_default();
            package.services.get(place).cloned()
        };
        let package = package.name.clone();
        match self {
            Self::Path(line) => match service(line) {
                Some(path) => Failure::NoService { path, package },
                None => Failure::Compile { package },
            },
            Self::Item(line) => match service(line) {
                Some(path) => Failure::NotAService { path, package },
                None => Failure::Compile { package },
            },
            Self::Elsewhere => Failure::Compile { package },
        }
    }
}
