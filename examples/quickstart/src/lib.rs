//! One call, one event, one error: the enum that everything else is generated from, and the handler that answers.

use std::sync::atomic::{AtomicU64, Ordering};

use wirecall::{Events, Internal, Reply, Service, ServiceError, Session};

/// A message as stored.
#[wirecall::message]
pub struct Message {
    pub id: u64,
    pub room: String,
    pub text: String,
}

/// Chat rooms.
#[derive(Service)]
#[rpc(name = "chat", error = ChatError, events = ChatEvent)]
pub enum Chat {
    /// Posts a message to a room and returns it as stored.
    #[rpc(returns = Message)]
    Post {
        room: String,
        #[check(length(min = 1, max = 2000))]
        text: String,
    },
}

/// What can go wrong.
#[derive(Debug, ServiceError)]
pub enum ChatError {
    /// There is no such room.
    #[rpc(code = 1001)]
    RoomNotFound { room: String },
}

/// What the server tells everybody.
#[derive(Debug, Events)]
pub enum ChatEvent {
    /// Somebody posted a message.
    Posted(Message),
}

/// The program's own state.
#[derive(Default)]
pub struct App {
    posted: AtomicU64,
}

impl ChatHandler for App {
    type Context = Session;

    async fn post(&self, cx: Session, room: String, text: String) -> Reply<Message, ChatError> {
        if room != "lobby" {
            return Err(ChatError::RoomNotFound { room }.into());
        }
        let id = self.posted.fetch_add(1, Ordering::Relaxed) + 1;
        let message = Message { id, room, text };
        cx.server().broadcast(ChatEvent::Posted(message.clone())).internal()?;
        Ok(message)
    }
}
