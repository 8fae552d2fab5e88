//! Plays the vectors against the real server and the real client: their handshakes, their sessions and the tasks of their
//! connections, with the other end of a connection in memory, and a clock that the script moves.

mod client;
mod demo;
mod line;
mod log;
mod quiet;
mod server;
mod wire;

use tokio::sync::mpsc::{self, error::TrySendError};

use super::script::Script;
use crate::codec::Codec;

pub(super) use client::play as play_client;
pub(super) use server::play as play_server;

/// How much a script may say to a task before that has done any of it.
const AHEAD: usize = 1024;

/// Says that to a task. One that has ended has nothing to do with it any more.
fn say<T: std::fmt::Debug>(task: &mpsc::Sender<T>, order: T) {
    if let Err(TrySendError::Full(order)) = task.try_send(order) {
        panic!("a script says more than {AHEAD} things at once: {order:?}");
    }
}

/// What the client of this crate cannot be asked for.
const LEFT_OUT: &[(&str, &str)] = &[(
    "a client that opens without credit takes any number of items and grants none",
    "its streams open with credit, always",
)];

/// Whether a vector can be played with that codec: what is no JSON is nothing in MessagePack.
pub(super) fn can_play(script: &Script, codec: Codec) -> bool {
    let mut raw = script.steps.iter().filter_map(|step| step.get("receive_raw")?.as_str());
    raw.all(|text| wire::can_say(codec, text)) && !LEFT_OUT.iter().any(|(name, _)| *name == script.name)
}
