//! The Rust client, as a plain peer, calls a server of jsonrpsee's.
#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use ethereum::{Address, BlockRef, BlockTag, EthereumClient, Quantity};
use interop::{DeskClient, DeskError};
use jsonrpsee_server::types::ErrorObjectOwned;
use jsonrpsee_server::{RpcModule, Server, ServerHandle};
use serde_json::{Value, json};
use tokio::sync::watch;
use wirecall::{CallError, Client};

const ALICE: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

/// What a call with these parameters, in either form, is answered.
type Answer = fn(Value) -> Result<Value, ErrorObjectOwned>;

/// A client of a server that answers one method and keeps the parameters it was called with.
async fn client(method: &'static str, answer: Answer) -> (Client, watch::Receiver<Value>, ServerHandle) {
    let (seen, params) = watch::channel(Value::Null);
    let mut module = RpcModule::new(seen);
    let registered = module.register_method(method, move |params, seen, _| {
        let params: Value = params.parse()?;
        seen.send_replace(params.clone());
        answer(params)
    });
    registered.expect("one method");
    let server = Server::builder().build("127.0.0.1:0").await.expect("a free port");
    let address = server.local_addr().expect("an address");
    let running = server.start(module);
    let client = wirecall::connect(format!("ws://{address}")).plain().await.expect("a connection");
    (client, params, running)
}

#[tokio::test]
async fn it_calls_by_name() {
    let (client, params, _server) = client("desk.subtract", |_| Ok(json!(19))).await;
    assert_eq!(DeskClient::new(&client).subtract(42, 23).await.expect("a result"), 19);
    assert_eq!(*params.borrow(), json!({ "minuend": 42, "subtrahend": 23 }));
}

#[tokio::test]
async fn it_calls_by_position_where_the_service_says_so() {
    let (client, params, _server) = client("eth_getBalance", |_| Ok(json!("0x400"))).await;
    let node = EthereumClient::new(&client);
    let latest = BlockRef::Tag(BlockTag::Latest);
    let balance = node.balance(ALICE, Some(latest)).await.expect("a result");
    assert_eq!(balance, Quantity::from(1024_u64));
    assert_eq!(*params.borrow(), json!([ALICE, "latest"]));
}

#[tokio::test]
async fn it_leaves_out_what_is_not_given_at_the_end() {
    let (client, params, _server) = client("eth_getBalance", |_| Ok(json!("0x0"))).await;
    EthereumClient::new(&client).balance(Address::from(ALICE), None).await.expect("a result");
    assert_eq!(*params.borrow(), json!([ALICE]));
}

#[tokio::test]
async fn it_sends_a_notification_which_jsonrpsee_takes_and_runs_nothing_for() {
    let (client, _, _server) = client("desk.subtract", |_| Ok(json!(19))).await;
    let desk = DeskClient::new(&client);
    desk.note("to jsonrpsee").await.expect("sent");
    assert_eq!(desk.subtract(42, 23).await.expect("a result"), 19);
}

#[tokio::test]
async fn it_reads_a_typed_error() {
    let refused: Answer = |_| {
        let data = json!({ "kind": "division_by_zero", "details": { "dividend": 1.5 } });
        Err(ErrorObjectOwned::owned(1001, "never by zero", Some(data)))
    };
    let (client, _, _server) = client("desk.divide", refused).await;
    let error = DeskClient::new(&client).divide(1.5, Some(0.0)).await.expect_err("an error");
    assert!(matches!(error, CallError::Service(DeskError::DivisionByZero { dividend: 1.5 })), "{error:?}");
}

#[tokio::test]
async fn it_reads_an_error_that_knows_nothing_of_wirecall() {
    let refused: Answer = |_| Err(ErrorObjectOwned::owned(-32000, "header not found", Some("0x")));
    let (client, _, _server) = client("eth_getBalance", refused).await;
    let error = EthereumClient::new(&client).balance(ALICE, None).await.expect_err("an error");
    let rpc = error.rpc().expect("an answer");
    assert_eq!((rpc.code(), rpc.message(), rpc.data()), (-32000, "header not found", Some(json!("0x"))));
}

#[tokio::test]
async fn it_reads_that_a_method_is_not_there() {
    let (client, _, _server) = client("eth_chainId", |_| Ok(json!("0x539"))).await;
    let error = EthereumClient::new(&client).block_number().await.expect_err("an error");
    assert_eq!(error.rpc().map(wirecall::RpcError::kind), Some("method_not_found"));
}
