//! A peer that speaks raw text in a session: it numbers what it sends, notes what it receives, and comes back.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::support::{RawPeer, call};

/// A session as its client knows it, and the connection that it is on.
pub(crate) struct Numbered {
    pub(crate) peer: RawPeer,
    address: SocketAddr,
    pub(crate) session: String,
    pub(crate) secret: String,
    pub(crate) attempt: u64,
    /// The last `seq` that arrived.
    pub(crate) received: u64,
    /// The last `seq` that was given.
    pub(crate) sent: u64,
}

impl Numbered {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, json!({})).await
    }

    /// With these parameters of hello.
    pub(crate) async fn open_with(address: SocketAddr, params: Value) -> Self {
        let (peer, hello) = RawPeer::hello(address, params).await;
        Self::of(peer, address, &hello)
    }

    /// The session that hello was answered with.
    pub(crate) fn of(peer: RawPeer, address: SocketAddr, hello: &Value) -> Self {
        let text = |name: &str| hello[name].as_str().expect("text").to_owned();
        let (session, secret) = (text("session"), text("secret"));
        Self { peer, address, session, secret, attempt: 0, received: 0, sent: 0 }
    }

    /// What hello says to take the session up again.
    pub(crate) fn claim(&mut self) -> Value {
        self.attempt += 1;
        json!({
            "session": self.session, "secret": self.secret, "attempt": self.attempt, "received": self.received,
        })
    }

    /// Comes back on a new connection, the old one left as it is. Gives the answer to hello.
    pub(crate) async fn resume(&mut self) -> Value {
        let claim = self.claim();
        let (peer, hello) = RawPeer::hello(self.address, json!({ "resume": claim })).await;
        self.peer = peer;
        hello
    }

    /// Comes back, and the session goes on.
    pub(crate) async fn resumed(&mut self) {
        let hello = self.resume().await;
        assert_eq!(hello["resumed"], true, "{hello}");
        assert_eq!((&hello["session"], &hello["received"]), (&json!(self.session), &json!(self.sent)));
    }

    /// Comes back with these limits, and the session goes on.
    pub(crate) async fn resumed_with(&mut self, limits: Value) {
        let claim = self.claim();
        let params = json!({ "resume": claim, "limits": limits });
        let (peer, hello) = RawPeer::hello(self.address, params).await;
        assert_eq!(hello["resumed"], true, "{hello}");
        self.peer = peer;
    }

    /// Comes back after nothing was left of the old connection.
    pub(crate) async fn cut_and_resumed(&mut self) {
        let nowhere = self.peer.0.get_ref();
        if let tokio_tungstenite::MaybeTlsStream::Plain(stream) = nowhere {
            stream.set_zero_linger().expect("a TCP stream");
        }
        self.resumed().await;
    }

    /// Sends a message with the next number.
    pub(crate) async fn send(&mut self, message: &str) {
        self.sent += 1;
        self.send_as(self.sent, message).await;
    }

    /// Sends a message with that number.
    pub(crate) async fn send_as(&mut self, seq: impl Into<Value>, message: &str) {
        let open = message.strip_suffix('}').expect("an object");
        self.peer.send(&format!("{open},\"seq\":{}}}", seq.into())).await;
    }

    pub(crate) async fn call(&mut self, id: impl Into<Value>, method: &str, params: &Value) {
        self.send(&call(id, method, params)).await;
    }

    /// The next message; a numbered one must have the next number.
    pub(crate) async fn receive(&mut self) -> Value {
        let mut message: Value = serde_json::from_str(&self.peer.text().await).expect("JSON");
        if let Some(seq) = message.as_object_mut().and_then(|members| members.remove("seq")) {
            assert_eq!(seq, self.received + 1, "{message}");
            self.received += 1;
        }
        message
    }

    /// The next message that is numbered.
    pub(crate) async fn tracked(&mut self) -> Value {
        loop {
            let before = self.received;
            let message = self.receive().await;
            if self.received > before {
                return message;
            }
        }
    }

    pub(crate) async fn ack(&mut self) {
        let text = json!({ "jsonrpc": "2.0", "method": "rpc.ack", "params": { "seq": self.received } });
        self.peer.send(&text.to_string()).await;
    }
}
