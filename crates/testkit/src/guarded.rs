//! Child processes that end when the test ends, however it ends.
//!
//! A test that is killed runs no `drop`. So each child gets a guard: a shell that waits on a pipe
//! from us and ends the child when that pipe breaks.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// A child process and its guard. Dropping it asks the child to end, then forces it.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    guard: Child,
}

impl Guarded {
    /// Starts `command` in a process group of its own (so that Ctrl-C in a terminal reaches the
    /// test first and the test ends it), with its guard.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match guard {
            Ok(guard) => Ok(Self { child, guard }),
            Err(error) => {
                let mut child = child;
                drop(child.kill());
                drop(child.wait());
                Err(error).context("cannot start the guard")
            }
        }
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The child's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, unless the child is gone.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        kill_process(self.pid()?, signal).context("cannot signal the child")
    }

    /// How the child ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait().context("cannot ask for the child")?;
        if status.is_some() {
            self.dismiss_guard();
        }
        Ok(status)
    }

    /// Waits for the child to end by itself; `None` when `patience` is over first.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks the child to end (SIGTERM), and forces it (SIGKILL) when `patience` is over.
    pub fn terminate(&mut self, patience: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        match self.wait(patience)? {
            Some(status) => Ok(status),
            None => self.kill(),
        }
    }

    /// Ends the child at once (SIGKILL), as a crash would.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.dismiss_guard();
        self.child.kill().context("cannot kill the child")?;
        self.child.wait().context("cannot wait for the child")
    }

    /// Ends the guard: once the child is reaped, its number may come to belong to somebody else.
    fn dismiss_guard(&mut self) {
        drop(self.guard.kill());
        drop(self.guard.wait());
    }

    fn pid(&self) -> Result<Pid> {
        let raw = i32::try_from(self.child.id()).context("a process id beyond 31 bits")?;
        Pid::from_raw(raw).context("process id 0")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Err(error) = self.terminate(PATIENCE) {
            eprintln!("could not end process {}: {error:#}", self.child.id());
        }
    }
}

/// Our end of the pipe breaks when this process is gone; nobody ever writes to it.
const GUARD: &str = r#"read -r _; kill "$1"
for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 0.5; kill -0 "$1" || exit; done
kill -9 "$1""#;
const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Guarded {
        Guarded::spawn(Command::new("sleep").arg("600")).unwrap()
    }

    fn is_there(pid: u32) -> bool {
        std::path::Path::new(&format!("/proc/{pid}")).exists()
    }

    #[test]
    fn a_dropped_child_is_gone_and_so_is_its_guard() {
        let child = sleeper();
        let (pid, guard) = (child.id(), child.guard.id());
        assert!(is_there(pid) && is_there(guard));
        drop(child);
        assert!(!is_there(pid) && !is_there(guard));
    }

    #[test]
    fn a_broken_pipe_ends_the_child() {
        let mut child = sleeper();
        // As if this process were killed.
        drop(child.guard.stdin.take());
        assert!(child.wait(Duration::from_secs(10)).unwrap().is_some());
    }
}
