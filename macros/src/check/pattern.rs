//! Regular expressions for `#[check(pattern = "…")]`: the subset that Rust, ECMAScript and Python read alike.
//!
//! The pattern also stands in the contract, and clients of three languages may use it there. What one of them reads
//! differently, or not at all, is refused.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassPerlKind, ClassSet, ClassSetItem, GroupKind, HexLiteralKind, Literal,
    LiteralKind, RepetitionKind, RepetitionRange, SpecialLiteralKind,
};
use syn::LitStr;

use crate::errors::Errors;

/// How many characters and classes a pattern may have after its repetitions are written out.
const MAX_SIZE: u64 = 10_000;

/// Notes a mistake where the three languages would not read the pattern alike. The first one only.
pub(crate) fn check(text: &LitStr, errors: &Errors) {
    if let Err(message) = read(&text.value()) {
        errors.on(text, message);
    }
}

fn read(pattern: &str) -> Result<(), String> {
    if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| pattern.contains(look)) {
        return Err(refused(
            "lookaround",
            "Rust has none; write another pattern, or `custom = path` with a function",
        ));
    }
    if pattern.contains("{,") {
        return Err(refused("`{,n}`", "write `{0,n}`"));
    }
    let ast = Parser::new()
        .parse(pattern)
        .map_err(|error| format!("not a regular expression: {}", error.kind()))?;
    item(&ast)?;
    if size(&ast) > MAX_SIZE {
        return Err("this pattern is too large with its repetitions written out; check the length with `length(max = …)`".to_owned());
    }
    Ok(())
}

fn refused(what: &str, cure: &str) -> String {
    format!("{what} is not read alike by Rust, ECMAScript and Python: {cure}")
}

fn item(ast: &Ast) -> Result<(), String> {
    match ast {
        Ast::Empty(_) | Ast::Dot(_) => Ok(()),
        Ast::Flags(_) => Err(refused("an inline flag", "spell out what it does, such as `[Aa]` for `(?i)a`")),
        Ast::Literal(literal) => single(literal, false),
        Ast::Assertion(assertion) => match assertion.kind {
            AssertionKind::StartLine | AssertionKind::EndLine => Ok(()),
            AssertionKind::StartText => Err(refused("`\\A`", "write `^`")),
            AssertionKind::EndText => Err(refused("`\\z`", "write `$`")),
            _ => Err(refused("a word boundary", "write the characters that may stand there")),
        },
        Ast::ClassUnicode(_) => Err(unicode()),
        Ast::ClassPerl(class) => Err(perl(&class.kind)),
        Ast::ClassBracketed(class) => set(&class.kind),
        Ast::Repetition(repetition) => match &*repetition.ast {
            Ast::Repetition(_) => {
                Err(refused("a repetition of a repetition", "put the inner one in `(?:…)`"))
            }
            Ast::Assertion(_) | Ast::Empty(_) => Err(refused("a repetition of nothing", "remove it")),
            inner => item(inner),
        },
        Ast::Group(group) => match &group.kind {
            GroupKind::CaptureName { .. } => Err(refused("a named group", "write `(…)` or `(?:…)`")),
            GroupKind::NonCapturing(flags) if !flags.items.is_empty() => {
                Err(refused("an inline flag", "spell out what it does, such as `[Aa]` for `(?i)a`"))
            }
            _ => item(&group.ast),
        },
        Ast::Alternation(alternation) => alternation.asts.iter().try_for_each(item),
        Ast::Concat(concat) => concat.asts.iter().try_for_each(item),
    }
}

fn unicode() -> String {
    refused("`\\p{…}`", "write the ranges that are meant, such as `[A-Za-z]`")
}

/// In Rust and Python these hold for all of Unicode, in ECMAScript for ASCII.
fn perl(kind: &ClassPerlKind) -> String {
    match kind {
        ClassPerlKind::Digit => refused("`\\d`", "write `[0-9]`"),
        ClassPerlKind::Space => refused("`\\s`", "write `[ \\t\\r\\n]`"),
        ClassPerlKind::Word => refused("`\\w`", "write `[A-Za-z0-9_]`"),
    }
}

fn set(set: &ClassSet) -> Result<(), String> {
    match set {
        ClassSet::BinaryOp(_) => Err(refused("an operation on sets", "write the ranges that remain")),
        ClassSet::Item(item) => set_item(item),
    }
}

fn set_item(item: &ClassSetItem) -> Result<(), String> {
    match item {
        ClassSetItem::Empty(_) => Ok(()),
        ClassSetItem::Literal(literal) => single(literal, true),
        ClassSetItem::Range(range) => single(&range.start, true).and_then(|()| single(&range.end, true)),
        ClassSetItem::Ascii(_) => {
            Err(refused("`[:…:]`", "write the ranges that are meant, such as `[A-Za-z]`"))
        }
        ClassSetItem::Unicode(_) => Err(unicode()),
        ClassSetItem::Perl(class) => Err(perl(&class.kind)),
        ClassSetItem::Bracketed(_) => Err(refused("`[` inside a set", "write `\\[`, or one set")),
        ClassSetItem::Union(union) => union.items.iter().try_for_each(set_item),
    }
}

fn single(literal: &Literal, in_set: bool) -> Result<(), String> {
    let letter = literal.c;
    match &literal.kind {
        LiteralKind::Verbatim if matches!(letter, ']' | '{' | '}') => {
            Err(refused(&format!("a bare `{letter}`"), &format!("write `\\{letter}`")))
        }
        LiteralKind::Meta | LiteralKind::Superfluous
            if !("^$\\.*+?()[]{}|/".contains(letter) || in_set && letter == '-') =>
        {
            Err(refused(&format!("`\\{letter}`"), &format!("write `{letter}`")))
        }
        LiteralKind::HexFixed(HexLiteralKind::UnicodeLong)
        | LiteralKind::HexBrace(_)
        | LiteralKind::Octal => Err(refused("this escape", "write the character itself, or `\\uXXXX`")),
        LiteralKind::Special(SpecialLiteralKind::Bell) => Err(refused("`\\a`", "write `\\x07`")),
        _ => Ok(()),
    }
}

/// An estimate of what the pattern compiles to.
fn size(ast: &Ast) -> u64 {
    match ast {
        Ast::Repetition(repetition) => {
            let times = match &repetition.op.kind {
                RepetitionKind::Range(RepetitionRange::Exactly(n) | RepetitionRange::AtLeast(n)) => *n,
                RepetitionKind::Range(RepetitionRange::Bounded(_, most)) => *most,
                _ => 1,
            };
            size(&repetition.ast).saturating_mul(u64::from(times.max(1)))
        }
        Ast::Group(group) => size(&group.ast),
        Ast::Alternation(alternation) => sum(&alternation.asts),
        Ast::Concat(concat) => sum(&concat.asts),
        _ => 1,
    }
}

fn sum(asts: &[Ast]) -> u64 {
    asts.iter().map(size).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_the_three_languages_share_is_taken() {
        for pattern in [
            "^[a-z][a-z0-9_-]*$",
            r"^\d{4}$".replace("\\d", "[0-9]").as_str(),
            r"^(?:a|b)+?\.\/[^\]\\]{1,3}$",
            r"^[é\u00e9]\t$",
            "",
        ] {
            assert_eq!(read(pattern), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn what_one_of_them_reads_differently_is_refused() {
        for pattern in [
            r"(?=a)",
            r"(?<!a)b",
            r"\p{L}",
            r"[\pL]",
            r"(?i)a",
            r"(?i:a)",
            r"\Aa\z",
            r"(?P<x>a)",
            r"(?<x>a)",
            r"\d",
            r"[\w]",
            r"\s",
            r"\bword\b",
            r"[[:alpha:]]",
            r"[a-z&&[b]]",
            r"a{,3}",
            r"a*+",
            r"^*",
            r"a}",
            r"]",
            r"\x{41}",
            r"\u{41}",
            r"\a",
            r"\%",
            r"\-",
            r"(",
            r"(?:[a-z]{1000}){1000}",
        ] {
            assert!(read(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn the_cure_is_named() {
        let message = read(r"^\d+$").expect_err("refused");
        assert_eq!(message, r"`\d` is not read alike by Rust, ECMAScript and Python: write `[0-9]`");
    }
}
