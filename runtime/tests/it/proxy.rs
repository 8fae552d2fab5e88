//! A TCP proxy before a server, that cuts, or goes on without passing anything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the proxy does with the connections through it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Passing,
    /// Nothing gets through any more, and nobody is told.
    Silent,
}

/// A proxy that runs until it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: SocketAddr,
    mood: watch::Sender<Mood>,
    /// Counts cuts: connections from before the last one end.
    cuts: watch::Sender<u64>,
    /// Bytes that the server may still send; then it is cut.
    left: AtomicU64,
}

impl Proxy {
    pub(crate) async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            target,
            mood: watch::Sender::new(Mood::Passing),
            cuts: watch::Sender::new(0),
            left: AtomicU64::new(u64::MAX),
        });
        let weak = Arc::downgrade(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(shared) = weak.upgrade() else { return };
                tokio::spawn(shared.join(stream));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection through it, without a close frame.
    pub(crate) fn cut(&self) {
        self.shared.cut();
    }

    /// Cuts when the server has sent so many bytes more.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.shared.left.store(bytes, Ordering::SeqCst);
    }

    /// Passes everything again.
    pub(crate) fn pass_again(&self) {
        self.shared.mood.send_replace(Mood::Passing);
    }

    /// Passes nothing any more, in either direction, and tells nobody.
    pub(crate) fn fall_silent(&self) {
        self.shared.mood.send_replace(Mood::Silent);
    }
}

impl Shared {
    fn cut(&self) {
        self.left.store(u64::MAX, Ordering::SeqCst);
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    async fn join(self: Arc<Self>, client: TcpStream) {
        let mut cuts = self.cuts.subscribe();
        let Ok(server) = TcpStream::connect(self.target).await else { return };
        let (mut client_read, mut client_write) = client.into_split();
        let (mut server_read, mut server_write) = server.into_split();
        tokio::select! {
            _ = cuts.changed() => {}
            () = self.pass(&mut client_read, &mut server_write, false) => {}
            () = self.pass(&mut server_read, &mut client_write, true) => {}
        }
    }

    async fn pass(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        counted: bool,
    ) {
        let mut mood = self.mood.subscribe();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
            mood.wait_for(|mood| *mood == Mood::Passing).await.expect("the proxy is here");
            let mut pass = read as u64;
            if counted {
                let left = self.left.load(Ordering::SeqCst);
                pass = pass.min(left);
                if left != u64::MAX {
                    self.left.store(left - pass, Ordering::SeqCst);
                }
            }
            let pass = usize::try_from(pass).expect("fits");
            if to.write_all(&buffer[..pass]).await.is_err() {
                return;
            }
            if pass < read {
                return self.cut();
            }
        }
    }
}
