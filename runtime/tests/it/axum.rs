//! The server beside ordinary routes of an axum router.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Error;
use wirecall::server::{PeerAddress, Server};

use crate::lab::{Bench, Fate};
use crate::support::{RawPeer, call, error_of, serve, soon};
use crate::CODEC;

async fn mounted(server: &Server) -> std::net::SocketAddr {
    let router = Router::new()
        .route("/", get(|| async { "an ordinary page" }))
        .route_service("/ws", server.route())
        .route_service("/rooms/{room}", server.route())
        .layer(from_fn(|mut request: Request, next: Next| {
            request.extensions_mut().insert(PeerAddress(([192, 0, 2, 1], 7).into()));
            next.run(request)
        }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn calls_and_pages_share_a_port() {
    let server = Bench::default().server().build().expect("the server builds");
    let address = mounted(&server).await;
    let mut peer = RawPeer::connect(&format!("ws://{address}/ws"), None).await.expect("a connection");
    assert_eq!(peer.call("lab.echo", json!(["x"])).await["result"], "x");
    let mut peer =
        RawPeer::connect(&format!("ws://{address}/ws"), Some(CODEC.subprotocol())).await.expect("a connection");
    assert_eq!(peer.call("rpc.hello", json!({})).await["result"]["resumed"], false);
    let mut page = TcpStream::connect(address).await.expect("a connection");
    page.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    soon(page.read_to_string(&mut answer)).await.expect("an answer");
    assert!(answer.ends_with("an ordinary page"), "{answer}");
}

#[tokio::test]
async fn a_pattern_of_the_server_names_the_parameters_and_a_middleware_the_address() {
    let server = Bench::default().server().path("/rooms/{room}").build().expect("the server builds");
    let address = mounted(&server).await;
    let mut peer =
        RawPeer::connect(&format!("ws://{address}/rooms/a%20b?x=y"), None).await.expect("a connection");
    peer.nothing_more().await;
    let session = server.handle().sessions().pop().expect("a session");
    let connection = session.connection().expect("it is connected");
    assert_eq!((connection.path_param("room"), connection.path_param("floor")), (Some("a b"), None));
    assert_eq!(connection.uri().query(), Some("x=y"));
    assert_eq!(connection.address(), Some(([192, 0, 2, 1], 7).into()));
}

#[tokio::test]
async fn a_shutdown_drains_its_connections_and_answers_503_to_new_ones() {
    let bench = Bench::default();
    let server = bench.server().build().expect("the server builds");
    let address = mounted(&server).await;
    let url = format!("ws://{address}/ws");
    let mut peer = RawPeer::connect(&url, None).await.expect("a connection");
    peer.send(&call(1, "lab.hold", &json!([1]))).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    let down = tokio::spawn({
        let handle = server.handle();
        async move { handle.shutdown().await }
    });
    while error_of_echo(&mut peer).await.is_none() {}
    let refused = RawPeer::connect(&url, None).await.err().expect("refused");
    let Error::Http(response) = refused else { panic!("{refused}") };
    assert_eq!(response.status(), 503);
    bench.release(1);
    assert_eq!(peer.closed().await, 4000);
    soon(down).await.expect("no panic");
}

/// The kind of the error that a call meets, once the shutdown has begun.
async fn error_of_echo(peer: &mut RawPeer) -> Option<String> {
    let answer = peer.call("lab.echo", json!(["x"])).await;
    answer.get("error").is_some().then(|| error_of(&answer).1.to_owned())
}

#[tokio::test]
async fn two_servers_live_in_one_process() {
    let (one, two) = (Bench::default(), Bench::default());
    let (first, address) = serve(one.server()).await;
    let (second, other) = serve(two.server()).await;
    let (mut a, mut b) = (RawPeer::plain(address).await, RawPeer::plain(other).await);
    a.nothing_more().await;
    b.nothing_more().await;
    assert_eq!((first.handle().session_count(), second.handle().session_count()), (1, 1));
    drop(a);
    first.handle().shutdown().await;
    b.nothing_more().await;
}
