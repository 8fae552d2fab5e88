//! `cargo xtask demo`: builds the chat example, lets both generated clients and the Rust bot talk to its server, and shows it.

mod actor;
mod server;

use std::process::ExitCode;
use std::time::Duration;

use actor::Actor;
use server::Server;

use crate::parts::Need;
use crate::{gate, setup, workspace};

/// Every client of the demo has said all it has to say long before this.
const TALK_LIMIT: Duration = Duration::from_mins(1);

/// One client of the demo: the name its lines carry and its command, to which the server's URL is added and how many are to meet
/// there.
struct Client {
    name: &'static str,
    program: Program,
}

enum Program {
    /// A binary of the workspace.
    Built(&'static str),
    /// An interpreter and its script.
    Script(&'static str, &'static str),
}

const CLIENTS: &[Client] = &[
    Client { name: "rust", program: Program::Built("chat-bot") },
    Client { name: "node", program: Program::Script("node", "examples/dist/chat/node/bot.js") },
    Client { name: "python", program: Program::Script("python", "examples/chat/python/bot.py") },
];

/// The command: as [`once`], then keeps serving until Ctrl-C unless `once` is set.
pub(crate) fn run(once: bool) -> ExitCode {
    let needs = [Need::Node, Need::Python];
    if let Err(message) = setup::machine(&needs) {
        eprintln!("xtask: {message}");
        return ExitCode::from(2);
    }
    match setup::packages(&needs).and_then(|()| talk(once)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("FAILED: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The demo as a part of the test run: everything is set up already.
pub(crate) fn once() -> Result<(), String> {
    talk(true)
}

fn talk(once: bool) -> Result<(), String> {
    gate::run_line(".", "cargo build --quiet --package chat")?;
    let server = Server::start()?;
    let url = server.url();
    println!("the chat server listens on {url}");
    // All are started before any is waited for: they are to meet in the chat.
    let actors = CLIENTS.iter().map(|client| actor(client, url)).collect::<Result<Vec<_>, _>>()?;
    let failed: Vec<String> = actors.into_iter().filter_map(|actor| actor.finish(TALK_LIMIT).err()).collect();
    if !failed.is_empty() {
        return Err(failed.join("; "));
    }
    println!("all three clients have talked to the server");
    if once {
        return server.stop();
    }
    println!("still serving on {url}; Ctrl-C stops");
    server.serve()
}

fn actor(client: &Client, url: &str) -> Result<Actor, String> {
    // Each waits for all of them and greets the others.
    let bots = CLIENTS.len().to_string();
    let mut command = match client.program {
        Program::Built(name) => {
            let path = workspace::built(name).map_err(|error| format!("{name}: {error}"))?;
            workspace::command(".", &path.to_string_lossy(), &[url, &bots])
        }
        Program::Script(interpreter, script) => workspace::command(".", interpreter, &[script, url, &bots]),
    };
    Actor::start(client.name, &mut command)
}
