//! `wirecall generate`.

use std::io::Write;
use std::path::{Path, PathBuf};

use wirecall_codegen::{Difference, Language, Options, check, generate, write};

use crate::arguments::Generate;
use crate::failure::Failure;
use crate::source::{self, Sourced};

/// Writes or compares. `false` where `--check` found differences.
pub(crate) fn run(arguments: &Generate) -> Result<bool, Failure> {
    let sourced = source::contract(&arguments.source)?;
    let targets = targets(arguments, &sourced)?;
    let mut is_same = true;
    for (language, folder) in &targets {
        let files = generate(&sourced.contract, &Options::new(*language))?;
        if arguments.check {
            let differences = check(folder, &files)?;
            is_same &= differences.is_empty();
            tell(differences.iter().map(ToString::to_string))?;
        } else {
            let written = write(folder, &files)?;
            tell(written.iter().map(|path| format!("{}: written", path.display())))?;
            let differences = check(folder, &files)?;
            tell(
                differences.iter().filter(|one| matches!(one, Difference::Stale(_))).map(ToString::to_string),
            )?;
        }
    }
    if !is_same {
        tell([format!("run `{}`", command(arguments))])?;
    }
    Ok(is_same)
}

/// The folders: as given, or as the crate's manifest says.
fn targets(arguments: &Generate, sourced: &Sourced) -> Result<Vec<(Language, PathBuf)>, Failure> {
    let given = arguments.typescript.is_some() || arguments.python.is_some();
    let choose = |argument: &Option<PathBuf>, default: &Option<PathBuf>| {
        if given { argument.clone() } else { default.clone() }
    };
    let typescript =
        choose(&arguments.typescript, &sourced.typescript).map(|folder| (Language::TypeScript, folder));
    let python = choose(&arguments.python, &sourced.python).map(|folder| (Language::Python, folder));
    let targets: Vec<_> = typescript.into_iter().chain(python).collect();
    if targets.is_empty() {
        let place = sourced
            .manifest
            .as_deref()
            .map_or_else(|| "Cargo.toml".to_owned(), |path| path.display().to_string());
        return Err(Failure::NoFolder { place });
    }
    Ok(targets)
}

fn tell(lines: impl IntoIterator<Item = String>) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    lines.into_iter().try_for_each(|line| writeln!(out, "{line}")).map_err(Failure::Print)
}

/// The command that writes what `--check` found missing.
fn command(arguments: &Generate) -> String {
    let mut words = vec!["wirecall".to_owned(), "generate".to_owned()];
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([format!("--{name}"), quoted(&value)]);
        }
    };
    let path = |path: &Option<PathBuf>| path.as_deref().map(Path::display).map(|path| path.to_string());
    option("typescript", path(&arguments.typescript));
    option("python", path(&arguments.python));
    option("manifest-path", path(&arguments.source.manifest_path));
    for service in &arguments.source.service {
        option("service", Some(service.clone()));
    }
    option("features", Some(arguments.source.features.join(",")).filter(|features| !features.is_empty()));
    option("contract", path(&arguments.source.contract));
    option("url", arguments.source.url.clone());
    words.join(" ")
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let is_plain = word.chars().all(|c| c.is_alphanumeric() || "-_./:,=@%+".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
