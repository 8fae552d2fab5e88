//! Every rule of what calls, sessions, streams, hello and the heartbeat do has a conformance vector, or a test that is named in its
//! place, for the server and for the client of each language, where it is for them; and every vector keeps rules that exist.

use std::collections::BTreeSet;

use serde_json::Value;

use super::named::{ALL, CLIENTS, Party, fault, parties};
use super::{Source, none, source, sources};

const PROTOCOL: &str = "docs/protocol.md";
const VECTORS: &str = "clients/conformance/vectors/";
const ELSEWHERE: &str = "clients/conformance/elsewhere.json";

/// The sections of the protocol whose rules are played by vectors; those of the others have ordinary tests.
const PLAYED: &[&str] =
    &["Calls", "Streams", "Close codes", "Sessions", "Numbering", "Heartbeat", "Coming back", "Draining"];

/// Rules that say only what a client does.
const OF_CLIENTS: &[&str] = &[
    "C3", "S7", "S12", "K2", "K6", "H5", "U1", "U12", "V3", "V4", "V7", "V8", "L5", "L6", "L7", "L9", "R1",
    "R2", "R3", "R4", "R5", "R6", "R7", "D2", "D5",
];

/// Rules that say only what a server does.
const OF_SERVERS: &[&str] = &[
    "C7", "S14", "K1", "K3", "H2", "H11", "H12", "B3", "B5", "U2", "U3", "U6", "U7", "U8", "U11", "L3", "D1",
    "D3", "D4",
];

/// A rule of the protocol, and the section that it stands in.
#[derive(Debug, PartialEq, Eq)]
struct Rule<'d> {
    id: &'d str,
    section: &'d str,
}

/// The rules of the protocol's text, in its order.
fn rules(document: &str) -> Vec<Rule<'_>> {
    let mut section = "";
    let mut found = Vec::new();
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.trim();
        }
        let id = line.strip_prefix("- **").and_then(|rest| rest.split_once(".**"));
        if let Some((id, _)) = id.filter(|(id, _)| is_id(id)) {
            found.push(Rule { id, section });
        }
    }
    found
}

/// A capital letter and a number.
fn is_id(id: &str) -> bool {
    let mut letters = id.chars();
    letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && id.len() > 1
        && letters.all(|letter| letter.is_ascii_digit())
}

/// The strings of a list in an object.
fn texts<'v>(value: &'v Value, member: &str) -> Vec<&'v str> {
    value.get(member).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The name of the file of a vector with that name.
fn file_name(name: &str) -> String {
    let dashed: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .collect();
    dashed.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// What is wrong with the form of a vector.
fn faults(path: &str, vector: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |holds: bool, fault: &str| {
        if !holds {
            found.push(format!("{path}: {fault}"));
        }
    };
    let name = vector.get("name").and_then(Value::as_str).unwrap_or_default();
    let expected = format!("/{}.json", file_name(name));
    check(!name.is_empty() && path.ends_with(&expected), "its file is not named after its `name`");
    check(!texts(vector, "rules").is_empty(), "it names no rule");
    let side = vector.get("side").and_then(Value::as_str).unwrap_or_default();
    check(matches!(side, "client" | "server" | "both"), "its `side` is none");
    let steps = vector.get("steps").and_then(Value::as_array);
    check(steps.is_some_and(|steps| !steps.is_empty()), "it has no steps");
    found
}

fn findings(files: &[Source]) -> Vec<String> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map_or("", |file| &file.text);
    let rules = rules(text(PROTOCOL));
    let known: BTreeSet<_> = rules.iter().map(|rule| rule.id).collect();
    let mut found = twice(&rules);
    let mut kept: BTreeSet<(String, Party)> = BTreeSet::new();
    let mut keep = |path: &str, value: &Value, by: &[Party], found: &mut Vec<String>| {
        for id in texts(value, "rules") {
            if !known.contains(id) {
                found.push(format!("{path}: there is no rule {id}"));
            }
            kept.extend(by.iter().map(|party| (id.to_owned(), *party)));
        }
    };
    for file in files.iter().filter(|file| file.path.starts_with(VECTORS)) {
        match serde_json::from_str::<Value>(&file.text) {
            Ok(vector) => {
                found.extend(faults(&file.path, &vector));
                keep(&file.path, &vector, players(&vector), &mut found);
            }
            Err(error) => found.push(format!("{}: {error}", file.path)),
        }
    }
    let mut excused: BTreeSet<(String, Party)> = BTreeSet::new();
    match serde_json::from_str::<Vec<Value>>(text(ELSEWHERE)) {
        Ok(entries) => {
            for entry in &entries {
                let tests = texts(entry, "tests");
                let shown: Vec<Party> = tests.iter().flat_map(|test| parties(test)).copied().collect();
                keep(ELSEWHERE, entry, &shown, &mut found);
                let faults = tests.iter().filter_map(|test| Some((test, fault(test, files)?)));
                found.extend(faults.map(|(test, fault)| format!("{ELSEWHERE}: {fault} {test}")));
                if tests.is_empty() {
                    found.push(format!("{ELSEWHERE}: an entry names no test"));
                }
                excused.extend(excuses(entry, &mut found));
            }
        }
        Err(error) => found.push(format!("{ELSEWHERE}: {error}")),
    }
    let both = excused.intersection(&kept);
    found.extend(both.map(|(id, party)| format!("{ELSEWHERE}: {party} keeps {id}, and is excused from it")));
    for Rule { id, section } in rules.iter().filter(|rule| PLAYED.contains(&rule.section)) {
        let is_bare = |party: &&Party| {
            let part = ((*id).to_owned(), **party);
            !kept.contains(&part) && !excused.contains(&part)
        };
        let (bound, bare) = (bound(id), bound(id).iter().filter(is_bare).collect::<Vec<_>>());
        if bare.len() == bound.len() {
            found.push(format!("{PROTOCOL}: nothing keeps {id} ({section})"));
        } else {
            found.extend(
                bare.iter().map(|party| format!("{PROTOCOL}: nothing keeps {id} ({section}) at {party}")),
            );
        }
    }
    found
}

/// The rules of an entry from which its `not` excuses the client of a language, with a reason.
fn excuses(entry: &Value, found: &mut Vec<String>) -> Vec<(String, Party)> {
    let mut excused = Vec::new();
    for (language, reason) in entry.get("not").and_then(Value::as_object).into_iter().flatten() {
        let Some(party) = Party::of(language) else {
            found.push(format!("{ELSEWHERE}: `not` knows rust, typescript and python, and no {language}"));
            continue;
        };
        // One word is no reason.
        if reason.as_str().is_none_or(|reason| reason.split_whitespace().count() < 3) {
            found.push(format!("{ELSEWHERE}: `not` says no reason for {party}"));
        }
        excused.extend(texts(entry, "rules").into_iter().map(|id| (id.to_owned(), party)));
    }
    excused
}

/// Who plays a vector.
fn players(vector: &Value) -> &'static [Party] {
    match vector.get("side").and_then(Value::as_str) {
        Some("client") => CLIENTS,
        Some("server") => &[Party::Server],
        _ => ALL,
    }
}

/// Those of whom a rule says something.
fn bound(rule: &str) -> &'static [Party] {
    if OF_CLIENTS.contains(&rule) {
        CLIENTS
    } else if OF_SERVERS.contains(&rule) {
        &[Party::Server]
    } else {
        ALL
    }
}

/// Ids that stand for two rules.
fn twice(rules: &[Rule<'_>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let again = rules.iter().filter(|rule| !seen.insert(rule.id));
    again.map(|rule| format!("{PROTOCOL}: {} stands twice", rule.id)).collect()
}

#[test]
fn every_rule_has_a_vector_or_a_test_and_every_vector_a_rule() {
    none(&findings(&sources()), "write a vector, or name a test in elsewhere.json");
}

/// A protocol of three rules that are played, and one that is not.
const DOCUMENT: &str = "# The protocol\n\n## Transport\n\n- **T1.** One.\n\n## Streams\n\n- **S1.** A.\n- **S2.** B.\n\n### rpc.item\n\n- **S3.** C.\n";

/// A small repository whose rules are all kept.
fn example() -> Vec<Source> {
    let vector = r#"{"name":"A stream's end","rules":["S1","S2"],"side":"both","steps":[{"open":{}}]}"#;
    let tests =
        "[\"a/b.rs::c\",\"clients/python/d.py::test_e\",\"clients/typescript/f.test.ts::a sentence\"]";
    let elsewhere = format!(r#"[{{"rules":["S3"],"tests":{tests}}}]"#);
    vec![
        source(PROTOCOL, DOCUMENT),
        source("clients/conformance/vectors/streams/a-stream-s-end.json", vector),
        source(ELSEWHERE, &elsewhere),
        source("a/b.rs", "#[test]\nfn c() {}\n"),
        source("clients/python/d.py", "def test_e() -> None: ...\n"),
        source("clients/typescript/f.test.ts", "test(\"a sentence\", () => {});\n"),
    ]
}

/// The findings after a text of one file of the example became another.
fn after(path: usize, from: &str, to: &str) -> Vec<String> {
    let mut files = example();
    assert!(files[path].text.contains(from));
    files[path].text = files[path].text.replace(from, to);
    findings(&files)
}

#[test]
fn rules_are_read_with_their_sections() {
    let found: Vec<_> = rules(DOCUMENT).into_iter().map(|rule| (rule.id, rule.section)).collect();
    assert_eq!(found, [("T1", "Transport"), ("S1", "Streams"), ("S2", "Streams"), ("S3", "Streams")]);
    assert_eq!(findings(&example()), [""; 0]);
}

#[test]
fn a_rule_that_nothing_keeps_is_found() {
    let found = after(1, r#""S1","#, "");
    assert_eq!(found, ["docs/protocol.md: nothing keeps S1 (Streams)"]);
}

#[test]
fn a_rule_that_one_side_alone_keeps_is_found() {
    assert_eq!(
        after(1, "both", "client"),
        ["S1", "S2"].map(|id| format!("docs/protocol.md: nothing keeps {id} (Streams) at the server"))
    );
    assert_eq!(after(2, r#""a/b.rs::c","#, "").len(), 2, "code that the server and the Rust client both run");
}

#[test]
fn a_rule_that_the_client_of_one_language_does_not_keep_is_found() {
    let nothing = |party: &str| [format!("docs/protocol.md: nothing keeps S3 (Streams) at the {party}")];
    assert_eq!(
        after(2, r#"::test_e","clients/typescript/f.test.ts::a sentence""#, r#"::test_e""#),
        nothing("TypeScript client")
    );
    assert_eq!(after(2, r#""clients/python/d.py::test_e","#, ""), nothing("Python client"));
    let mut files = example();
    files[2].text = files[2].text.replace("a/b.rs", "runtime/tests/it/b.rs");
    files[3].path = "runtime/tests/it/b.rs".to_owned();
    assert_eq!(findings(&files), nothing("Rust client"));
}

#[test]
fn a_client_is_excused_from_a_rule_with_a_reason_and_only_where_it_does_not_keep_it() {
    let entry = r#""rules":["S3"],"#;
    let excused = |not: &str| {
        let mut files = example();
        files[2].text = files[2].text.replace(entry, &format!(r#"{entry}"not":{not},"#));
        files[2].text = files[2].text.replace(r#""clients/python/d.py::test_e","#, "");
        findings(&files)
    };
    assert_eq!(excused(r#"{"python":"it has no such thing"}"#), [""; 0]);
    assert_eq!(
        excused(r#"{"python":"no"}"#),
        [format!("{ELSEWHERE}: `not` says no reason for the Python client")]
    );
    let found = excused(r#"{"python":"it has no such thing","typescript":"it has no such thing"}"#);
    assert_eq!(found, [format!("{ELSEWHERE}: the TypeScript client keeps S3, and is excused from it")]);
    let found = excused(r#"{"python":"it has no such thing","server":"it has no such thing"}"#);
    assert_eq!(found, [format!("{ELSEWHERE}: `not` knows rust, typescript and python, and no server")]);
}

#[test]
fn a_rule_of_one_side_exists_and_is_of_one() {
    let files = sources();
    let protocol = files.iter().find(|file| file.path == PROTOCOL).map_or("", |file| &file.text);
    let known: Vec<_> = rules(protocol).into_iter().map(|rule| rule.id).collect();
    let gone: Vec<_> = OF_CLIENTS.iter().chain(OF_SERVERS).filter(|id| !known.contains(id)).collect();
    assert!(gone.is_empty(), "{gone:?}");
    assert!(OF_CLIENTS.iter().all(|id| !OF_SERVERS.contains(id)));
}

#[test]
fn a_rule_that_does_not_exist_and_one_that_stands_twice_are_found() {
    let path = "clients/conformance/vectors/streams/a-stream-s-end.json";
    assert_eq!(after(1, r#""S1","#, r#""S1","S9","#), [format!("{path}: there is no rule S9")]);
    assert_eq!(after(0, "T1", "S1"), ["docs/protocol.md: S1 stands twice"]);
}

#[test]
fn a_test_that_is_not_there_is_found() {
    let expected = |test: &str| [format!("{ELSEWHERE}: there is no test {test}")];
    assert_eq!(after(3, "fn c", "fn cc"), expected("a/b.rs::c"));
    assert_eq!(after(4, "test_e", "test_f"), expected("clients/python/d.py::test_e"));
    assert_eq!(after(5, "a sentence", "a word"), expected("clients/typescript/f.test.ts::a sentence"));
}

#[test]
fn a_vector_of_the_wrong_form_is_found() {
    let path = "clients/conformance/vectors/streams/a-stream-s-end.json";
    assert_eq!(
        after(1, "A stream's end", "An end"),
        [format!("{path}: its file is not named after its `name`")]
    );
    assert_eq!(after(1, "both", "either"), [format!("{path}: its `side` is none")]);
    assert_eq!(after(1, r#"{"open":{}}"#, ""), [format!("{path}: it has no steps")]);
}
