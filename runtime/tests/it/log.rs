//! What the log says of bad input: a line for each refusal and each close, and never a secret.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::lab::Bench;
use crate::support::{RawPeer, call, serve};

/// What was written.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("a lock")).into_owned()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Written {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// Everything that this test's thread, on which its server runs too, logs from now on.
pub(crate) fn listen() -> (Written, tracing::subscriber::DefaultGuard) {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(written.clone())
        .finish();
    (written, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn every_refusal_is_logged_with_its_code_and_connection() {
    let (written, _guard) = listen();
    let (_, address) = serve(Bench::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    for (text, code) in [
        ("not json".to_owned(), "-32700"),
        ("{}".to_owned(), "-32600"),
        (call(1, "lab.nothing", &json!({})), "-32601"),
        (call(1, "lab.echo", &json!({})), "-32602"),
    ] {
        peer.ask(&text).await;
        let log = written.text();
        let line = log.lines().find(|line| line.contains(&format!("code={code}")));
        assert!(line.is_some_and(|line| line.contains("connection=1")), "{code}: {log}");
    }
}

#[tokio::test]
async fn a_close_is_logged_with_its_reason() {
    let (written, _guard) = listen();
    let (_, address) = serve(Bench::default().server()).await;
    let (mut peer, _) = RawPeer::session(address).await;
    peer.call("rpc.hello", json!({})).await;
    assert_eq!(peer.closed().await, 1002);
    let log = written.text();
    assert!(
        log.lines().any(|line| line.contains("code=1002") && line.contains("a second rpc.hello")),
        "{log}"
    );
}

#[tokio::test]
async fn tokens_secrets_and_parameters_are_never_logged() {
    let (written, _guard) = listen();
    let (_, address) = serve(Bench::default().server()).await;
    let params = json!({ "token": "hunter2", "resume": { "session": "x", "secret": "hunter2", "attempt": 1, "received": 0 } });
    let (mut peer, hello) = RawPeer::hello(address, params).await;
    peer.call("lab.echo", json!(["hunter2"])).await;
    peer.call("lab.add", json!(["hunter2", 1])).await;
    peer.call("lab.fail", json!(["internal"])).await;
    let log = written.text();
    assert!(log.contains("the inside of the server"), "{log}");
    assert!(!log.contains("hunter2") && !log.contains(hello["secret"].as_str().expect("a secret")), "{log}");
}
