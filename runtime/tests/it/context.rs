//! What a handler may ask for: everything that a call knows, and extractors of the user's own.

use serde_json::json;
use wirecall::server::{Connection, ServerHandle};
use wirecall::{CallContext, ErrorKind, Extract, Reply, RpcError, Server, Service, ServiceError, Session};

use crate::support::{RawPeer, error_of, serve};

#[derive(Service)]
#[rpc(name = "desk", error = DeskError)]
#[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
enum Desk {
    #[rpc(returns = (String, bool, usize, u64, bool))]
    Look,
}

#[derive(ServiceError)]
enum DeskError {
    /// The desk is closed.
    #[rpc(code = 7)]
    Closed { until: String },
}

/// Refuses with the service's own error.
struct Open;

impl Extract for Open {
    async fn extract(call: &CallContext) -> Result<Self, RpcError> {
        tokio::task::yield_now().await;
        match call.connection().and_then(|connection| connection.uri().query()) {
            Some("closed") => Err(DeskError::Closed { until: "noon".to_owned() }.into()),
            Some("denied") => Err(RpcError::new(ErrorKind::PermissionDenied, "not for you")),
            _ => Ok(Self),
        }
    }
}

struct App;

impl DeskHandler for App {
    type Context = (CallContext, Session, ServerHandle, Connection, Open, ());
    async fn look(
        &self,
        (call, session, server, connection, Open, ()): Self::Context,
    ) -> Reply<(String, bool, usize, u64, bool), DeskError> {
        let same = server.session(session.id()).is_some_and(|found| found == session);
        Ok((call.method().to_owned(), same, server.session_count(), connection.id(), connection.is_plain()))
    }
}

async fn desk(query: &str) -> RawPeer {
    let (_, address) = serve(Server::builder().service(Desk::serve(App))).await;
    RawPeer::connect(&format!("ws://{address}/?{query}"), None).await.expect("a connection")
}

#[tokio::test]
async fn a_tuple_asks_for_several_things_at_once() {
    assert_eq!(
        desk("").await.call("desk.look", json!([])).await["result"],
        json!(["desk.look", true, 1, 1, true])
    );
}

#[tokio::test]
async fn an_extractor_refuses_with_the_protocol_s_error_or_the_service_s_own() {
    assert_eq!(
        error_of(&desk("denied").await.call("desk.look", json!([])).await),
        (-32002, "permission_denied")
    );
    let answer = desk("closed").await.call("desk.look", json!([])).await;
    assert_eq!(
        (error_of(&answer), &answer["error"]["data"]["details"]["until"]),
        ((7, "closed"), &json!("noon"))
    );
}

#[tokio::test]
async fn one_handler_serves_several_services_and_shares_its_state() {
    #[derive(Service)]
    #[rpc(name = "counter")]
    #[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
    enum Counter {
        #[rpc(returns = u32)]
        Next,
    }
    #[derive(Service)]
    #[rpc(name = "reader")]
    #[allow(dead_code, reason = "the macro reads the enum; nobody makes one")]
    enum Reader {
        #[rpc(returns = u32)]
        Last,
    }
    #[derive(Default)]
    struct Both(std::sync::atomic::AtomicU32);
    impl CounterHandler for Both {
        type Context = ();
        async fn next(&self, (): ()) -> Reply<u32> {
            Ok(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1)
        }
    }
    impl ReaderHandler for Both {
        type Context = ();
        async fn last(&self, (): ()) -> Reply<u32> {
            Ok(self.0.load(std::sync::atomic::Ordering::Relaxed))
        }
    }
    let both = std::sync::Arc::new(Both::default());
    let builder = Server::builder().service(Counter::serve(both.clone())).service(Reader::serve(both));
    let mut peer = RawPeer::any(serve(builder).await.1).await;
    assert_eq!(peer.call("counter.next", json!([])).await["result"], 1);
    assert_eq!(peer.call("counter.next", json!([])).await["result"], 2);
    assert_eq!(peer.call("reader.last", json!([])).await["result"], 2);
}

#[tokio::test]
async fn the_contract_is_told_only_where_the_server_exposes_it() {
    let (_, address) = serve(Server::builder().service(Desk::serve(App))).await;
    assert_eq!(error_of(&RawPeer::any(address).await.call("rpc.contract", json!([])).await).0, -32601);
    let (server, address) = serve(Server::builder().service(Desk::serve(App)).expose_contract()).await;
    let answer = RawPeer::any(address).await.call("rpc.contract", json!([])).await;
    assert_eq!(answer["result"], serde_json::to_value(server.contract()).expect("encodes"));
}
