//! Links between the documents of the repository lead somewhere: the file is there, and so is the heading.

use std::collections::BTreeMap;

use super::{Source, none, source, sources};
use crate::workspace;

/// The lines of a document that are not inside a fence of code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !fence && !in_code
    })
}

/// The targets of the links in a line; links in `code` are text.
fn targets(line: &str) -> Vec<&str> {
    let outside: Vec<&str> = line.split('`').step_by(2).collect();
    // A link whose text is code is cut in two by the split; its target follows `](` at the start of a piece.
    let pieces = outside.iter().flat_map(|piece| piece.split("](").skip(1));
    pieces.filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept =
        heading.trim().chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).flat_map(char::to_lowercase).collect()
}

/// The anchors of a document; a heading that comes again has a number behind it.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let headings =
        prose(text).filter(|&(_, line)| line.starts_with('#')).map(|(_, line)| line.trim_start_matches('#'));
    headings
        .map(|heading| {
            let anchor = anchor(heading);
            let before = seen.entry(anchor.clone()).or_default();
            *before += 1;
            if *before == 1 { anchor } else { format!("{anchor}-{}", *before - 1) }
        })
        .collect()
}

/// `target` as seen from the document at `from`, without `.` and `..`; `None` above the root.
fn resolved(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

fn broken(document: &Source, documents: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in prose(&document.text) {
        for target in targets(line) {
            if !target.contains("://")
                && !target.starts_with("mailto:")
                && !leads_somewhere(document, target, documents)
            {
                found.push(format!("{}:{}: {target}", document.path, at + 1));
            }
        }
    }
    found
}

fn leads_somewhere(document: &Source, target: &str, documents: &[Source]) -> bool {
    let (path, heading) =
        target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
    let path = if path.is_empty() { Some(document.path.clone()) } else { resolved(&document.path, path) };
    let Some(path) = path else { return false };
    let Some(heading) = heading else { return workspace::root().join(path).exists() };
    let known = documents.iter().find(|other| other.path == path);
    known.is_some_and(|other| anchors(&other.text).iter().any(|anchor| anchor == heading))
}

#[test]
fn links_between_documents_lead_somewhere() {
    let documents: Vec<_> = sources().into_iter().filter(|source| source.ending() == "md").collect();
    let found: Vec<_> = documents.iter().flat_map(|document| broken(document, &documents)).collect();
    none(&found, "mend these links");
}

#[test]
fn links_are_read_from_prose_alone() {
    let text = "[a](b.md) and [`c`](d.md#e \"title\"), `[x](y)`\n```\n[f](g.md)\n```\n";
    let found: Vec<_> = prose(text).flat_map(|(_, line)| targets(line)).collect();
    assert_eq!(found, ["b.md", "d.md#e"]);
}

#[test]
fn headings_have_the_anchors_that_browsers_show() {
    let text = "# The `rpc.*` set: why?\n## Notes\n## Notes\n```\n# not one\n```\n";
    assert_eq!(anchors(text), ["the-rpc-set-why", "notes", "notes-1"]);
}

#[test]
fn a_link_to_nothing_is_found() {
    let documents = [source("docs/a.md", "# Here\n[up](../README.txt) [here](#here) [gone](#gone)\n")];
    assert_eq!(broken(&documents[0], &documents), ["docs/a.md:2: ../README.txt", "docs/a.md:2: #gone"]);
}
