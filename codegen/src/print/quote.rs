//! Strings in quotes, with the escapes that TypeScript and Python share.

use std::fmt::Write;

/// A string, in the quotes that need fewer escapes.
pub(crate) fn quoted(text: &str) -> String {
    let single = text.matches('"').count() > text.matches('\'').count();
    let quote = if single { '\'' } else { '"' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // Writing to a string cannot fail.
                let _: Result<(), std::fmt::Error> = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_takes_the_quotes_that_need_fewer_escapes() {
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("say \"hi\""), "'say \"hi\"'");
        assert_eq!(quoted("a\\\n\u{0}"), "\"a\\\\\\n\\u0000\"");
    }
}
