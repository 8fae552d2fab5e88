//! Accepts connections and speaks HTTP until each of them is a `WebSocket`.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Error;
use super::route::site;
use super::shared::Shared;
use super::upgrade::PeerAddress;

/// *The listen backlog is 4096*: 128, the usual one, turns a storm of reconnects into retransmits of a second each.
const BACKLOG: u32 = 4096;

/// TCP connections that have not become a `WebSocket` yet.
const MAX_HANDSHAKES: usize = 2048;

/// Listens on the first of the addresses that works.
pub(crate) async fn bind(address: impl ToSocketAddrs, shown: String) -> Result<TcpListener, Error> {
    let mut failed = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    let addresses = match lookup_host(address).await {
        Ok(addresses) => addresses,
        Err(source) => return Err(Error::Bind { address: shown, source }),
    };
    for address in addresses {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(Error::Bind { address: shown, source: failed })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until a shutdown, then waits for its end.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) -> Result<(), Error> {
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    loop {
        let next = async {
            // The semaphore is never closed.
            let permit = Arc::clone(&handshakes).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, address)| (permit, stream, address))
        };
        let accepted = tokio::select! {
            biased;
            () = shared.stop.cancelled() => break,
            accepted = next => accepted,
        };
        match accepted {
            Ok((permit, stream, address)) => {
                let connection = speak_http(stream, address, Arc::clone(&shared), permit);
                shared.tasks.spawn(connection);
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) if is_out_of_resources(&error) => {
                tracing::error!(target: "wirecall", %error, "cannot accept connections; raise the limit of open files");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(Error::Listen(error)),
        }
    }
    drop(listener);
    shared.tasks.wait().await;
    Ok(())
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn is_out_of_resources(error: &io::Error) -> bool {
    // EMFILE, ENFILE, ENOBUFS, ENOMEM on Linux.
    matches!(error.raw_os_error(), Some(24 | 23 | 105 | 12))
}

async fn speak_http(
    stream: TcpStream,
    address: SocketAddr,
    shared: Arc<Shared>,
    permit: OwnedSemaphorePermit,
) {
    // Calls are small and must not wait for one another.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(target: "wirecall", %error, "TCP_NODELAY");
    }
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(PeerAddress(address));
        let mut response = site(&shared, request);
        // What becomes no `WebSocket` is over with its answer: idle, it would hold a place of those who come.
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        ready(Ok::<_, Infallible>(response))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // *Half of an upgrade after 10 s: TCP closed.*
        .header_read_timeout(shared.limits.hello_timeout)
        .max_buf_size(32 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shared.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(target: "wirecall", %error, %address, "an HTTP connection ended");
    }
    drop(permit);
}
