//! The client's end of one connection: a WebSocket that writes what a script says, and logs what it reads.

use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::log::Log;
use super::wire;
use crate::codec::Codec;
use crate::server::Server;
use crate::session::code;
use crate::session::machine::Tell;

/// What the two ends of a connection have on their way at most.
pub(super) const ON_ITS_WAY: usize = 64 * 1024;

/// The client's end of one connection.
#[derive(Debug)]
pub(super) struct Line {
    codec: Codec,
    orders: mpsc::Sender<Order>,
}

#[derive(Debug)]
enum Order {
    Write(Frame),
    Close(Option<CloseFrame>),
    /// It is gone, without a word.
    Vanish,
}

impl Line {
    /// A connection to that server, upgraded as any other.
    pub(super) async fn open(number: u64, codec: Codec, server: &Server, log: Log) -> Self {
        let (near, far) = tokio::io::duplex(ON_ITS_WAY);
        let service = TowerToHyperService::new(server.route());
        let http = hyper::server::conn::http1::Builder::new();
        tokio::spawn(http.serve_connection(TokioIo::new(far), service).with_upgrades());
        let mut request = "ws://vectors/ws".into_client_request().expect("a request");
        let offered = HeaderValue::from_static(codec.subprotocol());
        request.headers_mut().insert("sec-websocket-protocol", offered.clone());
        let (socket, answer) = tokio_tungstenite::client_async(request, near).await.expect("an upgrade");
        assert_eq!(answer.headers().get("sec-websocket-protocol"), Some(&offered));
        let (orders, taken) = mpsc::channel(super::AHEAD);
        tokio::spawn(run(socket, taken, number, codec, log));
        Self { codec, orders }
    }

    /// The server's end of a connection, upgraded as the client asks.
    pub(super) async fn accept(near: DuplexStream, codec: Codec, log: Log) -> Self {
        let socket = tokio_tungstenite::accept_hdr_async(near, Chosen(codec)).await.expect("an upgrade");
        let (orders, taken) = mpsc::channel(super::AHEAD);
        tokio::spawn(run(socket, taken, 0, codec, log));
        Self { codec, orders }
    }

    /// Writes a message, of which this is the JSON text. On a connection that is over nothing comes of it.
    pub(super) fn write(&self, text: &str) {
        self.order(Order::Write(wire::frame(self.codec, text)));
    }

    /// Ends the connection with that code.
    pub(super) fn close(&self, close: u16) {
        self.order(match close {
            code::ABNORMAL => Order::Vanish,
            code::NO_STATUS => Order::Close(None),
            close => Order::Close(Some(CloseFrame { code: close.into(), reason: "".into() })),
        });
    }

    fn order(&self, order: Order) {
        super::say(&self.orders, order);
    }
}

/// The codec that a client is to ask for.
struct Chosen(Codec);

impl Callback for Chosen {
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let chosen = HeaderValue::from_static(self.0.subprotocol());
        assert_eq!(request.headers().get("sec-websocket-protocol"), Some(&chosen));
        response.headers_mut().insert("sec-websocket-protocol", chosen);
        Ok(response)
    }
}

/// The connection's task. What the server ends is told, once; what the script ends is not.
async fn run(
    mut socket: WebSocketStream<DuplexStream>,
    mut orders: mpsc::Receiver<Order>,
    connection: u64,
    codec: Codec,
    log: Log,
) {
    let mut ended = false;
    loop {
        let told = tokio::select! {
            biased;
            order = orders.recv() => {
                // What cannot be written is on a connection that is over.
                match order {
                    Some(Order::Write(frame)) => drop(socket.send(frame).await),
                    Some(Order::Close(frame)) => {
                        ended = true;
                        drop(socket.close(frame).await);
                    }
                    Some(Order::Vanish) | None => return,
                }
                continue;
            }
            told = socket.next() => told,
        };
        let close = match told {
            Some(Ok(Frame::Close(frame))) => frame.map_or(code::NO_STATUS, |frame| frame.code.into()),
            Some(Ok(frame)) => {
                if let Some(message) = wire::message(codec, &frame) {
                    log.wrote(connection, message);
                }
                continue;
            }
            Some(Err(_)) | None if ended => return,
            Some(Err(_)) | None => code::ABNORMAL,
        };
        if !ended {
            ended = true;
            log.tell(Tell::Drop { connection, code: close });
        }
    }
}
