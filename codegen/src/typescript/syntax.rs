//! The pieces of TypeScript's syntax, laid out as biome does.

use serde_json::Value;

use super::WIDTH;
use crate::print::docs::wrap;
use crate::print::layout::Doc;
use crate::print::names::{camel, is_identifier, words};
pub(super) use crate::print::quote::quoted as string;

/// Words that cannot be the name of a parameter.
const RESERVED: &[&str] = &[
    "abstract",
    "any",
    "arguments",
    "as",
    "async",
    "await",
    "boolean",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "listener",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "nan",
    "infinity",
];

/// A literal type's value.
pub(super) fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), string)
}

/// The name of a property.
pub(super) fn property(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { string(name) }
}

/// Access to a property.
pub(super) fn access(object: &str, name: &str) -> String {
    if is_identifier(name) { format!("{object}.{name}") } else { format!("{object}[{}]", string(name)) }
}

/// The name of a method.
pub(super) fn method(rust_name: &str) -> String {
    let name = camel(rust_name);
    // `constructor` would be the class's own; an object with `then` is a promise to `await`.
    if matches!(name.as_str(), "constructor" | "then") { name + "_" } else { name }
}

/// The name of a parameter after what it holds.
pub(super) fn parameter(name: &str) -> String {
    let name = camel(name);
    if RESERVED.contains(&name.as_str()) || words(&name).is_empty() { "event".to_owned() } else { name }
}

/// A number of milliseconds, in groups of three digits.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 4 {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// `{ a, b }`, or one a line.
pub(super) fn braces(items: Vec<Doc>, separator: &'static str) -> Doc {
    let items = Doc::join(vec![separator.into(), Doc::Line], items);
    Doc::group(vec![
        "{".into(),
        Doc::indent(vec![Doc::Line, items]),
        Doc::IfBroken(separator, ""),
        Doc::Line,
        "}".into(),
    ])
}

/// `[a, b]`, or one a line.
pub(super) fn brackets(items: Vec<Doc>) -> Doc {
    list("[", items, "]")
}

/// `(a, b)`, or one a line.
pub(super) fn parentheses(items: Vec<Doc>) -> Doc {
    list("(", items, ")")
}

/// The parameters of a function and its result, which starts with a space: one parameter a line where the whole does not fit.
pub(super) fn signature(parameters: Vec<Doc>, result: Doc) -> Doc {
    let result = Doc::Concat(vec![":".into(), result]);
    if parameters.is_empty() {
        return Doc::Concat(vec!["()".into(), result]);
    }
    let count = parameters.len();
    let parameters = Doc::join(vec![",".into(), Doc::Line], parameters);
    let parameters =
        vec!["(".into(), Doc::indent(vec![Doc::SoftLine, parameters]), Doc::IfBroken(",", ""), Doc::SoftLine];
    let hugs = count == 1 && result.has_hard_line();
    let parameters = Doc::Concat(parameters);
    let parameters = if hugs { Doc::group(parameters) } else { parameters };
    Doc::group(vec![parameters, ")".into(), result])
}

fn list(open: &'static str, items: Vec<Doc>, close: &'static str) -> Doc {
    if items.is_empty() {
        return format!("{open}{close}").into();
    }
    let items = Doc::join(vec![",".into(), Doc::Line], items);
    Doc::group(vec![
        open.into(),
        Doc::indent(vec![Doc::SoftLine, items]),
        Doc::IfBroken(",", ""),
        Doc::SoftLine,
        close.into(),
    ])
}

/// The last argument of a call, where it is an object or an array.
pub(super) enum Last {
    Object(Vec<Doc>),
    Array(Vec<Doc>),
}

/// The arguments of a call; an object or array in the last place hugs the parentheses.
pub(super) fn arguments(first: Vec<Doc>, last: Option<Last>) -> Doc {
    let (open, members, close, space, whole) = match last {
        None => return parentheses(first),
        Some(Last::Object(members)) => ("{", members.clone(), "}", Doc::Line, braces(members, ",")),
        Some(Last::Array(members)) => ("[", members.clone(), "]", Doc::SoftLine, brackets(members)),
    };
    let value = |between: Doc, trailing: &'static str, space: Doc| {
        let members = Doc::join(vec![",".into(), between], members.clone());
        let inside = Doc::indent(vec![space.clone(), members]);
        Doc::Concat(vec![open.into(), inside, trailing.into(), space, close.into()])
    };
    let all = |last: Doc| [first.clone(), vec![last]].concat();
    let on_line = |last: Doc| Doc::Concat(vec!["(".into(), Doc::join(", ", all(last)), ")".into()]);
    let one_a_line = Doc::join(vec![",".into(), Doc::HardLine], all(whole));
    Doc::Choice(vec![
        on_line(value(Doc::Line, "", space)),
        on_line(value(Doc::HardLine, ",", Doc::HardLine)),
        Doc::Concat(vec![
            "(".into(),
            Doc::indent(vec![Doc::HardLine, one_a_line]),
            ",".into(),
            Doc::HardLine,
            ")".into(),
        ]),
    ])
}

/// A doc comment at `depth` steps of indent, followed by a line break; nothing where there is nothing to say.
pub(super) fn comment(text: &str, depth: usize) -> Doc {
    let room = WIDTH.saturating_sub(depth * super::STEP);
    let safe = text.replace("*/", "*\\/");
    let lines = wrap(&safe, room.saturating_sub(3));
    match lines.as_slice() {
        [] => Doc::empty(),
        [only] if only.chars().count() + 7 <= room && !only.starts_with('@') => {
            Doc::Concat(vec![format!("/** {only} */").into(), Doc::HardLine])
        }
        lines => {
            let lines = lines.iter().map(|line| format!(" * {line}").trim_end().to_owned().into());
            let all = std::iter::once("/**".into()).chain(lines).chain(std::iter::once(" */".into()));
            Doc::Concat(vec![Doc::lines(all), Doc::HardLine])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_is_no_name_is_quoted() {
        assert_eq!(property("__proto__"), "__proto__");
        assert_eq!(property("a-b"), "\"a-b\"");
        assert_eq!(access("params", "a-b"), "params[\"a-b\"]");
    }

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!(number(1500), "1500");
        assert_eq!(number(300_000), "300_000");
    }

    #[test]
    fn an_object_in_the_last_place_hugs_the_parentheses() {
        let doc = arguments(vec!["first".into()], Some(Last::Object(vec!["a: 1".into()])));
        assert_eq!(doc.render(80, 2), "(first, { a: 1 })");
        assert_eq!(doc.render(14, 2), "(first, {\n  a: 1,\n})");
        assert_eq!(doc.render(6, 2), "(\n  first,\n  {\n    a: 1,\n  },\n)");
    }

    #[test]
    fn a_comment_cannot_be_ended_from_inside() {
        assert_eq!(comment("a */ b", 0).render(80, 2), "/** a *\\/ b */\n");
    }
}
