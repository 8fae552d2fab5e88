//! The contract of a running server: one call of `rpc.contract`, as a plain peer.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use wirecall_contract::Contract;

use crate::failure::Failure;

/// Connecting and asking together: a server that is there answers at once.
const LIMIT: Duration = Duration::from_secs(10);
/// A contract is larger than most messages, but not larger than this.
const MAX_BYTES: usize = 64 << 20;

/// Asks a server for its contract.
pub(super) fn contract(url: &str) -> Result<Contract, Failure> {
    if !url.starts_with("ws://") {
        return Err(Failure::BadUrl { url: url.to_owned(), why: other_scheme(url) });
    }
    let no_server = |why: String| Failure::NoServer { url: url.to_owned(), why };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| no_server(error.to_string()))?;
    let answer = runtime.block_on(async { tokio::time::timeout(LIMIT, ask(url)).await });
    let answer = answer.map_err(|_| no_server(format!("no answer within {} s", LIMIT.as_secs())))??;
    let text = answer.to_string();
    Contract::from_json(&text)
        .map_err(|source| Failure::BadContract { origin: format!("the contract of {url}"), source })
}

async fn ask(url: &str) -> Result<Value, Failure> {
    let config = WebSocketConfig::default().max_message_size(Some(MAX_BYTES)).max_frame_size(Some(MAX_BYTES));
    let connected = tokio_tungstenite::connect_async_with_config(url, Some(config), true).await;
    let (mut socket, _) = connected.map_err(|error| refused(url, error))?;
    let no_server = |why: String| Failure::NoServer { url: url.to_owned(), why };
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "rpc.contract" }).to_string();
    socket.send(Message::text(call)).await.map_err(|error| no_server(error.to_string()))?;
    while let Some(message) = socket.next().await {
        let message = message.map_err(|error| no_server(error.to_string()))?;
        if let Message::Close(frame) = &message {
            let why = frame
                .as_ref()
                .map_or_else(String::new, |frame| format!(" ({} {})", frame.code, frame.reason));
            return Err(no_server(format!("it closed the connection{why}")));
        }
        let Ok(answer) = serde_json::from_slice::<Value>(&message.into_data()) else { continue };
        if answer.get("id") == Some(&json!(1)) {
            // A server that is told good-bye logs no error; one that is not loses nothing.
            drop(socket.close(None).await);
            return read(url, answer);
        }
    }
    Err(no_server("it closed the connection".to_owned()))
}

fn read(url: &str, mut answer: Value) -> Result<Value, Failure> {
    let url = url.to_owned();
    match answer.get("error") {
        None => Ok(answer.get_mut("result").map(Value::take).unwrap_or_default()),
        Some(error) if error.get("code") == Some(&json!(-32601)) => Err(Failure::NotExposed { url }),
        Some(error) => {
            let message = error.get("message").and_then(Value::as_str);
            Err(Failure::Refused { url, why: message.map_or_else(|| error.to_string(), ToOwned::to_owned) })
        }
    }
}

/// What to do about an address that does not start with `ws://`.
fn other_scheme(url: &str) -> String {
    let why = match url.split_once("://") {
        Some(("wss", _)) => {
            "this command speaks ws:// only; run it beside the server, or save the contract there with `wirecall contract` and give --contract FILE"
        }
        Some(("http", _)) => "write ws:// instead of http://, and the path of the WebSocket",
        _ => "it starts with ws://, such as ws://127.0.0.1:3000/ws",
    };
    why.to_owned()
}

/// Why there is no connection.
fn refused(url: &str, error: Error) -> Failure {
    let url = url.to_owned();
    match error {
        Error::Url(error) => Failure::BadUrl { url, why: error.to_string() },
        Error::HttpFormat(error) => Failure::BadUrl { url, why: error.to_string() },
        Error::Http(response) => Failure::NoServer { url, why: format!("HTTP {}", response.status()) },
        error => Failure::NoServer { url, why: error.to_string() },
    }
}
