//! What the derives say of a declaration in the contract: names, order, checks, options.

use serde_json::{Value, json};
use wirecall::contract::{Call, CallKind, Contract, ErrorSet, Serial, Side};
use wirecall::{Events, Service, ServiceError};

#[wirecall::message]
struct RoomId(#[check(pattern = "^[a-z]+$")] String);

/// A message to post.
#[wirecall::message]
struct PostBody {
    room: RoomId,
    /// What is said.
    #[check(length(min = 1, max = 2000))]
    text: String,
    after: Option<u32>,
}

#[wirecall::message]
enum Shape {
    Circle {
        #[check(range(min = 0, max = 10))]
        radius: f64,
    },
    Body(PostBody),
    UnitSquare,
}

/// Chat rooms.
///
/// With history.
#[derive(Service)]
#[rpc(error = ChatError, events = ChatEvent, peer = Ui)]
#[serde(rename_all_fields = "camelCase", deny_unknown_fields)]
enum ChatRooms {
    /// Lists rooms.
    #[rpc(returns = Vec<RoomId>, timeout = "5m", idempotent, serial = "page_size")]
    ListRooms {
        #[check(range(min = 1, max = 100))]
        page_size: Option<u32>,
        #[serde(rename = "class", default)]
        kind: String,
        #[check(each(length(max = 3), email))]
        tags: Vec<String>,
    },
    #[rpc(name = "send", no_cancel, serial, returns = u64, error = wirecall::NoError)]
    Post(PostBody),
    #[deprecated(note = "use `send`")]
    #[rpc(method = "eth_getBalance", positional, error = OwnError, returns = Shape)]
    GetBalance { address: String, block: Option<String> },
    #[rpc(notification)]
    Typing,
}

#[derive(ServiceError)]
enum ChatError {
    /// The room does not exist, or the caller is not in it. Ask to be let in.
    #[rpc(code = 1001)]
    RoomNotFound { room: RoomId },
    #[rpc(code = 1002, retryable, kind = "muted_for_now")]
    Muted,
}

#[derive(ServiceError)]
enum OwnError {
    #[rpc(code = 7)]
    Reverted(PostBody),
}

/// What the server tells.
#[derive(Events)]
enum ChatEvent {
    Announcement {
        text: String,
    },
    #[rpc(method = "eth_subscription")]
    Subscription(PostBody),
}

#[derive(Service)]
#[rpc(name = "ui", side = "client")]
enum Ui {
    #[rpc(returns = bool)]
    Confirm { prompt: String },
}

fn contract() -> Contract {
    ChatRooms::contract()
}

fn call(name: &str) -> Call {
    let mut calls = contract().services.remove(0).calls;
    calls.retain(|call| call.rust_name == name);
    calls.remove(0)
}

fn pairs(fields: &[wirecall::contract::Field]) -> Vec<(&str, &str)> {
    fields.iter().map(|field| (field.name.as_str(), field.rust_name.as_str())).collect()
}

#[test]
fn a_service_is_named_and_documented() {
    let service = contract().services.remove(0);
    assert_eq!((service.name.as_str(), service.rust_name.as_str()), ("chat_rooms", "ChatRooms"));
    assert_eq!(service.docs, "Chat rooms.\n\nWith history.");
    assert_eq!(service.side, Side::Server);
    assert_eq!(ChatRooms::NAME, "chat_rooms");
}

#[test]
fn a_call_has_its_options() {
    let list = call("ListRooms");
    assert_eq!(list.method, "chat_rooms.list_rooms");
    assert_eq!(list.docs, "Lists rooms.");
    assert_eq!((list.timeout_ms, list.idempotent, list.no_cancel), (Some(300_000), true, false));
    assert_eq!(list.serial, Some(Serial::Field("pageSize".to_owned())));
    assert_eq!(list.kind, CallKind::Call);
    assert!(list.error.is_none());
    let post = call("Post");
    assert_eq!(
        (post.method.as_str(), post.no_cancel, post.serial),
        ("chat_rooms.send", true, Some(Serial::Call))
    );
    assert_eq!(post.error, Some(ErrorSet::none()), "it answers none of the service's errors");
    let typing = call("Typing");
    assert_eq!((typing.kind, typing.returns), (CallKind::Notification, None));
}

#[test]
fn an_exact_method_has_no_prefix_and_may_be_positional() {
    let balance = call("GetBalance");
    assert_eq!(balance.method, "eth_getBalance");
    assert!(balance.params.positional);
    assert_eq!(balance.deprecated.as_deref(), Some("use `send`"));
    assert_eq!(balance.error.expect("its own").variants[0].code, 7);
}

#[test]
fn parameters_have_serde_s_names_in_the_order_of_declaration() {
    let list = call("ListRooms");
    assert_eq!(pairs(&list.params.fields), [("pageSize", "page_size"), ("class", "kind"), ("tags", "tags")]);
    assert_eq!(list.params.schema["additionalProperties"], json!(false));
    assert_eq!(list.params.schema["required"], json!(["tags"]));
}

#[test]
fn checks_stand_in_the_schema() {
    let properties = call("ListRooms").params.schema["properties"].clone();
    assert_eq!(
        (&properties["pageSize"]["minimum"], &properties["pageSize"]["maximum"]),
        (&json!(1), &json!(100))
    );
    assert_eq!(properties["tags"]["items"]["maxLength"], json!(3));
    assert_eq!(properties["tags"]["items"]["format"], json!("email"));
    let contract = contract();
    assert_eq!(contract.inputs["PostBody"]["properties"]["text"]["maxLength"], json!(2000));
    assert_eq!(contract.inputs["RoomId"]["pattern"], json!("^[a-z]+$"));
    let circle = contract.outputs["Shape"]["oneOf"].as_array().expect("variants")[0].clone();
    assert_eq!(circle["properties"]["radius"]["maximum"], json!(10));
}

#[test]
fn one_message_carries_all_parameters() {
    let post = call("Post");
    assert_eq!(pairs(&post.params.fields), [("room", "room"), ("text", "text"), ("after", "after")]);
    assert_eq!(post.params.schema["type"], json!("object"));
    assert_eq!(post.params.schema["required"], json!(["room", "text"]));
    assert_eq!(post.params.schema["properties"]["text"]["description"], json!("What is said."));
}

#[test]
fn a_call_without_parameters_takes_an_empty_object() {
    let typing = call("Typing");
    assert!(typing.params.fields.is_empty());
    assert_eq!(typing.params.schema["type"], json!("object"));
}

#[test]
fn an_enum_with_values_is_tagged_and_its_variants_are_in_order() {
    let contract = contract();
    let shape = &contract.types["Shape"];
    let names: Vec<&str> = shape.variants.iter().map(|variant| variant.name.as_str()).collect();
    assert_eq!(names, ["circle", "body", "unit_square"]);
    let tags: Vec<&Value> = contract.outputs["Shape"]["oneOf"]
        .as_array()
        .expect("variants")
        .iter()
        .map(|variant| &variant["properties"]["type"]["const"])
        .collect();
    assert_eq!(tags, [&json!("circle"), &json!("body"), &json!("unit_square")]);
}

#[test]
fn events_errors_and_the_peer_are_part_of_the_service() {
    let service = contract().services.remove(0);
    let events = service.events.expect("events");
    assert_eq!(events.docs, "What the server tells.");
    let methods: Vec<&str> = events.events.iter().map(|event| event.method.as_str()).collect();
    assert_eq!(methods, ["chat_rooms.announcement", "eth_subscription"]);
    assert_eq!(pairs(&events.events[1].params.fields).len(), 3);
    let errors = service.error.expect("errors").variants;
    assert_eq!(
        (errors[0].code, errors[0].kind.as_str(), errors[0].retryable),
        (1001, "room_not_found", false)
    );
    assert_eq!((errors[1].code, errors[1].kind.as_str(), errors[1].retryable), (1002, "muted_for_now", true));
    assert_eq!((errors[0].details.is_some(), errors[1].details.is_some()), (true, false));
    let peer = service.peer.expect("a peer");
    assert_eq!((peer.name.as_str(), peer.side), ("ui", Side::Client));
    assert_eq!(peer.calls[0].returns, Some(json!({ "type": "boolean" })));
}
