//! A server that does what a test tells it, frame by frame, and the service that the client's tests call there.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, Stream, StreamExt};
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use wirecall::client::{ClientState, Connect};
use wirecall::{BackoffOptions, Codec, Service, ServiceError};

use crate::support::{error_of, soon};
use crate::{CODEC, wire};

#[derive(Service)]
#[rpc(name = "shelf", error = ShelfError)]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
pub(crate) enum Shelf {
    #[rpc(returns = u32)]
    Put { n: u32 },
    #[rpc(returns = u32, idempotent)]
    Look { n: u32 },
    #[rpc(returns = String)]
    Label {
        #[check(length(min = 1, max = 5))]
        text: String,
    },
    #[rpc(notification)]
    Knock { n: u32 },
}

#[derive(Debug, ServiceError)]
pub(crate) enum ShelfError {
    /// Nothing more fits.
    #[rpc(code = 1001)]
    Full,
}

/// Listens where a test wants a server to be.
pub(crate) struct Script {
    listener: TcpListener,
    address: SocketAddr,
}

impl Script {
    pub(crate) async fn listen() -> Self {
        Self::listen_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(crate) async fn listen_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        Self { listener, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of it that comes back soon.
    pub(crate) fn client(&self) -> Connect {
        client_of(self.address)
    }

    /// The next TCP connection.
    pub(crate) async fn tcp(&self) -> TcpStream {
        soon(self.listener.accept()).await.expect("a connection").0
    }

    /// The next connection, upgraded with that subprotocol, before hello; and the headers of the request.
    pub(crate) async fn upgrade(&self, subprotocol: Option<&'static str>) -> (Scripted, HeaderMap) {
        let stream = self.tcp().await;
        let mut headers = HeaderMap::new();
        #[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
        let answer = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            headers.clone_from(request.headers());
            if let Some(name) = subprotocol {
                response.headers_mut().insert("sec-websocket-protocol", name.parse().expect("a header"));
            }
            Ok(response)
        };
        let socket = soon(tokio_tungstenite::accept_hdr_async(stream, answer)).await.expect("a WebSocket");
        let packed = subprotocol == Some(Codec::MsgPack.subprotocol());
        let codec = if packed { Codec::MsgPack } else { Codec::Json };
        (Scripted(socket, 0, codec), headers)
    }

    /// The next session: hello was answered with these members changed. Gives the parameters of hello.
    pub(crate) async fn session_with(&self, change: Value) -> (Scripted, Value) {
        let (mut scripted, _) = self.upgrade(Some(CODEC.subprotocol())).await;
        let mut hello = scripted.receive().await;
        assert_eq!((&hello["method"], &hello["id"]), (&json!("rpc.hello"), &json!(0)));
        let mut answer = json!({
            "session": "s", "secret": "", "resumed": false, "received": 0, "contract": {}, "channels": {},
            "ping_ms": 25000, "session_ttl_ms": 0,
            "limits": { "max_message_bytes": 1 << 20, "max_calls": 64, "max_streams": 128, "buffer_bytes": 1 << 20 },
        });
        for (name, value) in change.as_object().expect("an object") {
            answer[name] = value.clone();
        }
        scripted.answer(0, answer).await;
        (scripted, hello["params"].take())
    }

    pub(crate) async fn session(&self) -> Scripted {
        self.session_with(json!({})).await.0
    }
}

/// A client of that address that comes back soon.
pub(crate) fn client_of(address: SocketAddr) -> Connect {
    wirecall::connect(format!("ws://{address}/")).codec(CODEC).backoff(quick())
}

/// Waits that a test has time for.
pub(crate) fn quick() -> BackoffOptions {
    let mut backoff = BackoffOptions::default();
    backoff.base = Duration::from_millis(5);
    backoff.cap = Duration::from_millis(20);
    backoff
}

/// One connection of a [`Script`], the last `seq` that arrived on it, and what is spoken there.
pub(crate) struct Scripted(pub(crate) WebSocketStream<TcpStream>, pub(crate) u64, Codec);

impl Scripted {
    pub(crate) async fn send(&mut self, message: Value) {
        self.0.send(wire::frame(self.2, &message.to_string())).await.expect("sent");
    }

    pub(crate) async fn answer(&mut self, id: impl Into<Value>, result: impl Into<Value>) {
        self.send(json!({ "jsonrpc": "2.0", "id": id.into(), "result": result.into() })).await;
    }

    pub(crate) async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    /// Acknowledges everything that has arrived.
    pub(crate) async fn ack(&mut self) {
        self.notify("rpc.ack", json!({ "seq": self.1 })).await;
    }

    /// The next message, without its `seq`.
    pub(crate) async fn receive(&mut self) -> Value {
        let mut message = self.receive_numbered().await;
        if let Some(seq) = message.as_object_mut().and_then(|members| members.remove("seq")) {
            self.1 = seq.as_u64().expect("a number");
        }
        message
    }

    /// The next message as it is.
    pub(crate) async fn receive_numbered(&mut self) -> Value {
        loop {
            match soon(self.0.next()).await.expect("an open connection").expect("a readable message") {
                Message::Ping(_) | Message::Pong(_) => {}
                frame => return wire::message(self.2, &frame).expect("a message"),
            }
        }
    }

    /// The next message is a call of that method with `n`; gives its id.
    pub(crate) async fn call(&mut self, method: &str, n: u32) -> Value {
        let message = self.receive().await;
        assert_eq!((&message["method"], &message["params"]["n"]), (&json!(method), &json!(n)), "{message}");
        message["id"].clone()
    }

    /// Nothing is on its way here: the answer to a call of the protocol's comes next.
    pub(crate) async fn nothing_more(&mut self) {
        self.send(json!({ "jsonrpc": "2.0", "id": "nothing more", "method": "rpc.nothing" })).await;
        let answer = self.receive().await;
        assert_eq!(
            (&answer["id"], error_of(&answer).1),
            (&json!("nothing more"), "method_not_found"),
            "{answer}"
        );
    }

    pub(crate) async fn close(mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        self.0.close(Some(frame)).await.expect("closed");
        while let Some(Ok(_)) = soon(self.0.next()).await {}
    }

    /// The code that the client closes with, after whatever else still comes.
    pub(crate) async fn closed(self) -> u16 {
        self.receive_until_close().await.0
    }

    /// The code that the client closes with, and the text messages before it.
    pub(crate) async fn receive_until_close(mut self) -> (u16, Vec<Value>) {
        let mut texts = Vec::new();
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), texts),
                Some(Ok(Message::Close(None))) => return (1005, texts),
                Some(Ok(frame)) => texts.extend(wire::message(self.2, &frame)),
                Some(Err(_)) | None => return (1006, texts),
            }
        }
    }
}

/// The next state that `wanted` takes.
pub(crate) async fn until(
    states: &mut (impl Stream<Item = ClientState> + Unpin),
    wanted: impl Fn(&ClientState) -> bool,
) -> ClientState {
    loop {
        let state = soon(states.next()).await.expect("another state");
        if wanted(&state) {
            return state;
        }
    }
}

pub(crate) fn is_away(state: &ClientState) -> bool {
    matches!(state, ClientState::Reconnecting { .. })
}
