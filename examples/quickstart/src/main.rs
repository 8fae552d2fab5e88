//! The server: `cargo run -p quickstart`, then connect to `ws://127.0.0.1:3000/ws`.

use quickstart::{App, Chat};
use wirecall::Server;

#[tokio::main]
async fn main() -> Result<(), wirecall::server::Error> {
    Server::builder().service(Chat::serve(App::default())).build()?.serve("127.0.0.1:3000").await
}
