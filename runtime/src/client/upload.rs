//! Uploads whose source can fail.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::oneshot;

use crate::service::CallError;

/// Why an upload by [`try_upload`] has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError<E, X> {
    /// The call failed.
    #[error("{0}")]
    Call(CallError<E>),
    /// What was to be sent failed; the call was cancelled.
    #[error("what was to be sent failed: {0}")]
    Source(X),
}

/// Makes a call with `upload = T` whose items come from something that can fail, like a file: its first error cancels the call,
/// so that the other end never takes a part for the whole. For calls that stream both ways there is no such form.
///
/// # Errors
///
/// [`UploadError::Source`] with the source's error, or [`UploadError::Call`] with what the call failed with.
///
/// # Cancel safety
///
/// Dropping the future cancels the call.
///
/// # Examples
///
/// ```
/// # use wirecall::{Bytes, Service};
/// # #[derive(Service)]
/// # enum Files {
/// #     #[rpc(upload = Bytes, returns = u64)]
/// #     Put { name: String },
/// # }
/// use wirecall::client::{UploadError, try_upload};
///
/// async fn put(
///     files: &FilesClient,
///     chunks: impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send + 'static,
/// ) -> Result<u64, UploadError<wirecall::NoError, std::io::Error>> {
///     try_upload(chunks, |chunks| files.put("a.txt", chunks)).await
/// }
/// ```
pub async fn try_upload<S, T, X, C, R, E>(
    source: S,
    call: impl FnOnce(Unfailing<S, X>) -> C,
) -> Result<R, UploadError<E, X>>
where
    S: Stream<Item = Result<T, X>>,
    C: IntoFuture<Output = Result<R, CallError<E>>>,
{
    let (fail, failed) = oneshot::channel();
    let call = call(Unfailing { source: Box::pin(source), fail: Some(fail) });
    let mut call = std::pin::pin!(call.into_future());
    tokio::select! {
        biased;
        // Without an error the sender goes with the source, and the answer is waited for.
        Ok(error) = failed => Err(UploadError::Source(error)),
        answer = &mut call => answer.map_err(UploadError::Call),
    }
}

/// The items of a source up to its first error, after which nothing comes, not even the end. Made by [`try_upload`].
pub struct Unfailing<S, X> {
    source: Pin<Box<S>>,
    /// Who is told of the error; taken with it.
    fail: Option<oneshot::Sender<X>>,
}

impl<S, X> fmt::Debug for Unfailing<S, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfailing").field("failed", &self.fail.is_none()).finish_non_exhaustive()
    }
}

impl<S: Stream<Item = Result<T, X>>, T, X> Stream for Unfailing<S, X> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if self.fail.is_none() {
            return Poll::Pending;
        }
        match std::task::ready!(self.source.as_mut().poll_next(cx)) {
            Some(Ok(item)) => Poll::Ready(Some(item)),
            Some(Err(error)) => {
                if let Some(fail) = self.fail.take() {
                    // Who no longer waits needs no error.
                    drop(fail.send(error));
                }
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}
