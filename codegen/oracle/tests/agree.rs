//! The generator's TypeScript and that of ts-rs, for the same Rust types, can be assigned both ways under `tsc --strict`.
//!
//! Differences that are meant, and how they are made equal here:
//! - 64-bit integers: ours are `number` (the wire carries JSON numbers, and larger ones are refused), ts-rs' are `bigint`:
//!   it is told `number`.
//! - Ours are `readonly` throughout: that is taken away before comparing.
//! - A map's member is there or it is not: ts-rs adds `undefined` to its type, which is taken away.

#![allow(clippy::expect_used, reason = "a test")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ts_rs::{Config, TS};
use wirecall::contract::Contract;
use wirecall_codegen::{Language, Options};

/// What ts-rs says of one service's types.
struct Theirs {
    declarations: String,
    names: Vec<(String, String)>,
}

impl Theirs {
    fn new() -> Self {
        Self { declarations: String::new(), names: Vec::new() }
    }

    /// Adds a type whose name is the same on both sides.
    fn declare<T: TS>(mut self, config: &Config) -> Self {
        writeln!(self.declarations, "export {}", T::decl(config)).expect("a string takes all");
        let name = T::ident(config);
        self.names.push((name.clone(), name));
        self
    }

    /// Adds a type with parameters, and what ours is called where they are given.
    fn generic<T: TS>(mut self, config: &Config, ours: &str) -> Self {
        writeln!(self.declarations, "export {}", T::decl(config)).expect("a string takes all");
        self.names.push((ours.to_owned(), T::name(config)));
        self
    }
}

macro_rules! theirs {
    ($config:expr, $($type:ty),* $(,)?) => { Theirs::new()$(.declare::<$type>($config))* };
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Writes both sides and the assertions; gives the file of assertions.
fn write(folder: &Path, example: &str, contract: &Contract, theirs: &Theirs) -> PathBuf {
    let files =
        wirecall_codegen::generate(contract, &Options::new(Language::TypeScript)).expect("a sound contract");
    let ours = folder.join(example);
    wirecall_codegen::write(&ours, &files).expect("a folder that can be written");
    fs::write(ours.join("theirs.ts"), &theirs.declarations).expect("a folder that can be written");

    let service = contract.services.first().map(|service| service.name.as_str()).expect("a service");
    let mut text = format!(
        "import type * as Ours from \"./{service}.js\";\nimport type * as Theirs from \"./theirs.js\";\n\n"
    );
    text.push_str("type Plain<T> = T extends Uint8Array ? T : { -readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> };\n");
    text.push_str("type Both<A, B> = [A] extends [B] ? ([B] extends [A] ? true : \"theirs does not fit ours\") : \"ours does not fit theirs\";\n\n");
    for (name, theirs) in &theirs.names {
        let theirs = theirs.split_once('<').map_or_else(
            || format!("Theirs.{theirs}"),
            |(name, parameters)| format!("Theirs.{name}<Theirs.{parameters}"),
        );
        writeln!(text, "export const same{name}: Both<Plain<Ours.{name}>, Plain<{theirs}>> = true;")
            .expect("a string takes all");
    }
    let assertions = ours.join("agree.ts");
    fs::write(&assertions, text).expect("a folder that can be written");
    assertions
}

#[test]
fn our_types_and_those_of_ts_rs_can_be_assigned_both_ways() {
    let config = &Config::new().with_large_int("number");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    // What an earlier run left behind would be compared too.
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("a folder that can be removed");
    }
    let mut compared = 0;
    let mut assertions = Vec::new();
    let mut compare = |example: &str, contract: &Contract, theirs: &Theirs| {
        compared += theirs.names.len();
        assertions.push(write(&folder, example, contract, theirs));
    };

    compare("quickstart", &quickstart::Chat::contract(), &theirs!(config, quickstart::Message));
    compare("chat", &chat::Chat::contract(), &theirs!(config, chat::Message, chat::Severity, chat::Counts));
    compare("dashboard", &dashboard::Dashboard::contract(), &theirs!(config, dashboard::Figures));
    let notifications = theirs!(config, notifications::Priority, notifications::Notification);
    compare("notifications", &notifications::Notifications::contract(), &notifications);
    let fixture = theirs!(
        config,
        fixture::Id,
        fixture::Color,
        fixture::Shape,
        fixture::Adjacent,
        fixture::Untagged,
        fixture::Tree,
        fixture::Everything,
        fixture::Attempt,
        fixture::Parcel,
        fixture::Cover,
    );
    let fixture = fixture.generic::<fixture::Page<fixture::Id>>(config, "Page");
    compare("fixture", &fixture::Fixture::contract(), &fixture);

    let client = repository().join("clients/typescript");
    let compiler = client.join("node_modules/.bin/tsc");
    assert!(compiler.exists(), "the TypeScript compiler is missing: run `npm ci` in clients/typescript");
    let settings = format!(
        r#"{{ "compilerOptions": {{ "strict": true, "noEmit": true, "target": "es2022", "module": "nodenext", "lib": ["es2022", "dom"],
             "exactOptionalPropertyTypes": true, "noUncheckedIndexedAccess": true, "skipLibCheck": true, "allowImportingTsExtensions": true, "types": [],
             "paths": {{ "@wirecall/client": ["{}"] }} }}, "files": [{}] }}"#,
        client.join("src/index.ts").display(),
        assertions.iter().map(|file| format!("\"{}\"", file.display())).collect::<Vec<_>>().join(",")
    );
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#).expect("a folder that can be written");
    fs::write(folder.join("tsconfig.json"), settings).expect("a folder that can be written");
    let checked = Command::new(compiler).arg("-p").arg(&folder).output().expect("tsc runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    assert!(compared >= 15, "only {compared} types were compared");
}
