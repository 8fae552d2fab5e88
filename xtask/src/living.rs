//! The children that are alive, so that none outlives this program: each leads a process group of its own, and Ctrl-C, a
//! termination or the end of its owner ends exactly that group.

use std::io;
use std::process::{Child, Command};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a child has between being asked to end and being ended.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

struct Living {
    /// Process ids of children not yet waited for.
    ids: Vec<u32>,
    /// Set once the program is on its way out; nothing is started any more.
    closing: bool,
}

static LIVING: Mutex<Living> = Mutex::new(Living { ids: Vec::new(), closing: false });
static ONE_LESS: Condvar = Condvar::new();

/// How insistently a child is told to end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Insistence {
    /// As Ctrl-C in its terminal would.
    Interrupt,
    /// It may finish what it is doing.
    Ask,
    /// It ends here.
    Force,
}

/// Starts a child in a process group of its own and keeps it among the living until [`reaped`].
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    // Held while spawning, so that an interrupt sees either no child or one that it can end.
    let mut living = lock();
    if living.closing {
        return Err(io::ErrorKind::Interrupted.into());
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let child = command.spawn()?;
    living.ids.push(child.id());
    Ok(child)
}

/// Takes a child that has been waited for off the list.
pub(crate) fn reaped(id: u32) {
    lock().ids.retain(|other| *other != id);
    ONE_LESS.notify_all();
}

/// Tells a living child and its descendants to end; does nothing for one that has been waited for.
pub(crate) fn end(id: u32, insistence: Insistence) {
    let living = lock();
    if living.ids.contains(&id) {
        signal(id, insistence);
    }
}

/// From now on Ctrl-C and termination end every living child first, then this program with code 130.
pub(crate) fn stop_all_when_interrupted() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        let mut living = lock();
        living.closing = true;
        for id in &living.ids {
            signal(*id, Insistence::Ask);
        }
        let (living, _) = ONE_LESS
            .wait_timeout_while(living, GRACE, |living| !living.ids.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        for id in &living.ids {
            signal(*id, Insistence::Force);
        }
        #[expect(clippy::exit, reason = "an interrupt has no caller to return to")]
        std::process::exit(130);
    })
}

fn lock() -> MutexGuard<'static, Living> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn signal(id: u32, insistence: Insistence) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    let signal = match insistence {
        Insistence::Interrupt => Signal::SIGINT,
        Insistence::Ask => Signal::SIGTERM,
        Insistence::Force => Signal::SIGKILL,
    };
    if let Ok(id) = i32::try_from(id) {
        // The group may have ended a moment ago, which is what was wanted.
        let _ = killpg(Pid::from_raw(id), signal);
    }
}

#[cfg(not(unix))]
fn signal(id: u32, _: Insistence) {
    // A tree of processes has no group here; the system's own tool ends it by the id of its root.
    let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &id.to_string()]).status();
}
