//! The server's side of the chat: who is in the room, and what they are told.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wirecall::server::{Audience, AuthRequest, Error, SessionId};
use wirecall::{Internal, Outgoing, Reply, RpcError, Server, ServerHandle, Session, Timestamp, UserId};

use crate::{Chat, ChatError, ChatEvent, ChatHandler, Counts, Message, Severity, UiClient};

/// How long a member's program may think about a question.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// How many messages the room remembers.
const REMEMBERED: usize = 1000;

/// The room.
pub struct Room {
    server: ServerHandle,
    members: Mutex<HashMap<SessionId, UserId>>,
    said: AtomicU64,
    /// What was said to everybody, the newest first.
    history: Mutex<VecDeque<Message>>,
}

impl Room {
    /// A server with an empty room.
    pub fn server() -> Result<Server, Error> {
        let builder = Server::builder();
        let room = Arc::new(Self {
            server: builder.handle(),
            members: Mutex::default(),
            said: AtomicU64::new(0),
            history: Mutex::default(),
        });
        let left = Arc::clone(&room);
        builder
            .service(Chat::serve(room))
            .authenticate(sign_in)
            .on_close(move |session, _| left.leave(session))
            .build()
    }

    fn members(&self) -> MutexGuard<'_, HashMap<SessionId, UserId>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn history(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn users(&self) -> Vec<UserId> {
        self.members().values().cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Every session in the room.
    fn everybody(&self) -> Audience {
        self.server.select(self.members().keys())
    }

    /// The sessions of one user in the room.
    fn sessions_of(&self, user: &UserId) -> Result<Audience, ChatError> {
        let sessions =
            self.server.select(self.members().iter().filter(|(_, other)| *other == user).map(|(id, _)| id));
        if sessions.count() > 0 { Ok(sessions) } else { Err(ChatError::NotHere { user: user.clone() }) }
    }

    fn message(&self, cx: &Session, text: String, direct: bool) -> Result<Message, ChatError> {
        let from = self.members().get(cx.id()).cloned().ok_or(ChatError::NotJoined)?;
        let id = self.said.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Message { id, from, text, direct, sent_at: Timestamp::now() })
    }

    fn leave(&self, session: &Session) {
        let Some(user) = self.members().remove(session.id()) else { return };
        let users = self.users();
        if !users.contains(&user) {
            self.tell(ChatEvent::UserLeft { user });
            self.tell(ChatEvent::UserList { users });
        }
    }

    /// Tells the room something that can always be encoded: names of users, who were decoded before.
    fn tell(&self, event: ChatEvent) {
        if let Err(error) = self.everybody().emit(event) {
            eprintln!("an event was not sent: {error}");
        }
    }
}

/// The token is the name of the user. A real server would check a signature.
async fn sign_in(request: AuthRequest) -> Result<Option<UserId>, RpcError> {
    Ok(request.token().map(UserId::from))
}

impl ChatHandler for Room {
    type Context = Session;

    async fn join(&self, cx: Session) -> Reply<Vec<UserId>, ChatError> {
        let user = cx.user()?;
        let is_new = !self.users().contains(&user);
        self.members().insert(cx.id().clone(), user.clone());
        let users = self.users();
        cx.emit(ChatEvent::System { text: format!("welcome, {user}") }).internal()?;
        if is_new {
            self.everybody().except([cx.id()]).emit(ChatEvent::UserJoined { user }).internal()?;
        }
        self.tell(ChatEvent::UserList { users: users.clone() });
        Ok(users)
    }

    async fn say(&self, cx: Session, text: String) -> Reply<Message, ChatError> {
        let message = self.message(&cx, text, false)?;
        let mut history = self.history();
        history.push_front(message.clone());
        history.truncate(REMEMBERED);
        drop(history);
        self.everybody().emit(ChatEvent::Chat(message.clone())).internal()?;
        Ok(message)
    }

    async fn whisper(&self, cx: Session, to: UserId, text: String) -> Reply<Message, ChatError> {
        let to = self.sessions_of(&to)?;
        let message = self.message(&cx, text, true)?;
        to.emit(ChatEvent::Chat(message.clone())).internal()?;
        Ok(message)
    }

    async fn search(&self, _: Session, words: String, mut out: Outgoing<Message>) -> Reply<usize, ChatError> {
        // As it is now: nobody who speaks waits for who reads.
        let history = self.history().clone();
        let searched = history.len();
        for message in history.into_iter().filter(|message| message.text.contains(&words)) {
            out.send(message).await?;
        }
        Ok(searched)
    }

    async fn ask(&self, cx: Session, user: UserId, question: String) -> Reply<String, ChatError> {
        let sessions = self.sessions_of(&user)?;
        let from = cx.user()?;
        let Some(session) = sessions.sessions().first() else {
            return Err(ChatError::NotHere { user }.into());
        };
        let answer = session.peer::<UiClient>().answer(from, question).timeout(ANSWER_LIMIT).await;
        answer.map_err(|_| ChatError::NoAnswer { user }.into())
    }

    async fn notify(&self, _: Session, severity: Severity, text: String) -> Reply<(), ChatError> {
        self.everybody().emit(ChatEvent::Notification { severity, text }).internal()?;
        Ok(())
    }

    async fn counts(&self, _: Session) -> Reply<Counts, ChatError> {
        let server = &self.server;
        Ok(Counts {
            connections: server.connection_count(),
            sessions: server.session_count(),
            users: server.user_count(),
        })
    }
}
