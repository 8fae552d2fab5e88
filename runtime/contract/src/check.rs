//! A check on a field, as data: what the macro reads from `#[check(…)]` and JSON Schema says of it.

use serde_json::{Map, Value, json};

/// One rule that a value must keep.
///
/// # Examples
///
/// ```
/// use wirecall_contract::Check;
///
/// let mut schema = serde_json::json!({ "type": "string" });
/// Check::Length { min: Some(1), max: Some(2000) }.apply(&mut schema);
/// assert_eq!(schema, serde_json::json!({ "type": "string", "minLength": 1, "maxLength": 2000 }));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Check {
    /// Characters of a string, bytes of `Bytes`, items of an array, or members of a map.
    Length {
        /// The fewest allowed.
        min: Option<u64>,
        /// The most allowed.
        max: Option<u64>,
    },
    /// The range of a number, ends included.
    Range {
        /// The smallest allowed, as a JSON number.
        min: Option<Value>,
        /// The largest allowed, as a JSON number.
        max: Option<Value>,
    },
    /// A regular expression, of the subset that Rust, ECMAScript and Python read alike.
    Pattern(String),
    /// An address of electronic mail.
    Email,
    /// An absolute URL.
    Url,
    /// A rule for every item of an array or every value of a map.
    Each(Vec<Self>),
    /// A function of the service's own, named only.
    Custom(String),
}

impl Check {
    /// Writes this rule into the JSON Schema of the field that it is about.
    ///
    /// A field that refers to a named type keeps the reference and gets the rule beside it.
    pub fn apply(&self, schema: &mut Value) {
        let Some(object) = as_object(schema) else { return };
        match self {
            Self::Length { min, max } => {
                let (least, most) = match kind(object) {
                    Some("array") => ("minItems", "maxItems"),
                    Some("object") => ("minProperties", "maxProperties"),
                    // JSON Schema counts the characters of the base64 text.
                    _ if object.contains_key("contentEncoding") => ("x-minBytes", "x-maxBytes"),
                    _ => ("minLength", "maxLength"),
                };
                set(object, least, min.map(Value::from));
                set(object, most, max.map(Value::from));
            }
            Self::Range { min, max } => {
                set(object, "minimum", min.clone());
                set(object, "maximum", max.clone());
            }
            Self::Pattern(pattern) => set(object, "pattern", Some(json!(pattern))),
            Self::Email => set(object, "format", Some(json!("email"))),
            Self::Url => set(object, "format", Some(json!("uri"))),
            Self::Each(checks) => {
                let key = if kind(object) == Some("object") { "additionalProperties" } else { "items" };
                let inner = object.entry(key).or_insert_with(|| json!({}));
                for check in checks {
                    check.apply(inner);
                }
            }
            Self::Custom(name) => set(object, "x-check", Some(json!(name))),
        }
    }
}

fn as_object(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    if schema.is_boolean() {
        *schema = json!({});
    }
    schema.as_object_mut()
}

/// The type that a rule is about: for `["string", "null"]` it is `string`.
fn kind(object: &Map<String, Value>) -> Option<&str> {
    match object.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn set(object: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_bytes_is_no_length_of_their_text() {
        let mut schema = json!({ "type": "string", "contentEncoding": "base64" });
        Check::Length { min: Some(1), max: Some(4) }.apply(&mut schema);
        assert_eq!(schema["x-maxBytes"], 4);
        assert_eq!((schema.get("minLength"), schema.get("maxLength")), (None, None));
    }
}
