//! Serves the made-up chain: `ethereum-server [ADDRESS]`, by default 127.0.0.1:8545, where clients look for a node.
#![expect(clippy::print_stdout, reason = "who starts the server is told where it listens")]

use ethereum::{Ethereum, Node};
use tokio::net::TcpListener;
use wirecall::Server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8545".to_owned());
    let server = Server::builder().service(Ethereum::serve(Node::default())).build()?;
    let listener = TcpListener::bind(&address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    server.serve_listener(listener).await?;
    Ok(())
}
