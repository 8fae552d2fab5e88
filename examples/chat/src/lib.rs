//! The chat: what a hand-written hub offers, declared as enums. The server's side is in `room.rs`.

mod room;

pub use room::Room;
use wirecall::{Events, Service, ServiceError, Timestamp, UserId};

/// One room in which everybody talks to everybody, or to one.
#[derive(Service)]
#[rpc(name = "chat", error = ChatError, events = ChatEvent, peer = Ui)]
pub enum Chat {
    /// Enters the room: from now on its events arrive here. Gives who is there.
    #[rpc(returns = Vec<UserId>)]
    Join,
    /// Says something to everybody.
    #[rpc(returns = Message)]
    Say {
        #[check(length(min = 1, max = 2000))]
        text: String,
    },
    /// Says something to one user.
    #[rpc(returns = Message)]
    Whisper {
        to: UserId,
        #[check(length(min = 1, max = 2000))]
        text: String,
    },
    /// Searches what was said to everybody, newest first, as it is found. Gives how much was searched.
    #[rpc(stream = Message, returns = usize, idempotent)]
    Search {
        #[check(length(min = 1, max = 100))]
        words: String,
    },
    /// Asks a user's program something, and gives its answer.
    #[rpc(returns = String, timeout = "10s")]
    Ask { user: UserId, question: String },
    /// Notifies everybody.
    #[rpc(returns = ())]
    Notify { severity: Severity, text: String },
    /// How many are connected.
    #[rpc(returns = Counts, idempotent)]
    Counts,
}

/// What the members of the room hear.
#[derive(Debug, Events)]
pub enum ChatEvent {
    /// Somebody said something, to everybody or to this user.
    Chat(Message),
    /// Something that everybody should know.
    Notification { severity: Severity, text: String },
    /// A word of the server's own to one session.
    System { text: String },
    /// A user entered.
    UserJoined { user: UserId },
    /// A user's last session is gone.
    UserLeft { user: UserId },
    /// Who is there now.
    UserList { users: Vec<UserId> },
}

/// What can go wrong.
#[derive(Debug, ServiceError)]
pub enum ChatError {
    /// This user is not in the room.
    #[rpc(code = 1001)]
    NotHere { user: UserId },
    /// Call `join` first.
    #[rpc(code = 1002)]
    NotJoined,
    /// The user's program did not answer.
    #[rpc(code = 1003, retryable)]
    NoAnswer { user: UserId },
}

/// What the server asks of a member's program.
#[derive(Service)]
#[rpc(name = "ui", side = "client")]
pub enum Ui {
    /// Answers another user's question.
    #[rpc(returns = String)]
    Answer { from: UserId, question: String },
}

/// Something that was said.
#[wirecall::message]
pub struct Message {
    pub id: u64,
    pub from: UserId,
    pub text: String,
    /// Whether it was said to one user.
    pub direct: bool,
    pub sent_at: Timestamp,
}

/// How much a notification matters.
#[wirecall::message]
#[derive(Copy, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warning,
}

/// How many are connected.
#[wirecall::message]
pub struct Counts {
    pub connections: usize,
    pub sessions: usize,
    pub users: usize,
}
