//! The end of a server, in order: no new connections, a notice, open calls finish, sessions close, tasks end, and what
//! `no_cancel` calls are left of sessions that went before.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::event::ServerEvent;
use super::limits::millis;
use super::session::Session;
use super::shared::Shared;
use crate::session::Disconnect;

/// See [`ServerHandle::shutdown`](super::ServerHandle::shutdown).
pub(crate) async fn shutdown(shared: Arc<Shared>) {
    if shared.stopping.swap(true, Ordering::AcqRel) {
        // Somebody else does it; this only waits.
        return shared.drained.cancelled().await;
    }
    shared.stop.cancel();
    // The work is a task of its own, so that who asked for it may go.
    let work = tokio::spawn(drain(shared));
    if let Err(error) = work.await {
        tracing::error!(target: "wirecall", %error, "the shutdown failed");
    }
}

async fn drain(shared: Arc<Shared>) {
    // However it ends, nobody waits for it any longer then.
    let _drained = shared.drained.clone().drop_guard();
    let limits = shared.limits;
    let until = Instant::now() + limits.drain;
    let draining = || shared.draining();
    let sessions = shared.registry.sessions();
    // All of them, before any handler ends by itself for it: no result overtakes the notice, and no call is made again here.
    for session in &sessions {
        session.tell_close(&draining(), Some(millis(limits.drain)));
        session.endpoint().refuse_calls();
    }
    shared.told.cancel();
    let drained = sessions.into_iter().map(|session| async move {
        if !session.is_plain() && !session.is_connected() {
            // Nobody comes back to a server that is gone.
            return session.shared().finish(&session, None, &draining());
        }
        // Who is still at it then is cut off.
        let finished = tokio::time::timeout(limits.drain, session.endpoint().drain()).await;
        if finished.is_err() {
            tracing::warn!(target: "wirecall", session = %session.id(), open = session.endpoint().open_calls(), "calls were still open at the end of the drain");
        }
        close(&session, draining());
    });
    futures_util::future::join_all(drained).await;
    shared.tasks.close();
    shared.tasks.wait().await;
    shared.no_cancel.close();
    if tokio::time::timeout_at(until, shared.no_cancel.wait()).await.is_err() {
        let open = shared.no_cancel.len();
        tracing::warn!(target: "wirecall", open, "no_cancel calls were still running at the end of the drain");
    }
    shared.publish(ServerEvent::Drained);
}

/// *Then `rpc.close` with `received`, then the close.* What is queued is written first.
fn close(session: &Session, disconnect: Disconnect) {
    let outbox = &session.endpoint().outbox;
    let received = outbox.deafen();
    session.tell_last(&disconnect, None, Some(received));
    outbox.close_when_written(disconnect);
}
