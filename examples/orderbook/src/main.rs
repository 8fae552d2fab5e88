//! The server, on a free port.

use std::io::Write;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "ws://{}/ws", listener.local_addr()?)?;
    orderbook::server()?.serve_listener(listener).await?;
    Ok(())
}
