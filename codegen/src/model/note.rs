//! Checks and defaults in words: what a type cannot say stands in its doc comment.

use serde_json::Value;

use super::lower::text;
use super::{Text, Type};
use crate::print::docs::with_note;

/// The doc comment of a field: what was written, its checks, and what stands for it where it is absent.
pub(super) fn field_docs(schema: &Value, body: &Type, required: bool) -> String {
    let mut docs = with_note(&text(schema, "description"), &checks(schema, body));
    match schema.get("default") {
        Some(default) if !required && !default.is_null() => {
            docs = with_note(&docs, &format!("Default: `{default}`."));
        }
        _ => {}
    }
    docs
}

/// The checks of a schema as sentences.
pub(super) fn checks(schema: &Value, body: &Type) -> String {
    let mut notes = Vec::new();
    notes.extend(length(schema, "minLength", "maxLength", "character"));
    notes.extend(length(schema, "x-minBytes", "x-maxBytes", "byte"));
    if !matches!(body, Type::Tuple(_)) {
        notes.extend(length(schema, "minItems", "maxItems", "item"));
    }
    notes.extend(length(schema, "minProperties", "maxProperties", "member"));
    notes.extend(range(schema));
    notes
        .extend(schema.get("pattern").and_then(Value::as_str).map(|pattern| format!("Matches `{pattern}`.")));
    notes.extend(format(schema, body));
    if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        notes.push("No item twice.".to_owned());
    }
    notes.extend(schema.get("x-check").and_then(Value::as_str).map(|name| format!("Must pass `{name}`.")));
    notes.extend(each(schema, body));
    notes.join(" ")
}

fn length(schema: &Value, least: &str, most: &str, what: &str) -> Option<String> {
    let plural = |count: u64| if count == 1 { what.to_owned() } else { format!("{what}s") };
    match (schema.get(least).and_then(Value::as_u64), schema.get(most).and_then(Value::as_u64)) {
        (Some(least), Some(most)) if least == most => Some(format!("Exactly {most} {}.", plural(most))),
        (None | Some(0), Some(most)) => Some(format!("At most {most} {}.", plural(most))),
        (Some(least), Some(most)) => Some(format!("{least} to {most} {}.", plural(most))),
        (Some(least), None) if least > 0 => Some(format!("At least {least} {}.", plural(least))),
        _ => None,
    }
}

/// The range of a number, unless it is only that of its integer type.
fn range(schema: &Value) -> Option<String> {
    let (least, most) = natural(text(schema, "format").as_str());
    let given = |key: &str, natural: Option<i64>| {
        schema.get(key).filter(|value| natural.is_none() || value.as_i64() != natural)
    };
    let above = schema.get("exclusiveMinimum").map(|value| format!("More than {value}."));
    let below = schema.get("exclusiveMaximum").map(|value| format!("Less than {value}."));
    match (given("minimum", least), given("maximum", most)) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}.")),
        (Some(least), None) => Some(format!("At least {least}.")),
        (None, Some(most)) => Some(format!("At most {most}.")),
        (None, None) => above.or(below),
    }
}

/// The limits that schemars writes for an integer type itself.
fn natural(format: &str) -> (Option<i64>, Option<i64>) {
    match format {
        "uint8" => (Some(0), Some(u8::MAX.into())),
        "uint16" => (Some(0), Some(u16::MAX.into())),
        "uint32" | "uint64" | "uint128" | "uint" => (Some(0), None),
        "int8" => (Some(i8::MIN.into()), Some(i8::MAX.into())),
        "int16" => (Some(i16::MIN.into()), Some(i16::MAX.into())),
        _ => (None, None),
    }
}

fn format(schema: &Value, body: &Type) -> Option<String> {
    if matches!(body, Type::Text(text) if *text != Text::Plain) {
        return None;
    }
    match schema.get("format").and_then(Value::as_str)? {
        "email" => Some("An email address.".to_owned()),
        "uri" => Some("An absolute URL.".to_owned()),
        _ => None,
    }
}

/// The checks of every item.
fn each(schema: &Value, body: &Type) -> Option<String> {
    let (key, inner, what) = match body {
        Type::List(inner) => ("items", inner, "item"),
        Type::Map(inner) => ("additionalProperties", inner, "value"),
        _ => return None,
    };
    let note = checks(schema.get(key)?, inner);
    let mut chars = note.chars();
    let first = chars.next()?;
    Some(format!("Each {what}: {}{}", first.to_lowercase(), chars.as_str()))
}
