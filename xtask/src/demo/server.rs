//! The chat server of the demo: started on a free port, known by the URL it prints.

use std::sync::mpsc;
use std::time::Duration;

use super::actor::Actor;
use crate::workspace;

/// A built server listens at once; this is for a very busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);
/// It finishes open calls for 10 s at most.
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// As long as anybody looks at a demo.
const SERVE_LIMIT: Duration = Duration::from_hours(24);
/// What the server prints before its URL.
const LISTENING: &str = "listening on ";

/// A server that listens.
#[derive(Debug)]
pub(super) struct Server {
    actor: Actor,
    url: String,
}

impl Server {
    /// Starts `chat-server` and waits until it listens.
    pub(super) fn start() -> Result<Self, String> {
        let program = workspace::built("chat-server").map_err(|error| format!("chat-server: {error}"))?;
        let (tell, told) = mpsc::channel();
        let mut command = workspace::command(".", &program.to_string_lossy(), &[]);
        let actor = Actor::watched("server", &mut command, move |line| {
            if let Some(url) = url(line) {
                // Only the first is waited for.
                drop(tell.send(url.to_owned()));
            }
        })?;
        let url = told
            .recv_timeout(START_LIMIT)
            .map_err(|_| format!("chat-server did not print `{LISTENING}URL`; its output is above"))?;
        Ok(Self { actor, url })
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it as Ctrl-C does: open calls are finished first.
    pub(super) fn stop(self) -> Result<(), String> {
        self.actor.interrupt(STOP_LIMIT)
    }

    /// Waits for as long as it serves.
    pub(super) fn serve(self) -> Result<(), String> {
        self.actor.finish(SERVE_LIMIT)
    }
}

/// The URL in a line of the server's output.
fn url(line: &str) -> Option<&str> {
    let (_, url) = line.split_once(LISTENING)?;
    url.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_read_from_the_servers_line() {
        assert_eq!(url("listening on ws://127.0.0.1:4000/ws"), Some("ws://127.0.0.1:4000/ws"));
        assert_eq!(url("chat: listening on ws://[::1]:4000/ws (Ctrl-C stops)"), Some("ws://[::1]:4000/ws"));
        assert_eq!(url("opening the store"), None);
    }
}
