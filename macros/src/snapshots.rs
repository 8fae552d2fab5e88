//! Expansions as one reads them: each `tests/expand/NAME.rs` is expanded and compared with `NAME.expanded.rs`.
//!
//! `WIRECALL_BLESS=1 cargo test -p wirecall-macros` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Item};

use crate::expand;

#[test]
fn expansions_are_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let mut declarations: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.to_string_lossy().ends_with(".expanded.rs"))
        .collect();
    declarations.sort();
    assert!(!declarations.is_empty());
    for path in declarations {
        let source = fs::read_to_string(&path).expect("it can be read");
        let expanded = pretty(&all(&source));
        let golden = path.with_extension("expanded.rs");
        if std::env::var_os("WIRECALL_BLESS").is_some() {
            fs::write(&golden, &expanded).expect("it can be written");
        }
        let recorded = fs::read_to_string(&golden).unwrap_or_default();
        assert!(expanded == recorded, "{} differs; compare with\n{expanded}", golden.display());
    }
}

#[test]
fn nothing_is_named_but_through_the_given_crate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let source = fs::read_to_string(folder.join("chat.rs")).expect("it can be read");
    let source = source.replace("#[rpc(name = \"chat\"", "#[rpc(crate = \"elsewhere\", name = \"chat\"");
    let first = all_of(&source).into_iter().next().expect("there is an item").to_string();
    assert!(
        first.contains("elsewhere :: __private") && first.contains("\"elsewhere::__private::serde\""),
        "{first}"
    );
    assert!(
        !first.contains("wirecall ::") && !first.contains("\"wirecall::") && !first.contains("\"::wirecall"),
        "{first}"
    );
}

fn all(source: &str) -> TokenStream {
    all_of(source).into_iter().collect()
}

/// What each item of a file expands to.
fn all_of(source: &str) -> Vec<TokenStream> {
    let file = syn::parse_file(source).expect("it parses");
    file.items.into_iter().map(expansion).collect()
}

fn expansion(item: Item) -> TokenStream {
    let attrs: &[Attribute] = match &item {
        Item::Enum(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        _ => &[],
    };
    let derives: String = attrs
        .iter()
        .filter(|attr| {
            attr.path().is_ident("derive")
                || attr.path().to_token_stream().to_string() == "wirecall :: message"
        })
        .map(|attr| attr.to_token_stream().to_string())
        .collect();
    let tokens = item.to_token_stream();
    if derives.contains("wirecall :: message") {
        return expand::message_attribute(TokenStream::new(), without(item, "message"));
    }
    let expand = [
        ("ServiceError", expand::service_error as fn(TokenStream) -> TokenStream),
        ("Service", expand::service),
        ("Events", expand::events),
        ("Message", expand::message),
    ];
    let (_, expand) = expand.into_iter().find(|(name, _)| derives.contains(name)).expect("a derive of ours");
    expand(tokens)
}

fn without(mut item: Item, name: &str) -> TokenStream {
    let attrs = match &mut item {
        Item::Enum(item) => &mut item.attrs,
        Item::Struct(item) => &mut item.attrs,
        _ => return item.to_token_stream(),
    };
    attrs.retain(|attr| attr.path().segments.last().is_none_or(|segment| segment.ident != name));
    item.to_token_stream()
}

fn pretty(tokens: &TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens.clone()).expect("what is written parses"))
}
