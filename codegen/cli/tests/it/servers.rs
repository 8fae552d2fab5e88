//! Contracts from running servers.

use std::io;
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::{folder, told};

/// A server that answers the first message of one connection with `answer`, in the place of `$`, and ends.
fn server(answer: &'static str) -> io::Result<(String, JoinHandle<io::Result<String>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("ws://{}/ws", listener.local_addr()?);
    listener.set_nonblocking(true)?;
    let server = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (stream, _) = tokio::net::TcpListener::from_std(listener)?.accept().await?;
            let mut socket = tokio_tungstenite::accept_async(stream).await.map_err(io::Error::other)?;
            let asked = socket.next().await.ok_or(io::ErrorKind::UnexpectedEof)?.map_err(io::Error::other)?;
            socket.send(Message::text(answer)).await.map_err(io::Error::other)?;
            while let Some(Ok(_)) = socket.next().await {}
            Ok(asked.to_string())
        })
    });
    Ok((url, server))
}

#[test]
fn a_running_server_is_asked_for_its_contract() {
    let folder = folder("servers-asked").unwrap();
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"wirecall":1,"services":[{"name":"echo","rust_name":"Echo","side":"server","calls":[]}]}}"#;
    let (url, server) = server(answer).unwrap();
    let (code, text) = told(&folder, &["generate", "--url", &url, "--python", "py"]).unwrap();
    assert_eq!((code, text.as_str()), (Some(0), "py/echo.py: written\n"));
    assert_eq!(server.join().unwrap().unwrap(), r#"{"id":1,"jsonrpc":"2.0","method":"rpc.contract"}"#);
}

#[test]
fn a_server_that_keeps_its_contract_to_itself_is_told_how_to_expose_it() {
    let folder = folder("servers-silent").unwrap();
    let (url, server) =
        server(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}"#).unwrap();
    let (code, text) = told(&folder, &["contract", "--url", &url]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains(&url) && text.contains(".expose_contract()"), "{text}");
    server.join().unwrap().unwrap();
}

#[test]
fn a_refusal_is_passed_on() {
    let folder = folder("servers-refused").unwrap();
    let (url, server) =
        server(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"log in first"}}"#).unwrap();
    let (code, text) = told(&folder, &["contract", "--url", &url]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("log in first"), "{text}");
    server.join().unwrap().unwrap();
}

#[test]
fn an_answer_that_is_no_contract_is_told_with_its_origin() {
    let folder = folder("servers-other").unwrap();
    let (url, server) = server(r#"{"jsonrpc":"2.0","id":1,"result":{"openrpc":"1.3.2"}}"#).unwrap();
    let (code, text) = told(&folder, &["contract", "--url", &url]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains(&format!("the contract of {url}: not a wirecall contract")), "{text}");
    server.join().unwrap().unwrap();
}

#[test]
fn a_server_that_is_down_is_named() {
    let folder = folder("servers-down").unwrap();
    // Nobody listens on a port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, text) = told(&folder, &["contract", "--url", &format!("ws://127.0.0.1:{port}/ws")]).unwrap();
    assert_eq!(code, Some(2));
    assert!(text.contains("no server answers at") && text.contains("is it running"), "{text}");
}

#[test]
fn an_address_of_another_kind_is_refused() {
    let folder = folder("servers-address").unwrap();
    for url in ["http://127.0.0.1/", "wss://127.0.0.1/", "nonsense"] {
        let (code, text) = told(&folder, &["contract", "--url", url]).unwrap();
        assert_eq!(code, Some(2));
        assert!(text.contains("is no address of a WebSocket server"), "{text}");
    }
}
