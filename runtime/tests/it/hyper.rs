//! The server under plain hyper.

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::TcpListener;

use crate::lab::Bench;
use crate::support::RawPeer;

#[tokio::test]
async fn the_route_is_a_tower_service_that_hyper_runs() {
    let server = Bench::default().server().build().expect("the server builds");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let route = server.route();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(route.clone());
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
            tokio::spawn(async move { connection.await.expect("served") });
        }
    });
    let mut peer = RawPeer::connect(&format!("ws://{address}/any/path"), None).await.expect("a connection");
    assert_eq!(peer.call("lab.echo", json!(["x"])).await["result"], "x");
    let session = server.handle().sessions().pop().expect("a session");
    let connection = session.connection().expect("it is connected");
    assert_eq!((connection.address(), connection.uri().path()), (None, "/any/path"));
}
