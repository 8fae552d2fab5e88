//! A TCP proxy between one client and the server, that does to each connection what the plan says.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::faults::{Fault, Plan};

/// What a proxy has done so far.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) connections: AtomicU64,
    pub(crate) cuts: AtomicU64,
    pub(crate) half_opens: AtomicU64,
    /// From now on nothing is done to any connection.
    calm: watch::Sender<bool>,
}

impl Done {
    /// Ready when nothing is to be done to any connection any more.
    async fn calmed(&self) {
        // The sender is here, so it does not fail.
        drop(self.calm.subscribe().wait_for(|calm| *calm).await);
    }
}

/// A proxy that runs; dropped, it takes no connection any more and ends those that it has.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    pub(crate) done: Arc<Done>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port and forwards to `server`.
    pub(crate) async fn start(server: SocketAddr, plan: Plan) -> std::io::Result<Self> {
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await?);
        let address = listener.local_addr()?;
        let done = Arc::new(Done::default());
        let accept = move || {
            let listener = Arc::clone(&listener);
            async move { listener.accept().await.map(|(client, _)| client) }
        };
        let task = tokio::spawn(take_up(accept, server, plan, Arc::clone(&done)));
        Ok(Self { address, done, task })
    }

    /// Leaves every connection alone from now on, so that what is under way can end.
    pub(crate) fn calm(&self) {
        self.done.calm.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How long nothing is accepted after an error.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// How long a half-open connection is kept: longer than either end's heartbeat takes to notice, so that its client comes back
/// while the server still holds it.
const HALF_OPEN: Duration = Duration::from_secs(5);
/// How long a cut in the middle of a frame waits for a frame.
const NEXT_FRAME: Duration = Duration::from_millis(200);

/// How much gets through at once where a connection is throttled, and how often.
const TRICKLE_BYTES: usize = 512;
const TRICKLE_PAUSE: Duration = Duration::from_millis(3);

/// What the two directions of a connection do at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    Hold,
    Trickle,
    /// Half of what comes next, then nothing.
    Half,
    /// What comes is read and dropped.
    Swallow,
}

/// An end of a connection, as the proxy holds it.
#[derive(Debug, Clone)]
struct End {
    socket: Arc<TcpStream>,
    is_client: bool,
}

impl End {
    fn new(socket: TcpStream, is_client: bool) -> Self {
        // Small frames must not wait for one another; where it fails it is only slower.
        drop(socket.set_nodelay(true));
        Self { socket: Arc::new(socket), is_client }
    }
}

/// Takes up connections, each as it comes, without end.
async fn take_up<A>(mut accept: impl FnMut() -> A, server: SocketAddr, mut plan: Plan, done: Arc<Done>)
where
    A: Future<Output = std::io::Result<TcpStream>>,
{
    let mut links = JoinSet::new();
    loop {
        let Ok(client) = accept().await else {
            // One that was reset while it waited, or no descriptor is free: neither is the end of the proxy.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        links.spawn(link(client, server, plan.connection(), Arc::clone(&done)));
        while links.try_join_next().is_some() {}
    }
}

/// One connection from its beginning to its end.
async fn link(client: TcpStream, server: SocketAddr, faults: Vec<(Duration, Fault)>, done: Arc<Done>) {
    done.connections.fetch_add(1, Ordering::Relaxed);
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (client, server) = (End::new(client, true), End::new(server, false));
    let (upward, up) = watch::channel(Mode::Pass);
    let (downward, down) = watch::channel(Mode::Pass);
    let mut directions = JoinSet::new();
    directions.spawn(forward(client.clone(), server.clone(), up));
    directions.spawn(forward(server.clone(), client.clone(), down));
    let mut struck = pin!(strike(&faults, &upward, &downward, &done));
    let reset = tokio::select! {
        reset = &mut struck => reset,
        Some(Ok(gone)) = directions.join_next() => {
            if is_kept(&gone, *upward.borrow(), *downward.borrow()) {
                // Nothing moves any more, and both sockets stay until the fault is over.
                directions.shutdown().await;
                struck.await
            } else {
                // One end has closed by itself: the other is closed too.
                false
            }
        }
    };
    if reset {
        // Closing then sends RST. Where it fails they are closed in order, which is a cut as well.
        drop((client.socket.set_zero_linger(), server.socket.set_zero_linger()));
    }
    // The sockets close when all have let go of them.
    directions.shutdown().await;
}

/// Whether the other end is not to learn that this one is gone: nobody learns of a half-open connection that its client has
/// given up, and a deaf client not that the server has.
fn is_kept(gone: &End, up: Mode, down: Mode) -> bool {
    down == Mode::Swallow || (gone.is_client && up == Mode::Swallow)
}

/// Does to a connection what was drawn for it; ready when it is to be closed.
async fn strike(
    faults: &[(Duration, Fault)],
    up: &watch::Sender<Mode>,
    down: &watch::Sender<Mode>,
    done: &Done,
) -> bool {
    let both = |mode| {
        up.send_replace(mode);
        down.send_replace(mode);
    };
    let last = faults.len().saturating_sub(1);
    for (place, (quiet, fault)) in faults.iter().enumerate() {
        tokio::time::sleep(*quiet).await;
        if *done.calm.borrow() {
            break;
        }
        let fault = if place == last && !fault.is_half_open() { Fault::Cut } else { *fault };
        if fault.is_cut() {
            done.cuts.fetch_add(1, Ordering::Relaxed);
        }
        if fault.is_half_open() {
            done.half_opens.fetch_add(1, Ordering::Relaxed);
        }
        match fault {
            Fault::Cut => return false,
            Fault::Reset => return true,
            Fault::MidFrame => {
                both(Mode::Half);
                tokio::time::sleep(NEXT_FRAME).await;
                return false;
            }
            Fault::HalfOpen => both(Mode::Swallow),
            Fault::Mute => drop(up.send_replace(Mode::Swallow)),
            Fault::Deaf => drop(down.send_replace(Mode::Swallow)),
            Fault::Stall(time) | Fault::Throttle(time) => {
                both(if matches!(fault, Fault::Stall(_)) { Mode::Hold } else { Mode::Trickle });
                tokio::time::sleep(time).await;
                both(Mode::Pass);
            }
        }
        if fault.is_half_open() {
            tokio::select! {
                () = tokio::time::sleep(HALF_OPEN) => {}
                () = done.calmed() => {}
            }
            return false;
        }
    }
    std::future::pending().await
}

/// Moves bytes in one direction until either end is gone, and tells which.
async fn forward(from: End, to: End, mut mode: watch::Receiver<Mode>) -> End {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let now = *mode.borrow_and_update();
        let readable = async {
            match now {
                Mode::Hold => std::future::pending().await,
                _ => from.socket.readable().await,
            }
        };
        tokio::select! {
            biased;
            changed = mode.changed() => if changed.is_err() { return from } else { continue },
            readable = readable => if readable.is_err() { return from },
        }
        let room = if now == Mode::Trickle { TRICKLE_BYTES } else { bytes.len() };
        let read = match bytes.get_mut(..room).map(|space| from.socket.try_read(space)) {
            Some(Ok(read @ 1..)) => read,
            Some(Err(error)) if error.kind() == ErrorKind::WouldBlock => continue,
            _ => return from,
        };
        let through = match now {
            Mode::Swallow => 0,
            Mode::Half => read / 2,
            Mode::Pass | Mode::Hold | Mode::Trickle => read,
        };
        if write_all(&to.socket, bytes.get(..through).unwrap_or_default()).await.is_err() {
            return to;
        }
        if now == Mode::Half {
            return from;
        }
        if now == Mode::Trickle {
            tokio::time::sleep(TRICKLE_PAUSE).await;
        }
    }
}

async fn write_all(to: &TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Done, link, take_up};
    use crate::faults::{Fault, Plan};

    #[tokio::test]
    async fn errors_of_accept_are_not_its_end() {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
        let address = listener.local_addr().expect("an address");
        let mut calls = 0;
        let accept = move || {
            calls += 1;
            let (listener, fails) = (Arc::clone(&listener), calls % 3 != 0);
            async move {
                if fails {
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                listener.accept().await.map(|(client, _)| client)
            }
        };
        let done = Arc::new(Done::default());
        done.calm.send_replace(true);
        let target = server.local_addr().expect("an address");
        let proxy = tokio::spawn(take_up(accept, target, Plan::new(1, 0), Arc::clone(&done)));
        let passed = async {
            for text in [b"one", b"two"] {
                let mut client = TcpStream::connect(address).await.expect("it listens");
                let (mut taken, _) = server.accept().await.expect("a connection");
                client.write_all(text).await.expect("sent");
                let mut read = [0; 3];
                taken.read_exact(&mut read).await.expect("three bytes");
                assert_eq!(&read, text);
            }
        };
        tokio::time::timeout(Duration::from_secs(10), passed).await.expect("the proxy goes on");
        assert_eq!(done.connections.load(Ordering::Relaxed), 2);
        proxy.abort();
    }

    /// The client's end and the server's of a connection that meets that fault at once.
    async fn linked(fault: Fault, done: &Arc<Done>) -> (TcpStream, TcpStream) {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let client = TcpStream::connect(proxy.local_addr().expect("an address")).await.expect("it listens");
        let (taken, _) = proxy.accept().await.expect("a connection");
        let target = server.local_addr().expect("an address");
        tokio::spawn(link(taken, target, vec![(Duration::ZERO, fault)], Arc::clone(done)));
        let (reached, _) = server.accept().await.expect("a connection");
        (client, reached)
    }

    /// Whether nothing has come, and no end either, once a connection beside it has carried a byte there and back.
    async fn is_quiet(end: &TcpStream) -> bool {
        let beside = Arc::new(Done::default());
        beside.calm.send_replace(true);
        let (mut client, mut server) = linked(Fault::Cut, &beside).await;
        client.write_all(b"a").await.expect("sent");
        assert_eq!(server.read_u8().await.expect("a byte"), b'a');
        server.write_all(b"b").await.expect("sent");
        assert_eq!(client.read_u8().await.expect("a byte"), b'b');
        matches!(end.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Waits for the end, also where it is a reset.
    async fn ended(mut end: TcpStream) {
        assert!(matches!(end.read(&mut [0]).await, Ok(0) | Err(_)));
    }

    #[tokio::test]
    async fn a_server_does_not_learn_that_its_client_gave_a_half_open_connection_up() {
        for (fault, is_calmed) in
            [(Fault::HalfOpen, true), (Fault::Deaf, true), (Fault::Mute, true), (Fault::HalfOpen, false)]
        {
            let done = Arc::new(Done::default());
            let (client, server) = linked(fault, &done).await;
            while done.half_opens.load(Ordering::Relaxed) == 0 {
                tokio::task::yield_now().await;
            }
            drop(client);
            assert!(is_quiet(&server).await, "{fault:?}");
            if is_calmed {
                done.calm.send_replace(true);
            } else {
                tokio::time::pause();
            }
            ended(server).await;
        }
    }

    #[tokio::test]
    async fn a_client_learns_of_its_servers_end_where_it_hears_the_server() {
        for (fault, is_heard) in [(Fault::Mute, true), (Fault::Deaf, false), (Fault::HalfOpen, false)] {
            let done = Arc::new(Done::default());
            let (client, server) = linked(fault, &done).await;
            while done.half_opens.load(Ordering::Relaxed) == 0 {
                tokio::task::yield_now().await;
            }
            drop(server);
            if !is_heard {
                assert!(is_quiet(&client).await, "{fault:?}");
                done.calm.send_replace(true);
            }
            ended(client).await;
        }
    }
}
