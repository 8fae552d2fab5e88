//! How a client connects, and how it behaves when the connection is lost.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::time::Duration;

use super::contracts::Told;
use super::layer::{ClientLayer, ClientLayers};
use super::{Client, ConnectError};
use crate::codec::Codec;
use crate::connection::{Framing, LEAST_KEPT};
use crate::contract::Side;
use crate::service::{ErrorHook, Incident, MethodTable, Mounted, Service};
use crate::session::BackoffOptions;

/// Gives the token before each attempt to connect.
pub(crate) type TokenProvider = Box<dyn Fn() -> TokenFuture + Send + Sync>;
type TokenFuture =
    Pin<Box<dyn Future<Output = Result<Option<String>, Box<dyn std::error::Error + Send + Sync>>> + Send>>;

/// Whether asking for the token again may give another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Fixed,
    Provided,
}

/// Longer than any time that is meant, and short enough to be added to every clock.
const LONGEST: Duration = Duration::from_hours(24 * 3650);

/// The settings of a client.
pub(crate) struct Options {
    pub(crate) url: String,
    pub(crate) plain: bool,
    pub(crate) codec: Codec,
    pub(crate) lazy: bool,
    pub(crate) token: Option<TokenProvider>,
    pub(crate) token_kind: TokenKind,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) reconnect: bool,
    pub(crate) backoff: BackoffOptions,
    pub(crate) connect_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) queue: usize,
    pub(crate) max_message_bytes: usize,
    pub(crate) buffer_bytes: Option<usize>,
    pub(crate) grace: Duration,
    pub(crate) call_silence: Duration,
    pub(crate) call_grace: Duration,
    pub(crate) write_deadline: Duration,
    pub(crate) heartbeat_timeout: Duration,
    pub(crate) layers: ClientLayers,
    /// The services that this program was built with.
    pub(crate) contracts: Vec<Told>,
    /// Whether the log was told that the server finds one of them incompatible.
    pub(crate) warned: Once,
}

impl Options {
    /// The URL as people may see it: without its user and its query, where tokens are put.
    pub(crate) fn shown_url(&self) -> String {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let host = authority.rsplit('@').next().unwrap_or_default();
        let colon = if scheme.is_empty() { "" } else { "://" };
        format!("{scheme}{colon}{host}{path}")
    }

    /// What is kept for the server.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.buffer_bytes.unwrap_or_else(|| self.max_message_bytes.saturating_mul(4).max(LEAST_KEPT))
    }

    /// Refuses times that cannot be used.
    fn check(&self) -> Result<(), ConnectError> {
        for (setting, time) in [
            ("call_silence", self.call_silence),
            ("call_silence", self.call_grace),
            ("heartbeat_timeout", self.heartbeat_timeout),
            ("write_deadline", self.write_deadline),
        ] {
            if time < Duration::from_millis(1) {
                return Err(ConnectError::Setting { setting, expected: "at least 1 ms" });
            }
        }
        for (setting, time) in [
            ("heartbeat_grace", self.grace),
            ("call_silence", self.call_silence),
            ("call_silence", self.call_grace),
            ("heartbeat_timeout", self.heartbeat_timeout),
            ("write_deadline", self.write_deadline),
        ] {
            if time > LONGEST {
                return Err(ConnectError::Setting { setting, expected: "at most 3650 days" });
            }
        }
        Ok(())
    }

    pub(crate) fn framing(&self) -> Framing {
        if self.plain { Framing::plain() } else { Framing::session(self.codec) }
    }
}

/// A connection that is made when it is awaited. Made by [`connect`](super::connect).
#[must_use = "a connection is made when it is awaited"]
pub struct Connect {
    pub(crate) options: Options,
    pub(crate) services: Vec<Mounted>,
    pub(crate) on_error: Vec<ErrorHook>,
    layers: Vec<Box<dyn ClientLayer>>,
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect").field("url", &self.options.shown_url()).finish_non_exhaustive()
    }
}

impl Connect {
    pub(crate) fn new(url: String) -> Self {
        Self {
            options: Options {
                url,
                plain: false,
                codec: Codec::Json,
                lazy: false,
                token: None,
                token_kind: TokenKind::Fixed,
                headers: Vec::new(),
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                reconnect: true,
                backoff: BackoffOptions::default(),
                connect_timeout: Duration::from_secs(10),
                call_timeout: Duration::from_secs(30),
                queue: 256,
                max_message_bytes: 1 << 20,
                buffer_bytes: None,
                grace: Duration::from_secs(10),
                call_silence: Duration::from_secs(10),
                call_grace: Duration::from_secs(5),
                write_deadline: Duration::from_secs(10),
                heartbeat_timeout: Duration::from_mins(1),
                layers: Arc::new([]),
                contracts: Vec::new(),
                warned: Once::new(),
            },
            services: Vec::new(),
            on_error: Vec::new(),
            layers: Vec::new(),
        }
    }

    /// Signs in with this token, at every attempt to connect. For one that expires see [`token_provider`](Self::token_provider).
    pub fn token(mut self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.options.token_kind = TokenKind::Fixed;
        self.options.token = Some(Box::new(move || {
            let token = token.clone();
            Box::pin(async move { Ok(Some(token)) })
        }));
        self
    }

    /// Asks for the token before each attempt to connect. A failure, or a panic, counts as a failed attempt.
    ///
    /// Where the server tells when it expires, a fresh one is asked for a minute before, or after three quarters of that
    /// time where this is later, and given to the server on the live connection. Where there is none then, or the server cannot
    /// judge it now (`unavailable` and the like), this is logged and the provider asked again, with the waits of
    /// [`backoff`](Self::backoff), while the old token lasts. A token that the server refuses for good is logged, and not replaced
    /// before the old one expires: then the connection is lost, and the client comes back with another try.
    pub fn token_provider<F, Fut, E>(mut self, provider: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<String>, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.options.token_kind = TokenKind::Provided;
        self.options.token = Some(Box::new(move || {
            let token = provider();
            Box::pin(async move { token.await.map_err(Into::into) })
        }));
        self
    }

    /// Adds a header to the upgrade request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.headers.push((name.into(), value.into()));
        self
    }

    /// How this program calls itself in hello.
    pub fn name(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        (self.options.name, self.options.version) = (name.into(), version.into());
        self
    }

    /// Answers the server's calls: `.serve(Ui::serve(handler))`, for a service with `side = "client"`.
    pub fn serve(mut self, service: Mounted) -> Self {
        self.services.push(service);
        self
    }

    /// Tells the server which version of `S` this program was built with, so that it can judge whether it fits.
    pub fn service<S: Service>(mut self) -> Self {
        let source = crate::service::ContractSource::of::<S>();
        let contract = crate::service::ContractSource::contract(&[source]);
        self.options.contracts.extend(Told::of(S::NAME, &contract));
        self
    }

    /// Runs `hook` for every unexpected failure and panic of a handler of this program's.
    pub fn on_error(mut self, hook: impl Fn(&Incident<'_>) + Send + Sync + 'static) -> Self {
        self.on_error.push(Box::new(hook));
        self
    }

    /// Surrounds every call that this client makes. The layer that is added first is the outermost.
    pub fn layer(mut self, layer: impl ClientLayer) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// Writes messages in that codec; JSON without it. With [`plain`](Self::plain) it is always JSON.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.options.codec = codec;
        self
    }

    /// Speaks to any JSON-RPC 2.0 server: no subprotocol, no hello, and so no place for a token, which is a
    /// [`header`](Self::header) then. A server that is silent for 25 s is sent a WebSocket Ping, and given up
    /// [`heartbeat_grace`](Self::heartbeat_grace) later.
    pub fn plain(mut self) -> Self {
        self.options.plain = true;
        self
    }

    /// Does not wait for the first connection: calls wait in the queue, and the client keeps trying. Without it a
    /// first attempt that fails is an error.
    pub fn lazy(mut self) -> Self {
        self.options.lazy = true;
        self
    }

    /// How to wait between attempts.
    pub fn backoff(mut self, backoff: BackoffOptions) -> Self {
        self.options.backoff = backoff;
        self
    }

    /// Does not come back: the first lost connection closes the client.
    pub fn no_reconnect(mut self) -> Self {
        self.options.reconnect = false;
        self
    }

    /// Bounds connecting, the token and hello's answer together. Default 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// The time limit of calls that declare none. Default 30 s.
    ///
    /// A notification has done its work when its session has it. One that is not written within the limit is reported as
    /// failed; where the session has it already, it is delivered all the same.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.options.call_timeout = limit;
        self
    }

    /// Calls and notifications that may wait while there is no session, or no room in it
    /// ([`buffer_bytes`](Self::buffer_bytes)); one more fails at once with `resource_exhausted`. Default 256.
    pub fn queue(mut self, messages: usize) -> Self {
        self.options.queue = messages;
        self
    }

    /// The largest message that the server may send, in bytes. Default 1 MiB.
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.options.max_message_bytes = bytes;
        self
    }

    /// Bytes of calls, notifications and answers that are kept until the server acknowledges them, so that they can be
    /// sent again after a lost connection. Default four times [`max_message_bytes`](Self::max_message_bytes), at least 256 KiB.
    /// Where they are full more waits at its source.
    pub fn buffer_bytes(mut self, bytes: usize) -> Self {
        self.options.buffer_bytes = Some(bytes);
        self
    }

    /// How long after an expected ping the connection is dropped. Default 10 s.
    pub fn heartbeat_grace(mut self, grace: Duration) -> Self {
        self.options.grace = grace;
        self
    }

    /// After a call has met `silence` (default 10 s) the server is pinged, and `grace` later (default 5 s) the
    /// connection is dropped.
    pub fn call_silence(mut self, silence: Duration, grace: Duration) -> Self {
        (self.options.call_silence, self.options.call_grace) = (silence, grace);
        self
    }

    /// How long something may wait for room ([`buffer_bytes`](Self::buffer_bytes)) on a connection without a sign that the server
    /// has received anything. Default 60 s, as on the server. Then the session is given up and closed with 4013, and the client
    /// comes back with a new one.
    pub fn heartbeat_timeout(mut self, limit: Duration) -> Self {
        self.options.heartbeat_timeout = limit;
        self
    }

    /// How long the server may take no byte of what is written. Default 10 s, as on the server: a network that takes nothing for so
    /// long is not slow but gone. The connection is aborted, as 4013, and the client comes back to its session.
    pub fn write_deadline(mut self, limit: Duration) -> Self {
        self.options.write_deadline = limit;
        self
    }

    pub(crate) fn into_parts(mut self) -> Result<(Options, MethodTable, Vec<ErrorHook>), ConnectError> {
        if self.options.plain && self.options.token.is_some() {
            return Err(ConnectError::PlainToken);
        }
        self.options.check()?;
        let mut methods = MethodTable::default();
        for service in &self.services {
            let name = service.source.name;
            let reason = if service.source.side == Side::Server {
                format!(
                    "the service `{name}` is answered by a server; mount it with Server::builder().service(…)"
                )
            } else if let Err(method) = methods.mount(service) {
                format!("the method `{method}` is mounted twice")
            } else {
                continue;
            };
            return Err(ConnectError::Service(reason));
        }
        if self.options.plain {
            self.options.codec = Codec::Json;
        }
        self.options.layers = self.layers.into();
        Ok((self.options, methods, self.on_error))
    }
}

impl IntoFuture for Connect {
    type Output = Result<Client, ConnectError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(Client::connect(self))
    }
}
