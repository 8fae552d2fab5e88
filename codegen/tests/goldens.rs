//! The generated files for contracts of every kind, as real files that the tools of each language check.
//!
//! `WIRECALL_BLESS=1 cargo test -p wirecall-codegen` writes them again.

use std::fs;
use std::path::{Path, PathBuf};

use wirecall_codegen::{Difference, File, Language, Options, check, generate, write};
use wirecall_contract::Contract;

/// How the goldens are written again.
const BLESS: &str = "if this is meant: WIRECALL_BLESS=1 cargo test -p wirecall-codegen";

const FIXTURES: [&str; 7] = ["minimal", "chat", "shared", "kinds", "recursive", "hostile", "files"];

fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

fn contract(name: &str) -> Result<Contract, Box<dyn std::error::Error>> {
    let path = goldens().join("contracts").join(name).with_extension("json");
    Ok(Contract::from_json(&fs::read_to_string(path)?)?)
}

fn files(name: &str, language: Language) -> Result<Vec<File>, Box<dyn std::error::Error>> {
    Ok(generate(&contract(name)?, &Options::new(language))?)
}

/// How the goldens differ from what is generated, after writing them where that is asked for.
fn compare(language: Language, folder: &str) -> Result<Vec<Difference>, Box<dyn std::error::Error>> {
    let mut differences = Vec::new();
    for name in FIXTURES {
        let folder = goldens().join(folder).join(name);
        let files = files(name, language)?;
        if std::env::var_os("WIRECALL_BLESS").is_some() {
            write(&folder, &files)?;
        }
        differences.extend(check(&folder, &files)?);
    }
    Ok(differences)
}

#[test]
fn typescript_is_what_the_goldens_say() {
    assert_eq!(compare(Language::TypeScript, "typescript").unwrap(), [], "{BLESS}");
}

#[test]
fn python_is_what_the_goldens_say() {
    assert_eq!(compare(Language::Python, "python").unwrap(), [], "{BLESS}");
}

#[test]
fn the_same_contract_gives_the_same_files() {
    for name in FIXTURES {
        for language in [Language::TypeScript, Language::Python] {
            assert_eq!(files(name, language).unwrap(), files(name, language).unwrap(), "{name}");
        }
    }
}

#[test]
fn a_file_carries_the_fingerprint_of_its_service() {
    for name in FIXTURES {
        let contract = contract(name).unwrap();
        for language in [Language::TypeScript, Language::Python] {
            for service in &contract.services {
                let fingerprint = contract.fingerprint(&service.name).unwrap();
                let files = generate(&contract, &Options::new(language)).unwrap();
                let carrying = files.iter().filter(|file| file.text.matches(&fingerprint).count() == 2);
                assert_eq!(carrying.count(), 1, "{name}: {}", service.name);
            }
        }
    }
}

#[test]
fn docs_do_not_change_what_calls_are_made() {
    let mut contract = contract("chat").unwrap();
    let before = contract.fingerprint("chat");
    contract.services[0].docs = "Other words.".to_owned();
    contract.services[0].calls[0].docs = String::new();
    assert_eq!(contract.fingerprint("chat"), before);
}
