//! The end of a server: a notice, open calls finish, then every connection closes with 4000.

use std::sync::{Arc, Mutex, mpsc as blocking};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use wirecall::server::{Limits, Server, ServerEvent};
use wirecall::{Reply, Service};

use crate::lab::{Bench, Fate};
use crate::support::{LONG, RawPeer, call, error_of, notification, serve, soon};

/// A server whose drain is longer than any test waits, and a session on it with `lab.hold` open as call 1.
async fn busy(change: impl FnOnce(&mut Limits)) -> (Bench, Server, std::net::SocketAddr, RawPeer) {
    let bench = Bench::default();
    let builder = bench.server_with(|limits| {
        limits.drain = LONG * 10;
        limits.retry_within = Duration::from_millis(1234);
        change(limits);
    });
    let (server, address) = serve(builder).await;
    let (mut peer, _) = RawPeer::session(address).await;
    peer.send(&call(1, "lab.hold", &json!([1]))).await;
    assert_eq!(bench.fate().await, Fate::Started(1));
    (bench, server, address, peer)
}

fn shut_down(server: &Server) -> tokio::task::JoinHandle<()> {
    let handle = server.handle();
    tokio::spawn(async move { handle.shutdown().await })
}

#[tokio::test]
async fn open_calls_finish_new_ones_are_unavailable_and_the_connection_closes_with_4000() {
    let (bench, server, _, mut peer) = busy(|_| {}).await;
    let mut events = server.handle().events();
    let down = shut_down(&server);
    let notice = peer.receive().await;
    let expected = json!({
        "code": 4000, "reason": "the server is shutting down", "in_ms": u64::try_from(LONG.as_millis()).expect("fits") * 10,
        "retry_within_ms": 1234
    });
    assert_eq!((&notice["method"], &notice["params"]), (&json!("rpc.close"), &expected));
    let refused = peer.ask(&call(2, "lab.echo", &json!(["x"]))).await;
    assert_eq!((error_of(&refused), &refused["id"]), ((-32006, "unavailable"), &json!(2)));
    assert_eq!(refused["error"]["data"]["retryable"], true);
    assert!(!down.is_finished());
    bench.release(1);
    let (code, texts) = peer.end().await;
    let [answer, close] = texts.as_slice() else { panic!("an answer and rpc.close, not {texts:?}") };
    assert_eq!((code, &answer["result"]), (4000, &json!(1)));
    // Nothing of what it sent was numbered.
    let expected = json!({
        "code": 4000, "reason": "the server is shutting down", "retry_within_ms": 1234, "received": 0
    });
    assert_eq!((&close["method"], &close["params"]), (&json!("rpc.close"), &expected));
    soon(down).await.expect("no panic");
    let mut last = None;
    while let Ok(Some(event)) = tokio::time::timeout(Duration::ZERO, events.next()).await {
        last = Some(event);
    }
    assert!(matches!(last, Some(ServerEvent::Drained)), "{last:?}");
    assert_eq!((server.handle().session_count(), server.handle().connection_count()), (0, 0));
}

#[tokio::test]
async fn a_handler_can_tell_that_the_server_drains_and_end_by_itself() {
    let (bench, server, _, mut peer) = busy(|_| {}).await;
    let handle = server.handle();
    assert!(handle.draining().now_or_never().is_none());
    let work = tokio::spawn(async move {
        handle.draining().await;
        bench.release(1);
    });
    let down = shut_down(&server);
    assert_eq!(peer.receive().await["method"], "rpc.close");
    let (code, texts) = peer.end().await;
    assert_eq!((code, &texts[0]["result"]), (4000, &json!(1)));
    soon(down).await.expect("no panic");
    soon(work).await.expect("no panic");
    soon(server.handle().draining()).await;
}

#[tokio::test]
async fn a_handle_is_told_of_the_end_of_a_server_that_was_not_built_yet_and_that_goes_without_a_shutdown() {
    let builder = Bench::default().server();
    let handle = builder.handle();
    let mut gone = std::pin::pin!(handle.draining());
    assert!(gone.as_mut().now_or_never().is_none());
    let server = builder.build().expect("it builds");
    assert!(gone.as_mut().now_or_never().is_none());
    drop(server);
    soon(gone).await;
}

#[tokio::test]
async fn calls_that_do_not_finish_are_cut_off_at_the_end_of_the_drain() {
    let (bench, server, _, mut peer) = busy(|limits| limits.drain = Duration::from_millis(50)).await;
    let down = shut_down(&server);
    assert_eq!(peer.closed().await, 4000);
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    soon(down).await.expect("no panic");
}

#[tokio::test]
async fn a_call_that_is_cancelled_in_the_middle_of_it_is_waited_for_no_longer() {
    let (_, server, _, mut peer) = busy(|_| {}).await;
    let down = shut_down(&server);
    peer.receive().await;
    peer.send(&notification("rpc.cancel", &json!({ "id": 1 }))).await;
    assert_eq!(peer.closed().await, 4000);
    soon(down).await.expect("no panic");
}

#[tokio::test]
async fn notifications_that_arrive_in_the_middle_of_it_are_run() {
    let (bench, server, _, mut peer) = busy(|_| {}).await;
    let down = shut_down(&server);
    assert_eq!(peer.receive().await["method"], "rpc.close");
    peer.send(&notification("lab.note", &json!([7]))).await;
    assert_eq!(bench.fate().await, Fate::Done(7));
    bench.release(1);
    assert_eq!(peer.closed().await, 4000);
    soon(down).await.expect("no panic");
}

#[tokio::test]
async fn who_asks_for_it_a_second_time_waits_for_the_first() {
    let (bench, server, _, mut peer) = busy(|_| {}).await;
    let mut events = server.handle().events();
    peer.send(&call(2, "lab.keep", &json!([2]))).await;
    assert_eq!(bench.fate().await, Fate::Started(2));
    peer.bye().await;
    let (first, second) = (shut_down(&server), shut_down(&server));
    // Only the call is left, whose session has ended.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!first.is_finished() && !second.is_finished());
    bench.release(1);
    soon(second).await.expect("no panic");
    let mut drained = 0;
    while let Some(Some(event)) = events.next().now_or_never() {
        drained += u32::from(matches!(event, ServerEvent::Drained));
    }
    assert_eq!(drained, 1);
    soon(first).await.expect("no panic");
}

#[tokio::test]
async fn a_session_that_goes_away_in_the_middle_of_it_is_waited_for_no_longer() {
    let (bench, server, _, mut peer) = busy(|_| {}).await;
    let down = shut_down(&server);
    peer.receive().await;
    drop(peer);
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    soon(down).await.expect("no panic");
}

#[tokio::test]
async fn a_no_cancel_call_is_waited_for() {
    let (bench, server, _, mut peer) = busy(|_| {}).await;
    peer.send(&call(2, "lab.keep", &json!([2]))).await;
    assert_eq!(bench.fate().await, Fate::Started(2));
    for id in [1, 2] {
        peer.send(&notification("rpc.cancel", &json!({ "id": id }))).await;
        peer.answer(id).await;
    }
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    let down = shut_down(&server);
    assert_eq!(peer.receive().await["method"], "rpc.close");
    peer.nothing_more().await;
    assert!(!down.is_finished());
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(2));
    assert_eq!(peer.closed().await, 4000);
    soon(down).await.expect("no panic");
}

#[tokio::test]
async fn a_no_cancel_call_whose_session_has_ended_is_waited_for_too() {
    let (bench, server, _, mut peer) = busy(|_| {}).await;
    peer.send(&call(2, "lab.keep", &json!([2]))).await;
    assert_eq!(bench.fate().await, Fate::Started(2));
    peer.bye().await;
    assert_eq!(bench.fate().await, Fate::Dropped(1));
    let down = shut_down(&server);
    // It has nothing else to do, and is not done.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!down.is_finished());
    bench.release(1);
    assert_eq!(bench.fate().await, Fate::Done(2));
    soon(down).await.expect("no panic");
}

#[tokio::test]
async fn who_has_not_said_hello_is_closed_at_once() {
    let (bench, server, address, mut peer) = busy(|_| {}).await;
    let mut quiet = RawPeer::quiet(address).await;
    let down = shut_down(&server);
    let (code, texts) = quiet.end().await;
    assert_eq!((code, &texts[0]["params"]["code"]), (4000, &json!(4000)));
    bench.release(1);
    assert_eq!(peer.closed().await, 4000);
    soon(down).await.expect("no panic");
}

#[tokio::test]
async fn a_refused_plain_peer_holds_nothing_up() {
    let builder = Bench::default().server().authenticate(|_| async {
        Err::<wirecall::UserId, _>(wirecall::RpcError::new(wirecall::ErrorKind::Unauthenticated, "who are you?"))
    });
    let (server, address) = serve(builder).await;
    let peer = RawPeer::plain(address).await;
    let start = Instant::now();
    server.handle().shutdown().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop(peer);
}

#[tokio::test]
async fn a_plain_peer_is_closed_with_4000_and_told_nothing_that_it_does_not_know() {
    let bench = Bench::default();
    let (server, address) = serve(bench.server()).await;
    let mut peer = RawPeer::plain(address).await;
    peer.nothing_more().await;
    let down = shut_down(&server);
    assert_eq!(peer.end().await, (4000, vec![]));
    soon(down).await.expect("no panic");
}

#[tokio::test]
async fn a_peer_that_reads_nothing_does_not_hold_it_up_for_longer_than_the_write_deadline() {
    let bench = Bench::default();
    let builder = bench.server_with(|limits| {
        limits.write_deadline = Duration::from_millis(100);
        limits.drain = Duration::from_millis(100);
    });
    let (server, address) = serve(builder).await;
    let mut peer = RawPeer::deaf(address, None).await;
    for n in 0..30 {
        peer.send(&call(n, "lab.large", &json!([400_000]))).await;
    }
    peer.send(&call(99, "lab.note", &json!([99]))).await;
    assert_eq!(bench.fate().await, Fate::Done(99));
    soon(shut_down(&server)).await.expect("no panic");
}

#[tokio::test]
async fn serve_returns_and_the_port_is_free_and_everybody_may_ask_for_it() {
    let bench = Bench::default();
    let server = bench.server().build().expect("the server builds");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn({
        let server = server.clone();
        async move { server.serve_listener(listener).await }
    });
    RawPeer::any(address).await.nothing_more().await;
    let (one, two) = (shut_down(&server), shut_down(&server));
    soon(one).await.expect("no panic");
    soon(two).await.expect("no panic");
    soon(serving).await.expect("no panic").expect("an orderly end");
    TcpListener::bind(address).await.expect("the port is free");
}

#[tokio::test]
async fn serve_until_shuts_down_when_its_signal_is_there() {
    let server = Bench::default().server().build().expect("the server builds");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let address = {
        let probe = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        probe.local_addr().expect("an address")
    };
    let serving = tokio::spawn({
        let server = server.clone();
        async move { server.serve_until(address, stopped).await }
    });
    let mut peer = loop {
        match RawPeer::connect(&format!("ws://{address}/"), None).await {
            Ok(peer) => break peer,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    peer.nothing_more().await;
    stop.send(()).expect("somebody listens");
    assert_eq!(peer.closed().await, 4000);
    soon(serving).await.expect("no panic").expect("an orderly end");
}

#[derive(Service)]
#[rpc(name = "loom")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Loom {
    #[rpc(returns = u32)]
    Weave,
}

/// Works for a while before it waits for anything, as a handler that computes does.
struct Weaver {
    started: mpsc::Sender<()>,
    done: Mutex<blocking::Receiver<()>>,
    /// Opened when it may end.
    end: Arc<Semaphore>,
}

impl LoomHandler for Weaver {
    type Context = ();

    async fn weave(&self, (): ()) -> Reply<u32> {
        self.started.try_send(()).expect("the test listens");
        // The reader's task has to stand still, and the runtime must not.
        tokio::task::block_in_place(|| self.done.lock().expect("one call").recv()).expect("the test tells");
        self.end.acquire().await.expect("it stays").forget();
        Ok(7)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_whose_handler_has_not_waited_for_anything_yet_is_open_too() {
    let (started, mut starts) = mpsc::channel(1);
    let (finish, done) = blocking::channel();
    let end = Arc::new(Semaphore::new(0));
    let mut limits = Limits::default();
    limits.drain = LONG * 10;
    let weaver = Weaver { started, done: Mutex::new(done), end: Arc::clone(&end) };
    let (server, address) = serve(Server::builder().service(Loom::serve(weaver)).limits(limits)).await;
    let (mut peer, _) = RawPeer::session(address).await;
    peer.send(&call(1, "loom.weave", &json!([]))).await;
    soon(starts.recv()).await.expect("it runs");
    let (mut idle, _) = RawPeer::session(address).await;
    let down = shut_down(&server);
    // Sessions are drained at once: where this one is closed, the other was asked what is open.
    assert_eq!(idle.closed().await, 4000);
    finish.send(()).expect("it listens");
    assert!(peer.receive().await["params"]["in_ms"].is_number());
    peer.nothing_more().await;
    end.add_permits(1);
    let (code, texts) = peer.end().await;
    // The last `rpc.close` may overtake it.
    let result = texts.iter().find_map(|text| text.get("result"));
    assert_eq!((code, result), (4000, Some(&json!(7))), "{texts:?}");
    soon(down).await.expect("no panic");
}
