//! A real server and one client that sends it anything: the server stays whole, numbers what it sends without a gap, and serves the
//! next one.
//!
//! The input is a list of frames, with the byte 0xC1 between them, which neither codec has. The strings `$session` and `$secret` stand for
//! those of the last answer to hello, and `$received` for the number of the last tracked message that came. An empty frame cuts the
//! connection; the next ones go to a new one. A first frame `m` asks for MessagePack.
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

/// What the client has learned from the server, and told it.
#[derive(Default)]
struct Learned {
    session: String,
    secret: String,
    /// The number of the last tracked message. `None` in a session that was resumed with a number that only the server could read.
    received: Option<u64>,
    /// That number as the last frame claims it, for where that frame is a hello that resumes.
    claim: Option<u64>,
}

struct Connection {
    sink: SplitSink<WebSocketStream<DuplexStream>, Message>,
    reader: JoinHandle<()>,
}

async fn connect(server: &Server, codec: Codec, learned: &Arc<Mutex<Learned>>) -> Connection {
    let (sink, stream) = dial(server, Some(codec.protocol())).await.split();
    let reader = tokio::spawn(read(stream, codec, learned.clone()));
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

/// Reads what the server sends: it is of its codec, and numbered without a gap, from what hello's answer says.
async fn read(
    mut stream: SplitStream<WebSocketStream<DuplexStream>>,
    codec: Codec,
    learned: Arc<Mutex<Learned>>,
) {
    let mut open = false;
    while let Some(Ok(message)) = stream.next().await {
        let value = match (codec, &message) {
            (Codec::Json, Message::Text(text)) => codec.read(text.as_bytes()),
            (Codec::MsgPack, Message::Binary(bytes)) => codec.read(bytes),
            (_, Message::Text(_) | Message::Binary(_)) => panic!("a frame of the other codec: {message:?}"),
            _ => continue,
        };
        let value = value.unwrap_or_else(|| panic!("the server sends whole messages, not {message:?}"));
        let mut learned = learned.lock().expect("nobody panicked");
        if let (Some(session), Some(secret)) = (
            value.pointer("/result/session").and_then(Value::as_str),
            value.pointer("/result/secret").and_then(Value::as_str),
        ) {
            assert!(!open, "hello is answered once");
            open = true;
            let resumed = value["result"]["resumed"] == true;
            learned.received = if resumed { learned.claim } else { Some(0) };
            learned.session = session.to_owned();
            learned.secret = secret.to_owned();
        }
        if let Some(seq) = value.get("seq") {
            assert!(open, "{value} came before the answer to hello");
            let seq = seq.as_u64().expect("a number is an integer");
            assert!(
                learned.received.is_none_or(|last| seq == last + 1),
                "{seq} came after {:?}",
                learned.received
            );
            learned.received = Some(seq);
        }
    }
}

/// The codec that the input asks for, by a reader and a writer that are not the server's.
#[derive(Clone, Copy, PartialEq)]
enum Codec {
    Json,
    MsgPack,
}

impl Codec {
    const fn protocol(self) -> &'static str {
        match self {
            Self::Json => "wirecall.1.json",
            Self::MsgPack => "wirecall.1.msgpack",
        }
    }

    /// The one value that these bytes are.
    fn read(self, mut bytes: &[u8]) -> Option<Value> {
        match self {
            Self::Json => serde_json::from_slice(bytes).ok(),
            Self::MsgPack => rmp_serde::from_read(&mut bytes).ok().filter(|_: &Value| bytes.is_empty()),
        }
    }

    fn write(self, value: &Value) -> Vec<u8> {
        match self {
            Self::Json => serde_json::to_vec(value).expect("a value is JSON"),
            Self::MsgPack => rmp_serde::to_vec(value).expect("a value is MessagePack"),
        }
    }

    /// The frame with that value in the place of the string that stands for it.
    fn fill(self, frame: &[u8], name: &str, value: Value) -> Vec<u8> {
        let (place, value) = (self.write(&name.into()), self.write(&value));
        let mut filled = Vec::with_capacity(frame.len());
        let mut rest = frame;
        while let Some((first, behind)) = rest.split_first() {
            if let Some(behind) = rest.strip_prefix(place.as_slice()) {
                filled.extend_from_slice(&value);
                rest = behind;
            } else {
                filled.push(*first);
                rest = behind;
            }
        }
        filled
    }

    /// What is sent for a frame of the input; a hello's claim is kept, to compare the answer with.
    fn message(self, frame: &[u8], learned: &Mutex<Learned>) -> Message {
        let mut learned = learned.lock().expect("nobody panicked");
        let frame = self.fill(frame, "$session", learned.session.as_str().into());
        let frame = self.fill(&frame, "$secret", learned.secret.as_str().into());
        let frame = self.fill(&frame, "$received", learned.received.unwrap_or_default().into());
        learned.claim =
            self.read(&frame).and_then(|hello| hello.pointer("/params/resume/received")?.as_u64());
        match std::str::from_utf8(&frame) {
            Ok(text) if self == Self::Json => Message::text(text),
            _ => Message::binary(frame),
        }
    }
}

async fn run(bytes: &[u8]) {
    let server = Server::builder().service(Demo::serve(App)).build().expect("the server builds");
    let learned = Arc::new(Mutex::new(Learned::default()));
    let (codec, frames) = match bytes {
        [b'm', END_OF_FRAME, frames @ ..] => (Codec::MsgPack, frames),
        frames => (Codec::Json, frames),
    };
    let mut connection = connect(&server, codec, &learned).await;
    for frame in frames.split(|byte| *byte == END_OF_FRAME).take(64) {
        if frame.is_empty() {
            drop(connection.sink);
            connection.reader.abort();
            connection = connect(&server, codec, &learned).await;
            continue;
        }
        // The server may have closed.
        drop(connection.sink.send(codec.message(frame, &learned)).await);
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
