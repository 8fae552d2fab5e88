//! The chat server: `chat-server [ADDRESS]`, by default a free port of this machine. Ctrl-C lets open calls finish.

use chat::Room;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let server = Room::server()?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/ws", listener.local_addr()?);
    let handle = server.handle();
    tokio::spawn(async move {
        // Where the signal cannot be waited for, the server goes on until it is killed.
        if tokio::signal::ctrl_c().await.is_ok() {
            handle.shutdown().await;
        }
    });
    Ok(server.serve_listener(listener).await?)
}
