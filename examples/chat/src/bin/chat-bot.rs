//! A bot in Rust: `chat-bot URL [BOTS]` tries everything the chat offers, says what it sees, and fails when something is
//! off. With `BOTS`, it also waits for that many bots to be there and greets them.

use std::collections::BTreeSet;
use std::time::Duration;

use chat::{Chat, ChatClient, ChatError, ChatEvent, Message, Severity, Ui, UiHandler};
use wirecall::{CallError, Client, EventStream, NoError, Reply, UserId};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const NAME: &str = "rust";
const GUEST: &str = "rust-guest";
/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("usage: chat-bot URL [BOTS]")?;
    let bots = arguments.next().map_or(Ok(0), |count| count.parse())?;
    tokio::time::timeout(LIMIT, talk(&url, bots)).await.map_err(|_| "it took too long")?
}

async fn talk(url: &str, bots: usize) -> Outcome {
    let (client, mut me) = Member::connect(url, NAME).await?;
    let users = me.chat.join().await?;
    println!("joined: {} here", users.len());
    check(users.iter().any(|user| *user == NAME), "the list has me")?;
    me.hears("a welcome", |event| matches!(event, ChatEvent::System { text } if text.contains(NAME))).await?;
    me.hears("who is here", |event| matches!(event, ChatEvent::UserList { .. })).await?;

    let said = me.chat.say("hello from Rust").await?;
    me.hears("my own words", |event| matches!(event, ChatEvent::Chat(message) if message.id == said.id))
        .await?;
    println!("said {:?} as number {}", said.text, said.id);
    search(&me.chat, &said).await?;

    with_guest(url, &mut me).await?;
    mistakes(&me.chat).await?;

    me.chat.notify(Severity::Warning, "Rust is about to leave").await?;
    let is_mine =
        |event: &ChatEvent| matches!(event, ChatEvent::Notification { text, .. } if text.starts_with("Rust"));
    me.hears("the notification", is_mine).await?;

    greet(&mut me, bots).await?;
    client.close().await;
    println!("done");
    Ok(())
}

/// What was said is found again, the newest first; once it is, no more is wanted.
async fn search(chat: &ChatClient, said: &Message) -> Outcome {
    let mut found = chat.search(&*said.text).await;
    let first = found.next().await.ok_or("nothing was found")??;
    check(first.id == said.id, "the newest is found first")?;
    drop(found);
    let searched = chat.search("no such words").await.finish().await?;
    println!("found {:?} again, and nothing else in {searched} messages", first.text);
    Ok(())
}

/// A second session: it is seen coming, whispered to, asked, counted, and seen going.
async fn with_guest(url: &str, me: &mut Member) -> Outcome {
    let (client, mut guest) = Member::connect(url, GUEST).await?;
    guest.chat.join().await?;
    me.hears("the guest coming", |event| matches!(event, ChatEvent::UserJoined { user } if *user == GUEST))
        .await?;

    me.chat.whisper(GUEST, "psst").await?;
    guest.hears("a whisper", |event| matches!(event, ChatEvent::Chat(message) if message.direct)).await?;

    let answer = me.chat.ask(GUEST, "2 + 2?").await?;
    check(answer == "rust-guest does not know 2 + 2?", "the guest's program answers")?;
    println!("asked the guest: {answer:?}");

    let counts = me.chat.counts().await?;
    println!("{} connections, {} sessions, {} users", counts.connections, counts.sessions, counts.users);
    check(counts.sessions >= 2 && counts.users >= 2, "both of mine are counted")?;

    client.close().await;
    me.hears("the guest going", |event| matches!(event, ChatEvent::UserLeft { user } if *user == GUEST)).await
}

/// What goes wrong arrives as a typed error.
async fn mistakes(chat: &ChatClient) -> Outcome {
    match chat.whisper("nobody", "are you there?").await {
        Err(CallError::Service(ChatError::NotHere { user })) => {
            println!("as it should be: {user} is not here")
        }
        other => return Err(format!("a whisper to nobody: {other:?}").into()),
    }
    match chat.say("").await {
        Err(CallError::Encode(error)) => println!("as it should be: {error}"),
        other => return Err(format!("saying nothing: {other:?}").into()),
    }
    Ok(())
}

/// Waits for the other bots, whispers to each, and is whispered to by each.
async fn greet(me: &mut Member, bots: usize) -> Outcome {
    while me.bots().len() < bots {
        me.event().await?;
    }
    let others: Vec<UserId> = me.bots().into_iter().filter(|user| *user != NAME).collect();
    for user in &others {
        me.chat.whisper(user.clone(), format!("hello, {user}")).await?;
    }
    for user in &others {
        let is_theirs = |event: &ChatEvent| matches!(event, ChatEvent::Chat(message) if message.direct && message.from == *user);
        me.hears("a greeting", is_theirs).await?;
        println!("{user} greets me");
    }
    Ok(())
}

/// One session, and everything it has heard.
struct Member {
    chat: ChatClient,
    events: EventStream<ChatEvent>,
    heard: Vec<ChatEvent>,
}

impl Member {
    async fn connect(url: &str, name: &'static str) -> Outcome<(Client, Self)> {
        let client =
            wirecall::connect(url).token(name).service::<Chat>().serve(Ui::serve(Shrug { name })).await?;
        let chat = ChatClient::new(&client);
        // Before the join, so that nothing is missed.
        let events = chat.events();
        Ok((client, Self { chat, events, heard: Vec::new() }))
    }

    /// Waits for one more event.
    async fn event(&mut self) -> Outcome {
        self.heard.push(self.events.next().await.ok_or("the connection is closed")?);
        Ok(())
    }

    /// Waits until such an event has been heard.
    async fn hears(&mut self, what: &str, is_it: impl Fn(&ChatEvent) -> bool) -> Outcome {
        while !self.heard.iter().any(&is_it) {
            self.event().await?;
        }
        println!("heard {what}");
        Ok(())
    }

    /// The bots that have been seen so far.
    fn bots(&self) -> BTreeSet<UserId> {
        let mut users = BTreeSet::new();
        for event in &self.heard {
            match event {
                ChatEvent::UserJoined { user } => users.extend([user.clone()]),
                ChatEvent::UserList { users: list } => users.extend(list.iter().cloned()),
                _ => {}
            }
        }
        users.retain(|user| !user.ends_with("-guest"));
        users
    }
}

/// Answers every question in the same way.
struct Shrug {
    name: &'static str,
}

impl UiHandler for Shrug {
    type Context = ();

    async fn answer(&self, (): (), _: UserId, question: String) -> Reply<String, NoError> {
        Ok(format!("{} does not know {question}", self.name))
    }
}

fn check(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(format!("it does not hold that {what}").into()) }
}
