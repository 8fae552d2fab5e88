//! Who is calling: what `authenticate` sees, whom it lets in, and how the others are told.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;
use wirecall::server::{AuthRequest, Credentials, ServerBuilder};
use wirecall::{ErrorKind, Reply, RpcError, Server, Service, Session, UserId};

use crate::lab::Bench;
use crate::numbered::Numbered;
use crate::support::{RawPeer, call, error_of, notification, serve, soon};
use crate::CODEC;

#[derive(Service)]
#[rpc(name = "who")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Who {
    #[rpc(returns = UserId)]
    AmI,
}

#[derive(Service)]
#[rpc(name = "maybe")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Maybe {
    #[rpc(returns = Option<UserId>)]
    Me,
    #[rpc(returns = UserId)]
    Must,
}

struct App;

impl WhoHandler for App {
    type Context = UserId;
    async fn am_i(&self, user: UserId) -> Reply<UserId> {
        Ok(user)
    }
}

impl MaybeHandler for App {
    type Context = (Option<UserId>, Session);
    async fn me(&self, (user, _): Self::Context) -> Reply<Option<UserId>> {
        Ok(user)
    }
    async fn must(&self, (_, session): Self::Context) -> Reply<UserId> {
        Ok(session.user()?)
    }
}

fn app() -> ServerBuilder {
    Server::builder().service(Who::serve(App)).service(Maybe::serve(App))
}

async fn by_token(request: AuthRequest) -> Result<Option<UserId>, RpcError> {
    match request.token() {
        None => Ok(None),
        Some("wrong") => Err(RpcError::new(ErrorKind::Unauthenticated, "the token is not valid")),
        Some("busy") => Err(RpcError::new(ErrorKind::Unavailable, "the accounts are away")),
        Some("often") => {
            let wait = Duration::from_secs(3);
            Err(RpcError::new(ErrorKind::RateLimited, "not so often").with_retry_after(wait))
        }
        Some("panic") => panic!("the inside of authenticate"),
        Some(token) => Ok(Some(UserId::from(token))),
    }
}

#[tokio::test]
async fn the_token_of_hello_says_who_is_calling() {
    let (_, address) = serve(app().authenticate(by_token)).await;
    let (mut peer, hello) = RawPeer::hello(address, json!({ "token": "ann" })).await;
    assert_eq!(hello["user"], "ann");
    assert_eq!(peer.call("who.am_i", json!([])).await["result"], "ann");
    assert_eq!(peer.call("maybe.me", json!([])).await["result"], "ann");
    assert_eq!(peer.call("maybe.must", json!([])).await["result"], "ann");
}

#[tokio::test]
async fn nobody_is_let_in_as_nobody_and_refused_where_somebody_is_needed() {
    for builder in [app(), app().authenticate(by_token)] {
        let (_, address) = serve(builder).await;
        let (mut peer, hello) = RawPeer::session(address).await;
        assert!(hello.get("user").is_none(), "{hello}");
        assert_eq!(error_of(&peer.call("who.am_i", json!([])).await), (-32001, "unauthenticated"));
        assert_eq!(error_of(&peer.call("maybe.must", json!([])).await), (-32001, "unauthenticated"));
        assert_eq!(peer.call("maybe.me", json!([])).await["result"], Value::Null);
    }
}

#[tokio::test]
async fn a_refused_hello_is_answered_with_the_error_and_closed_with_4501() {
    let (server, address) = serve(app().authenticate(by_token)).await;
    let mut peer = RawPeer::quiet(address).await;
    peer.send(&call(7, "rpc.hello", &json!({ "token": "wrong" }))).await;
    let (code, texts) = peer.end().await;
    let [answer, close] = texts.as_slice() else { panic!("an answer and rpc.close, not {texts:?}") };
    assert_eq!((code, error_of(answer), &answer["id"]), (4501, (-32001, "unauthenticated"), &json!(7)));
    assert_eq!(close["params"], json!({ "code": 4501, "reason": "the token is not valid" }));
    assert_eq!(server.handle().session_count(), 0);
}

#[tokio::test]
async fn a_refusal_that_is_only_for_now_lets_the_client_come_back() {
    let (_, address) = serve(app().authenticate(by_token)).await;
    for (token, expected, kind) in
        [("busy", 1013, "unavailable"), ("often", 4029, "rate_limited"), ("panic", 1011, "internal_error")]
    {
        let mut peer = RawPeer::quiet(address).await;
        peer.send(&call(7, "rpc.hello", &json!({ "token": token }))).await;
        let (code, texts) = peer.end().await;
        assert_eq!(
            (code, error_of(&texts[0]).1, &texts[1]["params"]["code"]),
            (expected, kind, &json!(expected))
        );
        assert!(!texts[0].to_string().contains("inside"), "{texts:?}");
        let wait = (token == "often").then(|| json!(3000));
        assert_eq!(texts[1]["params"].get("retry_within_ms").cloned(), wait);
    }
}

#[tokio::test]
async fn a_plain_peer_signs_in_with_a_header_or_a_cookie() {
    let builder = app().authenticate(|request: AuthRequest| async move {
        Ok(request.token().or_else(|| request.cookie("session")).map(UserId::from))
    });
    let (_, address) = serve(builder).await;
    for (header, value) in [
        ("authorization", "Bearer ann"),
        ("authorization", "bearer  ann"),
        ("cookie", "theme=dark; session=ann; x=y"),
    ] {
        let mut peer = RawPeer::connect_with(&format!("ws://{address}/"), [(header, value)])
            .await
            .expect("a connection");
        assert_eq!(peer.call("who.am_i", json!([])).await["result"], "ann", "{value}");
    }
    let mut peer = RawPeer::connect_with(&format!("ws://{address}/"), [("authorization", "Basic ann")])
        .await
        .expect("a connection");
    assert_eq!(error_of(&peer.call("who.am_i", json!([])).await).1, "unauthenticated");
}

#[tokio::test]
async fn the_hello_s_token_counts_more_than_the_header() {
    let (_, address) = serve(app().authenticate(by_token)).await;
    let headers = [("authorization", "Bearer bob"), ("sec-websocket-protocol", CODEC.subprotocol())];
    let mut peer = RawPeer::connect_with(&format!("ws://{address}/"), headers).await.expect("a connection");
    assert_eq!(peer.call("rpc.hello", json!({ "token": "ann" })).await["result"]["user"], "ann");
    let mut peer = RawPeer::connect_with(&format!("ws://{address}/"), headers).await.expect("a connection");
    assert_eq!(peer.call("rpc.hello", json!({})).await["result"]["user"], "bob");
}

#[tokio::test]
async fn a_refused_plain_peer_reads_the_error_as_the_answer_to_its_first_call_and_is_closed_with_4501() {
    let (_, address) = serve(app().authenticate(by_token)).await;
    let refused =
        || RawPeer::connect_with(format!("ws://{address}/").leak(), [("authorization", "Bearer wrong")]);
    let mut peer = refused().await.expect("a connection");
    peer.send(&call("first", "who.am_i", &json!([]))).await;
    peer.send(&call("second", "who.am_i", &json!([]))).await;
    let (code, texts) = peer.end().await;
    let [answer] = texts.as_slice() else { panic!("one answer, not {texts:?}") };
    assert_eq!((code, error_of(answer), &answer["id"]), (4501, (-32001, "unauthenticated"), &json!("first")));

    // A notification and a response are no calls: what follows them is.
    let mut peer = refused().await.expect("a connection");
    peer.send(&notification("who.knows", &json!([]))).await;
    peer.send(r#"{"jsonrpc":"2.0","id":1,"result":true}"#).await;
    peer.send(&call("first", "who.am_i", &json!([]))).await;
    let (code, texts) = peer.end().await;
    assert_eq!((code, texts.len(), &texts[0]["id"]), (4501, 1, &json!("first")));

    // A batch is answered as one.
    let mut peer = refused().await.expect("a connection");
    let batch =
        [call(1, "who.am_i", &json!([])), notification("x", &json!([])), call(2, "who.am_i", &json!([]))]
            .join(",");
    peer.send(&format!("[{batch}]")).await;
    let (code, texts) = peer.end().await;
    assert_eq!((code, texts.len()), (4501, 1));
    let ids: Vec<&Value> =
        texts[0].as_array().expect("an array").iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [1, 2]);
    assert_eq!(error_of(&texts[0][0]).1, "unauthenticated");
}

#[tokio::test]
async fn a_batch_of_a_refused_plain_peer_above_max_batch_is_one_error() {
    let mut limits = wirecall::server::Limits::default();
    limits.max_batch = 2;
    let (_, address) = serve(app().authenticate(by_token).limits(limits)).await;
    for (entries, kind) in [(2, "unauthenticated"), (3, "invalid_request")] {
        let headers = [("authorization", "Bearer wrong")];
        let mut peer = RawPeer::connect_with(&format!("ws://{address}/"), headers).await.expect("a connection");
        let batch: Vec<String> = (0..entries).map(|id| call(id, "who.am_i", &json!([]))).collect();
        peer.send(&format!("[{}]", batch.join(","))).await;
        let (code, texts) = peer.end().await;
        let [answer] = texts.as_slice() else { panic!("one message, not {texts:?}") };
        let error = answer.get(0).unwrap_or(answer);
        assert_eq!((code, error_of(error).1), (4501, kind), "{answer}");
        assert_eq!(answer.is_array(), entries == 2, "{answer}");
    }
}

#[tokio::test]
async fn a_refused_plain_peer_that_never_calls_is_closed_in_the_time_of_a_hello() {
    let mut limits = wirecall::server::Limits::default();
    limits.hello_timeout = Duration::from_millis(300);
    let (server, address) = serve(app().authenticate(by_token).limits(limits)).await;
    let mut peer = RawPeer::connect_with(&format!("ws://{address}/"), [("authorization", "Bearer wrong")])
        .await
        .expect("a connection");
    assert_eq!(peer.end().await, (4501, vec![]));
    assert_eq!(server.handle().session_count(), 0);
}

#[tokio::test]
async fn a_decision_that_takes_too_long_ends_the_connection() {
    let mut limits = wirecall::server::Limits::default();
    limits.hello_timeout = Duration::from_millis(300);
    let (_, address) = serve(app().authenticate(|_| std::future::pending::<Result<UserId, RpcError>>()).limits(limits)).await;
    let mut peer = RawPeer::quiet(address).await;
    peer.send(&call(1, "rpc.hello", &json!({}))).await;
    assert_eq!(peer.closed().await, 4001);
    let mut peer = RawPeer::plain(address).await;
    peer.send(&call(1, "who.am_i", &json!([]))).await;
    let (code, texts) = peer.end().await;
    assert_eq!((code, error_of(&texts[0])), (1013, (-32006, "unavailable")));
}

#[tokio::test]
async fn the_decision_may_look_at_path_query_and_address() {
    let builder =
        Bench::default().server().path("/t/{tenant}").authenticate(|request: AuthRequest| async move {
            let shown = format!(
                "{} {} {} {}",
                request.path_param("tenant").unwrap_or_default(),
                request.uri().query().unwrap_or_default(),
                request.address().expect("an address").ip(),
                request.headers().contains_key("host"),
            );
            Ok(Some(shown.into()))
        });
    let (server, address) = serve(builder).await;
    let mut peer = RawPeer::connect(&format!("ws://{address}/t/acme?x=1"), None).await.expect("a connection");
    peer.nothing_more().await;
    assert_eq!(server.handle().users(), ["acme x=1 127.0.0.1 true"]);
}

#[tokio::test]
async fn neither_tokens_nor_headers_are_shown() {
    let (tell, mut shown) = tokio::sync::mpsc::channel(1);
    let builder = app().authenticate(move |request: AuthRequest| {
        tell.try_send(format!("{request:?}")).expect("room");
        async { Ok(None) }
    });
    let (server, address) = serve(builder).await;
    let headers = [("authorization", "Bearer hunter2"), ("cookie", "session=hunter2")];
    let mut peer = RawPeer::connect_with(&format!("ws://{address}/"), headers).await.expect("a connection");
    peer.nothing_more().await;
    let mut shown = shown.recv().await.expect("told");
    let session = server.handle().sessions().pop().expect("a session");
    shown = format!("{shown} {session:?} {:?} {server:?}", session.connection());
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// The tokens of that program say how long they are good: `ann 500` for 500 ms, `ann` for ever.
async fn by_passing_token(request: AuthRequest) -> Result<Credentials, RpcError> {
    let token = request.token().unwrap_or_default().to_owned();
    let Some((name, left)) = token.split_once(' ') else { return Ok(Credentials::of(token)) };
    let left = left.parse().map_err(|_| RpcError::new(ErrorKind::Unauthenticated, "the token is not valid"))?;
    Ok(Credentials::of(name).expires_in(Duration::from_millis(left)))
}

fn passing() -> ServerBuilder {
    app().authenticate(by_passing_token)
}

async fn renew(peer: &mut RawPeer, token: &str) -> Value {
    peer.ask(&call("renew", "rpc.auth", &json!({ "token": token }))).await
}

#[tokio::test]
async fn hello_tells_when_credentials_expire_and_only_then() {
    let (_, address) = serve(passing()).await;
    let (_, hello) = RawPeer::hello(address, json!({ "token": "ann 60000" })).await;
    let left = hello["auth_expires_in_ms"].as_u64().expect("a time");
    assert!((50_000..=60_000).contains(&left), "{left}");
    let (_, hello) = RawPeer::hello(address, json!({ "token": "ann" })).await;
    assert_eq!(hello.get("auth_expires_in_ms"), None);
}

#[tokio::test]
async fn expired_credentials_close_4010_and_the_session_waits_for_new_ones() {
    let (server, address) = serve(passing()).await;
    let (mut peer, hello) = RawPeer::hello(address, json!({ "token": "ann 200" })).await;
    let (code, messages) = peer.end().await;
    assert_eq!((code, &messages[0]["method"], &messages[0]["params"]["code"]), (4010, &json!("rpc.close"), &json!(4010)));
    assert_eq!(server.handle().session_count(), 1);
    let resume = json!({ "session": hello["session"], "secret": hello["secret"], "attempt": 1, "received": 0 });
    let (_, again) = RawPeer::hello(address, json!({ "token": "ann", "resume": resume })).await;
    assert_eq!((&again["resumed"], &again["session"]), (&json!(true), &hello["session"]));
}

#[tokio::test]
async fn the_credentials_of_a_plain_peer_expire_too() {
    let (server, address) = serve(passing()).await;
    let url = format!("ws://{address}/");
    let mut peer = RawPeer::connect_with(&url, [("authorization", "Bearer ann 200")]).await.expect("a connection");
    assert_eq!(peer.ask(&call(1, "who.am_i", &json!([]))).await["result"], "ann");
    assert_eq!(peer.end().await, (4010, vec![]));
    assert_eq!(server.handle().session_count(), 0);
}

#[tokio::test]
async fn credentials_that_have_expired_already_are_refused_with_4010() {
    let (server, address) = serve(passing()).await;
    let mut peer = RawPeer::quiet(address).await;
    peer.send(&call(1, "rpc.hello", &json!({ "token": "ann 0" }))).await;
    let (code, messages) = peer.end().await;
    assert_eq!((code, error_of(&messages[0])), (4010, (-32001, "unauthenticated")));
    assert_eq!(server.handle().session_count(), 0);
}

#[tokio::test]
async fn rpc_auth_renews_credentials_on_the_live_connection() {
    let (_, address) = serve(passing()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "token": "ann 60000" })).await;
    let answer = renew(&mut peer, "ann 120000").await;
    assert_eq!(answer.get("seq"), None, "the answer is not numbered");
    let left = answer["result"]["auth_expires_in_ms"].as_u64().expect("a time");
    assert!((110_000..=120_000).contains(&left), "{left}");
    assert_eq!(renew(&mut peer, "ann").await["result"], json!({}));
    assert_eq!(peer.call("who.am_i", json!([])).await["result"], "ann");
}

#[tokio::test]
async fn renewed_credentials_count_from_then_on_be_they_longer_or_shorter() {
    let (_, address) = serve(passing()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "token": "ann 300" })).await;
    assert_eq!(renew(&mut peer, "ann").await["result"], json!({}));
    tokio::time::timeout(Duration::from_millis(600), peer.closed()).await.expect_err("they do not expire");
    renew(&mut peer, "ann 200").await;
    assert_eq!(peer.closed().await, 4010);
}

#[tokio::test]
async fn rpc_auth_of_another_user_or_with_a_bad_token_changes_nothing() {
    let (_, address) = serve(passing()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "token": "ann 500" })).await;
    assert_eq!(error_of(&renew(&mut peer, "bob").await), (-32002, "permission_denied"));
    assert_eq!(error_of(&renew(&mut peer, "ann never").await), (-32001, "unauthenticated"));
    assert_eq!(error_of(&renew(&mut peer, "ann 0").await), (-32001, "unauthenticated"));
    let misfit = peer.ask(&call(9, "rpc.auth", &json!({ "token": 7 }))).await;
    assert_eq!(error_of(&misfit), (-32602, "validation_error"));
    assert_eq!(peer.call("who.am_i", json!([])).await["result"], "ann");
    assert_eq!(peer.closed().await, 4010, "the old ones are good until they expire");
}

#[tokio::test]
async fn rpc_auth_as_a_notification_is_ignored_and_stands_in_no_other_ones_way() {
    let (_, address) = serve(passing()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "token": "ann 60000" })).await;
    peer.send(&notification("rpc.auth", &json!({ "token": "ann" }))).await;
    let answer = renew(&mut peer, "ann 120000").await;
    assert!(answer["result"]["auth_expires_in_ms"].is_u64(), "{answer}");
}

#[tokio::test]
async fn one_rpc_auth_is_decided_at_a_time() {
    let builder = app().authenticate(|request: AuthRequest| async move {
        match request.token() {
            Some("slow") => std::future::pending().await,
            _ => Ok(UserId::from("ann")),
        }
    });
    let (_, address) = serve(builder).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "token": "ann" })).await;
    peer.send(&call(1, "rpc.auth", &json!({ "token": "slow" }))).await;
    assert_eq!(error_of(&renew(&mut peer, "ann").await), (-32009, "resource_exhausted"));
    assert_eq!(peer.call("who.am_i", json!([])).await["result"], "ann", "others are not held up");
}

#[tokio::test]
async fn the_answer_to_an_rpc_auth_of_a_lost_connection_does_not_come_on_the_next() {
    let (decide, decided) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (gate, done) = (Arc::clone(&decide), Arc::clone(&decided));
    let builder = Bench::default().server().authenticate(move |request: AuthRequest| {
        let (gate, done) = (Arc::clone(&gate), Arc::clone(&done));
        async move {
            if request.token() == Some("slow") {
                gate.notified().await;
                done.notify_one();
            }
            Ok::<_, RpcError>(UserId::from("ann"))
        }
    });
    let (_server, address) = serve(builder).await;
    let mut peer = Numbered::open(address).await;
    peer.peer.send(&call(1, "rpc.auth", &json!({ "token": "slow" }))).await;
    peer.peer.nothing_more().await;
    peer.cut_and_resumed().await;
    decide.notify_one();
    soon(decided.notified()).await;
    peer.peer.nothing_more().await;
}
