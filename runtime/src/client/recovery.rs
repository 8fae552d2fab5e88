//! A client's session over its connections: taken up again, or lost with a verdict.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::shared::{Desk, Shared, Unwritten, Waiting, tell};
use super::task;
use crate::codec::{SEAL_BYTES, ping_frame};
use crate::connection::{Buffer, LineId};
use crate::message::{CloseNotice, HelloAnswer, ResumeClaim};
use crate::service::{Endpoint, PeerFault};
use crate::session::{Answered, Disconnect, Fate, OutOfRange, Pings, Reason, Replay, Room, Verdict, code};

/// What a new connection is to a client.
pub(crate) struct Opened {
    pub(crate) endpoint: Arc<Endpoint>,
    /// The session goes on.
    pub(crate) resumed: bool,
    /// The session before is lost.
    pub(crate) lost: Option<Reason>,
}

/// What a session leaves behind when the next one begins.
#[derive(Default)]
struct Over {
    endpoint: Option<Arc<Endpoint>>,
    /// Why it is lost, and the calls that end with it.
    fate: Option<(Reason, Fate<Waiting>)>,
}

impl Over {
    /// Tells everybody who is concerned. Not to be called with the desk locked.
    fn tell(self) {
        if let Some(endpoint) = self.endpoint {
            endpoint.end();
        }
        let Some((reason, fate)) = self.fate else { return };
        tell(fate.unknown, || Err(PeerFault::ConnectionLost));
        let not_sent = Disconnect::new(code::GOING_AWAY, format!("the session is lost: {reason}"));
        tell(fate.never, || Err(PeerFault::Closed(not_sent.clone())));
    }
}

impl Shared {
    /// What the next hello says, to take the session up again.
    pub(crate) fn resumes(&self) -> Option<ResumeClaim> {
        let mut desk = self.desk();
        let endpoint = desk.endpoint.clone()?;
        let recovery = &mut desk.recovery;
        let resume = endpoint.outbox.with_replay(|replay| recovery.resume(replay))??;
        Some(ResumeClaim {
            session: resume.session,
            secret: resume.secret,
            attempt: resume.attempt,
            received: resume.received,
        })
    }

    /// A connection is open, and hello was answered, except by a plain server. What waits is sent.
    ///
    /// An error is an answer that cannot be.
    pub(crate) fn opened(
        self: &Arc<Self>,
        answer: Option<&HelloAnswer>,
        line: LineId,
    ) -> Result<Opened, Disconnect> {
        let mut desk = self.desk();
        let (opened, over) = match answer {
            None => {
                let endpoint = task::endpoint(self, None, line);
                (Opened { endpoint, resumed: false, lost: None }, Over::default())
            }
            Some(answer) => self.judge(&mut desk, answer, line)?,
        };
        let limits = answer.map(|answer| answer.limits);
        desk.pings = Pings::default();
        if !opened.resumed {
            desk.unwritten = Unwritten::default();
        } else if desk.outgoing.open() > 0
            && opened.endpoint.outbox.with_replay(Replay::pending).unwrap_or(false)
        {
            desk.unwritten.repeated();
        }
        desk.endpoint = Some(Arc::clone(&opened.endpoint));
        desk.max_message_bytes = limits.map_or(usize::MAX, |limits| {
            usize::try_from(limits.max_message_bytes).unwrap_or(usize::MAX).saturating_sub(SEAL_BYTES)
        });
        opened.endpoint.set_max_message_bytes(desk.max_message_bytes);
        desk.outgoing.connected(limits.map_or(Room { calls: usize::MAX, streams: usize::MAX }, |limits| {
            Room { calls: limits.max_calls as usize, streams: limits.max_streams as usize }
        }));
        desk.flush();
        drop(desk);
        // Only now: who is told makes the next call at once, and that must find the session that begins.
        over.tell();
        Ok(opened)
    }

    /// Whether the session goes on, and what its loss means to its calls.
    fn judge(
        self: &Arc<Self>,
        desk: &mut Desk,
        answer: &HelloAnswer,
        line: LineId,
    ) -> Result<(Opened, Over), Disconnect> {
        let old = desk.endpoint.clone();
        let recovery = &mut desk.recovery;
        let mut decide = |replay: &mut Buffer| recovery.answered(answered(answer), replay);
        let mut verdict = Verdict::Opened;
        let decided = match &old {
            None => decide(&mut Buffer::new(0)).map(|decided| verdict = decided),
            Some(endpoint) => endpoint.outbox.take_up(line, |replay| {
                verdict = decide(replay)?;
                Ok(verdict == Verdict::Resumed)
            }),
        };
        decided.map_err(|OutOfRange| {
            let text = "the answer to hello tells what cannot be";
            Disconnect::new(code::SEQUENCE, text).ending(Reason::Sequence)
        })?;
        let mut over = Over::default();
        let lost = match verdict {
            Verdict::Resumed => {
                if let Some(endpoint) = old {
                    return Ok((Opened { endpoint, resumed: true, lost: None }, over));
                }
                None
            }
            Verdict::Opened => None,
            Verdict::Lost { reason, received, carry } => {
                tracing::info!(target: "wirecall", %reason, received, "the session is lost");
                over.fate = Some((reason, desk.outgoing.verdict(received, carry)));
                // *Answers, items, credits and cancels for the old session are dropped.*
                desk.cancels.clear();
                desk.grants.clear();
                desk.known = 0;
                Some(reason)
            }
        };
        over.endpoint = old;
        Ok((Opened { endpoint: task::endpoint(self, Some(answer), line), resumed: false, lost }, over))
    }

    /// A connection is gone. A session waits for the next one; a plain server's calls meet their fate.
    pub(crate) fn parted(&self, line: LineId, disconnect: &Disconnect, notice: Option<&CloseNotice>) {
        let mut desk = self.desk();
        let Some(endpoint) = desk.endpoint.clone() else { return };
        if endpoint.outbox.numbered {
            if let Some(received) = notice.and_then(|notice| notice.received) {
                desk.recovery.told(received);
            }
            if let Some(reason) = disconnect.ends {
                desk.recovery.give_up(reason);
            }
            desk.recovery.disconnected(disconnect);
            endpoint.outbox.detach(line);
            if desk.recovery.is_open() {
                // *Where there is no connection the buffer alone bounds*: what a full socket held back has room now.
                desk.flush();
            } else {
                desk.outgoing.hold_back();
            }
            return;
        }
        desk.endpoint = None;
        let unknown = desk.outgoing.lost(endpoint.outbox.taken());
        desk.cancels.clear();
        desk.grants.clear();
        drop(desk);
        endpoint.end();
        tell(unknown, || Err(PeerFault::ConnectionLost));
    }

    /// Ready when the server is known to have everything that was sent to it; it is asked on the current connection.
    ///
    /// Cancel safe.
    pub(crate) async fn settled(&self, line: LineId) {
        loop {
            let progress = self.progress.notified();
            if self.is_settled(line) {
                return;
            }
            progress.await;
        }
    }

    /// *Once everything is written it sends one `rpc.ping`, if something is not acknowledged.*
    fn is_settled(&self, line: LineId) -> bool {
        let mut desk = self.desk();
        let Some(endpoint) = desk.endpoint.clone() else { return true };
        if endpoint.outbox.is_settled(desk.known) {
            return true;
        }
        let written = endpoint.outbox.with_replay(|replay| (!replay.pending()).then(|| replay.numbered()));
        if let Some(number) = written.flatten()
            && desk.pings.ask(number)
        {
            // Without room for it the ack has to do.
            drop(endpoint.urgent(line, ping_frame(endpoint.codec)));
        }
        false
    }

    /// A ping is written on the current connection.
    pub(super) fn pinged(&self) {
        self.desk().pings.sent();
    }

    /// A pong arrived.
    pub(super) fn ponged(&self) {
        let mut desk = self.desk();
        if let Some(number) = desk.pings.answered() {
            desk.known = desk.known.max(number);
        }
    }

    /// The number of the next connection.
    pub(crate) fn next_line(&self) -> LineId {
        self.lines.fetch_add(1, Ordering::Relaxed)
    }
}

/// What the answer to hello says about the session.
fn answered(answer: &HelloAnswer) -> Answered {
    let reason = answer.reason.as_deref().map(|name| Reason::from_name(name).unwrap_or(Reason::Unknown));
    Answered {
        session: answer.session.clone(),
        secret: answer.secret.clone(),
        resumed: answer.resumed,
        reason,
        received: answer.received,
        ended_received: answer.ended_received,
        sent: answer.sent,
        user: answer.user.clone(),
    }
}
