//! Streams over cuts: the session goes on, and with it every stream, in order, nothing missing and nothing twice.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wirecall::Client;

use crate::client_script::client_of;
use crate::stream_lab::{FlowClient, Number, Stage};
use crate::support::{serve, soon};

/// Passes a client's bytes to a server, until it cuts.
struct Scissors {
    address: SocketAddr,
    blades: Arc<Blades>,
}

struct Blades {
    /// Counts cuts: connections from before the last one end.
    cuts: watch::Sender<u64>,
    /// Bytes that the server may still send; then it is cut.
    left: AtomicU64,
}

impl Scissors {
    async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let blades = Arc::new(Blades { cuts: watch::Sender::new(0), left: AtomicU64::new(u64::MAX) });
        let weak = Arc::downgrade(&blades);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Some(blades) = weak.upgrade() else { return };
                tokio::spawn(async move { blades.join(client, target).await });
            }
        });
        Self { address, blades }
    }

    /// Ends every connection, without a close frame.
    fn cut(&self) {
        self.blades.cut();
    }

    /// Cuts when the server has sent so many bytes more.
    fn cut_after(&self, bytes: u64) {
        self.blades.left.store(bytes, Ordering::SeqCst);
    }
}

impl Blades {
    fn cut(&self) {
        self.left.store(u64::MAX, Ordering::SeqCst);
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    async fn join(&self, client: TcpStream, target: SocketAddr) {
        let mut cuts = self.cuts.subscribe();
        let Ok(server) = TcpStream::connect(target).await else { return };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::select! {
            _ = cuts.changed() => {}
            _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
            () = async {
                let mut buffer = vec![0; 16 * 1024];
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    let left = self.left.load(Ordering::SeqCst);
                    let pass = usize::try_from(left).unwrap_or(usize::MAX).min(read);
                    if to_client.write_all(&buffer[..pass]).await.is_err() {
                        return;
                    }
                    if left != u64::MAX {
                        self.left.store(left - pass as u64, Ordering::SeqCst);
                    }
                    if pass < read {
                        return self.cut();
                    }
                }
            } => {}
        }
    }
}

async fn behind_a_proxy() -> (Scissors, Client, FlowClient) {
    let (_, address) = serve(Stage::default().server()).await;
    let proxy = Scissors::before(address).await;
    let client = client_of(proxy.address).await.expect("a connection");
    let flow = FlowClient::new(&client);
    (proxy, client, flow)
}

fn numbers(to: u64) -> impl stream::Stream<Item = Number> + Send {
    stream::iter((0..to).map(|value| Number { value }))
}

#[tokio::test]
async fn a_stream_goes_on_over_twenty_cuts() {
    let (proxy, _client, flow) = behind_a_proxy().await;
    let mut items = flow.count(2100_u64).await;
    for n in 1..=2100 {
        assert_eq!(soon(items.next()).await.expect("an item").expect("a number"), n);
        if n % 100 == 50 {
            proxy.cut();
        }
    }
    assert_eq!(soon(items.finish()).await.expect("a result"), 2100);
}

#[tokio::test]
async fn streams_in_both_directions_go_on_over_cuts_in_the_middle_of_a_message() {
    let (proxy, _client, flow) = behind_a_proxy().await;
    let mut doubled = flow.double(numbers(2000)).await;
    for n in 0..2000 {
        assert_eq!(soon(doubled.next()).await.expect("an item").expect("a number"), 2 * n);
        if n % 200 == 100 {
            proxy.cut_after(n);
        }
    }
    assert_eq!(soon(doubled.finish()).await.expect("a result"), 2000);
}

#[tokio::test]
async fn an_upload_goes_on_over_cuts() {
    let (proxy, _client, flow) = behind_a_proxy().await;
    let mut taken = 0;
    let cuts = stream::iter((0..2000).map(move |value| {
        taken += 1;
        if taken % 200 == 100 {
            proxy.cut();
        }
        Number { value }
    }));
    assert_eq!(soon(flow.sum(cuts).into_future()).await.expect("a result"), (0..2000).sum::<u64>());
}
