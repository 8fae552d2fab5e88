//! What is said of parameters that do not fit: all of it at once, by JSON Pointer, never the value itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wirecall::{CallError, Reply, Server, Service};

use crate::support::{RawPeer, error_of, serve};
use crate::{CODEC, wire};

#[wirecall::message]
struct Item {
    #[check(length(min = 1, max = 5))]
    name: String,
    #[check(range(min = 0, max = 10))]
    count: i32,
}

#[derive(Service)]
#[rpc(name = "shop")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Shop {
    #[rpc(returns = usize)]
    Order {
        items: Vec<Item>,
        #[check(email)]
        email: String,
        #[check(url)]
        site: Option<String>,
        #[check(pattern = "^[A-Z]{3}$")]
        #[serde(rename = "cur/ren~cy")]
        currency: String,
        #[check(each(length(max = 3)))]
        tags: Vec<String>,
        #[check(custom = even)]
        number: u32,
    },
    #[rpc(returns = u8)]
    Narrow { n: u8 },
    #[rpc(returns = f64)]
    Float { x: f64 },
    #[rpc(returns = u64)]
    Wide { n: u64 },
    #[rpc(returns = usize)]
    Named { items: BTreeMap<String, Item> },
    #[rpc(returns = usize)]
    Store(Item),
    #[rpc(returns = Value)]
    Any { value: Value },
    #[rpc(returns = ())]
    Nothing,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a check is given a reference")]
fn even(n: &u32) -> Result<(), &'static str> {
    if n.is_multiple_of(2) { Ok(()) } else { Err("must be even") }
}

struct App;

impl ShopHandler for App {
    type Context = ();
    async fn order(
        &self,
        (): (),
        items: Vec<Item>,
        _: String,
        _: Option<String>,
        _: String,
        _: Vec<String>,
        _: u32,
    ) -> Reply<usize> {
        Ok(items.len())
    }
    async fn narrow(&self, (): (), n: u8) -> Reply<u8> {
        Ok(n)
    }
    async fn float(&self, (): (), x: f64) -> Reply<f64> {
        Ok(x)
    }
    async fn wide(&self, (): (), n: u64) -> Reply<u64> {
        Ok(n)
    }
    async fn named(&self, (): (), items: BTreeMap<String, Item>) -> Reply<usize> {
        Ok(items.len())
    }
    async fn store(&self, (): (), item: Item) -> Reply<usize> {
        Ok(item.name.len())
    }
    async fn any(&self, (): (), value: Value) -> Reply<Value> {
        Ok(value)
    }
    async fn nothing(&self, (): ()) -> Reply<()> {
        Ok(())
    }
}

async fn shop() -> RawPeer {
    RawPeer::any(serve(Server::builder().service(Shop::serve(App))).await.1).await
}

/// With a peer that speaks JSON, where a test is about the text of it.
async fn text_shop() -> RawPeer {
    RawPeer::plain(serve(Server::builder().service(Shop::serve(App))).await.1).await
}

/// The path and the rule of everything that is wrong.
fn broken(answer: &Value) -> Vec<(&str, &str)> {
    assert_eq!(error_of(answer), (-32602, "validation_error"), "{answer}");
    let errors = answer["error"]["data"]["details"]["errors"].as_array().expect("errors");
    errors
        .iter()
        .map(|error| (error["path"].as_str().expect("a path"), error["rule"].as_str().expect("a rule")))
        .collect()
}

#[tokio::test]
async fn all_broken_checks_are_told_at_once_and_no_value_is() {
    let mut peer = shop().await;
    let order = json!({
        "items": [{ "name": "fine", "count": 1 }, { "name": "hunter2", "count": 4242 }],
        "email": "nobody", "site": "nowhere", "cur/ren~cy": "euro", "tags": ["ok", "hunter2"], "number": 4243,
    });
    let answer = peer.call("shop.order", order).await;
    let expected = [
        ("/items/1/name", "length"),
        ("/items/1/count", "range"),
        ("/email", "email"),
        ("/site", "url"),
        ("/cur~1ren~0cy", "pattern"),
        ("/tags/1", "length"),
        ("/number", "even"),
    ];
    let mut found = broken(&answer);
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    for secret in ["hunter2", "424", "nobody", "nowhere", "euro"] {
        assert!(!answer.to_string().contains(secret), "{secret} in {answer}");
    }
}

#[tokio::test]
async fn what_passes_every_check_arrives() {
    let order = json!({
        "items": [{ "name": "fine", "count": 10 }], "email": "a@example.org", "site": "https://example.org",
        "cur/ren~cy": "EUR", "tags": [], "number": 2,
    });
    assert_eq!(shop().await.call("shop.order", order).await["result"], 1);
}

#[tokio::test]
async fn lengths_are_counted_in_characters() {
    let mut peer = shop().await;
    assert_eq!(peer.call("shop.store", json!({ "name": "😀😀😀😀😀", "count": 1 })).await["result"], 20);
    assert_eq!(
        broken(&peer.call("shop.store", json!({ "name": "😀😀😀😀😀😀", "count": 1 })).await),
        [("/name", "length")]
    );
}

#[tokio::test]
async fn what_does_not_fit_its_type_is_told_with_its_place() {
    let mut peer = shop().await;
    for (method, params, path, rule) in [
        ("shop.narrow", json!({}), "/n", "required"),
        ("shop.narrow", json!([]), "/n", "required"),
        ("shop.narrow", json!({ "n": "hunter2" }), "/n", "type"),
        ("shop.narrow", json!({ "n": 300 }), "/n", "type"),
        ("shop.narrow", json!({ "n": -1 }), "/n", "type"),
        ("shop.narrow", json!({ "n": 1.5 }), "/n", "type"),
        ("shop.narrow", json!({ "n": null }), "/n", "type"),
        ("shop.narrow", json!(["hunter2"]), "/n", "type"),
        (
            "shop.named",
            json!({ "items": { "a/b": { "name": "x", "count": [] } } }),
            "/items/a~1b/count",
            "type",
        ),
        (
            "shop.named",
            json!({ "items": { "a": { "name": "toolong", "count": 1 } } }),
            "/items/a/name",
            "length",
        ),
        ("shop.store", json!({ "count": 1 }), "/name", "required"),
        ("shop.wide", json!({ "n": 1_u64 << 53 }), "/n", "range"),
        ("shop.nothing", json!([1]), "", "type"),
    ] {
        let answer = peer.call(method, params.clone()).await;
        assert_eq!(broken(&answer), [(path, rule)], "{method} {params} {answer}");
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
    }
}

#[tokio::test]
async fn numbers_outside_of_their_types_are_refused_and_others_arrive_exactly() {
    let mut peer = shop().await;
    for (method, number) in [
        ("narrow", "256"),
        ("narrow", "99999999999999999999999999"),
        ("narrow", "1e400"),
        ("float", "1e400"),
        ("float", "-1e999999999"),
        ("wide", "18446744073709551616"),
        ("wide", "1e400"),
    ] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"shop.{method}","params":[{number}]}}"#);
        if !wire::can_say(CODEC, &text) {
            continue;
        }
        let answer = peer.ask(&text).await;
        assert_eq!(broken(&answer).len(), 1, "{method} {number}");
    }
    for (method, number) in [
        ("float", "0.1"),
        ("float", "1.7976931348623157e308"),
        ("wide", "9007199254740991"),
        ("narrow", "255"),
    ] {
        peer.send(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"shop.{method}","params":[{number}]}}"#))
            .await;
        let result = peer.receive().await["result"].to_string();
        assert!([number, &number.replace("e308", "e+308")].contains(&result.as_str()), "{result}");
    }
}

#[tokio::test]
async fn a_repeated_member_of_the_parameters_is_refused() {
    let mut peer = shop().await;
    for text in [
        r#"{"jsonrpc":"2.0","id":1,"method":"shop.narrow","params":{"n":1,"n":1}}"#,
        r#"{"jsonrpc":"2.0","id":1,"params":{"n":1,"n":1},"method":"shop.narrow"}"#,
    ] {
        assert_eq!(broken(&peer.ask(text).await), [("/n", "duplicate")]);
    }
}

#[tokio::test]
async fn half_of_a_character_is_no_text() {
    let answer =
        text_shop().await.ask(r#"{"jsonrpc":"2.0","id":1,"method":"shop.store","params":["\ud800",1]}"#).await;
    assert_eq!(broken(&answer).len(), 1);
}

#[tokio::test]
async fn a_list_of_a_thousand_mistakes_is_cut_off() {
    let items: Vec<Value> = (0..1000).map(|_| json!({ "name": "", "count": 1 })).collect();
    let order = json!({ "items": items, "email": "", "cur/ren~cy": "EUR", "tags": [], "number": 2 });
    assert_eq!(broken(&shop().await.call("shop.order", order).await).len(), 100);
}

#[tokio::test]
async fn absent_and_null_parameters_are_none() {
    let mut peer = shop().await;
    for params in ["", r#","params":null"#, r#","params":[]"#, r#","params":{}"#] {
        let answer =
            peer.ask(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"shop.nothing"{params}}}"#)).await;
        assert_eq!(answer, json!({ "jsonrpc": "2.0", "id": 1, "result": null }), "{params}");
    }
}

#[tokio::test]
async fn nesting_of_128_arrives_and_129_does_not() {
    let mut peer = text_shop().await;
    // The message and its params are two of them.
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (text, fits) in [
        (
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"shop.any","params":{{"value":{}}}}}"#, nested(126)),
            true,
        ),
        (
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"shop.any","params":{{"value":{}}}}}"#, nested(127)),
            false,
        ),
        (format!(r#"{{"jsonrpc":"2.0","id":1,"params":[{}],"method":"shop.any"}}"#, nested(126)), true),
        (
            format!(r#"{{"jsonrpc":"2.0","more":{},"id":1,"params":[1],"method":"shop.any"}}"#, nested(127)),
            true,
        ),
        (
            format!(r#"{{"jsonrpc":"2.0","more":{},"id":1,"params":[1],"method":"shop.any"}}"#, nested(128)),
            false,
        ),
        (nested(100_000), false),
    ] {
        let answer = peer.ask(&text).await;
        if fits {
            assert_eq!(answer["id"], 1, "{answer}");
            assert!(answer.get("error").is_none(), "{answer}");
        } else {
            assert_eq!(error_of(&answer), (-32700, "parse_error"));
        }
    }
}

#[tokio::test]
async fn a_call_that_is_nested_deeper_than_any_server_reads_fails_alone() {
    let (_server, address) = serve(Server::builder().service(Shop::serve(App))).await;
    let client = wirecall::connect(format!("ws://{address}/")).codec(CODEC).await.expect("a connection");
    let shop = ShopClient::new(&client);
    let nested = |levels| (0..levels).fold(Value::Null, |inner, _| json!([inner]));
    assert_eq!(shop.any(nested(126)).await.expect("an answer"), nested(126));
    let error = shop.any(nested(127)).await.expect_err("it would be nested 129 levels deep");
    assert!(matches!(error, CallError::Encode(_)), "{error}");
    shop.nothing().await.expect("the session goes on");
}
