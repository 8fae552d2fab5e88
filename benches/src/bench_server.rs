//! A chat server with exact method names, for load generators: `say` answers, `publish` reaches all who `join`ed.
//!
//! `bench-server --port N` listens on 127.0.0.1. It lifts the limit on connections and leaves the rest at its default.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wirecall::server::{Audience, Error, Limits};
use wirecall::{Events, Reply, Server, Service, Session, Timestamp};

/// When a message was taken, and its number.
#[wirecall::message]
struct Stamp {
    id: u64,
    at: i64,
}

/// Talk in rooms.
#[derive(Service)]
#[rpc(name = "bench", events = RoomEvent)]
enum Bench {
    /// Answers when the text was taken.
    #[rpc(method = "say", returns = Stamp)]
    Say { room: String, text: String },
    /// From now on the room's messages reach the caller.
    #[rpc(method = "join")]
    Join { room: String },
    /// Sends a text to everybody in the room.
    #[rpc(method = "publish", returns = Stamp)]
    Publish { room: String, text: String },
}

/// What the server tells a room.
#[derive(Events)]
enum RoomEvent {
    /// Somebody published a text.
    #[rpc(method = "message")]
    Message { id: u64, at: i64, text: String },
}

#[derive(Default)]
struct Rooms {
    next: AtomicU64,
    members: Mutex<HashMap<String, Arc<Audience>>>,
}

impl Rooms {
    fn stamp(&self) -> Stamp {
        Stamp { id: self.next.fetch_add(1, Ordering::Relaxed) + 1, at: Timestamp::now().unix_ms() }
    }
}

impl BenchHandler for Rooms {
    type Context = Session;

    async fn say(&self, _: Session, room: String, text: String) -> Reply<Stamp> {
        std::hint::black_box((room, text));
        Ok(self.stamp())
    }

    async fn join(&self, session: Session, room: String) -> Reply<()> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(members.entry(room).or_default()).extend([session]);
        Ok(())
    }

    async fn publish(&self, _: Session, room: String, text: String) -> Reply<Stamp> {
        let stamp = self.stamp();
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner).get(&room).cloned();
        if let Some(members) = members {
            // The text came over the wire, so it can leave over it.
            drop(members.emit(RoomEvent::Message { id: stamp.id, at: stamp.at, text }));
        }
        Ok(stamp)
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--port").skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(21_000);
    let mut limits = Limits::default();
    limits.max_connections = usize::MAX;
    let server = Server::builder().service(Bench::serve(Rooms::default())).limits(limits).build()?;
    server.serve((Ipv4Addr::LOCALHOST, port)).await
}
