//! Events: to one session, to a user, to several, to all, to all but some.

use serde_json::{Value, json};
use wirecall::server::{Audience, Server, ServerEvent};
use wirecall::{Session, UserId};

use crate::lab::{Bench, LabEvent};
use crate::support::{RawPeer, error_of, serve, soon};

fn tick(n: u32) -> LabEvent {
    LabEvent::Tick { n, filling: String::new() }
}

/// A server that believes every token, and these users' sessions, in order.
async fn users<const N: usize>(names: [&str; N]) -> (Server, [(RawPeer, Session); N]) {
    let builder = Bench::default().server();
    let builder = builder.authenticate(|request: wirecall::server::AuthRequest| async move {
        Ok(request.token().map(UserId::from))
    });
    let (server, address) = serve(builder).await;
    let mut peers = Vec::new();
    for name in names {
        let (peer, hello) = RawPeer::hello(address, json!({ "token": name })).await;
        let session = server.handle().session(hello["session"].as_str().expect("a name")).expect("a session");
        peers.push((peer, session));
    }
    (server, peers.try_into().ok().expect("as many"))
}

/// The numbers of the events that each has got.
async fn heard<const N: usize>(peers: &mut [(RawPeer, Session); N]) -> [Vec<u64>; N] {
    let mut all = [const { Vec::new() }; N];
    for ((peer, session), heard) in peers.iter_mut().zip(&mut all) {
        session.emit(tick(999)).expect("encodes");
        loop {
            let event = peer.receive().await;
            assert_eq!(event["method"], "lab.tick");
            match event["params"]["n"].as_u64().expect("a number") {
                999 => break,
                n => heard.push(n),
            }
        }
    }
    all
}

#[tokio::test]
async fn an_event_goes_to_one_session() {
    let (_, mut peers) = users(["ann", "ann"]).await;
    peers[0].1.emit(tick(1)).expect("encodes");
    assert_eq!(heard(&mut peers).await, [vec![1], vec![]]);
}

#[tokio::test]
async fn an_event_for_a_user_goes_to_all_of_their_sessions() {
    let (server, mut peers) = users(["ann", "bob", "ann"]).await;
    assert_eq!(server.handle().user("ann").emit(tick(1)).expect("encodes"), 2);
    assert_eq!(server.handle().user("nobody").emit(tick(2)).expect("encodes"), 0);
    assert_eq!(server.handle().user(UserId::from("bob")).emit(tick(3)).expect("encodes"), 1);
    assert_eq!(heard(&mut peers).await, [vec![1], vec![3], vec![1]]);
}

#[tokio::test]
async fn an_event_goes_to_several_to_all_and_to_all_but_some() {
    let (server, mut peers) = users(["ann", "bob", "cleo"]).await;
    let handle = server.handle();
    let ids = [0, 1, 2].map(|index| peers[index].1.id().clone());
    assert_eq!(handle.select([&ids[0], &ids[2]]).emit(tick(1)).expect("encodes"), 2);
    assert_eq!(handle.select(["no such session"]).emit(tick(2)).expect("encodes"), 0);
    assert_eq!(handle.broadcast(tick(3)).expect("encodes"), 3);
    assert_eq!(handle.except(&ids[1]).emit(tick(4)).expect("encodes"), 2);
    assert_eq!(handle.everyone().except([&ids[0], &ids[1]]).emit(tick(5)).expect("encodes"), 1);
    let some: Audience = handle
        .sessions()
        .into_iter()
        .filter(|session| session.user_id().is_some_and(|user| user == "bob"))
        .collect();
    assert_eq!(some.emit(tick(6)).expect("encodes"), 1);
    assert_eq!(heard(&mut peers).await, [vec![1, 3, 4], vec![3, 6], vec![1, 3, 4, 5]]);
}

#[tokio::test]
async fn a_session_named_twice_hears_an_event_once() {
    let (server, mut peers) = users(["ann"]).await;
    let id = peers[0].1.id().clone();
    assert_eq!(server.handle().select([&id, &id]).emit(tick(1)).expect("encodes"), 1);
    assert_eq!(heard(&mut peers).await, [vec![1]]);
}

#[tokio::test]
async fn events_of_one_sender_arrive_in_order() {
    let (server, mut peers) = users(["ann"]).await;
    for n in 0..200 {
        server.handle().broadcast(tick(n)).expect("encodes");
    }
    assert_eq!(heard(&mut peers).await, [(0..200).collect::<Vec<_>>()]);
}

#[tokio::test]
async fn an_event_that_other_languages_could_not_read_is_refused_with_the_field_s_name() {
    let (server, mut peers) = users(["ann"]).await;
    let refused = server.handle().broadcast(LabEvent::Big { n: 1 << 53 }).expect_err("too wide");
    assert!(
        refused.to_string().contains("/n") && refused.to_string().contains("9007199254740991"),
        "{refused}"
    );
    server.handle().broadcast(LabEvent::Big { n: (1 << 53) - 1 }).expect("encodes");
    let event = peers[0].0.receive().await;
    assert_eq!(
        event,
        json!({ "jsonrpc": "2.0", "method": "lab.big", "params": { "n": 9_007_199_254_740_991_u64 } })
    );
}

#[tokio::test]
async fn an_event_larger_than_a_client_takes_is_not_sent_to_it() {
    let (_, address) = serve(Bench::default().server()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "limits": { "max_message_bytes": 1000 } })).await;
    assert_eq!(peer.call("lab.emit", json!([1, 2000])).await["result"], Value::Null);
    assert_eq!(peer.call("lab.emit", json!([1, 500])).await["method"], "lab.tick");
}

#[tokio::test]
async fn an_event_counts_the_sessions_that_it_entered_and_the_server_tells_of_a_limit() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut happens = server.handle().events();
    let (_tiny, hello) = RawPeer::hello(address, json!({ "limits": { "max_message_bytes": 30 } })).await;
    let (mut other, _) = RawPeer::hello(address, json!({})).await;
    assert_eq!(server.handle().broadcast(tick(1)).expect("encodes"), 1);
    assert_eq!(other.receive().await["params"]["n"], 1);
    let met = loop {
        if let ServerEvent::LimitReached { limit, session } = soon(happens.next()).await.expect("an event") {
            break (limit, session.map(|session| session.to_string()));
        }
    };
    assert_eq!(met, ("max_message_bytes", hello["session"].as_str().map(str::to_owned)));
}

#[tokio::test]
async fn an_event_for_a_session_that_has_ended_goes_nowhere() {
    let (server, mut peers) = users(["ann"]).await;
    let session = peers[0].1.clone();
    session.close("enough");
    assert_eq!(peers[0].0.closed().await, 4502);
    session.emit(tick(1)).expect("encodes");
    assert_eq!(server.handle().broadcast(tick(2)).expect("encodes"), server.handle().session_count());
}

#[tokio::test]
async fn a_plain_peer_receives_events_too() {
    let (server, address) = serve(Bench::default().server()).await;
    let mut peer = RawPeer::any(address).await;
    peer.nothing_more().await;
    server.handle().broadcast(tick(1)).expect("encodes");
    assert_eq!(peer.receive().await["params"]["n"], 1);
}

#[tokio::test]
async fn a_result_larger_than_the_client_takes_is_the_error_too_large() {
    let (_, address) = serve(Bench::default().server()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "limits": { "max_message_bytes": 1000 } })).await;
    assert_eq!(error_of(&peer.call("lab.large", json!([2000])).await), (-32008, "too_large"));
    assert_eq!(peer.call("lab.large", json!([500])).await["result"].as_str().map(str::len), Some(500));
}

#[tokio::test]
async fn an_error_larger_than_the_client_takes_is_the_error_too_large() {
    let (_, address) = serve(Bench::default().server().expose_contract()).await;
    let (mut peer, _) = RawPeer::hello(address, json!({ "limits": { "max_message_bytes": 1000 } })).await;
    let answer = peer.call("lab.fail", json!(["at length"])).await;
    assert_eq!(error_of(&answer), (-32008, "too_large"));
    let text = answer["error"]["message"].as_str().expect("text");
    assert!(text.starts_with("the error is ") && text.contains("`max_message_bytes`"), "{text}");
    // Also what the reader itself answers.
    assert_eq!(error_of(&peer.call("rpc.contract", json!([])).await), (-32008, "too_large"));
    assert_eq!(error_of(&peer.call("lab.fail", json!(["no_room"])).await), (1001, "no_room"));
}
