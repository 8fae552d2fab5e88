//! The Rust client's session over a real server, through a proxy that cuts: nothing is lost, nothing comes twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use wirecall::client::ClientState;
use wirecall::server::{Limits, Server};
use wirecall::{CallError, Client, Listener, Reply, SessionReason};

use crate::client_script::{client_of, is_away, until};
use crate::lab::{Bench, Fate, LabClient, LabEvent, Ui, UiClient, UiHandler};
use crate::proxy::Proxy;
use crate::stream_lab::{FlowClient, Number, Stage};
use crate::support::{serve, soon};

/// A server behind a proxy, and a client of it.
struct Scene {
    bench: Bench,
    server: Server,
    proxy: Proxy,
    client: Client,
    lab: LabClient,
    states: Listener<ClientState>,
}

async fn scene_with(change: impl FnOnce(&mut Limits)) -> Scene {
    let bench = Bench::default();
    let (server, address) = serve(bench.server_with(change)).await;
    let proxy = Proxy::before(address).await;
    let client =
        client_of(proxy.address()).serve(Ui::serve(Confirming::default())).await.expect("a connection");
    let (lab, states) = (LabClient::new(&client), client.states());
    Scene { bench, server, proxy, client, lab, states }
}

async fn scene() -> Scene {
    scene_with(|_| {}).await
}

/// Says yes, and counts.
#[derive(Clone, Default)]
struct Confirming(Arc<AtomicU64>);

impl UiHandler for Confirming {
    type Context = ();

    async fn confirm(&self, (): (), _: String) -> Reply<bool> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }

    async fn flash(&self, (): (), _: String) -> Reply<()> {
        Ok(())
    }
}

impl Scene {
    /// Cuts, and waits until the client is back. Gives whether its session goes on, and why not.
    async fn cut(&mut self) -> (bool, Option<SessionReason>) {
        self.proxy.cut();
        until(&mut self.states, is_away).await;
        back(&mut self.states).await
    }
}

/// Cuts again and again, in the middle of whatever is on its way.
async fn keep_cutting(proxy: Proxy, every: Duration) {
    let mut pace = tokio::time::interval(every);
    for n in 0_u64.. {
        pace.tick().await;
        proxy.cut_after(300 + n * 91 % 4000);
    }
}

async fn back(states: &mut Listener<ClientState>) -> (bool, Option<SessionReason>) {
    match until(states, ClientState::is_open).await {
        ClientState::Open { resumed, lost, .. } => (resumed, lost),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_goes_on_over_a_cut_also_when_nothing_was_said_yet() {
    let mut scene = scene().await;
    for _ in 0..20 {
        assert_eq!(scene.cut().await, (true, None));
    }
    assert_eq!(scene.lab.echo("still here").await.expect("an answer"), "still here");
    assert_eq!(scene.server.handle().session_count(), 1);
}

#[tokio::test]
async fn calls_in_flight_go_on_over_cuts_in_both_directions() {
    let mut scene = scene().await;
    let held = tokio::spawn(scene.lab.hold(1).into_future());
    assert_eq!(scene.bench.fate().await, Fate::Started(1));
    scene.cut().await;
    scene.bench.release(1);
    assert_eq!(soon(held).await.expect("no panic").expect("an answer"), 1);
    let ui: UiClient = scene.server.handle().sessions().pop().expect("a session").peer();
    scene.proxy.cut();
    assert!(soon(ui.confirm("sure?").into_future()).await.expect("an answer"));
}

#[tokio::test]
async fn calls_and_notifications_made_while_away_arrive_once_and_in_order() {
    let mut scene = scene().await;
    scene.proxy.cut();
    until(&mut scene.states, is_away).await;
    for n in 0..300 {
        scene.lab.note(n).await.unwrap_or_else(|error| panic!("{n}: {error}"));
    }
    assert_eq!(back(&mut scene.states).await, (true, None));
    for n in 0..300 {
        assert_eq!(scene.bench.fate().await, Fate::Done(n));
    }
}

#[tokio::test]
async fn answers_events_and_calls_of_the_server_s_arrive_exactly_once_over_many_cuts() {
    const ROUNDS: u32 = 400;
    let scene = scene().await;
    let Scene { bench, server, proxy, client: _client, lab, states: _ } = scene;
    let session = server.handle().sessions().pop().expect("a session");
    let mut events = lab.events();
    let calling = tokio::spawn({
        let lab = lab.clone();
        async move {
            for n in 0..ROUNDS {
                assert_eq!(lab.echo(n.to_string()).await.expect("an answer"), n.to_string());
            }
        }
    });
    let noting = tokio::spawn({
        let lab = lab.clone();
        async move {
            for n in 0..ROUNDS {
                lab.note(n).await.expect("it left");
            }
        }
    });
    let emitting = tokio::spawn({
        let session = session.clone();
        async move {
            let mut pace = tokio::time::interval(Duration::from_millis(1));
            for n in 0..ROUNDS {
                session.emit(LabEvent::Tick { n, filling: "x".repeat(100) }).expect("encodes");
                pace.tick().await;
            }
        }
    });
    let asking = tokio::spawn(async move {
        let ui: UiClient = session.peer();
        for n in 0..ROUNDS {
            assert!(ui.confirm(n.to_string()).await.expect("an answer"));
        }
    });
    let cutting = tokio::spawn(keep_cutting(proxy, Duration::from_millis(20)));
    let listening = async {
        for n in 0..ROUNDS {
            let event = soon(events.next()).await.expect("an event");
            assert!(matches!(event, LabEvent::Tick { n: got, .. } if got == n), "{n}: {event:?}");
        }
    };
    let noted = async {
        for n in 0..ROUNDS {
            assert_eq!(bench.fate().await, Fate::Done(n));
        }
    };
    let all = async { tokio::join!(calling, noting, emitting, asking, listening, noted) };
    let (calling, noting, emitting, asking, (), ()) =
        tokio::time::timeout(Duration::from_mins(1), all).await.expect("in time");
    for done in [calling, noting, emitting, asking] {
        done.expect("no panic");
    }
    cutting.abort();
    assert!(bench.is_quiet().await, "nothing came twice");
    assert_eq!(server.handle().session_count(), 1);
}

#[tokio::test]
async fn streams_up_and_down_go_on_over_cuts() {
    let stage = Stage::default();
    let (_server, address) = serve(stage.server()).await;
    let proxy = Proxy::before(address).await;
    let flow = FlowClient::new(client_of(proxy.address()).await.expect("a connection"));
    let cutting = tokio::spawn(keep_cutting(proxy, Duration::from_millis(15)));
    let down = async {
        let mut items = flow.count(3000).open();
        for n in 1..=3000 {
            assert_eq!(soon(items.next()).await.expect("an item").expect("no error"), n);
        }
        assert!(items.next().await.is_none());
        assert_eq!(items.finish().await.expect("a result"), 3000);
    };
    let up = async {
        let numbers = futures_util::stream::iter((1..=3000).map(|value| Number { value }));
        assert_eq!(flow.sum(numbers).await.expect("a sum"), 3000 * 3001 / 2);
    };
    tokio::time::timeout(Duration::from_mins(1), async { tokio::join!(down, up) }).await.expect("in time");
    cutting.abort();
}

#[tokio::test]
async fn a_session_that_the_server_gave_up_is_told_once_and_its_calls_meet_their_fate() {
    let mut scene = scene_with(|limits| limits.session_ttl = Duration::from_millis(50)).await;
    let held = tokio::spawn(scene.lab.hold(1).into_future());
    assert_eq!(scene.bench.fate().await, Fate::Started(1));
    scene.proxy.fall_silent();
    // It was received by nobody: the server's session ends before the client comes back.
    let late = tokio::spawn(scene.lab.echo("carried over").into_future());
    let ended = async {
        let session = scene.server.handle().sessions().pop().expect("a session");
        session.close_with(wirecall::Disconnect::new(4000, "for now"));
        assert_eq!(scene.bench.fate().await, Fate::Dropped(1));
    };
    soon(ended).await;
    scene.proxy.pass_again();
    assert_eq!(scene.cut().await, (false, Some(SessionReason::Expired)));
    let lost = soon(held).await.expect("no panic");
    assert!(matches!(lost, Err(CallError::ConnectionLost)), "{lost:?}");
    assert_eq!(soon(late).await.expect("no panic").expect("an answer"), "carried over");
    assert_eq!(scene.cut().await, (true, None));
}

#[tokio::test]
async fn close_waits_for_the_acks_of_what_was_written() {
    let scene = scene().await;
    for n in 0..10 {
        scene.lab.note(n).await.expect("it left");
    }
    scene.client.close().await;
    for n in 0..10 {
        assert_eq!(scene.bench.fate().await, Fate::Done(n));
    }
    soon(async {
        while scene.server.handle().session_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn close_waits_for_nothing_where_everything_was_answered() {
    let scene = scene().await;
    scene.lab.echo("x").await.expect("an answer");
    let start = std::time::Instant::now();
    scene.client.close().await;
    assert!(start.elapsed() < Duration::from_millis(800), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_thousand_calls_over_cuts_each_have_one_answer() {
    let scene = scene().await;
    let cutting = tokio::spawn(keep_cutting(scene.proxy, Duration::from_millis(10)));
    let calls = (0..1000).map(|n| scene.lab.echo(n.to_string()).into_future());
    let answers = tokio::time::timeout(Duration::from_mins(1), join_all(calls)).await.expect("in time");
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.expect("an answer"), n.to_string());
    }
    cutting.abort();
}

/// From here on only the test moves the clock: somebody always has something to do, so that it does not go on by itself.
fn stop_the_clock() {
    tokio::time::pause();
    tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
}

#[tokio::test]
async fn a_client_that_only_receives_events_for_ten_minutes_is_never_closed() {
    let Scene { server, client: _client, lab, proxy: _proxy, mut states, .. } = scene().await;
    let session = server.handle().sessions().pop().expect("a session");
    let mut events = lab.events();
    stop_the_clock();
    for n in 0..60 {
        tokio::time::advance(Duration::from_secs(10)).await;
        session.emit(LabEvent::Tick { n, filling: String::new() }).expect("encodes");
        assert!(matches!(events.next().await, Some(LabEvent::Tick { n: got, .. }) if got == n));
    }
    assert!(session.is_connected() && session.age() >= Duration::from_mins(10));
    let noticed = futures_util::FutureExt::now_or_never(states.next());
    assert!(noticed.is_none(), "{noticed:?}");
}

#[tokio::test]
async fn a_client_whose_network_died_is_closed_and_notices_itself() {
    let Scene { server, client: _client, proxy, mut states, .. } = scene().await;
    let session = server.handle().sessions().pop().expect("a session");
    proxy.fall_silent();
    stop_the_clock();
    let (mut noticed, mut closed) = (None, None);
    for second in 1..=65 {
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 0..500 {
            tokio::task::yield_now().await;
        }
        if let Some(Some(ClientState::Reconnecting { .. })) =
            futures_util::FutureExt::now_or_never(states.next())
        {
            noticed.get_or_insert(second);
        }
        if !session.is_connected() {
            closed.get_or_insert(second);
        }
    }
    // Its watchdog: 25 s to the ping that does not come, and 10 s of grace. The server's: twice that ping, and 10 s.
    assert!(matches!(noticed, Some(35..=37)), "{noticed:?}");
    assert!(matches!(closed, Some(35..=62)), "{closed:?}");
}
