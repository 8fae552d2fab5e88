//! Calls that this side makes: a client's to its server, or a server's to one of its clients.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::method::CallSpec;
use super::stream::{Demand, OpenStream, Source, Step, UploadMessage};
use super::traits::{EncodeError, ServiceError, checked};
use crate::codec::{Codec, CodecError, MetaMap, Payload, by_position};
use crate::message::{ErrorKind, MAX_SAFE, RpcError};
use crate::session::Disconnect;
use crate::types::{Message, Params};

/// The other end, as something that can be called.
///
/// Generated clients are made from it: `ChatClient::new(&client)`, or on the server `session.peer::<UiClient>()`.
#[derive(Clone)]
pub struct Peer(pub(crate) Arc<dyn PeerLink>);

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peer")
    }
}

/// A call that is about to leave.
#[derive(Debug, Clone)]
pub(crate) struct OutgoingCall {
    pub(crate) spec: &'static CallSpec,
    pub(crate) params: Payload,
    pub(crate) timeout: Option<Duration>,
    /// Members of `meta` beside the time limit.
    pub(crate) meta: Vec<(String, String)>,
    /// The streams of a call that has some.
    pub(crate) demand: Option<Arc<Demand>>,
}

impl OutgoingCall {
    /// `meta` on the wire, with what is left of the time limit; one that no language can read exactly is none.
    pub(crate) fn meta(&self, time_left: Option<Duration>) -> Option<MetaMap> {
        let mut meta = MetaMap::new();
        let millis = time_left.and_then(|time| u64::try_from(time.as_millis().max(1)).ok());
        if let Some(millis) = millis.filter(|millis| *millis <= MAX_SAFE) {
            meta.insert("timeout_ms".into(), millis.into());
        }
        if let Some(credit) = self.demand.as_ref().and_then(|demand| demand.opening()) {
            meta.insert("credit".into(), credit.into());
        }
        meta.extend(self.meta.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
        (!meta.is_empty()).then_some(meta)
    }
}

/// Why a call has no result, before the service's own errors are told apart.
pub(crate) type Fault = CallError<std::convert::Infallible>;

/// The future of an answer.
pub(crate) type Answered = Pin<Box<dyn Future<Output = Result<Payload, Fault>> + Send>>;

/// The future of something that is handed over.
pub(crate) type Handed = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

/// How calls reach the other end.
pub(crate) trait PeerLink: Send + Sync + 'static {
    /// What messages to the other end are written in.
    fn codec(&self) -> Codec;
    /// Sends a call and awaits its answer. Dropping the future cancels the call.
    fn call(&self, call: OutgoingCall) -> Answered;
    /// Sends a notification; ready when it was handed over.
    fn notify(&self, call: OutgoingCall) -> Handed;
    /// Allows so many items more, of a call with streams.
    fn grant(&self, demand: &Demand, credit: u32) {
        let _ = (demand, credit);
    }
    /// Sends a message of a call's upload; ready when it was handed over, or the call is over.
    fn upload(&self, demand: &Arc<Demand>, message: UploadMessage) -> Handed {
        drop((Arc::clone(demand), message));
        Box::pin(std::future::ready(Ok(())))
    }
    /// The largest message that the other end takes, in bytes.
    #[cfg(feature = "client")]
    fn max_message_bytes(&self) -> usize {
        usize::MAX
    }
    /// The events of the other end, if it is one that emits any.
    fn events(&self) -> Option<tokio::sync::broadcast::Receiver<super::RawEvent>> {
        None
    }
}

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The service's own error.
    #[error("{0}")]
    Service(E),
    /// One of the protocol's errors, or one that this client does not know.
    #[error(transparent)]
    Rpc(RpcError),
    /// The session was lost while the call was open (that of a plain peer ends with its connection): it may or may not
    /// have run. Ask the server before trying again.
    #[error("connection lost, outcome unknown")]
    ConnectionLost,
    /// The other end is closed for good: the call was not sent.
    #[error("not sent: {0}")]
    Closed(Disconnect),
    /// The parameters cannot be sent. Mend the value that the message names.
    #[error("the parameters cannot be sent: {0}")]
    Encode(#[source] EncodeError),
    /// The result does not fit its type: client and server are of different versions.
    #[error("the result does not fit its type: {0}")]
    Decode(#[source] CodecError),
}

impl<E> CallError<E> {
    pub(crate) fn deadline() -> Self {
        Self::Rpc(RpcError::new(ErrorKind::DeadlineExceeded, "the time limit of the call passed"))
    }

    /// The error on the wire, where the other end answered one of the protocol's.
    pub fn rpc(&self) -> Option<&RpcError> {
        match self {
            Self::Rpc(error) => Some(error),
            _ => None,
        }
    }
}

impl<E: ServiceError> From<Fault> for CallError<E> {
    fn from(fault: Fault) -> Self {
        match fault {
            CallError::Service(never) => match never {},
            CallError::Rpc(error) => E::from_rpc(&error).map_or(Self::Rpc(error), Self::Service),
            CallError::ConnectionLost => Self::ConnectionLost,
            CallError::Closed(disconnect) => Self::Closed(disconnect),
            CallError::Encode(error) => Self::Encode(error),
            CallError::Decode(error) => Self::Decode(error),
        }
    }
}

impl Peer {
    /// Starts a call. Generated clients use it.
    #[doc(hidden)]
    pub fn __call<P: Params, R: Message, E: ServiceError>(
        &self,
        spec: &'static CallSpec,
        params: &P,
    ) -> Pending<R, E> {
        self.pending(spec, params, None)
    }

    /// Starts a notification. Generated clients use it.
    #[doc(hidden)]
    pub fn __notify<P: Params>(&self, spec: &'static CallSpec, params: &P) -> Pending<(), super::NoError> {
        self.pending(spec, params, None)
    }

    pub(super) fn pending<P: Params, R, E>(
        &self,
        spec: &'static CallSpec,
        params: &P,
        upload: Option<Source>,
    ) -> Pending<R, E> {
        Pending { peer: self.clone(), call: self.outgoing(spec, params), upload, kind: PhantomData }
    }

    pub(super) fn outgoing<P: Params>(
        &self,
        spec: &'static CallSpec,
        params: &P,
    ) -> Result<OutgoingCall, EncodeError> {
        checked(|at| params.check(at))?;
        let params = encode_params(self.0.codec(), spec, params)?;
        // What the other end cannot decode would end the session there.
        params.as_raw().check_params()?;
        Ok(OutgoingCall { spec, params, timeout: None, meta: Vec::new(), demand: None })
    }
}

/// Makes a call that takes a stream.
async fn uploaded(peer: &Peer, call: OutgoingCall, upload: Source) -> Result<Payload, Fault> {
    let mut open = OpenStream::start(peer, call, Some(upload), false, 1);
    loop {
        // No items come: it is not a call that answers with some.
        if let Step::End(answer) = std::future::poll_fn(|cx| open.poll(cx)).await {
            return answer;
        }
    }
}

/// By name, or for an existing API by position: the same members without their names.
fn encode_params<P: Params>(codec: Codec, spec: &CallSpec, params: &P) -> Result<Payload, EncodeError> {
    Ok(if spec.positional { by_position(codec, params) } else { Payload::of(codec, params) }?)
}

/// A call that is sent when it is awaited.
///
/// # Cancel safety
///
/// Dropping the future sends `rpc.cancel`: the handler at the other end is dropped, unless the call is `no_cancel`.
#[must_use = "a call is sent when it is awaited"]
pub struct Pending<R, E> {
    peer: Peer,
    call: Result<OutgoingCall, EncodeError>,
    upload: Option<Source>,
    kind: PhantomData<fn() -> (R, E)>,
}

impl<R, E> fmt::Debug for Pending<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("call", &self.call).finish_non_exhaustive()
    }
}

impl<R, E> Pending<R, E> {
    /// Bounds the call, at both ends. The default is the declaration's, else 30 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        if let Ok(call) = &mut self.call {
            call.timeout = Some(limit);
        }
        self
    }

    /// Sends W3C trace context along, as `meta.traceparent`.
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        if let Ok(call) = &mut self.call {
            call.meta.push(("traceparent".to_owned(), traceparent.into()));
        }
        self
    }
}

impl<R: Message, E: ServiceError> IntoFuture for Pending<R, E> {
    type Output = Result<R, CallError<E>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let call = self.call.map_err(CallError::<E>::Encode)?;
            if call.spec.notification {
                let codec = call.params.as_raw().codec();
                self.peer.0.notify(call).await?;
                return Payload::of(codec, &()).and_then(|null| null.read()).map_err(CallError::Decode);
            }
            let answer = match self.upload {
                None => self.peer.0.call(call).await,
                Some(upload) => uploaded(&self.peer, call, upload).await,
            };
            answer?.read().map_err(CallError::Decode)
        })
    }
}
