//! Which web pages may connect.

use std::net::SocketAddr;

use tokio_tungstenite::tungstenite::Error;
use wirecall::server::ServerBuilder;

use crate::lab::Bench;
use crate::support::{RawPeer, serve};

async fn served(change: impl FnOnce(ServerBuilder) -> ServerBuilder) -> SocketAddr {
    serve(change(Bench::default().server())).await.1
}

/// The HTTP status that a page of that origin meets.
async fn status(address: SocketAddr, origin: Option<&str>) -> u16 {
    match RawPeer::connect_with(&format!("ws://{address}/"), origin.map(|origin| ("origin", origin))).await {
        Ok(mut peer) => {
            peer.nothing_more().await;
            101
        }
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn pages_of_the_same_host_and_port_and_programs_may_connect() {
    let address = served(|builder| builder).await;
    assert_eq!(status(address, None).await, 101);
    assert_eq!(status(address, Some(&format!("http://{address}"))).await, 101);
    assert_eq!(status(address, Some(&format!("https://{address}"))).await, 101);
    for foreign in ["https://evil.example", "http://127.0.0.1:1", "null", "", "evil"] {
        assert_eq!(status(address, Some(foreign)).await, 403, "{foreign}");
    }
}

#[tokio::test]
async fn listed_pages_may_connect_too() {
    let address = served(|builder| {
        builder.allow_origins(["https://app.example"]).allow_origins(["http://localhost:5173"])
    })
    .await;
    assert_eq!(status(address, Some("https://app.example")).await, 101);
    assert_eq!(status(address, Some("http://localhost:5173")).await, 101);
    assert_eq!(status(address, Some(&format!("http://{address}"))).await, 101);
    for foreign in ["https://app.example.evil.example", "http://app.example", "https://app.example:8443"] {
        assert_eq!(status(address, Some(foreign)).await, 403, "{foreign}");
    }
}

#[tokio::test]
async fn all_pages_may_connect_where_the_server_says_so() {
    let address = served(ServerBuilder::allow_any_origin).await;
    assert_eq!(status(address, Some("https://evil.example")).await, 101);
}
