//! A server on a free port, and a peer that speaks raw messages.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wirecall::Codec;
use wirecall::server::{Server, ServerBuilder};

use crate::{CODEC, wire};

/// Longer than anything here takes; a test that waits for it has failed.
pub(crate) const LONG: Duration = Duration::from_secs(10);

/// Serves on a free port until the test ends.
pub(crate) async fn serve(builder: ServerBuilder) -> (Server, SocketAddr) {
    let server = builder.build().expect("the server builds");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let running = server.clone();
    tokio::spawn(async move { running.serve_listener(listener).await });
    (server, address)
}

/// What is ready within [`LONG`].
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(LONG, what).await.expect("ready in time")
}

/// The code and the kind of an error answer.
pub(crate) fn error_of(answer: &Value) -> (i64, &str) {
    let error = &answer["error"];
    let kind = error["data"]["kind"].as_str();
    (error["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}")), kind.unwrap_or_default())
}

/// The text of a call.
pub(crate) fn call(id: impl Into<Value>, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params }).to_string()
}

/// The text of a notification.
pub(crate) fn notification(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()
}

/// The codec that a server has chosen.
fn chosen<B>(response: &http::Response<B>) -> Codec {
    let name = response.headers().get("sec-websocket-protocol").map(http::HeaderValue::as_bytes);
    if name == Some(Codec::MsgPack.subprotocol().as_bytes()) { Codec::MsgPack } else { Codec::Json }
}

/// A peer that sends and receives messages as a test writes them: in JSON, and on MessagePack in what that is there.
pub(crate) struct RawPeer(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>, pub(crate) Codec);

impl RawPeer {
    /// Without a subprotocol.
    pub(crate) async fn plain(address: SocketAddr) -> Self {
        Self::connect(&format!("ws://{address}/"), None).await.expect("a connection")
    }

    /// Of a test to which it is the same: plain where that is possible, since plain peers speak JSON.
    pub(crate) async fn any(address: SocketAddr) -> Self {
        match CODEC {
            Codec::Json => Self::plain(address).await,
            _ => Self::session(address).await.0,
        }
    }

    /// With wirecall's, before hello.
    pub(crate) async fn quiet(address: SocketAddr) -> Self {
        Self::connect(&format!("ws://{address}/"), Some(CODEC.subprotocol())).await.expect("a connection")
    }

    /// With wirecall's, after hello.
    pub(crate) async fn session(address: SocketAddr) -> (Self, Value) {
        Self::hello(address, json!({ "client": { "name": "raw", "version": "1" } })).await
    }

    /// With wirecall's, after a hello with these parameters; gives its result.
    pub(crate) async fn hello(address: SocketAddr, params: Value) -> (Self, Value) {
        let mut peer = Self::quiet(address).await;
        let mut answer = peer.call("rpc.hello", params).await;
        assert!(answer.get("error").is_none(), "{answer}");
        (peer, answer["result"].take())
    }

    pub(crate) async fn connect(url: &str, subprotocol: Option<&str>) -> Result<Self, Error> {
        let subprotocol = subprotocol.map(|name| ("sec-websocket-protocol", name));
        Self::connect_with(url, subprotocol).await
    }

    /// With headers of the test's own.
    pub(crate) async fn connect_with<'h>(
        url: &str,
        headers: impl IntoIterator<Item = (&'static str, &'h str)>,
    ) -> Result<Self, Error> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
        let (socket, response) = soon(Box::pin(tokio_tungstenite::connect_async(request))).await?;
        Ok(Self(socket, chosen(&response)))
    }

    /// With the smallest of receive buffers, so that a server soon notices that this peer does not read.
    pub(crate) async fn deaf(address: SocketAddr, subprotocol: Option<&str>) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = MaybeTlsStream::Plain(socket.connect(address).await.expect("a connection"));
        let mut request = format!("ws://{address}/").into_client_request().expect("a request");
        if let Some(subprotocol) = subprotocol {
            request.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().expect("a header"));
        }
        let connecting = tokio_tungstenite::client_async(request, stream);
        let (socket, response) = soon(Box::pin(connecting)).await.expect("a connection");
        Self(socket, chosen(&response))
    }

    pub(crate) async fn send(&mut self, text: &str) {
        let frame = wire::frame(self.1, text);
        self.0.send(frame).await.expect("sent");
    }

    /// The next message, in JSON.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            match self.next().await {
                Message::Text(text) if self.1 == Codec::Json => return text.to_string(),
                frame @ (Message::Text(_) | Message::Binary(_)) => {
                    return wire::message(self.1, &frame).expect("a message").to_string();
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected a message, got {other:?}"),
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Message {
        soon(self.0.next()).await.expect("an open connection").expect("a readable message")
    }

    /// The next message, without its `seq`.
    pub(crate) async fn receive(&mut self) -> Value {
        let mut message: Value = serde_json::from_str(&self.text().await).expect("JSON");
        if let Some(members) = message.as_object_mut() {
            members.remove("seq");
        }
        message
    }

    /// Says goodbye, which ends a session.
    pub(crate) async fn bye(mut self) {
        self.0.close(Some(CloseFrame { code: 1000.into(), reason: "".into() })).await.expect("closed");
        self.closed().await;
    }

    /// Sends and awaits one answer.
    pub(crate) async fn ask(&mut self, text: &str) -> Value {
        self.send(text).await;
        self.receive().await
    }

    /// Makes one call and awaits its answer, which must come next.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.ask(&call(0, method, &params)).await
    }

    /// Receives until the answer of that id is there; what came before it is lost.
    pub(crate) async fn answer(&mut self, id: impl Into<Value>) -> Value {
        let id = id.into();
        loop {
            let message = self.receive().await;
            if message.get("method").is_none() && message["id"] == id {
                return message;
            }
        }
    }

    /// Nothing is on its way: the answer to a call of the protocol's comes next.
    pub(crate) async fn nothing_more(&mut self) {
        let next = self.ask(&call("nothing more", "rpc.ping", &json!({}))).await;
        assert_eq!(next, json!({ "jsonrpc": "2.0", "id": "nothing more", "result": null }));
    }

    /// The close code, after whatever else still comes.
    pub(crate) async fn closed(&mut self) -> u16 {
        self.end().await.0
    }

    /// The messages that still come, then the close code, once TCP has ended.
    pub(crate) async fn end(&mut self) -> (u16, Vec<Value>) {
        let mut texts = Vec::new();
        let mut code = 1006;
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Close(frame))) => code = frame.map_or(1005, |frame| frame.code.into()),
                Some(Ok(frame)) => texts.extend(wire::message(self.1, &frame)),
                Some(Err(_)) | None => return (code, texts),
            }
        }
    }
}
