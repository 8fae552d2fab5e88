//! Counts what a stream took, so that a peer that reads slowly can be told from one that does not read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that counts the bytes written to it.
#[derive(Debug)]
pub(crate) struct Meter<S> {
    stream: S,
    written: u64,
}

impl<S> Meter<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, written: 0 }
    }
}

/// What a WebSocket runs over: a stream that knows how much it has taken.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin {
    /// Bytes written so far.
    fn written(&self) -> u64;
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Meter<S> {
    fn written(&self) -> u64 {
        self.written
    }
}

#[cfg(feature = "client")]
impl<S: AsyncRead + AsyncWrite + Unpin> Transport for tokio_tungstenite::MaybeTlsStream<Meter<S>> {
    fn written(&self) -> u64 {
        match self {
            Self::Plain(meter) => meter.written,
            #[cfg(feature = "client-tls")]
            Self::Rustls(stream) => stream.get_ref().0.written,
            _ => 0,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Meter<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Meter<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = &written {
            this.written += *bytes as u64;
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
