//! Expectations against what there is: wildcards, members that may be absent, names.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// What names stand for.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, Value>);

impl Names {
    /// Binds a name, anew if it was bound before.
    pub(super) fn bind(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Forgets a name: what is there next is bound to it.
    pub(super) fn unbind(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// What a name stands for.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// An input with its names and fillings replaced.
    pub(super) fn resolve(&self, input: &Value) -> Result<Value, String> {
        Ok(match input {
            Value::String(name) if name.starts_with('$') => {
                self.value(name).cloned().ok_or_else(|| format!("the name {name} is not bound"))?
            }
            Value::Object(members) => {
                if let Some(length) = members.get("$fill").and_then(Value::as_u64) {
                    return Ok("x".repeat(usize::try_from(length).unwrap_or_default()).into());
                }
                let members = members.iter().map(|(name, value)| Ok((name.clone(), self.resolve(value)?)));
                members.collect::<Result<Map<_, _>, String>>()?.into()
            }
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect::<Result<_, _>>()?,
            other => other.clone(),
        })
    }

    /// Whether `actual` is what was expected; binds the names that are not bound yet.
    pub(super) fn expect(&mut self, expected: &Value, actual: &Value) -> bool {
        match (expected, actual) {
            (Value::String(text), _) if text == "*" => true,
            (Value::String(name), _) if name.starts_with('$') => {
                if let Some(bound) = self.value(name) {
                    return same(bound, actual);
                }
                self.bind(name, actual.clone());
                true
            }
            (Value::Object(filling), Value::String(text)) if filling.contains_key("$fill") => {
                filling["$fill"].as_u64() == Some(text.len() as u64) && text.bytes().all(|byte| byte == b'x')
            }
            (Value::Object(expected), Value::Object(actual)) => self.expect_members(expected, actual),
            (Value::Array(expected), Value::Array(actual)) => {
                expected.len() == actual.len()
                    && expected.iter().zip(actual).all(|(expected, actual)| self.expect(expected, actual))
            }
            _ => same(expected, actual),
        }
    }

    fn expect_members(&mut self, expected: &Map<String, Value>, actual: &Map<String, Value>) -> bool {
        let bare = |name: &str| name.strip_suffix('?').unwrap_or(name).to_owned();
        let known: Vec<String> = expected.keys().map(|name| bare(name)).collect();
        let further = expected.get("*").is_some_and(|any| any == "*");
        if !further && actual.keys().any(|name| !known.contains(name)) {
            return false;
        }
        expected.iter().filter(|(name, _)| *name != "*").all(|(name, value)| match actual.get(&bare(name)) {
            Some(there) => self.expect(value, there),
            None => name.ends_with('?'),
        })
    }
}

/// Equality of JSON: 1 is 1.0.
fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(expected), Value::Number(actual)) => {
            expected == actual || expected.as_f64() == actual.as_f64() && expected.is_f64() != actual.is_f64()
        }
        _ => expected == actual,
    }
}

/// Values, one a line and none too long.
pub(super) fn listed(values: &[Value]) -> String {
    let line = |value: &Value| {
        let text = value.to_string();
        if text.len() > 300 {
            format!("      {}…", text.get(..300).unwrap_or_default())
        } else {
            format!("      {text}")
        }
    };
    values.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Names;

    #[test]
    fn wildcards_and_absent_members_are_allowed_and_nothing_else_is() {
        let mut names = Names::default();
        assert!(names.expect(&json!({ "a": "*", "b?": 1 }), &json!({ "a": [1] })));
        assert!(!names.expect(&json!({ "a": "*" }), &json!({ "a": 1, "c": 2 })));
        assert!(names.expect(&json!({ "a": "*", "*": "*" }), &json!({ "a": 1, "c": 2 })));
        assert!(!names.expect(&json!({ "a": "*" }), &json!({})));
        assert!(names.expect(&json!([1, { "$fill": 2 }]), &json!([1.0, "xx"])));
    }

    #[test]
    fn a_name_is_bound_once_and_stands_for_its_value() {
        let mut names = Names::default();
        assert!(names.expect(&json!({ "id": "$a" }), &json!({ "id": 7 })));
        assert!(!names.expect(&json!({ "id": "$a" }), &json!({ "id": 8 })));
        assert_eq!(names.resolve(&json!([{ "id": "$a" }])), Ok(json!([{ "id": 7 }])));
        assert!(names.resolve(&json!("$b")).is_err());
    }
}
