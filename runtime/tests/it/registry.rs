//! The registry: who is here, found by id and by user, and sent away; through a handle that is there before the server.

use serde_json::{Value, json};
use wirecall::server::{AuthRequest, Server, ServerHandle};
use wirecall::{Disconnect, Reply, Service, UserId};

use crate::lab::{Bench, LabEvent};
use crate::support::{RawPeer, serve};

/// Believes every token.
async fn believing() -> (Server, std::net::SocketAddr) {
    let builder = Bench::default().server();
    serve(builder.authenticate(|request: AuthRequest| async move { Ok(request.token().map(UserId::from)) }))
        .await
}

#[tokio::test]
async fn connections_sessions_and_users_are_counted_and_listed() {
    let (server, address) = believing().await;
    let handle = server.handle();
    assert_eq!((handle.connection_count(), handle.session_count(), handle.user_count()), (0, 0, 0));
    let (_one, hello) = RawPeer::hello(address, json!({ "token": "ann" })).await;
    let (_two, _) = RawPeer::hello(address, json!({ "token": "ann" })).await;
    let (_three, _) = RawPeer::hello(address, json!({ "token": "bob" })).await;
    let mut plain = RawPeer::any(address).await;
    plain.nothing_more().await;
    let _quiet = RawPeer::quiet(address).await;
    assert_eq!((handle.connection_count(), handle.session_count(), handle.user_count()), (5, 4, 2));
    let mut users = handle.users();
    users.sort();
    assert_eq!(users, ["ann", "bob"]);
    assert_eq!(handle.sessions().len(), 4);
    assert_eq!(
        (handle.user("ann").count(), handle.user("bob").count(), handle.user("cleo").count()),
        (2, 1, 0)
    );
    let id = hello["session"].as_str().expect("a name");
    let session = handle.session(id).expect("a session");
    assert_eq!((session.id().as_str(), session.user_id().map(UserId::as_str)), (id, Some("ann")));
    assert!(handle.user("ann").sessions().contains(&session));
    assert!(handle.session("no such session").is_none());
    let mut connections: Vec<u64> =
        handle.connections().iter().map(wirecall::server::Connection::id).collect();
    connections.sort_unstable();
    connections.dedup();
    assert_eq!(connections.len(), 4);
}

#[tokio::test]
async fn one_session_is_sent_away_with_a_reason_and_stays_away() {
    let (server, address) = believing().await;
    let (mut peer, hello) = RawPeer::hello(address, json!({ "token": "ann" })).await;
    let (mut other, _) = RawPeer::hello(address, json!({ "token": "ann" })).await;
    let session = server.handle().session(hello["session"].as_str().expect("a name")).expect("a session");
    session.close("you were rude");
    let (code, texts) = peer.end().await;
    let notice = json!({ "jsonrpc": "2.0", "method": "rpc.close", "params": { "code": 4502, "reason": "you were rude", "received": 0 } });
    assert_eq!((code, texts), (4502, vec![notice]));
    other.nothing_more().await;
    server.handle().user("ann").close("all of you");
    assert_eq!(other.closed().await, 4502);
}

#[tokio::test]
async fn a_close_for_good_right_after_one_for_now_is_told_and_counts() {
    let (server, address) = believing().await;
    let (mut peer, hello) = RawPeer::session(address).await;
    let session = server.handle().session(hello["session"].as_str().expect("a name")).expect("a session");
    session.close_with(Disconnect::new(4000, "later"));
    session.close("never");
    session.close_with(Disconnect::new(4000, "later after all"));
    let (code, texts) = peer.end().await;
    let told: Vec<&Value> = texts.iter().map(|notice| &notice["params"]["code"]).collect();
    assert_eq!((code, told), (4502, vec![&json!(4000), &json!(4502)]));
    assert_eq!(server.handle().session_count(), 0);
}

#[tokio::test]
async fn a_session_is_ended_with_a_code_of_the_application_s_own() {
    let (server, address) = believing().await;
    let (mut peer, hello) = RawPeer::session(address).await;
    let session = server.handle().session(hello["session"].as_str().expect("a name")).expect("a session");
    let long = "ü".repeat(500);
    session.close_with(Disconnect::new(4321, long.clone()));
    let (code, texts) = peer.end().await;
    assert_eq!((code, &texts[0]["params"]["reason"]), (4321, &json!(long)));
}

#[derive(Service)]
#[rpc(name = "hall")]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Hall {
    #[rpc(returns = usize)]
    Shout { text: String },
}

/// Owns the handle on the server that will own it.
struct Crier(ServerHandle);

impl HallHandler for Crier {
    type Context = ();
    async fn shout(&self, (): (), text: String) -> Reply<usize> {
        self.0.broadcast(LabEvent::Tick { n: 0, filling: text }).map_err(wirecall::Failure::internal)
    }
}

#[tokio::test]
async fn a_handle_is_there_before_the_handlers_and_keeps_no_server_alive() {
    let builder = Bench::default().server();
    let handle = builder.handle();
    assert_eq!(handle.broadcast(LabEvent::Tick { n: 0, filling: String::new() }).expect("encodes"), 0);
    assert!(handle.sessions().is_empty());
    let builder = builder.service(Hall::serve(Crier(handle.clone())));
    let (server, address) = serve(builder).await;
    let mut peer = RawPeer::any(address).await;
    assert_eq!(peer.call("hall.shout", json!(["hear"])).await["params"]["filling"], "hear");
    assert_eq!(peer.receive().await["result"], 1);
    drop(peer);
    handle.shutdown().await;
    drop(server);
    assert!(handle.sessions().is_empty());
}
