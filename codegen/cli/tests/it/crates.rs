//! Contracts from crates.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::{folder, told, wirecall};

/// Services as the derive macro leaves them, written by hand: so a test compiles the contract crate and no server.
const CHAT: &str = r#"
use wirecall_contract::{Builder, Service, Side};

macro_rules! service {
    ($vis:vis $name:ident $wire:literal) => {
        $vis enum $name {}
        impl $name {
            pub fn describe(mut builder: Builder) -> Builder {
                builder.service(Service {
                    name: $wire.into(), rust_name: stringify!($name).into(), docs: String::new(), side: Side::Server,
                    calls: vec![], events: None, error: None, peer: None,
                });
                builder
            }
        }
    };
}

service!(pub Chat "chat");
service!(Hidden "hidden");
pub mod api {
    use super::*;
    service!(pub Jobs "jobs");
}
/// No service.
pub struct Plain;
"#;

/// A crate with a file of source and lines of metadata.
fn krate(name: &str, file: &str, source: &str, metadata: &str) -> io::Result<PathBuf> {
    let folder = folder(name)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    fs::create_dir(folder.join("src"))?;
    fs::write(folder.join("src").join(file), source)?;
    let contract = root.join("runtime/contract").display().to_string();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\nwirecall-contract = {{ path = {contract:?} }}\n\n{metadata}"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    // What the workspace has compiled can be used again only at the same versions.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(folder)
}

#[test]
fn the_services_of_the_manifest_are_written() {
    let metadata =
        "[package.metadata.wirecall]\nservices = [\"Chat\", \"api::Jobs\"]\ntypescript = \"web\"\n";
    let folder = krate("crates-named", "lib.rs", CHAT, metadata).unwrap();
    let output = wirecall(&folder, &["generate"]).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "web/chat.ts: written\nweb/jobs.ts: written\n");
    let jobs = fs::read_to_string(folder.join("web/jobs.ts")).unwrap();
    assert!(jobs.contains("export class JobsClient"), "{jobs}");
}

#[test]
fn what_keeps_a_crate_from_giving_its_contract_is_told() {
    let folder = krate("crates-wrong", "lib.rs", CHAT, "").unwrap();
    for (service, words) in [
        ("Talk", "`Talk` is not in the library of `crates-wrong`"),
        ("api::Chat", "`api::Chat` is not in the library of `crates-wrong`"),
        ("Hidden", "`Hidden` is not in the library of `crates-wrong`, or not public there"),
        ("Plain", "`Plain` in `crates-wrong` is no service: put #[derive(wirecall::Service)]"),
        ("Chat!", "`Chat!` is no path of a service"),
    ] {
        let (code, text) = told(&folder, &["contract", "--service", "Chat", "--service", service]).unwrap();
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(words), "{text}");
    }
    fs::write(folder.join("src/lib.rs"), format!("{CHAT} fn broken() -> u8 {{ \"text\" }}")).unwrap();
    let (code, text) = told(&folder, &["contract", "--service", "Chat"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("mismatched types") && text.contains("`crates-wrong` does not compile"), "{text}");
}

#[test]
fn without_services_the_line_to_add_is_shown() {
    let source = "#[derive(wirecall::Service)]\npub enum Chat {}\n#[derive(Service)]\npub enum Jobs {}\n";
    let folder = krate("crates-silent", "lib.rs", source, "").unwrap();
    let (code, text) = told(&folder, &["generate", "--typescript", "ts"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("services = [\"Chat\", \"Jobs\"]"), "{text}");
    assert!(text.contains("--service Chat"), "{text}");
}

#[test]
fn a_crate_without_a_library_is_told_to_have_one() {
    let folder = krate("crates-bin", "main.rs", "fn main() {}", "").unwrap();
    let (code, text) = told(&folder, &["contract", "--service", "Chat"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("has no library") && text.contains("src/lib.rs"), "{text}");
}

#[test]
fn metadata_of_another_form_is_refused() {
    let folder =
        krate("crates-metadata", "lib.rs", CHAT, "[package.metadata.wirecall]\nservices = \"Chat\"\n")
            .unwrap();
    let (code, text) = told(&folder, &["contract"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("services must be an array of paths"), "{text}");
}

#[test]
fn a_folder_without_a_crate_is_told_what_else_there_is() {
    // Outside of this workspace, or its own manifest would be found.
    let folder = std::env::temp_dir();
    let (code, text) = told(&folder, &["contract"]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("--manifest-path, --contract or --url"), "{text}");
}
