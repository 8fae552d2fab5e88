//! Whatever a contract holds, generating ends with files or an error, never with a panic, and never runs on.

use std::fmt::Write;

use serde_json::{Value, json};
use wirecall_codegen::{Language, Options, generate};
use wirecall_contract::Contract;

/// Contracts tried. Each is small; the whole takes seconds.
const ROUNDS: u64 = 200;

/// Numbers that look random and are always the same: xorshift.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        usize::try_from(self.roll(texts.len() as u64))
            .ok()
            .and_then(|place| texts.get(place))
            .copied()
            .unwrap_or_default()
    }

    /// A name: mostly plain, now and then with what no language wants.
    fn name(&mut self) -> String {
        const NAMES: &[&str] = &[
            "Post",
            "post",
            "Message",
            "Client",
            "class",
            "self",
            "None",
            "options",
            "a-b",
            "__proto__",
            "constructor",
            "",
            "Größe",
            "日本",
            "1st",
            "\"",
            "\\",
            "\n",
            "*/",
            "\"\"\"",
            "Promise",
            "Record",
            "type",
            "tag",
            "t",
            "𝒳",
            "e\u{301}",
            "\u{0}",
        ];
        let mut name = self.one_of(NAMES).to_owned();
        if self.roll(4) == 0 {
            name += self.one_of(NAMES);
        }
        name
    }

    fn docs(&mut self) -> String {
        let mut docs = String::new();
        for _ in 0..self.roll(12) {
            let word = self.one_of(&[
                "a",
                "word",
                "\n",
                "\n\n",
                "```\n",
                "- ",
                "*/",
                "\"\"\"",
                "\\",
                ".",
                "https://example.org/a/very/long/path",
                "\r\n",
                "\t",
            ]);
            // Writing to a string cannot fail.
            let _: Result<(), std::fmt::Error> = write!(docs, "{word} ");
        }
        docs
    }

    /// A schema: mostly of a form that schemars writes, now and then nonsense.
    fn schema(&mut self, depth: u32) -> Value {
        let sides = if depth > 2 { 11 } else { 21 };
        let reference = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
        match self.roll(sides) {
            0 => json!(true),
            1 => json!(null),
            2 => json!({ "type": "null" }),
            3 => json!({ "type": "integer", "format": "uint8", "minimum": 0, "maximum": self.roll(300) }),
            4 if self.roll(2) == 0 => json!({ "type": "string", "contentEncoding": "base64" }),
            4 => {
                json!({ "type": "string", "format": self.one_of(&["date-time", "uuid", "date", "email"]), "minLength": self.roll(3) })
            }
            5 => {
                json!({ "type": self.one_of(&["boolean", "number", "string", "object", "array", "nonsense"]) })
            }
            6 => json!({ "type": ["string", "null"] }),
            7 => json!({ "const": self.name(), "description": self.docs() }),
            8 => json!({ "enum": [self.name(), self.name(), self.roll(9), null] }),
            9 | 10 => reference(self.one_of(&["A", "B", "C", "D"])),
            11 => json!({ "type": "array", "items": self.schema(depth + 1) }),
            12 => json!({ "type": "array", "prefixItems": [self.schema(depth + 1), self.schema(depth + 1)] }),
            13 => json!({ "type": "object", "additionalProperties": self.schema(depth + 1) }),
            14 => json!({ "oneOf": [self.variant(depth), self.variant(depth), self.variant(depth)] }),
            15 => json!({ "anyOf": [self.schema(depth + 1), self.schema(depth + 1), { "type": "null" }] }),
            16 => json!({ "allOf": [self.schema(depth + 1), self.schema(depth + 1)] }),
            17 => {
                let mut object = self.object(depth);
                if let Some(members) = object.as_object_mut() {
                    members.insert(
                        "$ref".to_owned(),
                        json!(format!("#/$defs/{}", self.one_of(&["A", "B", "C", "D"]))),
                    );
                    members.insert("oneOf".to_owned(), json!([self.variant(depth), self.variant(depth)]));
                }
                object
            }
            _ => self.object(depth),
        }
    }

    fn variant(&mut self, depth: u32) -> Value {
        let mut variant = self.object(depth);
        let tag = json!({ "const": self.name(), "type": "string" });
        if let Some(properties) = variant.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert(self.one_of(&["type", "t"]).to_owned(), tag);
        }
        if let Some(members) = variant.as_object_mut() {
            members.insert("required".to_owned(), json!(["type", "t"]));
        }
        variant
    }

    fn object(&mut self, depth: u32) -> Value {
        let mut properties = serde_json::Map::new();
        for _ in 0..self.roll(4) {
            properties.insert(self.name(), self.schema(depth + 1));
        }
        let required: Vec<String> = properties.keys().filter(|_| self.roll(2) == 0).cloned().collect();
        json!({ "type": "object", "description": self.docs(), "properties": properties, "required": required, "additionalProperties": self.roll(4) == 0 })
    }

    fn call(&mut self, side: &str) -> Value {
        let fields = json!([{ "name": self.name(), "rust_name": self.name() }]);
        let mut call = json!({
            "method": self.name(), "rust_name": self.name(), "docs": self.docs(), "deprecated": self.docs(),
            "kind": self.one_of(&["call", "notification"]), "timeout_ms": self.roll(u64::MAX), "idempotent": true,
            "params": { "fields": fields, "schema": self.schema(0), "positional": self.roll(2) == 0 },
            "returns": self.schema(0), "error": self.error(),
        });
        if side == "server" {
            self.streams(&mut call);
        }
        call
    }

    /// Makes a call stream, now and then, in one of the ways that a contract may say.
    fn streams(&mut self, call: &mut Value) {
        // `null` in the place of a schema is none.
        let mut item = || Some(self.schema(0)).filter(|schema| !schema.is_null()).unwrap_or(json!(true));
        let (stream, upload) = (item(), item());
        match self.roll(6) {
            0 => call["stream"] = stream,
            1 => call["upload"] = upload,
            2 => (call["stream"], call["upload"]) = (stream, upload),
            3 => {
                call["stream"] = stream;
                call["returns"] = Value::Null;
                call["subscription"] = json!({ "notification": self.name(), "unsubscribe": self.name() });
            }
            _ => return,
        }
        call["kind"] = json!("call");
    }

    fn error(&mut self) -> Value {
        let variant = json!({ "code": self.roll(99), "kind": self.name(), "rust_name": self.name(), "docs": self.docs(), "fields": [], "details": self.schema(0) });
        json!({ "rust_name": self.name(), "variants": [variant] })
    }

    fn service(&mut self, side: &str, peer: bool) -> Value {
        let event = json!({ "method": self.name(), "rust_name": self.name(), "params": { "fields": [], "schema": self.schema(0) } });
        let peer = if peer { self.service("client", false) } else { Value::Null };
        json!({
            "name": self.name(), "rust_name": self.name(), "docs": self.docs(), "side": side, "calls": [self.call(side), self.call(side)],
            "events": { "rust_name": "E", "events": [event] }, "error": self.error(), "peer": peer,
        })
    }

    fn contract(&mut self) -> Value {
        let mut definitions = || -> Value {
            ["A", "B", "C", "D"].iter().map(|name| ((*name).to_owned(), self.schema(0))).collect()
        };
        let (inputs, outputs) = (definitions(), definitions());
        let variant = json!({ "name": self.name(), "rust_name": self.name(), "fields": [] });
        let side = self.one_of(&["server", "client"]);
        json!({
            "wirecall": 1, "services": [self.service(side, true), self.service("server", false)],
            "inputs": inputs, "outputs": outputs,
            "types": { "A": { "rust_name": "A", "variants": [variant] } },
        })
    }
}

#[test]
fn any_contract_gives_files_or_an_error() {
    let mut dice = Dice(0x5eed_cafe_f00d_d1ce);
    let mut written = 0;
    for round in 0..ROUNDS {
        let text = dice.contract().to_string();
        let contract =
            Contract::from_json(&text).unwrap_or_else(|error| panic!("round {round}: {error}\n{text}"));
        for language in [Language::TypeScript, Language::Python] {
            if let Ok(files) = generate(&contract, &Options::new(language)) {
                written += files.len();
                assert_eq!(files, generate(&contract, &Options::new(language)).unwrap(), "round {round}");
                assert!(
                    files.iter().all(|file| file.text.ends_with('\n') && !file.text.contains('\0')),
                    "round {round}"
                );
            }
        }
    }
    assert!(written as u64 > ROUNDS, "too few of the contracts were printed: {written} files");
}

#[test]
fn what_is_nested_too_deep_is_any_value() {
    // As deep as a JSON text may be.
    let schema = format!("{}{{}}{}", "{\"items\":".repeat(100), "}".repeat(100))
        .replace("{\"items\"", "{\"type\":\"array\",\"items\"");
    let text = format!(
        r#"{{ "wirecall": 1, "services": [{{ "name": "a", "rust_name": "A", "side": "server", "calls": [
            {{ "method": "a.b", "rust_name": "B", "kind": "call", "params": {{ "fields": [], "schema": {{}} }}, "returns": {schema} }}
        ] }}] }}"#
    );
    let files = generate(&Contract::from_json(&text).unwrap(), &Options::new(Language::Python)).unwrap();
    assert!(files[0].text.contains("from typing import Any"));
}
