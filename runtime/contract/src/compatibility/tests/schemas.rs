//! What may change in a type, where clients send it and where the server does.

use super::*;

/// What breaks when the type of a parameter changes so, and when that of a result does.
fn change_with(was: &Value, is: &Value, definitions: [&Value; 2]) -> [String; 2] {
    let of = |param: &Value, result: &Value, definitions: &Value| {
        let schema = json!({ "type": "object", "properties": { "it": param }, "required": ["it"] });
        let params = json!({ "fields": [{ "name": "it", "rust_name": "it" }], "schema": schema });
        contract(&json!({ "calls": [call(&json!({ "params": params, "returns": result }))] }), definitions)
    };
    let unchanged = json!(true);
    let sent = compare("chat", &of(was, &unchanged, definitions[0]), &of(is, &unchanged, definitions[1]));
    let received = compare("chat", &of(&unchanged, was, definitions[0]), &of(&unchanged, is, definitions[1]));
    assert!(sent.iter().all(|change| change.direction == Direction::ToServer));
    assert!(received.iter().all(|change| change.direction == Direction::ToClient));
    let plain = |text: String| text.replace("call `chat.post`, ", "");
    [plain(broken(&sent)), plain(broken(&received))]
}

fn change(was: &Value, is: &Value) -> [String; 2] {
    change_with(was, is, [&json!({}), &json!({})])
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

/// What breaks on the way there and on the way back: the same rule, with old and new exchanged.
#[track_caller]
fn breaks(was: &Value, is: &Value, sent: &str, received: &str) {
    assert_eq!(change(was, is), [sent, received]);
}

#[test]
fn what_does_not_change_is_compatible() {
    let all = [
        json!({ "type": "string", "pattern": "^a", "minLength": 1 }),
        json!({ "type": "array", "items": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 } }),
        json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
        json!({ "not": { "type": "null" } }),
        json!({ "$ref": "#/$defs/Nowhere" }),
        json!(true),
    ];
    for schema in all {
        breaks(&schema, &schema, "", "");
        let mut told = schema.clone();
        if let Some(members) = told.as_object_mut() {
            members.insert("description".to_owned(), json!("Docs."));
        }
        breaks(&schema, &told, "", "");
    }
}

#[test]
fn a_new_required_member_breaks_what_is_sent_and_is_ignored_where_it_is_received() {
    let was = object(&json!({ "a": { "type": "string" } }), &["a"]);
    let is = object(&json!({ "a": { "type": "string" }, "b": { "type": "string" } }), &["a", "b"]);
    breaks(&was, &is, "params.it.b is new and required", "");
}

#[test]
fn a_new_optional_member_breaks_nothing() {
    let was = object(&json!({ "a": { "type": "string" } }), &["a"]);
    let is = object(&json!({ "a": { "type": "string" }, "b": { "type": "string" } }), &["a"]);
    breaks(&was, &is, "", "");
}

#[test]
fn a_member_that_is_gone_breaks_both() {
    let was = object(&json!({ "a": { "type": "string" }, "b": { "type": "string" } }), &["a"]);
    let is = object(&json!({ "a": { "type": "string" } }), &["a"]);
    breaks(&was, &is, "params.it.b is not read any more", "result.b is gone");
}

#[test]
fn a_renamed_member_breaks_both() {
    let was = object(&json!({ "a": { "type": "string" } }), &["a"]);
    let is = object(&json!({ "b": { "type": "string" } }), &["b"]);
    breaks(
        &was,
        &is,
        "params.it.b is new and required; params.it.a is not read any more",
        "result.a is gone",
    );
}

#[test]
fn what_was_optional_may_be_required_where_it_is_received_only() {
    let members = json!({ "a": { "type": "string" } });
    let (was, is) = (object(&members, &[]), object(&members, &["a"]));
    breaks(&was, &is, "params.it.a is required now", "");
    breaks(&is, &was, "", "result.a may be absent now");
}

#[test]
fn another_type_breaks_both() {
    let (text, number) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    breaks(&text, &number, "params.it was string and is integer", "result was string and may be integer");
}

#[test]
fn null_may_be_accepted_later_and_never_sent_later() {
    let (text, maybe) = (json!({ "type": "string" }), json!({ "type": ["string", "null"] }));
    let other = json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] });
    breaks(&text, &maybe, "", "result was string and may be null");
    breaks(&text, &other, "", "result was string and may be null");
    breaks(&maybe, &text, "params.it was null and is string", "");
    breaks(&maybe, &other, "", "");
}

#[test]
fn an_integer_is_a_number_and_not_the_other_way_round() {
    let (integer, number) = (json!({ "type": "integer" }), json!({ "type": "number" }));
    breaks(&integer, &number, "", "result was integer and may be number");
    breaks(&number, &integer, "params.it was number and is integer", "");
}

#[test]
fn a_wider_integer_is_accepted_and_not_sent() {
    let small = json!({ "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 });
    let large = json!({ "type": "integer", "format": "int64" });
    breaks(&small, &large, "", "result has a wider range");
    breaks(&large, &small, "params.it has a narrower range", "");
    // All that crosses the wire as a number fits both.
    let unsigned = json!({ "type": "integer", "format": "uint64", "minimum": 0 });
    breaks(&unsigned, &large, "", "result has a wider range");
    breaks(&json!({ "type": "integer" }), &large, "", "");
}

#[test]
fn a_stricter_check_breaks_what_is_sent_and_clients_do_not_check_results() {
    let pairs = [
        (json!({ "type": "string", "maxLength": 9 }), json!({ "type": "string", "maxLength": 8 }), "length"),
        (json!({ "type": "integer", "minimum": 1 }), json!({ "type": "integer", "minimum": 2 }), "range"),
        (
            json!({ "type": "array", "items": true, "maxItems": 3 }),
            json!({ "type": "array", "items": true, "maxItems": 2 }),
            "length",
        ),
    ];
    for (loose, strict, what) in pairs {
        breaks(&loose, &strict, &format!("params.it has a narrower {what}"), "");
        breaks(&strict, &loose, "", "");
    }
    let (any, email) = (json!({ "type": "string" }), json!({ "type": "string", "format": "email" }));
    let pattern = json!({ "type": "string", "pattern": "^a$" });
    for strict in [email, pattern] {
        breaks(&any, &strict, "params.it has another or a stricter form", "");
        breaks(&strict, &any, "", "");
    }
}

#[test]
fn a_text_of_another_form_is_another_type() {
    let (text, time) = (json!({ "type": "string" }), json!({ "type": "string", "format": "date-time" }));
    breaks(&text, &time, "params.it has another or a stricter form", "");
    breaks(&time, &text, "", "result has another form");
    let bytes = json!({ "type": "string", "contentEncoding": "base64" });
    breaks(&text, &bytes, "params.it has another or a stricter form", "result has another form");
    breaks(&bytes, &text, "params.it has another or a stricter form", "result has another form");
}

#[test]
fn a_value_of_an_enum_may_be_added_where_it_is_read_and_taken_away_where_it_is_written() {
    let (two, three) = (json!({ "enum": ["red", "green"] }), json!({ "enum": ["red", "green", "blue"] }));
    breaks(&two, &three, "", "result may be `blue`, which the client does not know");
    breaks(&three, &two, "params.it cannot be `blue` any more", "");
    let apart =
        json!({ "oneOf": [{ "const": "green", "type": "string" }, { "enum": ["red"], "type": "string" }] });
    breaks(&two, &apart, "", "");
    breaks(&two, &json!({ "type": "string" }), "", "result was `red` or `green` and may be string");
}

/// A variant in each of serde's forms.
fn variants(names: &[(&str, Value)]) -> [Value; 3] {
    let external = names.iter().map(|(name, content)| {
        json!({ "type": "object", "properties": { *name: content }, "required": [name], "additionalProperties": false })
    });
    let adjacent = names.iter().map(|(name, content)| {
        object(&json!({ "t": { "const": name, "type": "string" }, "c": content }), &["t", "c"])
    });
    let internal = names.iter().map(|(name, content)| {
        let mut variant = content.clone();
        variant["properties"]["type"] = json!({ "type": "string", "const": name });
        variant["required"].as_array_mut().unwrap().push(json!("type"));
        variant
    });
    [external.collect(), adjacent.collect(), internal.collect()]
        .map(|all: Vec<Value>| json!({ "oneOf": all }))
}

#[test]
fn a_variant_is_judged_alike_in_every_form_of_serde() {
    let content = object(&json!({ "a": { "type": "string" } }), &["a"]);
    let other = object(&json!({ "a": { "type": "integer" } }), &["a"]);
    let one = variants(&[("x", content.clone())]);
    let two = variants(&[("x", content.clone()), ("y", content.clone())]);
    let changed = variants(&[("x", content), ("y", other)]);
    let inside = ["(y).y.a", "(y).c.a", "(y).a"];
    for ((one, two), (changed, inside)) in one.iter().zip(&two).zip(changed.iter().zip(inside)) {
        breaks(one, two, "", "result may be `y`, which the client does not know");
        breaks(two, one, "params.it cannot be `y` any more", "");
        breaks(
            two,
            changed,
            &format!("params.it{inside} was string and is integer"),
            &format!("result{inside} was string and may be integer"),
        );
    }
}

#[test]
fn an_alternative_without_a_tag_fits_where_any_takes_it() {
    let number = json!({ "type": "integer" });
    let (a, b) = (object(&json!({ "a": number }), &["a"]), object(&json!({ "b": number }), &["b"]));
    let (one, two) = (json!({ "anyOf": [b] }), json!({ "anyOf": [a, b] }));
    assert_eq!(change(&one, &two)[0], "");
    assert_eq!(change(&two, &two), ["", ""]);
    assert_eq!(change(&two, &one)[1], "");
    assert_ne!(change(&one, &two)[1], "");
    assert_ne!(change(&two, &one)[0], "");
}

#[test]
fn what_is_flattened_or_referred_to_is_part_of_the_whole() {
    let definitions = json!({ "Name": object(&json!({ "name": { "type": "string" } }), &["name"]) });
    let whole =
        object(&json!({ "name": { "type": "string" }, "age": { "type": "integer" } }), &["name", "age"]);
    let mut beside = object(&json!({ "age": { "type": "integer" } }), &["age"]);
    beside["$ref"] = json!("#/$defs/Name");
    assert_eq!(change_with(&whole, &beside, [&json!({}), &definitions]), ["", ""]);
    let all = json!({ "allOf": [{ "$ref": "#/$defs/Name" }, object(&json!({ "age": { "type": "integer" } }), &["age"])] });
    assert_eq!(change_with(&beside, &all, [&definitions, &definitions]), ["", ""]);
}

#[test]
fn a_recursive_type_is_followed_once_around() {
    let node = |value: &Value| {
        let next = json!({ "anyOf": [{ "$ref": "#/$defs/Node" }, { "type": "null" }] });
        json!({ "Node": object(&json!({ "value": value, "next": next }), &["value", "next"]) })
    };
    let (text, number) = (node(&json!({ "type": "string" })), node(&json!({ "type": "integer" })));
    let maybe = node(&json!({ "type": ["string", "null"] }));
    let it = json!({ "$ref": "#/$defs/Node" });
    assert_eq!(change_with(&it, &it, [&text, &maybe])[0], "");
    assert!(change_with(&it, &it, [&text, &maybe])[1].contains(".value was string and may be null"));
    assert!(change_with(&it, &it, [&text, &number])[0].contains(".value was string and is integer"));
    let endless = json!({ "Node": { "anyOf": [{ "$ref": "#/$defs/Node" }] } });
    assert_eq!(change_with(&it, &it, [&endless, &endless]), ["", ""]);
    assert!(change_with(&it, &it, [&endless, &text])[0].contains("cannot be judged"));
}

#[test]
fn types_that_share_no_end_are_given_up_and_count_as_broken() {
    // Every type has two members of the next one, and the last one differs.
    let chain = |last: &Value| {
        let mut all = json!({ "T300": last });
        for number in 0..300 {
            let next = json!({ "$ref": format!("#/$defs/T{}", number + 1) });
            all[format!("T{number}")] = object(&json!({ "a": next, "b": next }), &["a", "b"]);
        }
        all
    };
    let it = json!({ "$ref": "#/$defs/T0" });
    let (text, number) = (chain(&json!({ "type": "string" })), chain(&json!({ "type": "integer" })));
    assert_ne!(change_with(&it, &it, [&text, &number])[0], "");
}

#[test]
fn maps_and_lists_are_judged_by_what_is_in_them() {
    let (text, number) = (json!({ "type": "string" }), json!({ "type": ["string", "null"] }));
    for (of, place) in [("additionalProperties", "{}"), ("items", "[]")] {
        let kind = if of == "items" { "array" } else { "object" };
        let (was, is) = (json!({ "type": kind, of: text }), json!({ "type": kind, of: number }));
        breaks(&was, &is, "", &format!("result{place} was string and may be null"));
        breaks(&is, &was, &format!("params.it{place} was null and is string"), "");
    }
}

#[test]
fn a_tuple_has_a_type_at_each_place_and_a_length() {
    let tuple = |items: &[Value]| json!({ "type": "array", "prefixItems": items, "minItems": items.len(), "maxItems": items.len() });
    let (text, number) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    let two = tuple(&[text.clone(), number.clone()]);
    breaks(
        &two,
        &tuple(&[text, number.clone(), number.clone()]),
        "params.it has a narrower length",
        "result has another length",
    );
    breaks(
        &two,
        &tuple(&[number.clone(), number]),
        "params.it[0] was string and is integer",
        "result[0] was string and may be integer",
    );
    breaks(
        &two,
        &json!({ "type": "array", "items": { "type": ["string", "integer"] } }),
        "",
        "result[0] was string and may be integer; result[1] was integer and may be string; result has another length",
    );
}

#[test]
fn who_refuses_unknown_members_cannot_be_given_new_ones() {
    let closed = |mut schema: Value| {
        schema["additionalProperties"] = json!(false);
        schema
    };
    let one = closed(object(&json!({ "a": { "type": "string" } }), &["a"]));
    let two = closed(object(&json!({ "a": { "type": "string" }, "b": { "type": "string" } }), &["a"]));
    breaks(&one, &two, "", "result.b is new, and the client refuses it");
}

#[test]
fn what_cannot_be_judged_is_broken_unless_it_is_the_same() {
    let (was, is) = (json!({ "type": "string", "x-later": 1 }), json!({ "type": "string", "x-later": 2 }));
    let [sent, received] = change(&was, &is);
    assert!(
        sent.contains("cannot be judged (`x-later`)") && received.contains("cannot be judged"),
        "{sent} {received}"
    );
    breaks(&was, &was, "", "");
}
