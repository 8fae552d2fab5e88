//! The server: something of each priority in turn, every two seconds, on `ws://127.0.0.1:3000/ws`, until Ctrl-C.

use std::time::Duration;

use notifications::Priority;
use tokio::sync::mpsc;

const NEWS: [(Priority, &str); 4] = [
    (Priority::Low, "a backup is done"),
    (Priority::Normal, "a new version is out"),
    (Priority::High, "a disk is nearly full"),
    (Priority::Urgent, "a node does not answer"),
];

#[tokio::main]
async fn main() -> Result<(), wirecall::server::Error> {
    let (report, news) = mpsc::channel(16);
    tokio::spawn(async move {
        for (priority, text) in NEWS.iter().cycle() {
            tokio::time::sleep(Duration::from_secs(2)).await;
            if report.send((*priority, (*text).to_owned())).await.is_err() {
                break;
            }
        }
    });
    let server = notifications::server(news, Duration::from_secs(30))?;
    server.serve_until("127.0.0.1:3000", tokio::signal::ctrl_c()).await
}
