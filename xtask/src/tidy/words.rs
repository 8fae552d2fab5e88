//! The words of the house: names that say nothing, or say a second time what has a name already, are refused where they are declared.

use super::{Source, code, none, source, written};

/// Words that no declared name has.
const NOWHERE: &[&str] = &["manager", "util", "utils", "helper", "helpers", "info"];
/// Words that no type has, since another word is in use for the thing.
const IN_NO_TYPE: &[&str] = &["hub", "packet", "controller", "middleware", "conn", "adapter", "cursor"];

const TYPES: &[&str] = &["struct", "enum", "trait", "class", "interface", "type"];
const FUNCTIONS: &[&str] = &["fn", "def", "function"];

/// What is wrong with the name declared by `keyword`.
fn fault(keyword: &str, name: &str) -> Option<&'static str> {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let starts_with_get = words.len() > 1 && words.first().is_some_and(|word| word == "get");
    if has(NOWHERE) {
        Some("says nothing")
    } else if FUNCTIONS.contains(&keyword) && starts_with_get {
        Some("needs no `get`")
    } else if TYPES.contains(&keyword) && (has(IN_NO_TYPE) || words.last().is_some_and(|word| word == "data"))
    {
        Some("has another word in this house")
    } else {
        None
    }
}

/// The words of a name, in lower case, whichever way they are joined.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if letter != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn findings(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let code = code(line);
        let code = code.trim();
        if code.starts_with(['*', '#']) {
            continue;
        }
        for (keyword, name) in declarations(code) {
            // Tests speak of other people's APIs, where a name is what it is.
            let foreign = source.is_test() && FUNCTIONS.contains(&keyword);
            if let Some(fault) = fault(keyword, name).filter(|_| !foreign) {
                found.push(format!("{}:{}: `{name}` {fault}", source.path, at + 1));
            }
        }
    }
    found
}

/// The names declared in a line with the keyword before each; a method of a TypeScript class counts as a function.
fn declarations(code: &str) -> Vec<(&str, &str)> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let tokens: Vec<&str> = code.split(|letter| !is_name(letter)).filter(|token| !token.is_empty()).collect();
    let keyword = |token: &str| TYPES.contains(&token) || FUNCTIONS.contains(&token) || token == "mod";
    let pairs = tokens
        .windows(2)
        .filter_map(|pair| if let [before, name] = pair { Some((*before, *name)) } else { None });
    // `type` may also stand inside a list of imports, whose names are other people's.
    let imports = code.starts_with("import ")
        || code.starts_with("export {")
        || code.starts_with("type ") && code.ends_with(',');
    let mut found: Vec<_> = pairs.filter(|(before, _)| keyword(before) && !imports).collect();
    let method = code.trim_start_matches("async ").trim_start_matches("static ");
    if let Some((name, rest)) = method.split_once('(')
        && rest.ends_with('{')
        && !name.is_empty()
        && name.chars().all(is_name)
    {
        found.push(("function", name));
    }
    found
}

#[test]
fn names_use_the_words_of_the_house() {
    let found: Vec<_> = written().iter().filter(|source| !source.is_specimen()).flat_map(findings).collect();
    none(&found, "name these after what they are");
}

#[test]
fn no_file_is_named_after_nothing() {
    let nameless = |path: &String| {
        path.split(['/', '.', '-']).flat_map(words).any(|word| NOWHERE.contains(&word.as_str()))
    };
    let found: Vec<_> = written().into_iter().map(|source| source.path).filter(nameless).collect();
    none(&found, "name these after what they are");
}

#[test]
fn declared_names_are_judged_and_others_are_not() {
    let found = |text: &str| findings(&source("a.rs", text)).len();
    assert_eq!(found("pub struct CallManager;"), 1);
    assert_eq!(found("fn get_user(&self) -> User {"), 1);
    assert_eq!(found("  getUser(id: string): User {"), 1);
    assert_eq!(found("mod utils;"), 1);
    assert_eq!(found("pub struct ErrorData {"), 1);
    assert_eq!(found("import { type AddressInfo, createServer } from 'node:net';"), 0);
    assert_eq!(found("let user = map.get_mut(&id);"), 0);
    assert_eq!(found("fn get(&self) -> User {"), 0);
    assert_eq!(found("// struct CallManager"), 0);
    assert_eq!(found("fn eth_get_balance(&self) {"), 0);
}
