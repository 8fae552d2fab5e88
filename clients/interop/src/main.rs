//! Serves the desk on a free port of this machine and prints its URL, for tests that are no Rust programs.
#![expect(clippy::print_stdout, reason = "the tests read where it listens")]

use interop::{Desk, FrontDesk};
use tokio::net::TcpListener;
use wirecall::Server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().service(Desk::serve(FrontDesk::default())).build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on ws://{}", listener.local_addr()?);
    server.serve_listener(listener).await?;
    Ok(())
}
