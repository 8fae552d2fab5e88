//! A server on a free port, and a peer that speaks raw text.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wirecall::server::{Server, ServerBuilder};

/// Longer than anything here takes; a test that waits for it has failed.
pub const LONG: Duration = Duration::from_secs(10);

/// Serves on a free port until the test ends.
pub async fn serve(builder: ServerBuilder) -> (Server, SocketAddr) {
    let server = builder.build().expect("the server builds");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let running = server.clone();
    tokio::spawn(async move { running.serve_listener(listener).await });
    (server, address)
}

/// A peer that sends and receives text as it is.
pub struct RawPeer(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl RawPeer {
    /// Without a subprotocol.
    pub async fn plain(address: SocketAddr) -> Self {
        Self::connect(&format!("ws://{address}/"), None).await.expect("a connection")
    }

    /// With wirecall's, before hello.
    pub async fn quiet(address: SocketAddr) -> Self {
        Self::connect(&format!("ws://{address}/"), Some("wirecall.1.json")).await.expect("a connection")
    }

    /// With wirecall's, after hello.
    pub async fn session(address: SocketAddr) -> (Self, Value) {
        let mut peer = Self::quiet(address).await;
        peer.send(r#"{"jsonrpc":"2.0","id":0,"method":"rpc.hello","params":{"client":{"name":"raw","version":"1"}}}"#).await;
        let answer = peer.receive().await;
        (peer, answer["result"].clone())
    }

    pub async fn connect(url: &str, subprotocol: Option<&str>) -> Result<Self, Error> {
        let mut request = url.into_client_request()?;
        if let Some(subprotocol) = subprotocol {
            request.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().expect("a header"));
        }
        Ok(Self(tokio_tungstenite::connect_async(request).await?.0))
    }

    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("sent");
    }

    /// The next message that is text.
    pub async fn text(&mut self) -> String {
        loop {
            match self.next().await {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected a text message, got {other:?}"),
            }
        }
    }

    pub async fn next(&mut self) -> Message {
        let next = tokio::time::timeout(LONG, self.0.next()).await.expect("a message in time");
        next.expect("an open connection").expect("a readable message")
    }

    pub async fn receive(&mut self) -> Value {
        serde_json::from_str(&self.text().await).expect("JSON")
    }

    /// Sends and awaits one answer.
    pub async fn ask(&mut self, text: &str) -> Value {
        self.send(text).await;
        self.receive().await
    }

    /// The close code, after whatever else still comes.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match tokio::time::timeout(LONG, self.0.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Message::Close(None))) => return 1005,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return 1006,
            }
        }
    }
}
