//! A real server and one client that sends it anything: the server stays whole, numbers what it sends without a gap, and serves the
//! next one.
//!
//! The input is a list of frames, with the byte 0xC1 between them, which neither codec has. `$session` and `$secret` in a text stand for
//! those of the last answer to hello. An empty frame cuts the connection; the next ones go to a new one. A first frame `m` asks for MessagePack.
#![no_main]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use wirecall::{Events, Failure, Incoming, NoError, Outgoing, Reply, Server, Service, Session};

const END_OF_FRAME: u8 = 0xC1;
const JSON: &str = "wirecall.1.json";
const MSGPACK: &str = "wirecall.1.msgpack";

/// What the fuzzed client may ask for: the service of the conformance vectors.
#[derive(Service)]
#[rpc(name = "demo", error = NoError, events = Said)]
pub enum Demo {
    /// The text.
    #[rpc(returns = String)]
    Echo { text: String },
    /// Never answers.
    #[rpc(returns = ())]
    Slow {},
    /// Never answers, and cannot be cancelled.
    #[rpc(returns = (), no_cancel)]
    Keep {},
    /// Counts.
    #[rpc(stream = u32, returns = u64)]
    Watch {},
    /// Counts what it is sent.
    #[rpc(upload = String, returns = u64)]
    Put {},
    /// Sends back what it is sent.
    #[rpc(upload = String, stream = String, returns = u64)]
    Talk {},
    /// Somebody is typing.
    #[rpc(notification)]
    Typing {},
}

struct App;

impl DemoHandler for App {
    type Context = Session;

    async fn echo(&self, cx: Session, text: String) -> Reply<String, NoError> {
        // Where there is no room the session ends, which is one more thing to meet.
        drop(cx.emit(Said::Text { text: text.clone() }));
        Ok(text)
    }

    async fn slow(&self, _: Session) -> Reply<(), NoError> {
        std::future::pending().await
    }

    async fn keep(&self, _: Session) -> Reply<(), NoError> {
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(())
    }

    async fn watch(&self, _: Session, mut out: Outgoing<u32>) -> Reply<u64, NoError> {
        for n in 0..200 {
            out.send(n).await?;
        }
        Ok(out.sent())
    }

    async fn put(&self, _: Session, mut incoming: Incoming<String>) -> Reply<u64, NoError> {
        let mut count = 0;
        while incoming.next().await.is_some() {
            count += 1;
        }
        Ok(count)
    }

    async fn talk(
        &self,
        _: Session,
        mut incoming: Incoming<String>,
        mut out: Outgoing<String>,
    ) -> Reply<u64, NoError> {
        while let Some(item) = incoming.next().await {
            out.send(item?).await?;
        }
        Ok(out.sent())
    }

    async fn typing(&self, _: Session) -> Result<(), Failure> {
        Ok(())
    }
}

/// What the server says by itself.
#[derive(Events)]
pub enum Said {
    /// Something was asked for.
    Text { text: String },
}

/// What the client has learned from the answers to hello.
#[derive(Default)]
struct Learned {
    session: String,
    secret: String,
}

struct Connection {
    sink: SplitSink<WebSocketStream<DuplexStream>, Message>,
    reader: JoinHandle<()>,
}

async fn connect(
    server: &Server,
    protocol: Option<&'static str>,
    learned: &Arc<Mutex<Learned>>,
) -> Connection {
    let (sink, stream) = dial(server, protocol).await.split();
    let reader = tokio::spawn(read(stream, learned.clone()));
    Connection { sink, reader }
}

async fn dial(server: &Server, protocol: Option<&'static str>) -> WebSocketStream<DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let service = TowerToHyperService::new(server.route());
    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(theirs), service).with_upgrades());
    let mut request = "ws://localhost/ws".into_client_request().expect("a request");
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
    }
    tokio_tungstenite::client_async(request, ours).await.expect("the upgrade succeeds").0
}

/// Reads what the server sends: it is JSON, and numbered without a gap.
async fn read(mut stream: SplitStream<WebSocketStream<DuplexStream>>, learned: Arc<Mutex<Learned>>) {
    let mut last = None;
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        let value: Value = serde_json::from_str(&text).expect("the server sends JSON");
        if let Some(seq) = value.get("seq").and_then(Value::as_u64) {
            assert!(last.is_none_or(|last| seq == last + 1), "{seq} came after {last:?}");
            last = Some(seq);
        }
        if let (Some(session), Some(secret)) = (
            value.pointer("/result/session").and_then(Value::as_str),
            value.pointer("/result/secret").and_then(Value::as_str),
        ) {
            let mut learned = learned.lock().expect("nobody panicked");
            *learned = Learned { session: session.to_owned(), secret: secret.to_owned() };
        }
    }
}

fn message(frame: &[u8], binary: bool, learned: &Mutex<Learned>) -> Message {
    match std::str::from_utf8(frame) {
        Ok(text) if !binary => {
            let learned = learned.lock().expect("nobody panicked");
            Message::text(text.replace("$session", &learned.session).replace("$secret", &learned.secret))
        }
        _ => Message::binary(frame.to_vec()),
    }
}

async fn run(bytes: &[u8]) {
    let server = Server::builder().service(Demo::serve(App)).build().expect("the server builds");
    let learned = Arc::new(Mutex::new(Learned::default()));
    let (protocol, frames) = match bytes {
        [b'm', END_OF_FRAME, frames @ ..] => (MSGPACK, frames),
        frames => (JSON, frames),
    };
    let mut connection = connect(&server, Some(protocol), &learned).await;
    for frame in frames.split(|byte| *byte == END_OF_FRAME).take(64) {
        if frame.is_empty() {
            drop(connection.sink);
            connection.reader.abort();
            connection = connect(&server, Some(protocol), &learned).await;
            continue;
        }
        // The server may have closed.
        drop(connection.sink.send(message(frame, protocol != JSON, &learned)).await);
        // The clock is paused and moves on when all are idle, so this waits for the server and for nothing else.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(
        !connection.reader.is_finished() || connection.reader.await.is_ok(),
        "what the server sent was whole"
    );
    let mut plain = dial(&server, None).await;
    plain
        .send(Message::text(r#"{"jsonrpc":"2.0","id":1,"method":"demo.echo","params":{"text":"hi"}}"#))
        .await
        .expect("the next one is served");
    let event = plain.next().await.expect("an event").expect("a frame");
    assert!(event.into_text().expect("text").contains("demo.text"));
    let answer = plain.next().await.expect("an answer").expect("a frame");
    assert_eq!(answer.into_text().expect("text").as_str(), r#"{"jsonrpc":"2.0","id":1,"result":"hi"}"#);
}

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(run(bytes));
});
