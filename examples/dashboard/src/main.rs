//! The dashboard's server: figures once a second on `ws://127.0.0.1:3000/ws`, until Ctrl-C.

use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), wirecall::server::Error> {
    let server = dashboard::server(Duration::from_secs(1))?;
    server.serve_until("127.0.0.1:3000", tokio::signal::ctrl_c()).await
}
