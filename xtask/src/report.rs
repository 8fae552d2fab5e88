//! What the run says of itself: headings, the final table and its closing line; pure.

use std::fmt::Write as _;
use std::time::Duration;

use crate::parts::{Need, Part};

/// How a part came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All of it went well.
    Passed,
    /// Something in it did not: what, each with the last of what it printed.
    Failed(Vec<String>),
    /// It was left out, for the named thing.
    Skipped(&'static str),
}

/// One line of the final table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The part's name.
    pub(crate) part: &'static str,
    /// How long it took.
    pub(crate) took: Duration,
    /// How it came out.
    pub(crate) verdict: Verdict,
}

/// The line before a part's own output.
pub(crate) fn heading(part: &Part) -> String {
    format!("\n━━ {}: {}", part.name, part.about)
}

/// What failed, once more after everything: in a long log the place where it happened is hard to find. Empty where nothing did.
pub(crate) fn failures(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let Verdict::Failed(failures) = &row.verdict else { continue };
        for failure in failures {
            line(&mut text, format_args!("\n━━ FAILED in {}: {failure}", row.part));
        }
    }
    text
}

/// The final table. Its last line is one that test runners close with, so that whoever reads the output by machine finds the counts.
pub(crate) fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.part.len()).max().unwrap_or_default().max("total".len());
    let mut text = format!("\n{:width$}  seconds  result\n", "part");
    let mut total = Duration::ZERO;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for row in rows {
        total += row.took;
        let result = match row.verdict {
            Verdict::Passed => {
                passed += 1;
                "passed".to_owned()
            }
            Verdict::Failed(_) => {
                failed += 1;
                "FAILED".to_owned()
            }
            Verdict::Skipped(reason) => {
                skipped += 1;
                format!("skipped, --without {reason}")
            }
        };
        line(&mut text, format_args!("{:width$}  {:7.1}  {result}", row.part, row.took.as_secs_f64()));
    }
    line(&mut text, format_args!("{:width$}  {:7.1}\n", "total", total.as_secs_f64()));
    let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    line(&mut text, format_args!("{passed} passed, {failed} failed{skipped}"));
    text
}

/// The parts by name, with what they show and need, for `help`.
pub(crate) fn parts(parts: &[Part]) -> String {
    let width = parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
    let mut text = String::from("parts:\n");
    for part in parts {
        let needs = part.needs.iter().map(|need| Need::name(*need)).collect::<Vec<_>>().join(", ");
        let needs = if needs.is_empty() { needs } else { format!(" (needs {needs})") };
        line(&mut text, format_args!("  {:width$}  {}{needs}", part.name, part.about));
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail; the Result is an artefact of the trait.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(part: &'static str, millis: u64, verdict: Verdict) -> Row {
        Row { part, took: Duration::from_millis(millis), verdict }
    }

    #[test]
    fn the_table_ends_with_the_counts_alone_on_a_line() {
        let rows = [
            row("fmt", 1_240, Verdict::Passed),
            row("typescript", 60_000, Verdict::Failed(vec!["npm".to_owned()])),
        ];
        let expected = "
part        seconds  result
fmt             1.2  passed
typescript     60.0  FAILED
total          61.2

1 passed, 1 failed
";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn what_failed_is_told_with_its_part_and_what_it_printed() {
        let rows = [
            row("fmt", 0, Verdict::Passed),
            row(
                "python",
                0,
                Verdict::Failed(vec!["pytest: exit status: 1\n1 failed".to_owned(), "mypy".to_owned()]),
            ),
        ];
        let expected =
            "\n━━ FAILED in python: pytest: exit status: 1\n1 failed\n\n━━ FAILED in python: mypy\n";
        assert_eq!(failures(&rows), expected);
        assert_eq!(failures(&rows[..1]), "");
    }

    #[test]
    fn what_was_skipped_is_counted_and_has_its_reason() {
        let text = table(&[row("fmt", 0, Verdict::Passed), row("broker", 0, Verdict::Skipped("redis"))]);
        assert!(text.contains("broker      0.0  skipped, --without redis\n"), "{text}");
        assert!(text.ends_with("\n1 passed, 0 failed, 1 skipped\n"), "{text}");
    }
}
