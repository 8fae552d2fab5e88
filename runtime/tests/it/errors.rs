//! What callers read of an error, and what only the server's log and hook do.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wirecall::server::ServerBuilder;
use wirecall::{Answer, CallContext, ErrorKind, Extract, Layer, Next, Reply, RpcError, Server, Service};

use crate::lab::Bench;
use crate::support::{RawPeer, error_of, serve};

/// Incidents as the hook saw them: method, id, cause.
type Seen = Arc<Mutex<Vec<(String, String, String)>>>;

fn watched(builder: ServerBuilder) -> (Seen, ServerBuilder) {
    let seen = Seen::default();
    let incidents = Arc::clone(&seen);
    let builder = builder.on_error(move |incident| {
        let seen = (incident.method.to_owned(), incident.id.to_owned(), incident.cause.to_string());
        incidents.lock().expect("a lock").push(seen);
    });
    (seen, builder)
}

async fn lab() -> (Seen, RawPeer) {
    let (seen, builder) = watched(Bench::default().server());
    let (_, address) = serve(builder).await;
    (seen, RawPeer::any(address).await)
}

/// The answer tells nothing of the inside but an id, under which the hook knows the cause.
fn assert_incident(answer: &Value, seen: &Seen, method: &str, cause: &str) {
    assert_eq!(error_of(answer), (-32603, "internal_error"), "{answer}");
    assert!(!answer.to_string().contains("inside"), "{answer}");
    let seen: Vec<_> = seen.lock().expect("a lock").drain(..).collect();
    let [(failed, id, why)] = seen.as_slice() else { panic!("one incident, not {seen:?}") };
    assert_eq!(
        (failed.as_str(), answer["error"]["data"]["details"]["incident"].as_str()),
        (method, Some(id.as_str()))
    );
    assert!(why.contains(cause), "{why}");
}

#[tokio::test]
async fn a_service_s_own_error_carries_its_code_its_kind_and_its_fields() {
    let (seen, mut peer) = lab().await;
    let answer = peer.call("lab.fail", json!(["no_room"])).await;
    let expected = json!({
        "code": 1001, "message": "There is no such room",
        "data": { "kind": "no_room", "retryable": false, "details": { "room": "attic" } }
    });
    assert_eq!(answer["error"], expected);
    let answer = peer.call("lab.fail", json!(["closed"])).await;
    let expected = json!({
        "code": 1002, "message": "Everybody is out", "data": { "kind": "closed", "retryable": true }
    });
    assert_eq!(answer["error"], expected);
    assert!(seen.lock().expect("a lock").is_empty());
}

#[tokio::test]
async fn an_unexpected_failure_tells_the_caller_an_id_and_the_hook_the_cause() {
    let (seen, mut peer) = lab().await;
    let answer = peer.call("lab.fail", json!(["internal"])).await;
    assert_incident(&answer, &seen, "lab.fail", "the inside of the server");
}

#[tokio::test]
async fn a_panic_ends_one_call_and_nothing_else() {
    let (seen, mut peer) = lab().await;
    let answer = peer.call("lab.fail", json!(["panic"])).await;
    assert_incident(&answer, &seen, "lab.fail", "the inside of the server");
    assert_eq!(peer.call("lab.echo", json!(["still here"])).await["result"], "still here");
}

/// Every place of a call where a user's code can panic.
#[derive(Service)]
#[rpc(name = "odd")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Odd {
    #[rpc(returns = Panicking)]
    Encode,
    #[rpc(returns = ())]
    Check {
        #[check(custom = panicking_check)]
        n: u32,
    },
    #[rpc(returns = ())]
    Decode { value: Panicking },
    #[rpc(returns = u64)]
    TooWide,
    #[rpc(returns = f64)]
    NotANumber,
    #[rpc(returns = ())]
    Later,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a check is given a reference")]
fn panicking_check(_: &u32) -> Result<(), String> {
    panic!("the inside of a check")
}

#[derive(Clone, Debug, schemars::JsonSchema, wirecall::Message)]
struct Panicking(String);

impl serde::Serialize for Panicking {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("the inside of Serialize")
    }
}

impl<'de> serde::Deserialize<'de> for Panicking {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("the inside of Deserialize")
    }
}

/// Panics or refuses as the query of the connection says.
struct Moody;

impl Extract for Moody {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        match call.connection().and_then(|connection| connection.uri().query()) {
            Some("panic") => panic!("the inside of an extractor"),
            Some("refuse") => Err(RpcError::new(ErrorKind::PermissionDenied, "not today")),
            _ => Ok(Self),
        }
    }
}

struct OddApp;

impl OddHandler for OddApp {
    type Context = Moody;
    async fn encode(&self, _: Moody) -> Reply<Panicking> {
        Ok(Panicking("x".to_owned()))
    }
    async fn check(&self, _: Moody, _: u32) -> Reply<()> {
        Ok(())
    }
    async fn decode(&self, _: Moody, _: Panicking) -> Reply<()> {
        Ok(())
    }
    async fn too_wide(&self, _: Moody) -> Reply<u64> {
        Ok(1 << 53)
    }
    async fn not_a_number(&self, _: Moody) -> Reply<f64> {
        Ok(f64::NAN)
    }
    async fn later(&self, _: Moody) -> Reply<()> {
        tokio::task::yield_now().await;
        panic!("the inside, later")
    }
}

async fn odd(query: &str, layer: Option<PanickingLayer>) -> (Seen, RawPeer) {
    let (seen, mut builder) = watched(Server::builder().service(Odd::serve(OddApp)));
    if let Some(layer) = layer {
        builder = builder.layer(layer);
    }
    let (_, address) = serve(builder).await;
    (seen, RawPeer::connect(&format!("ws://{address}/?{query}"), None).await.expect("a connection"))
}

#[tokio::test]
async fn a_panic_anywhere_in_a_user_s_code_is_an_incident_of_that_call() {
    let (seen, mut peer) = odd("", None).await;
    for (method, params, cause) in [
        ("odd.encode", json!([]), "inside of Serialize"),
        ("odd.check", json!([1]), "inside of a check"),
        ("odd.decode", json!(["x"]), "inside of Deserialize"),
        ("odd.later", json!([]), "the inside, later"),
    ] {
        let answer = peer.call(method, params).await;
        assert_incident(&answer, &seen, method, cause);
    }
    peer.nothing_more().await;
}

#[tokio::test]
async fn a_result_that_breaks_its_own_rules_is_an_incident_that_names_what_is_wrong() {
    let (seen, mut peer) = odd("", None).await;
    assert_incident(&peer.call("odd.too_wide", json!([])).await, &seen, "odd.too_wide", "9007199254740991");
    assert_incident(&peer.call("odd.not_a_number", json!([])).await, &seen, "odd.not_a_number", "finite");
}

#[tokio::test]
async fn an_extractor_may_refuse_and_its_panic_is_an_incident() {
    let (_, mut peer) = odd("refuse", None).await;
    assert_eq!(error_of(&peer.call("odd.too_wide", json!([])).await), (-32002, "permission_denied"));
    let (seen, mut peer) = odd("panic", None).await;
    assert_incident(
        &peer.call("odd.too_wide", json!([])).await,
        &seen,
        "odd.too_wide",
        "inside of an extractor",
    );
}

/// Panics at once, or in its future.
#[derive(Clone, Copy)]
enum PanickingLayer {
    AtOnce,
    InItsFuture,
}

impl Layer for PanickingLayer {
    fn call(&self, _: CallContext, _: Next) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        match self {
            Self::AtOnce => panic!("the inside of a layer"),
            Self::InItsFuture => Box::pin(async { panic!("the inside of a layer") }),
        }
    }
}

#[tokio::test]
async fn a_layer_s_panic_is_an_incident() {
    for layer in [PanickingLayer::AtOnce, PanickingLayer::InItsFuture] {
        let (seen, mut peer) = odd("", Some(layer)).await;
        assert_incident(&peer.call("odd.later", json!([])).await, &seen, "odd.later", "inside of a layer");
        peer.nothing_more().await;
    }
}

#[tokio::test]
async fn a_panic_in_on_error_harms_nobody() {
    let builder = Bench::default().server().on_error(|_| panic!("the inside of a hook"));
    let (_, address) = serve(builder).await;
    let mut peer = RawPeer::any(address).await;
    assert_eq!(error_of(&peer.call("lab.fail", json!(["internal"])).await), (-32603, "internal_error"));
    assert_eq!(error_of(&peer.call("lab.fail", json!(["panic"])).await), (-32603, "internal_error"));
    peer.nothing_more().await;
}

#[tokio::test]
async fn every_protocol_error_that_a_handler_may_answer_has_its_code() {
    #[derive(Service)]
    #[rpc(name = "all")]
    #[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
    enum All {
        #[rpc(returns = ())]
        Raise { index: usize },
        #[rpc(returns = ())]
        Raw,
    }
    const KINDS: [(ErrorKind, i64, &str); 9] = [
        (ErrorKind::Unauthenticated, -32001, "unauthenticated"),
        (ErrorKind::PermissionDenied, -32002, "permission_denied"),
        (ErrorKind::RateLimited, -32003, "rate_limited"),
        (ErrorKind::DeadlineExceeded, -32004, "deadline_exceeded"),
        (ErrorKind::Cancelled, -32005, "cancelled"),
        (ErrorKind::Unavailable, -32006, "unavailable"),
        (ErrorKind::NotFound, -32007, "not_found"),
        (ErrorKind::TooLarge, -32008, "too_large"),
        (ErrorKind::ResourceExhausted, -32009, "resource_exhausted"),
    ];
    struct App;
    impl AllHandler for App {
        type Context = ();
        async fn raise(&self, (): (), index: usize) -> Reply<()> {
            let wait = std::time::Duration::from_millis(1500);
            Err(RpcError::new(KINDS[index].0, "as asked").with_retry_after(wait).into())
        }
        async fn raw(&self, (): ()) -> Reply<()> {
            Err(RpcError::raw(3, "execution reverted", Some(json!("0x08c379a0"))).into())
        }
    }
    let (_, address) = serve(Server::builder().service(All::serve(App))).await;
    let mut peer = RawPeer::any(address).await;
    for (index, (_, code, kind)) in KINDS.into_iter().enumerate() {
        let answer = peer.call("all.raise", json!([index])).await;
        let data = json!({ "kind": kind, "retryable": true, "retry_after_ms": 1500 });
        assert_eq!(answer["error"], json!({ "code": code, "message": "as asked", "data": data }));
    }
    let raw = json!({ "code": 3, "message": "execution reverted", "data": "0x08c379a0" });
    assert_eq!(peer.call("all.raw", json!([])).await["error"], raw);
}
