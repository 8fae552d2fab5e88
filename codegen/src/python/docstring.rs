//! Docstrings that pydocstyle would pass: a summary on the first line, which is a sentence, then the rest.

use super::{STEP, WIDTH};
use crate::print::docs::{printable, wrap};
use crate::print::layout::Doc;
use crate::print::names::capitalized;

/// A docstring at `depth` steps of indent.
pub(super) fn docstring(text: &str, depth: usize) -> Doc {
    docstring_with(text, "", &[], depth)
}

/// A docstring with a section of entries behind it, such as `Raises:`.
pub(super) fn docstring_with(text: &str, section: &str, entries: &[(String, String)], depth: usize) -> Doc {
    let room = WIDTH.saturating_sub(depth * STEP);
    let clean = |text: &str| printable(text).replace("\"\"\"", "'''");
    let mut lines = doc_lines(&clean(text), room, entries.is_empty());
    if !entries.is_empty() {
        lines.extend([String::new(), section.to_owned()]);
    }
    for (name, docs) in entries {
        let entry = wrap(&format!("{name}: {}", clean(docs)), room.saturating_sub(8));
        let places = entry.iter().enumerate();
        lines.extend(
            places.map(|(place, line)| format!("{}{line}", if place == 0 { "    " } else { "        " })),
        );
    }
    let raw = if lines.iter().any(|line| line.contains('\\')) { "r" } else { "" };
    let first = lines.first().cloned().unwrap_or_default();
    let quotes = format!("{raw}\"\"\"");
    if lines.len() == 1 && first.chars().count() + quotes.len() + 3 <= room {
        return format!("{quotes}{first}\"\"\"").into();
    }
    let start = std::iter::once(Doc::from(format!("{quotes}{first}")));
    let rest = lines.iter().skip(1).map(|line| line.clone().into());
    Doc::lines(start.chain(rest).chain(std::iter::once("\"\"\"".into())))
}

/// The lines of a docstring: a summary that fits on the first line, an empty line, the rest.
fn doc_lines(text: &str, room: usize, is_all: bool) -> Vec<String> {
    let text = text.trim();
    let (head, tail) = text.split_once("\n\n").unwrap_or((text, ""));
    let head = head.split_whitespace().collect::<Vec<_>>().join(" ");
    // Where nothing follows, the closing quotes stand on the same line.
    let quotes = if is_all && tail.trim().is_empty() { 7 } else { 4 };
    let (summary, rest) = summary(&head, room.saturating_sub(quotes));
    let body: Vec<&str> =
        [rest.as_str(), tail.trim_matches('\n')].into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = vec![summary];
    if !body.is_empty() {
        lines.push(String::new());
        lines.extend(wrap(&body.join("\n\n"), room));
    }
    lines
}

/// The first line, which ends like a sentence and starts like one, and what did not fit on it.
fn summary(head: &str, room: usize) -> (String, String) {
    let head = head.trim_end_matches([':', ';', ',', ' ']);
    let stopped =
        |text: &str| if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") };
    let upper = |text: String| {
        let word = text.split(' ').next().unwrap_or_default().trim_end_matches(['.', ',', '!', '?']);
        if word.chars().all(|c| c.is_ascii_alphabetic()) { capitalized(&text) } else { text }
    };
    if head.chars().count() < room {
        return (upper(stopped(head)), String::new());
    }
    if let Some((first, rest)) = head.split_once(". ").filter(|(first, _)| first.chars().count() < room) {
        return (upper(format!("{first}.")), rest.to_owned());
    }
    let mut first = String::new();
    let mut words = head.split(' ').peekable();
    while let Some(word) = words.next_if(|word| first.chars().count() + 1 + word.chars().count() + 3 <= room)
    {
        if !first.is_empty() {
            first.push(' ');
        }
        first.push_str(word);
    }
    (upper(format!("{first}...")), format!("...{}", words.collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        docstring(text, 0).render(WIDTH, STEP)
    }

    #[test]
    fn a_docstring_is_a_sentence() {
        assert_eq!(printed("posts a message"), "\"\"\"Posts a message.\"\"\"");
        assert_eq!(printed("Rooms:"), "\"\"\"Rooms.\"\"\"");
    }

    #[test]
    fn a_docstring_cannot_be_ended_from_inside() {
        assert_eq!(printed("a \"\"\" b"), "\"\"\"A ''' b.\"\"\"");
        assert_eq!(printed("a \\ b"), "r\"\"\"A \\ b.\"\"\"");
        assert_eq!(printed("ends with \""), "\"\"\"Ends with \".\"\"\"");
    }

    #[test]
    fn what_does_not_fit_the_first_line_follows_in_a_paragraph() {
        let long = "word ".repeat(30);
        let text = printed(&long);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.lines().nth(1), Some(""));
        assert!(text.lines().next().is_some_and(|line| line.ends_with("...")));
        assert_eq!(printed(&format!("One. {long}")).lines().next(), Some("\"\"\"One."));
    }
}
