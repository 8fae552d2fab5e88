//! Shows what a child prints as it comes, and remembers the end of it: whoever reads a long log from its end finds there why
//! something failed.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, PipeReader, Read as _, Write};
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How much is remembered, in bytes: a compiler's error or a failed test with its diff.
const REMEMBERED: usize = 4_000;

/// How long the rest of the output may take once the child has ended: a descendant of its may hold the pipe for ever.
const PATIENCE: Duration = Duration::from_secs(2);

type Tail = Arc<Mutex<VecDeque<u8>>>;

/// What a child prints, shown and remembered.
#[derive(Debug)]
pub(crate) struct Echo {
    tail: Tail,
    /// Closed at the end of the output.
    ended: Receiver<()>,
}

/// The reading end of what a command will print; none where a person looks on, whose colours and progress bars a pipe would cost.
///
/// The command keeps the writing end, so that the output ends only after the command has been dropped.
pub(crate) fn pipe(command: &mut Command) -> io::Result<Option<PipeReader>> {
    if io::stdout().is_terminal() {
        return Ok(None);
    }
    let (reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    Ok(Some(reader))
}

impl Echo {
    /// Shows on `shown` and remembers what comes out of `reader`.
    pub(crate) fn start(mut reader: PipeReader, mut shown: impl Write + Send + 'static) -> Self {
        let tail = Tail::default();
        let (end, ended) = mpsc::channel();
        let kept = Arc::clone(&tail);
        thread::spawn(move || {
            let _end = end;
            let mut chunk = [0; 8192];
            while let Ok(read @ 1..) = reader.read(&mut chunk) {
                let bytes = chunk.get(..read).unwrap_or_default();
                // Where nobody takes the output any more, the child still has to get rid of it.
                drop(shown.write_all(bytes).and_then(|()| shown.flush()));
                remember(&kept, bytes);
            }
        });
        Self { tail, ended }
    }

    /// The last lines, as far as they are remembered, after the child has ended.
    pub(crate) fn tail(&self) -> String {
        // Either way it ends: the output has, or patience.
        let _ = self.ended.recv_timeout(PATIENCE);
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(tail.make_contiguous()).into_owned();
        let whole = text.len() < REMEMBERED;
        // Half a line at the start would read as if it were all of it.
        let from = if whole { 0 } else { text.find('\n').map_or(0, |end| end + 1) };
        text.get(from..).unwrap_or_default().trim_end().to_owned()
    }
}

fn remember(tail: &Tail, bytes: &[u8]) {
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    tail.extend(bytes);
    let over = tail.len().saturating_sub(REMEMBERED);
    tail.drain(..over);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> String {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let echo = Echo::start(reader, io::sink());
        writer.write_all(text.as_bytes()).expect("somebody reads");
        drop(writer);
        echo.tail()
    }

    #[test]
    fn what_is_short_is_remembered_whole() {
        assert_eq!(after("one\ntwo\n\n"), "one\ntwo");
    }

    #[test]
    fn of_what_is_long_the_last_whole_lines_are_remembered() {
        let lines: Vec<String> = (0..5_000).map(|number| format!("line {number}")).collect();
        let tail = after(&lines.join("\n"));
        assert!(tail.len() <= REMEMBERED && tail.len() > REMEMBERED / 2, "{} bytes", tail.len());
        assert!(tail.starts_with("line ") && tail.ends_with("\nline 4999"), "{tail}");
    }
}
