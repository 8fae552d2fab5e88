//! How the Rust client connects, and what it says where it cannot.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wirecall::client::{ClientState, ConnectError};
use wirecall::server::AuthRequest;
use wirecall::{CallError, ErrorKind, RpcError, UserId, connect};

use crate::client_script::{Script, ShelfClient, client_of, is_away, until};
use crate::lab::{Bench, Lab, LabClient};
use crate::log::listen;
use crate::support::{serve, soon};
use crate::CODEC;

async fn failure(connect: wirecall::client::Connect) -> (ConnectError, String) {
    let error = soon(connect.into_future()).await.expect_err("it cannot connect");
    let text = error.to_string();
    (error, text)
}

#[tokio::test]
async fn a_url_that_cannot_be_used_is_shown_with_one_that_can() {
    for (url, reason) in [
        ("http://127.0.0.1:3000/ws", "not ws or wss"),
        ("127.0.0.1:3000", "ws://127.0.0.1:3000/ws"),
        ("", "ws://127.0.0.1:3000/ws"),
        ("ws://", "ws://127.0.0.1:3000/ws"),
        ("/ws", "ws://127.0.0.1:3000/ws"),
    ] {
        let (error, text) = failure(connect(url)).await;
        assert!(matches!(error, ConnectError::Url { .. }) && text.contains(reason), "{url:?}: {text}");
    }
}

#[cfg(not(feature = "client-tls"))]
#[tokio::test]
async fn wss_without_tls_names_the_feature() {
    let (error, text) = failure(connect("wss://127.0.0.1:1/")).await;
    assert!(matches!(error, ConnectError::Url { .. }) && text.contains("`client-tls`"), "{text}");
}

#[cfg(feature = "client-tls")]
#[tokio::test]
async fn wss_to_a_server_without_tls_is_an_error() {
    let script = Script::listen().await;
    let ((error, text), ()) = tokio::join!(failure(connect(format!("wss://{}/", script.address()))), async {
        let mut stream = script.tcp().await;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("written");
    });
    assert!(matches!(error, ConnectError::Upgrade { .. }), "{text}");
}

#[tokio::test]
async fn a_server_that_hangs_up_during_the_upgrade_is_told_from_one_that_is_down() {
    let script = Script::listen().await;
    let ((error, text), ()) = tokio::join!(failure(script.client()), async { drop(script.tcp().await) });
    assert!(matches!(error, ConnectError::Upgrade { .. }), "{text}");
}

#[tokio::test]
async fn a_server_that_is_down_is_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let (error, text) = failure(client_of(address)).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{text}");
    assert!(text.contains(&address.to_string()) && text.contains("is the server running there?"), "{text}");
}

#[tokio::test]
async fn an_http_server_is_told_from_a_websocket_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let read = stream.read(&mut request).await.expect("a request");
        assert!(read > 0);
        let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 15\r\n\r\nno such page: /";
        stream.write_all(answer.as_bytes()).await.expect("written");
    });
    let (error, text) = failure(client_of(address)).await;
    assert!(matches!(error, ConnectError::Upgrade { .. }) && text.contains("404 Not Found"), "{text}");
}

#[tokio::test]
async fn a_path_that_the_server_does_not_have_is_shown_with_its_answer() {
    let (_, address) = serve(Bench::default().server()).await;
    let (error, text) = failure(connect(format!("ws://{address}/nowhere"))).await;
    assert!(matches!(error, ConnectError::Upgrade { .. }) && text.contains("404"), "{text}");
}

#[tokio::test]
async fn a_websocket_server_that_is_not_wirecall_s_is_told_and_plain_is_named() {
    let script = Script::listen().await;
    let ((error, text), _server) = tokio::join!(failure(script.client()), script.upgrade(None));
    assert!(matches!(error, ConnectError::NotWirecall { .. }) && text.contains("`.plain()`"), "{text}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_hello_is_given_up_after_the_limit() {
    let script = Script::listen().await;
    let limit = Duration::from_millis(50);
    let hello = script.upgrade(Some(CODEC.subprotocol()));
    let ((error, text), _server) = tokio::join!(failure(script.client().connect_timeout(limit)), hello);
    assert!(
        matches!(error, ConnectError::Timeout { .. }) && text.contains("connect_timeout, 50 ms"),
        "{text}"
    );
}

#[tokio::test]
async fn a_refused_hello_gives_the_server_s_error_and_its_verdict() {
    let refuse = |request: AuthRequest| async move {
        match request.token() {
            Some("secret") => Ok(Some(UserId::from("ada"))),
            _ => Err(RpcError::new(ErrorKind::Unauthenticated, "the token is not known here")),
        }
    };
    let (_, address) = serve(Bench::default().server().authenticate(refuse)).await;
    let (error, text) = failure(client_of(address).token("wrong")).await;
    let ConnectError::Refused { error, disconnect, .. } = error else { panic!("{text}") };
    assert_eq!((error.kind(), disconnect.code), ("unauthenticated", 4501));
    assert!(text.contains("the token is not known here"), "{text}");
    let client = client_of(address).token("secret").await.expect("let in");
    assert_eq!(client.user(), Some(UserId::from("ada")));
}

#[tokio::test]
async fn something_before_the_answer_to_hello_is_a_fault_of_the_server() {
    let script = Script::listen().await;
    let ((error, text), ()) = tokio::join!(failure(script.client()), async {
        let (mut server, _) = script.upgrade(Some(CODEC.subprotocol())).await;
        server.receive().await;
        server.notify("lab.tick", json!({})).await;
        assert_eq!(server.closed().await, 1002);
    });
    assert!(matches!(error, ConnectError::Disconnected(end) if end.code == 1002), "{text}");
}

/// A server that answers hello with such an error of that id, and then says nothing.
async fn refused(id: serde_json::Value, code: i64, kind: &str) -> (ConnectError, u16) {
    let script = Script::listen().await;
    let ((error, _), closed) = tokio::join!(failure(script.client()), async {
        let (mut server, _) = script.upgrade(Some(CODEC.subprotocol())).await;
        server.receive().await;
        let data = json!({ "kind": kind, "retryable": kind == "unavailable" });
        let error = json!({ "code": code, "message": "no", "data": data });
        server.send(json!({ "jsonrpc": "2.0", "id": id, "error": error })).await;
        tokio::time::pause();
        let closed = server.closed().await;
        tokio::time::resume();
        closed
    });
    (error, closed)
}

#[tokio::test]
async fn a_refusal_that_no_close_follows_means_what_its_error_asks_for() {
    for (code, kind, verdict) in [
        (-32002, "permission_denied", 4501),
        (-32003, "rate_limited", 4029),
        (-32603, "internal_error", 1011),
        (-32006, "unavailable", 1013),
    ] {
        for id in [json!(0), json!(null)] {
            let (error, _) = refused(id, code, kind).await;
            let ConnectError::Refused { disconnect, .. } = error else { panic!("{error}") };
            assert_eq!(disconnect.code, verdict);
        }
    }
}

#[tokio::test]
async fn an_error_of_another_id_is_no_answer_to_hello() {
    let (error, closed) = refused(json!(7), -32003, "rate_limited").await;
    assert!(matches!(&error, ConnectError::Disconnected(end) if end.code == 1002), "{error}");
    assert_eq!(closed, 1002);
}

#[tokio::test]
async fn a_limit_of_zero_is_the_protocol_s_own() {
    let script = Script::listen().await;
    let none =
        json!({ "limits": { "max_message_bytes": 0, "max_calls": 0, "max_streams": 0, "buffer_bytes": 0 } });
    let (client, (mut server, _)) = tokio::join!(script.client().into_future(), script.session_with(none));
    let put = tokio::spawn(ShelfClient::new(client.expect("a connection")).put(1).into_future());
    let id = server.call("shelf.put", 1).await;
    server.answer(id, 1).await;
    assert_eq!(soon(put).await.expect("no panic").expect("an answer"), 1);
}

#[tokio::test]
async fn a_token_that_a_plain_server_cannot_be_told_is_refused() {
    let (error, text) = failure(connect("ws://127.0.0.1:1/ws").plain().token("hush")).await;
    assert!(matches!(error, ConnectError::PlainToken), "{text}");
    assert!(text.contains(".header(") && !text.contains("hush"), "{text}");
}

#[tokio::test]
async fn what_is_kept_for_the_server_follows_the_largest_message() {
    let script = Script::listen().await;
    for (connect, kept) in [
        (script.client(), 4 << 20),
        (script.client().max_message_bytes(8 << 20), 32 << 20),
        (script.client().max_message_bytes(1_000), 256 << 10),
        (script.client().max_message_bytes(1_000).buffer_bytes(5_000), 5_000),
    ] {
        let (client, (_server, hello)) = tokio::join!(connect.into_future(), script.session_with(json!({})));
        drop(client.expect("a connection"));
        assert_eq!(hello["limits"]["buffer_bytes"], kept);
    }
}

#[tokio::test]
async fn a_url_is_shown_without_its_user_and_its_query() {
    for url in ["ws://ada:hush@127.0.0.1:1/ws?token=hush#hush", "http://hush@127.0.0.1:1/ws?hush"] {
        let shown = format!("{:?}", connect(url));
        let (error, text) = failure(connect(url)).await;
        for shown in [shown, text, format!("{error:?}")] {
            assert!(shown.contains("://127.0.0.1:1/ws") && !shown.contains("hush"), "{shown}");
        }
    }
    let client = connect("ws://127.0.0.1:1/ws?token=hush").lazy().await.expect("lazy clients start away");
    assert!(!format!("{client:?}").contains("hush"), "{client:?}");
}

#[tokio::test]
async fn a_token_provider_that_panics_has_failed() {
    type Token = Result<Option<String>, &'static str>;
    let at_once = || -> std::future::Ready<Token> { panic!("no tokens today") };
    let later = || async { if true { panic!("no tokens today") } else { Token::Ok(None) } };
    for connect in [connect("ws://127.0.0.1:1/").token_provider(at_once), connect("ws://127.0.0.1:1/").token_provider(later)] {
        let (error, text) = failure(connect).await;
        assert!(matches!(error, ConnectError::Token(_)) && text.contains("no tokens today"), "{text}");
    }
}

#[tokio::test]
async fn what_the_server_says_before_closing_counts_during_hello_too() {
    let script = Script::listen().await;
    let ((error, text), ()) = tokio::join!(failure(script.client()), async {
        let (mut server, _) = script.upgrade(Some(CODEC.subprotocol())).await;
        server.receive().await;
        server.notify("rpc.close", json!({ "code": 4501, "reason": "not from here" })).await;
        server.close(1001, "").await;
    });
    assert!(matches!(error, ConnectError::Disconnected(end) if end.code == 4501), "{text}");
    assert!(text.contains("not from here"), "{text}");
}

#[tokio::test]
async fn headers_and_names_reach_the_server_and_those_of_the_upgrade_are_refused() {
    let script = Script::listen().await;
    let client = script.client().header("x-room", "attic").name("bot", "7").into_future();
    let (client, (_server, hello)) = tokio::join!(client, async {
        let (mut server, headers) = script.upgrade(Some(CODEC.subprotocol())).await;
        assert_eq!(headers["x-room"], "attic");
        let hello = server.receive().await;
        server.close(4501, "enough").await;
        (headers, hello)
    });
    assert!(client.is_err());
    assert_eq!(hello["params"]["client"], json!({ "name": "bot", "version": "7" }));
    for name in ["sec-websocket-key", "nicht möglich"] {
        let (error, text) = failure(script.client().header(name, "x")).await;
        assert!(matches!(error, ConnectError::Header { .. }) && text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn times_that_cannot_be_used_are_refused_by_name() {
    const SHORT: Duration = Duration::from_micros(999);
    let nowhere = || connect("ws://127.0.0.1:1/");
    for (expected, connect) in [
        ("heartbeat_timeout", nowhere().heartbeat_timeout(SHORT)),
        ("heartbeat_timeout", nowhere().heartbeat_timeout(Duration::MAX)),
        ("write_deadline", nowhere().write_deadline(Duration::ZERO)),
        ("write_deadline", nowhere().write_deadline(Duration::MAX)),
        ("heartbeat_grace", nowhere().heartbeat_grace(Duration::MAX)),
        ("call_silence", nowhere().call_silence(Duration::MAX, Duration::from_secs(1))),
        ("call_silence", nowhere().call_silence(Duration::from_secs(1), Duration::MAX)),
        ("call_silence", nowhere().call_silence(SHORT, Duration::from_secs(1))),
        ("call_silence", nowhere().call_silence(Duration::from_secs(1), SHORT)),
    ] {
        let (error, text) = failure(connect).await;
        assert!(matches!(error, ConnectError::Setting { setting, .. } if setting == expected), "{text}");
        assert!(text.contains(&format!("`.{expected}(…)`")), "{text}");
    }
}

#[tokio::test]
async fn a_service_of_the_server_s_side_cannot_be_mounted_on_a_client() {
    let (error, text) = failure(connect("ws://127.0.0.1:1/").serve(Lab::serve(Bench::default()))).await;
    assert!(matches!(error, ConnectError::Service(_)) && text.contains("Server::builder()"), "{text}");
}

#[tokio::test]
async fn the_fingerprints_of_its_services_go_with_hello() {
    let script = Script::listen().await;
    let client = script.client().service::<Lab>().into_future();
    let (client, (_server, hello)) = tokio::join!(client, script.session_with(json!({})));
    client.expect("a connection");
    let contract = Lab::contract();
    assert_eq!(hello["contract"]["lab"], contract.fingerprint("lab").expect("a fingerprint"));
}

#[tokio::test]
async fn what_a_server_thinks_of_a_contract_stops_no_client_and_incompatible_is_logged_once() {
    let (written, _guard) = listen();
    let script = Script::listen().await;
    for word in ["same", "compatible", "unknown", "later"] {
        let told = script.session_with(json!({ "contract": { "lab": word } }));
        let (client, _server) = tokio::join!(script.client().service::<Lab>().into_future(), told);
        client.expect("a connection");
    }
    assert!(!written.text().contains("incompatible"));
    let incompatible = json!({ "contract": { "lab": "incompatible", "other": "same" } });
    let connect = script.client().service::<Lab>().into_future();
    let (client, (server, _)) = tokio::join!(connect, script.session_with(incompatible.clone()));
    let _client = client.expect("a connection");
    drop(server);
    let _server = script.session_with(incompatible).await;
    let log = written.text();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("incompatible")).collect();
    assert!(matches!(lines.as_slice(), [line] if line.contains("WARN") && line.contains("lab")), "{log}");
}

#[tokio::test]
async fn a_token_provider_that_fails_at_first_is_the_error() {
    let provider = || async { Err::<Option<String>, _>("nobody is signed in") };
    let (error, text) = failure(connect("ws://127.0.0.1:1/").token_provider(provider)).await;
    assert!(matches!(error, ConnectError::Token(_)) && text.contains("nobody is signed in"), "{text}");
}

#[tokio::test]
async fn a_lazy_client_waits_for_the_server_and_its_calls_with_it() {
    let script = Script::listen().await;
    let address = script.address();
    drop(script);
    let client = client_of(address).lazy().await.expect("lazy clients start away");
    let mut states = client.states();
    let shelf = ShelfClient::new(&client);
    let call = tokio::spawn(shelf.put(1).into_future());
    until(&mut states, is_away).await;
    let script = Script::listen_at(address).await;
    let mut server = script.session().await;
    let id = server.call("shelf.put", 1).await;
    server.answer(id, 1).await;
    assert_eq!(soon(call).await.expect("no panic").expect("an answer"), 1);
}

#[tokio::test]
async fn a_plain_client_speaks_json_rpc_without_hello() {
    let script = Script::listen().await;
    let (client, (mut server, headers)) =
        tokio::join!(script.client().plain().into_future(), script.upgrade(None));
    let client = client.expect("a connection");
    assert!(!headers.contains_key("sec-websocket-protocol"));
    assert!(matches!(client.state(), ClientState::Open { session, user: None, .. } if session.is_empty()));
    let (answer, ()) = tokio::join!(ShelfClient::new(&client).put(3).into_future(), async {
        let id = server.call("shelf.put", 3).await;
        let text = json!({ "jsonrpc": "2.0", "id": id, "result": 3 }).to_string();
        // Some servers answer in binary frames.
        futures_util::SinkExt::send(&mut server.0, tokio_tungstenite::tungstenite::Message::binary(text))
            .await
            .expect("sent");
    });
    assert_eq!(answer.expect("an answer"), 3);
}

#[tokio::test]
async fn a_plain_client_calls_a_wirecall_server_and_hears_its_events() {
    let (_, address) = serve(Bench::default().server()).await;
    let client = client_of(address).plain().await.expect("a connection");
    let lab = LabClient::new(&client);
    let mut events = lab.events();
    lab.emit(1, 1).await.expect("an answer");
    assert!(soon(events.next()).await.is_some());
    assert!(matches!(lab.fail("closed").await, Err(CallError::Service(_))));
}
