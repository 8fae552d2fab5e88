//! A stream as its caller sees it: items, and then what the call answered.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::Stream;

use super::demand::Demand;
use super::upload::{Source, Upload, source};
use crate::codec::Payload;
use crate::message::{ErrorKind, RpcError};
use crate::service::peer::{Answered, OutgoingCall, Peer};
use crate::service::{CallError, CallSpec, EncodeError, PeerFault, Pending, ServiceError};
use crate::session::STREAM_CREDIT;
use crate::types::{Message, Params};

/// A call with `stream = T` that is made when it is awaited, or by [`Streaming::open`].
#[must_use = "the call is made when it is awaited, or by `open`"]
pub struct Streaming<T, R, E> {
    peer: Peer,
    call: Result<OutgoingCall, EncodeError>,
    upload: Option<Source>,
    credit: u32,
    kind: PhantomData<Made<T, R, E>>,
}

/// What comes of a call, without owning any of it.
type Made<T, R, E> = fn() -> (T, R, E);

impl<T, R, E> fmt::Debug for Streaming<T, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Peer {
    /// Starts a call that streams. Generated clients use it.
    #[doc(hidden)]
    pub fn __stream<P: Params, T: Message, R: Message, E: ServiceError>(
        &self,
        spec: &'static CallSpec,
        params: &P,
    ) -> Streaming<T, R, E> {
        let call = self.outgoing(spec, params);
        Streaming { peer: self.clone(), call, upload: None, credit: STREAM_CREDIT, kind: PhantomData }
    }

    /// Starts a call that streams both ways. Generated clients use it.
    #[doc(hidden)]
    pub fn __duplex<P: Params, U: Message, T: Message, R: Message, E: ServiceError>(
        &self,
        spec: &'static CallSpec,
        params: &P,
        items: impl Stream<Item = U> + Send + 'static,
    ) -> Streaming<T, R, E> {
        let upload = Some(source(self.0.codec(), items));
        Streaming { upload, ..self.__stream(spec, params) }
    }

    /// Starts a call that takes a stream. Generated clients use it.
    #[doc(hidden)]
    pub fn __upload<P: Params, U: Message, R: Message, E: ServiceError>(
        &self,
        spec: &'static CallSpec,
        params: &P,
        items: impl Stream<Item = U> + Send + 'static,
    ) -> Pending<R, E> {
        self.pending(spec, params, Some(source(self.0.codec(), items)))
    }
}

impl<T: Message, R: Message, E: ServiceError> Streaming<T, R, E> {
    /// Bounds the whole call, at both ends. The default is the declaration's, else none.
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

    /// How many items the server may send ahead of the application. Default 64: enough that neither waits for the other,
    /// few enough to keep. At least 1.
    pub fn credit(mut self, items: u32) -> Self {
        self.credit = items;
        self
    }

    /// Makes the call. What is wrong with it is told by the first [`Items::next`].
    pub fn open(self) -> Items<T, R, E> {
        let open = self.call.map(|call| OpenStream::start(&self.peer, call, self.upload, true, self.credit));
        Items(match open {
            Ok(open) => Phase::Open(open, PhantomData),
            Err(error) => {
                let fault = PeerFault::Encode(error);
                let again = again(&fault);
                Phase::Failed(Some(fault.into()), again)
            }
        })
    }
}

impl<T: Message, R: Message, E: ServiceError> IntoFuture for Streaming<T, R, E> {
    type Output = Items<T, R, E>;
    type IntoFuture = std::future::Ready<Items<T, R, E>>;

    fn into_future(self) -> Self::IntoFuture {
        std::future::ready(self.open())
    }
}

/// The items of a call, as they come, and then its result. Also a [`Stream`].
///
/// Dropping it before its end cancels the call: the handler at the other end is dropped, unless the call is `no_cancel`.
///
/// # Examples
///
/// ```
/// # use wirecall::Service;
/// # #[derive(Service)]
/// # enum Numbers {
/// #     #[rpc(stream = u32, returns = u32)]
/// #     Count { to: u32 },
/// # }
/// async fn count(numbers: &NumbersClient) -> Result<(), wirecall::CallError<wirecall::NoError>> {
///     let mut counted = numbers.count(10_u32).await;
///     while let Some(number) = counted.next().await {
///         println!("{}", number?);
///     }
///     println!("{} in all", counted.finish().await?);
///     Ok(())
/// }
/// ```
#[must_use = "dropping it cancels the call"]
pub struct Items<T, R, E>(Phase<T, R, E>);

enum Phase<T, R, E> {
    Open(OpenStream, PhantomData<fn() -> (T, R)>),
    /// All items were given; this is the result.
    Answered(Payload),
    /// The error, until it was told, and what is told of it afterwards.
    Failed(Option<CallError<E>>, PeerFault),
}

impl<T, R, E> fmt::Debug for Items<T, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.0 {
            Phase::Open(..) => "open",
            Phase::Answered(_) => "answered",
            Phase::Failed(..) => "failed",
        };
        f.debug_tuple("Items").field(&phase).finish()
    }
}

impl<T: Message, R: Message, E: ServiceError> Items<T, R, E> {
    /// The next item; `None` when there are no more, and [`Items::finish`] has the result.
    ///
    /// # Errors
    ///
    /// What the call failed with, once; or an item that does not fit its type, which cancels the call.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no item.
    pub async fn next(&mut self) -> Option<Result<T, CallError<E>>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The result of the call, once all items were sent; those that were not taken are skipped.
    ///
    /// # Errors
    ///
    /// What the call failed with, also where [`Items::next`] told it already. After an item that did not fit its type:
    /// `cancelled`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the call.
    pub async fn finish(mut self) -> Result<R, CallError<E>> {
        loop {
            match self.0 {
                Phase::Open(mut open, kind) => match std::future::poll_fn(|cx| open.poll(cx)).await {
                    Step::Item(_) => self.0 = Phase::Open(open, kind),
                    Step::End(Ok(result)) => self.0 = Phase::Answered(result),
                    Step::End(Err(fault)) => return Err(fault.into()),
                },
                Phase::Answered(result) => return result.read().map_err(CallError::Decode),
                Phase::Failed(untold, again) => return Err(untold.unwrap_or_else(|| again.into())),
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, CallError<E>>>> {
        let failed = match &mut self.0 {
            Phase::Open(open, _) => match std::task::ready!(open.poll(cx)) {
                Step::Item(item) => match item.read() {
                    Ok(item) => return Poll::Ready(Some(Ok(item))),
                    Err(error) => PeerFault::Decode(error),
                },
                Step::End(Ok(result)) => {
                    self.0 = Phase::Answered(result);
                    return Poll::Ready(None);
                }
                Step::End(Err(fault)) => fault,
            },
            Phase::Answered(_) => return Poll::Ready(None),
            Phase::Failed(untold, _) => return Poll::Ready(untold.take().map(Err)),
        };
        self.0 = Phase::Failed(None, again(&failed));
        Poll::Ready(Some(Err(failed.into())))
    }
}

/// What is told of a fault once more. Not every one has a copy: what was wrong with a value is told in words.
fn again(fault: &PeerFault) -> PeerFault {
    match fault {
        PeerFault::Service(never) => match *never {},
        PeerFault::Rpc(error) => PeerFault::Rpc(error.clone()),
        PeerFault::ConnectionLost => PeerFault::ConnectionLost,
        PeerFault::Closed(disconnect) => PeerFault::Closed(disconnect.clone()),
        PeerFault::Encode(_) | PeerFault::Decode(_) => {
            PeerFault::Rpc(RpcError::new(ErrorKind::Cancelled, format!("the call was given up: {fault}")))
        }
    }
}

impl<T: Message, R: Message, E: ServiceError> Stream for Items<T, R, E> {
    type Item = Result<T, CallError<E>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}

// Nothing in it is ever pinned in place.
impl<T, R, E> Unpin for Items<T, R, E> {}

/// A streaming call that was made.
pub(crate) struct OpenStream {
    peer: Peer,
    demand: Arc<Demand>,
    /// The answer, until it is there. Dropping it cancels the call.
    answered: Option<Answered>,
    answer: Option<Result<Payload, PeerFault>>,
    upload: Option<Upload>,
}

/// What comes of a streaming call next.
pub(crate) enum Step {
    Item(Payload),
    End(Result<Payload, PeerFault>),
}

impl OpenStream {
    pub(crate) fn start(
        peer: &Peer,
        mut call: OutgoingCall,
        upload: Option<Source>,
        down: bool,
        credit: u32,
    ) -> Self {
        let demand = Arc::new(Demand::new(down, credit));
        call.demand = Some(Arc::clone(&demand));
        let mut answered = peer.0.call(call);
        // It is made now, not when the first item is asked for.
        let answer = match answered.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        };
        let upload = upload.map(|source| Upload::start(peer.clone(), Arc::clone(&demand), source));
        Self { peer: peer.clone(), demand, answered: answer.is_none().then_some(answered), answer, upload }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if let Some(answered) = &mut self.answered
            && let Poll::Ready(answer) = answered.as_mut().poll(cx)
        {
            self.end(answer);
        }
        // What came before the answer was there before it.
        if let Some((item, grant)) = self.demand.take(cx) {
            if let Some(credit) = grant {
                self.peer.0.grant(&self.demand, credit);
            }
            return Poll::Ready(Step::Item(item));
        }
        if self.answered.is_some()
            && let Some(fault) = self.demand.failure(cx)
        {
            self.end(Err(fault));
        }
        self.answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Step::End(answer)))
    }

    /// What has arrived, taken by nobody yet, and the answer, though items wait before it: for the vectors.
    #[cfg(test)]
    pub(crate) fn look(
        &mut self,
        cx: &mut Context<'_>,
    ) -> (Vec<Payload>, Option<Result<Payload, PeerFault>>) {
        if let Some(answered) = &mut self.answered
            && let Poll::Ready(answer) = answered.as_mut().poll(cx)
        {
            self.end(answer);
        }
        if self.answered.is_some()
            && let Some(fault) = self.demand.failure(cx)
        {
            self.end(Err(fault));
        }
        (self.demand.arrived(cx), self.answer.take())
    }

    fn end(&mut self, answer: Result<Payload, PeerFault>) {
        self.answered = None;
        self.answer = Some(answer);
        self.upload = None;
        self.demand.close();
    }
}
