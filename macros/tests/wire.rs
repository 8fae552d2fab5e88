//! Values of derived types: what an error looks like on the wire, and where a check is told to be broken.

use serde_json::json;
use wirecall::client::ConnectError;
use wirecall::{RpcError, Service, ServiceError};

#[wirecall::message]
#[derive(PartialEq)]
struct Short(#[check(length(max = 3))] String);

#[wirecall::message]
struct Body {
    #[serde(rename = "first-name")]
    #[check(length(min = 1))]
    first_name: String,
    #[check(each(range(min = 0)))]
    numbers: Vec<i32>,
    short: Option<Short>,
    #[check(length(min = 2), pattern = "^[a-z]*$")]
    note: Option<String>,
}

#[wirecall::message]
enum Tagged {
    Named { short: Short },
    Body(Body),
}

#[wirecall::message]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Named { short: Short },
    Short(Short),
}

#[derive(
    wirecall::Message, serde::Serialize, serde::Deserialize, wirecall::__private::schemars::JsonSchema,
)]
#[schemars(crate = "wirecall::__private::schemars")]
enum External {
    Named { short: Short },
}

#[derive(Service)]
enum Checks {
    Post {
        #[check(length(min = 1, max = 5), custom = polite)]
        text: String,
        body: Body,
        tagged: Tagged,
        adjacent: Vec<Adjacent>,
        external: External,
    },
    Whole(Body),
}

fn polite(text: &str) -> Result<(), &'static str> {
    if text == "damn" { Err("must be polite") } else { Ok(()) }
}

#[derive(ServiceError, Debug, PartialEq)]
enum ChatError {
    /// The room does not exist,
    /// or the caller is not in it. Ask to be let in.
    #[rpc(code = 1001)]
    RoomNotFound { room: Short, r#type: Option<u8> },
    #[rpc(code = 1002, retryable, message = "you are muted")]
    Muted,
    #[rpc(code = 1003)]
    TooShort(Margin),
}

#[wirecall::message]
#[derive(PartialEq)]
struct Margin {
    by: u8,
}

fn good() -> Body {
    Body { first_name: "a".to_owned(), numbers: vec![1], short: None, note: None }
}

fn bad() -> Body {
    let note = Some("A".to_owned());
    Body { first_name: String::new(), numbers: vec![0, -1], short: Some(Short::from("long")), note }
}

/// A client that never connects: what breaks a check is refused before it is sent.
async fn client() -> Result<ChecksClient, ConnectError> {
    Ok(ChecksClient::new(&wirecall::connect("ws://127.0.0.1:9").lazy().await?))
}

#[tokio::test]
async fn every_broken_check_is_told_at_its_place() {
    let long = || Short::from("long");
    let adjacent =
        vec![Adjacent::Short(Short::from("s")), Adjacent::Short(long()), Adjacent::Named { short: long() }];
    let (tagged, external) = (Tagged::Named { short: long() }, External::Named { short: long() });
    let client = client().await.expect("it connects when it can");
    let said = client
        .post("damn it", bad(), tagged, adjacent, external)
        .await
        .expect_err("checks are broken")
        .to_string();
    for place in [
        "/text must have 1 to 5 characters",
        "/body/first-name must have",
        "/body/numbers/1 must be at least 0",
        "/body/short must have at most 3",
        "/body/note must have at least 2",
        "/body/note must match ^[a-z]*$",
        "/tagged/short must have",
        "/adjacent/1/c must have",
        "/adjacent/2/c/short must have",
        "/external/Named/short must have",
    ] {
        assert!(said.contains(place), "{place} is missing in: {said}");
    }
    assert!(!said.contains("/adjacent/0") && !said.contains("/body/numbers/0"), "{said}");
}

#[tokio::test]
async fn a_check_of_one_s_own_says_what_it_wants() {
    let client = client().await.expect("it connects when it can");
    let external = External::Named { short: Short::from("s") };
    let call = client.post("damn", good(), Tagged::Body(bad()), Vec::new(), external);
    let said = call.await.expect_err("checks are broken").to_string();
    assert!(said.contains("/text must be polite") && said.contains("/tagged/first-name must have"), "{said}");
}

#[tokio::test]
async fn what_carries_all_parameters_is_checked_as_they_are() {
    let client = client().await.expect("it connects when it can");
    let said = client.whole(bad()).await.expect_err("checks are broken").to_string();
    assert!(said.contains("/first-name must have"), "{said}");
}

#[test]
fn an_error_carries_its_fields_as_details() {
    let error: RpcError = ChatError::RoomNotFound { room: Short::from("x"), r#type: None }.into();
    assert_eq!((error.code(), error.kind(), error.retryable()), (1001, "room_not_found", false));
    assert_eq!(error.message(), "The room does not exist, or the caller is not in it");
    assert_eq!(error.details(), Some(&json!({ "room": "x", "type": null })));
    let error: RpcError = ChatError::Muted.into();
    assert_eq!((error.retryable(), error.message(), error.details()), (true, "you are muted", None));
}

#[test]
fn an_error_is_read_back_from_the_wire() {
    let errors = [
        ChatError::RoomNotFound { room: Short::from("x"), r#type: Some(1) },
        ChatError::Muted,
        ChatError::TooShort(Margin { by: 3 }),
    ];
    for error in errors {
        let said = format!("{error:?}");
        let wire = serde_json::to_string(&error.into_rpc()).expect("it encodes");
        let read: RpcError = serde_json::from_str(&wire).expect("it decodes");
        assert_eq!(format!("{:?}", ChatError::from_rpc(&read).expect("it is one of them")), said);
    }
    assert_eq!(ChatError::from_rpc(&RpcError::raw(1001, "no details", None)), None);
    assert_eq!(ChatError::from_rpc(&RpcError::raw(9, "another", None)), None);
}

#[test]
fn an_error_is_an_error_of_rust_where_it_is_debug() {
    let error: Box<dyn std::error::Error + Send + Sync> = Box::new(ChatError::Muted);
    assert_eq!(error.to_string(), "you are muted");
}
