//! Where clients may connect, and what is answered elsewhere.

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use wirecall::server::{Headers, Path, Query, State};
use wirecall::{Reply, Server, Service};

use crate::lab::Bench;
use crate::support::{RawPeer, error_of, serve, soon};

#[derive(Service)]
#[rpc(name = "where")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Where {
    #[rpc(returns = (String, u32, Option<String>, String, String))]
    AmI,
}

#[derive(Deserialize)]
struct Room {
    room: String,
    floor: u32,
}

#[derive(Deserialize)]
struct Search {
    q: Option<String>,
}

struct Greeting {
    text: String,
}

struct App;

impl WhereHandler for App {
    type Context = (Path<Room>, Query<Search>, Headers, State<Greeting>);
    async fn am_i(
        &self,
        (path, query, headers, greeting): Self::Context,
    ) -> Reply<(String, u32, Option<String>, String, String)> {
        let agent =
            headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned();
        Ok((path.0.room, path.0.floor, query.0.q, agent, greeting.text.clone()))
    }
}

async fn status(address: std::net::SocketAddr, path: &str) -> u16 {
    match RawPeer::connect(&format!("ws://{address}{path}"), None).await {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
    }
}

/// One HTTP exchange without an upgrade.
async fn get(address: std::net::SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream
        .write_all(format!("{head}\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .expect("sent");
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.expect("an answer");
    answer
}

#[tokio::test]
async fn clients_connect_to_the_root_and_to_ws_unless_told() {
    let (_, address) = serve(Bench::default().server()).await;
    assert_eq!(status(address, "/").await, 101);
    assert_eq!(status(address, "/ws").await, 101);
    assert_eq!(status(address, "/ws?token=x").await, 101);
    assert_eq!(status(address, "/elsewhere").await, 404);
    assert_eq!(status(address, "/ws/more").await, 404);
}

#[tokio::test]
async fn a_server_without_a_client_still_tells_that_it_is_well() {
    let (_, address) = serve(Bench::default().server()).await;
    let answer = get(address, "GET /health HTTP/1.1").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nok"), "{answer}");
    assert!(get(address, "HEAD /health HTTP/1.1").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "GET /nothing HTTP/1.1").await.starts_with("HTTP/1.1 404"));
    let answer = get(address, "GET /ws HTTP/1.1").await;
    assert!(answer.starts_with("HTTP/1.1 426") && answer.contains("upgrade: websocket"), "{answer}");
}

#[tokio::test]
async fn patterns_name_parameters_that_handlers_get_decoded_beside_query_headers_and_state() {
    let builder =
        Server::builder().service(Where::serve(App)).path("/rooms/{room}/{floor}/chat").path("/plain");
    let (_, address) = serve(builder.state(Greeting { text: "hi".to_owned() })).await;
    assert_eq!(status(address, "/").await, 404);
    assert_eq!(status(address, "/rooms/x/chat").await, 404);
    let url = format!("ws://{address}/rooms/gro%C3%9F%2Fr%20aum/7/chat?q=a%20b&more=1");
    let mut peer = RawPeer::connect_with(&url, [("user-agent", "a test")]).await.expect("a connection");
    let answer = peer.call("where.am_i", json!([])).await;
    assert_eq!(answer["result"], json!(["groß/r aum", 7, "a b", "a test", "hi"]), "{answer}");

    for path in ["/rooms/x/seven/chat", "/plain"] {
        let mut peer = RawPeer::connect(&format!("ws://{address}{path}"), None).await.expect("a connection");
        assert_eq!(
            error_of(&peer.call("where.am_i", json!([])).await),
            (-32602, "validation_error"),
            "{path}"
        );
    }
    assert_eq!(status(address, "/rooms/%FF/7/chat").await, 404);
}

#[tokio::test]
async fn a_state_that_nobody_added_is_an_incident_that_names_its_type() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let cause = seen.clone();
    let builder = Server::builder().service(Where::serve(App)).path("/rooms/{room}/{floor}");
    let builder =
        builder.on_error(move |incident| *cause.lock().expect("a lock") = incident.cause.to_string());
    let (_, address) = serve(builder).await;
    let mut peer = RawPeer::connect(&format!("ws://{address}/rooms/x/1"), None).await.expect("a connection");
    assert_eq!(error_of(&peer.call("where.am_i", json!([])).await), (-32603, "internal_error"));
    let cause = seen.lock().expect("a lock").clone();
    assert!(cause.contains("Greeting") && cause.contains("ServerBuilder::state"), "{cause}");
}

#[tokio::test]
async fn a_request_that_becomes_no_web_socket_ends_its_connection() {
    let change = |limits: &mut wirecall::server::Limits| limits.hello_timeout = crate::support::LONG * 10;
    let (_server, address) = serve(Bench::default().server_with(change)).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: here\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.expect("its end");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    RawPeer::any(address).await.nothing_more().await;
}
