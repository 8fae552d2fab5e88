//! What may change in a service beside its types.

use super::*;

fn params(names: &[&str]) -> Value {
    let fields: Vec<Value> = names.iter().map(|name| json!({ "name": name, "rust_name": name })).collect();
    let types: serde_json::Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    json!({ "fields": fields, "schema": { "type": "object", "properties": types, "required": names } })
}

/// What changes between services with these members: what breaks, and all.
fn change(was: &Value, is: &Value) -> (String, Vec<Change>) {
    let none = json!({});
    let changes = compare("chat", &contract(was, &none), &contract(is, &none));
    (broken(&changes), changes)
}

/// What breaks between calls with these members.
fn of_call(was: &Value, is: &Value) -> String {
    change(&json!({ "calls": [call(was)] }), &json!({ "calls": [call(is)] })).0
}

#[test]
fn a_call_that_is_gone_breaks_and_a_new_one_is_only_told() {
    let (without, with) = (json!({}), json!({ "calls": [call(&json!({}))] }));
    assert_eq!(change(&with, &without).0, "call `chat.post` is gone");
    let (breaking, all) = change(&without, &with);
    assert_eq!((breaking.as_str(), all.len()), ("", 1));
    assert_eq!(
        (all[0].to_string().as_str(), all[0].direction),
        ("call `chat.post` is new", Direction::ToServer)
    );
}

#[test]
fn the_order_of_calls_and_their_docs_change_nothing() {
    let (a, b) = (call(&json!({ "method": "chat.a" })), call(&json!({ "method": "chat.b", "docs": "B." })));
    assert_eq!(change(&json!({ "calls": [a, b] }), &json!({ "calls": [b, a], "docs": "Chat." })).1, []);
}

#[test]
fn a_service_that_is_gone_is_broken_and_one_that_was_not_there_has_no_clients() {
    let with = contract(&json!({ "calls": [call(&json!({}))] }), &json!({}));
    let none = Contract::from_json(r#"{ "wirecall": 1, "services": [] }"#).unwrap();
    assert_eq!(broken(&compare("chat", &with, &none)), "service `chat` is gone");
    assert_eq!(compare("chat", &none, &with), []);
}

#[test]
fn a_call_that_becomes_a_notification_is_broken() {
    let broken = of_call(&json!({}), &json!({ "kind": "notification" }));
    assert_eq!(broken, "call `chat.post` is a notification now");
}

#[test]
fn a_call_may_become_idempotent_and_not_cease_to_be() {
    assert_eq!(of_call(&json!({}), &json!({ "idempotent": true })), "");
    let broken = of_call(&json!({ "idempotent": true }), &json!({}));
    assert_eq!(broken, "call `chat.post` is not idempotent any more, and the client sends it again");
}

#[test]
fn a_result_may_not_appear_or_disappear() {
    let text = json!({ "returns": { "type": "string" } });
    assert_eq!(of_call(&json!({}), &text), "call `chat.post`, result was null and may be string");
    assert_eq!(of_call(&text, &json!({})), "call `chat.post`, result was string and may be null");
    assert_eq!(of_call(&json!({}), &json!({ "returns": { "type": "null" } })), "");
}

#[test]
fn the_order_of_parameters_counts_where_they_are_given_by_position() {
    let (was, is) = (json!({ "params": params(&["a", "b"]) }), json!({ "params": params(&["b", "a"]) }));
    assert_eq!(of_call(&was, &is), "");
    let mut positional = was;
    positional["params"]["positional"] = json!(true);
    let moved = "call `chat.post`, params are in another order, and are given by position";
    assert_eq!(of_call(&positional, &is), moved);
}

#[test]
fn items_and_uploads_may_not_appear_or_disappear_and_are_judged_by_direction() {
    let (text, maybe) = (json!({ "type": "string" }), json!({ "type": ["string", "null"] }));
    for (member, place) in [("stream", "items"), ("upload", "upload")] {
        let (with, wider) = (json!({ member: text }), json!({ member: maybe }));
        assert_eq!(of_call(&with, &json!({})), format!("call `chat.post`, {place} are gone"));
        assert!(of_call(&json!({}), &with).contains("are new, and the client knows of none"));
        let wider_is_read = of_call(&with, &wider).is_empty();
        assert_eq!(
            (wider_is_read, of_call(&wider, &with).is_empty()),
            (member == "upload", member == "stream")
        );
    }
}

#[test]
fn a_subscription_keeps_its_names() {
    let named = |name: &str| json!({ "stream": true, "subscription": { "notification": name, "unsubscribe": "stop" } });
    assert_eq!(of_call(&named("a"), &named("b")), "call `chat.post` streams under other names");
}

fn errors(all: &[(i64, &str, Value)]) -> Value {
    let variants = all.iter().map(|(code, kind, details)| {
        let mut variant = json!({ "code": code, "kind": kind, "rust_name": "E", "fields": [] });
        if !details.is_null() {
            variant["details"] = details.clone();
        }
        variant
    });
    json!({ "rust_name": "ChatError", "variants": variants.collect::<Vec<_>>() })
}

#[test]
fn an_error_may_be_new_or_unused_and_keeps_its_code_and_details() {
    let room =
        json!({ "type": "object", "properties": { "room": { "type": "string" } }, "required": ["room"] });
    let set = |all: &[(i64, &str, Value)]| json!({ "error": errors(all) });
    let none = || json!(null);
    let (one, two) = (set(&[(1, "full", none())]), set(&[(1, "full", none()), (2, "closed", none())]));
    assert_eq!((change(&one, &two).0.as_str(), change(&two, &one).0.as_str()), ("", ""));
    assert_eq!(change(&json!({}), &one).0, "");
    let other = set(&[(3, "full", none())]);
    assert_eq!(change(&one, &other).0, "errors, `full` with code 1 is `full` with code 3 now");
    let renamed = set(&[(1, "crowded", none())]);
    assert_eq!(change(&one, &renamed).0, "errors, `full` with code 1 is `crowded` with code 1 now");
    let detailed = set(&[(1, "full", room)]);
    assert_eq!(change(&one, &detailed).0, "");
    assert_eq!(change(&detailed, &one).0, "errors, `full`, details was object and may be null");
}

#[test]
fn the_errors_of_one_call_are_compared_with_those_that_it_had_before() {
    let own = |code| json!({ "error": errors(&[(code, "full", json!(null))]), "calls": [call(&json!({}))] });
    let mut is = own(1);
    is["calls"][0]["error"] = errors(&[(7, "full", json!(null))]);
    let (breaking, _) = change(&own(1), &is);
    assert_eq!(breaking, "call `chat.post`, errors, `full` with code 1 is `full` with code 7 now");
}

#[test]
fn an_event_may_be_new_and_not_be_gone() {
    let event = json!({ "method": "chat.said", "rust_name": "Said", "params": params(&["text"]) });
    let with = |events: &[&Value]| json!({ "events": { "rust_name": "ChatEvent", "events": events } });
    assert_eq!(change(&json!({}), &with(&[&event])).0, "");
    assert_eq!(change(&with(&[&event]), &json!({})).0, "event `chat.said` is gone");
    let mut more = event.clone();
    more["params"] = params(&["text", "by"]);
    assert_eq!(change(&with(&[&event]), &with(&[&more])).0, "");
    assert_eq!(change(&with(&[&more]), &with(&[&event])).0, "event `chat.said`, params.by is gone");
}

#[test]
fn what_the_server_asks_of_clients_is_judged_the_other_way_round() {
    let peer = |calls: &[Value]| json!({ "peer": { "name": "ui", "rust_name": "Ui", "side": "client", "calls": calls } });
    let ask = |names: &[&str], returns: &Value| {
        call(&json!({ "method": "ui.confirm", "params": params(names), "returns": returns }))
    };
    let (text, maybe) = (json!({ "type": "string" }), json!({ "type": ["string", "null"] }));
    let one = peer(&[ask(&["prompt"], &text)]);
    let new = "peer call `ui.confirm` is new, and the client does not answer it";
    assert_eq!(change(&json!({}), &one).0, new);
    assert_eq!(change(&one, &json!({})).0, "");
    assert_eq!(change(&one, &peer(&[ask(&["prompt", "title"], &text)])).0, "");
    let (fewer, all) = change(&one, &peer(&[ask(&[], &text)]));
    assert_eq!(
        (fewer.as_str(), all[0].direction),
        ("peer call `ui.confirm`, params.prompt is gone", Direction::ToClient)
    );
    assert_eq!(change(&one, &peer(&[ask(&["prompt"], &maybe)])).0, "");
    let answered = "peer call `ui.confirm`, result was null and is string";
    assert_eq!(change(&peer(&[ask(&["prompt"], &maybe)]), &one).0, answered);
    let told = call(&json!({ "method": "ui.flash", "kind": "notification" }));
    assert_eq!(change(&json!({}), &peer(&[told])).0, "");
}
