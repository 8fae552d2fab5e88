//! One child process: started, waited for within a limit, and never left behind.

use std::io;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::living::{self, GRACE, Insistence};

/// How a child ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With success.
    Success,
    /// Otherwise; the text says how, for a person.
    Failure(String),
}

/// A child that ends with this value at the latest, with its descendants.
#[derive(Debug)]
pub(crate) struct Owned {
    id: u32,
    /// Told once by the thread that waits for the child.
    ended: Receiver<io::Result<ExitStatus>>,
    /// The child's output, where the command pipes it.
    pub(crate) stdout: Option<ChildStdout>,
    /// The child's error output, where the command pipes it.
    pub(crate) stderr: Option<ChildStderr>,
}

impl Owned {
    /// Starts `command`; the error names the program.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let child = living::start(command)
            .map_err(|error| format!("cannot start `{}`: {error}", command.get_program().display()))?;
        Ok(Self::adopt(child))
    }

    fn adopt(mut child: Child) -> Self {
        let (id, stdout, stderr) = (child.id(), child.stdout.take(), child.stderr.take());
        let (tell, ended) = mpsc::sync_channel(1);
        thread::spawn(move || {
            let status = child.wait();
            living::reaped(id);
            // Nobody listens when the owner has let go of the child.
            drop(tell.send(status));
        });
        Self { id, ended, stdout, stderr }
    }

    /// Waits until the child has ended, at most `limit`; one that takes longer is ended and counts as failed.
    pub(crate) fn wait(&self, limit: Duration) -> Ending {
        match self.ended.recv_timeout(limit) {
            Ok(Ok(status)) if status.success() => Ending::Success,
            Ok(Ok(status)) => Ending::Failure(status.to_string()),
            Ok(Err(error)) => Ending::Failure(error.to_string()),
            Err(RecvTimeoutError::Disconnected) => Ending::Failure("already waited for".to_owned()),
            Err(RecvTimeoutError::Timeout) => {
                self.stop();
                Ending::Failure(format!("not done after {} s, stopped", limit.as_secs()))
            }
        }
    }

    /// Does to the child what Ctrl-C would; how it takes that shows in [`Owned::wait`].
    pub(crate) fn interrupt(&self) {
        living::end(self.id, Insistence::Interrupt);
    }

    /// Asks the child to end and insists after a grace; does nothing where it has ended.
    pub(crate) fn stop(&self) {
        living::end(self.id, Insistence::Ask);
        if matches!(self.ended.recv_timeout(GRACE), Err(RecvTimeoutError::Timeout)) {
            living::end(self.id, Insistence::Force);
            // Only a thread blocked in wait stands behind this; a forced child cannot keep it there.
            drop(self.ended.recv());
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::process::Stdio;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    #[test]
    fn a_failure_says_how_it_ended() {
        let child = Owned::start(&mut shell("exit 3")).expect("sh starts");
        assert_eq!(child.wait(Duration::from_mins(1)), Ending::Failure("exit status: 3".to_owned()));
    }

    #[test]
    fn what_is_over_the_limit_is_stopped_with_its_descendants() {
        // Both the shell and its child hold the pipe: reading to its end shows that both are gone.
        let mut child = Owned::start(&mut shell("tail -f /dev/null & wait")).expect("sh starts");
        assert!(
            matches!(child.wait(Duration::ZERO), Ending::Failure(how) if how.starts_with("not done after 0 s"))
        );
        let mut rest = String::new();
        child.stdout.take().expect("a pipe").read_to_string(&mut rest).expect("the pipe closes");
        assert_eq!(rest, "");
    }

    #[test]
    fn dropping_the_owner_ends_the_child() {
        let mut child = Owned::start(&mut shell("tail -f /dev/null")).expect("sh starts");
        let mut pipe = child.stdout.take().expect("a pipe");
        drop(child);
        let mut rest = String::new();
        pipe.read_to_string(&mut rest).expect("the pipe closes");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let started = Owned::start(&mut Command::new("no-such-program-of-ours")).map(|_| ());
        assert!(started.is_err_and(|message| message.contains("`no-such-program-of-ours`")));
    }
}
