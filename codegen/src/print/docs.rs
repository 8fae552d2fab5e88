//! Doc comments: the paragraphs of a text, wrapped to a width without touching lists and code.

/// The lines of a doc comment, each at most `width` columns where its words allow it.
///
/// Lines that fit stay as they were written. Empty lines at both ends are gone.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut in_code = false;
    let text = printable(text);
    for line in text.lines().map(str::trim_end) {
        let fence = line.trim_start().starts_with("```");
        if fence || in_code || line.is_empty() || starts_block(line) {
            flush(&mut paragraph, width, &mut out);
        }
        if fence {
            in_code = !in_code;
        }
        match () {
            () if fence || in_code => out.push(line.to_owned()),
            () if line.is_empty() => out.push(String::new()),
            () => paragraph.push(line),
        }
    }
    flush(&mut paragraph, width, &mut out);
    trim(out)
}

/// A text whose only control characters are line breaks.
pub(crate) fn printable(text: &str) -> String {
    text.replace("\r\n", "\n").chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// Whether a line starts something that must not be joined to the line before it.
fn starts_block(line: &str) -> bool {
    let text = line.trim_start();
    let numbered = text
        .split_once(". ")
        .is_some_and(|(number, _)| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()));
    numbered || ["- ", "* ", "+ ", "#", "|", ">"].iter().any(|mark| text.starts_with(mark))
}

fn flush(paragraph: &mut Vec<&str>, width: usize, out: &mut Vec<String>) {
    let lines = std::mem::take(paragraph);
    if lines.iter().all(|line| line.chars().count() <= width) {
        out.extend(lines.iter().map(|line| (*line).to_owned()));
        return;
    }
    let first = lines.first().copied().unwrap_or_default();
    let lead: String = first.chars().take_while(|c| *c == ' ').collect();
    let hang = if starts_block(first) { format!("{lead}  ") } else { lead.clone() };
    let mut line = lead;
    let mut is_start = true;
    for word in lines.iter().flat_map(|line| line.split_whitespace()) {
        if !is_start && line.chars().count() + 1 + word.chars().count() > width {
            out.push(std::mem::replace(&mut line, hang.clone()));
            is_start = true;
        }
        if !is_start {
            line.push(' ');
        }
        line.push_str(word);
        is_start = false;
    }
    out.push(line);
}

fn trim(mut lines: Vec<String>) -> Vec<String> {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    lines.split_off(start)
}

/// The two lines at the top of a generated file, more where its origin is long, as comments.
pub(crate) fn header(mark: &str, origin: &str, width: usize) -> String {
    let room = width.saturating_sub(mark.len() + 1);
    let whole = format!("{origin} Do not edit.");
    let text = if whole.chars().count() <= room {
        format!("{whole}\nRegenerate with: wirecall generate")
    } else {
        format!("{}\nDo not edit. Regenerate with: wirecall generate", wrap(origin, room).join("\n"))
    };
    text.lines().map(|line| format!("{mark} {line}")).collect::<Vec<_>>().join("\n")
}

/// A text with a note behind it: in the same paragraph where that is a single line, else in one of its own.
pub(crate) fn with_note(text: &str, note: &str) -> String {
    let text = text.trim();
    if text.is_empty() || note.is_empty() {
        return format!("{text}{note}");
    }
    if text.contains('\n') {
        return format!("{text}\n\n{note}");
    }
    let stop = if text.ends_with(['.', '!', '?', ':', ')', '`']) { "" } else { "." };
    format!("{text}{stop} {note}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_fit_stay_as_they_were_written() {
        assert_eq!(wrap("One.\nTwo.\n\nThree.\n", 20), ["One.", "Two.", "", "Three."]);
    }

    #[test]
    fn a_long_paragraph_is_wrapped_at_its_words() {
        assert_eq!(wrap("aaa bbb ccc\nddd", 8), ["aaa bbb", "ccc ddd"]);
    }

    #[test]
    fn lists_and_code_keep_their_lines() {
        assert_eq!(wrap("- aaa bbb ccc\n- d", 8), ["- aaa", "  bbb", "  ccc", "- d"]);
        assert_eq!(wrap("```\naaaa bbbb cccc\n```", 8), ["```", "aaaa bbbb cccc", "```"]);
    }

    #[test]
    fn a_note_follows_in_the_same_line_or_in_a_paragraph() {
        assert_eq!(with_note("The text", "1 to 5 characters."), "The text. 1 to 5 characters.");
        assert_eq!(with_note("A.\nB.", "Note."), "A.\nB.\n\nNote.");
        assert_eq!(with_note("", "Note."), "Note.");
    }
}
