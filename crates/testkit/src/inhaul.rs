//! Runs the real binary, as a person at a terminal or a script would.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::guarded::{Guarded, Signal};
use crate::server::Server;

/// The binary with a data directory of the test's.
#[derive(Clone, Debug)]
pub struct Inhaul {
    program: PathBuf,
    data: PathBuf,
    env: Vec<(OsString, OsString)>,
    patience: Duration,
    /// With a place for a server: its commands have one in front.
    server: Option<Arc<Mutex<Option<Server>>>>,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its status.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Inhaul {
    /// `program` is `env!("CARGO_BIN_EXE_inhaul")`; `data` need not exist yet.
    pub fn new(program: impl Into<PathBuf>, data: impl Into<PathBuf>) -> Self {
        let patience = Duration::from_secs(120);
        Self {
            program: program.into(),
            data: data.into(),
            env: Vec::new(),
            patience,
            server: None,
        }
    }

    /// From now on there is a running server (`inhaul serve`) in front of every command, as soon as
    /// there is a data directory. It ends with the last clone of this value.
    #[must_use]
    pub fn served(mut self) -> Self {
        self.server = Some(Arc::default());
        self
    }

    /// The same without a server.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.server = None;
        self
    }

    /// Sets an environment variable for all commands.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// How long a command may take before it is killed and the test fails; 120 s at first.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Runs a command to its end.
    pub fn run(&self, words: &[&str]) -> Result<Finished> {
        self.run_with_input(words, "")
    }

    /// Runs a command to its end and gives it `input` on stdin, for `--password-stdin`.
    pub fn run_with_input(&self, words: &[&str], input: &str) -> Result<Finished> {
        let mut running = self.spawn_with_input(words, input)?;
        let Some(status) = running.wait(self.patience)? else {
            running.kill()?;
            bail!(
                "inhaul {} did not end:\n{}",
                words.join(" "),
                running.stderr()
            );
        };
        Ok(Finished {
            status,
            stdout: running.stdout(),
            stderr: running.stderr(),
        })
    }

    /// Runs a command that must succeed and returns what it wrote to stdout.
    pub fn ok(&self, words: &[&str]) -> Result<String> {
        self.ok_with_input(words, "")
    }

    /// As [`Inhaul::ok`], with `input` on stdin.
    pub fn ok_with_input(&self, words: &[&str], input: &str) -> Result<String> {
        let Finished {
            status,
            stdout,
            stderr,
        } = self.run_with_input(words, input)?;
        ensure!(
            status.success(),
            "inhaul {}: {status}\nstdout:\n{stdout}\nstderr:\n{stderr}",
            words.join(" ")
        );
        Ok(stdout)
    }

    /// Runs a command that must succeed and returns the octets it wrote to stdout, which need not
    /// be text.
    pub fn ok_octets(&self, words: &[&str]) -> Result<Vec<u8>> {
        let mut running = self.spawn(words)?;
        let status = running.wait(self.patience)?;
        let octets = running.stdout_octets();
        ensure!(
            status.is_some_and(|status| status.success()),
            "inhaul {}: {status:?}\nstderr:\n{}",
            words.join(" "),
            running.stderr()
        );
        Ok(octets)
    }

    /// Starts a command and lets it run.
    pub fn spawn(&self, words: &[&str]) -> Result<Running> {
        self.spawn_with_input(words, "")
    }

    /// Starts a command that has this on its stdin, and lets it run.
    pub fn spawn_with_input(&self, words: &[&str], input: &str) -> Result<Running> {
        if let Some(place) = &self.server
            && self.data.join("inhaul.db").exists()
        {
            let mut server = lock(place);
            if server.is_none() {
                *server = Some(Server::start(self)?);
            }
        }
        let mut command = Command::new(&self.program);
        command
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, _) in std::env::vars_os() {
            // Settings of whoever runs the test must not reach it.
            if name.to_string_lossy().starts_with("INHAUL_") {
                command.env_remove(name);
            }
        }
        if words.contains(&"serve") {
            // Tests run side by side: each server takes what is free.
            command.envs(LISTENS.map(|name| (name, "127.0.0.1:0")));
            // What a test asks for is what happens; those of the schedule set an interval.
            command.env("INHAUL_CHECKS__EVERY", "never");
        }
        command
            .env("INHAUL_DATA", &self.data)
            .envs(self.env.iter().cloned());
        let mut process = Guarded::spawn(&mut command)?;
        let child = process.child();
        let stdin = child.stdin.take();
        let stdout = Gathered::from(child.stdout.take().context("no stdout")?);
        let stderr = Gathered::from(child.stderr.take().context("no stderr")?);
        if let Some(mut stdin) = stdin {
            // A command that does not read its input is no failure of the test.
            stdin.write_all(input.as_bytes()).ok();
        }
        Ok(Running {
            process,
            stdout,
            stderr,
        })
    }
}

/// Every key that says where to listen.
const LISTENS: [&str; 6] = [
    "INHAUL_SERVER__LISTEN",
    "INHAUL_POP3__LISTEN",
    "INHAUL_POP3__LISTEN_TLS",
    "INHAUL_IMAP__LISTEN",
    "INHAUL_IMAP__LISTEN_TLS",
    "INHAUL_OPS__LISTEN",
];

impl Finished {
    /// The exit code; `None` if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

/// A command that runs. Dropping it ends the process.
#[derive(Debug)]
pub struct Running {
    process: Guarded,
    stdout: Gathered,
    stderr: Gathered,
}

impl Running {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills it at once, as a crash would (SIGKILL).
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.process.kill()
    }

    /// Asks it to end (SIGTERM), and kills it when `patience` is over.
    pub fn terminate(&mut self, patience: Duration) -> Result<ExitStatus> {
        self.process.terminate(patience)
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// Waits for it to end by itself; `None` when `patience` is over first.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        self.process.wait(patience)
    }

    /// Waits for a line on stdout that begins so, and returns what stands behind.
    pub fn wait_for_line(&self, start: &str, patience: Duration) -> Result<String> {
        self.stdout.wait_for_line(start, patience).with_context(|| {
            format!(
                "no line {start:?} on stdout; stderr:\n{}",
                self.stderr.text_so_far()
            )
        })
    }

    /// What it has written to stdout; all of it once it has ended.
    pub fn stdout(&mut self) -> String {
        Self::text(&mut self.process, &self.stdout)
    }

    /// As [`Running::stdout`], octet for octet.
    pub fn stdout_octets(&mut self) -> Vec<u8> {
        Self::octets(&mut self.process, &self.stdout)
    }

    /// What it has written to stderr; all of it once it has ended.
    pub fn stderr(&mut self) -> String {
        Self::text(&mut self.process, &self.stderr)
    }

    fn text(process: &mut Guarded, gathered: &Gathered) -> String {
        String::from_utf8_lossy(&Self::octets(process, gathered)).into_owned()
    }

    fn octets(process: &mut Guarded, gathered: &Gathered) -> Vec<u8> {
        match process.ended() {
            Ok(Some(_)) => gathered.octets_at_end(),
            _ => gathered.octets_so_far(),
        }
    }
}

/// What a process writes to one pipe, read by a thread of its own so that it never blocks.
#[derive(Debug)]
struct Gathered {
    text: Arc<(Mutex<Vec<u8>>, Condvar)>,
    reading: JoinHandle<()>,
}

impl Gathered {
    fn from(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let for_thread = Arc::clone(&text);
        let reading = thread::spawn(move || {
            let mut lines = BufReader::new(pipe);
            let mut line = Vec::new();
            while let Ok(1..) = lines.read_until(b'\n', &mut line) {
                lock(&for_thread.0).append(&mut line);
                for_thread.1.notify_all();
            }
        });
        Self { text, reading }
    }

    fn wait_for_line(&self, start: &str, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        let mut text = lock(&self.text.0);
        loop {
            let so_far = String::from_utf8_lossy(&text);
            if let Some(rest) = so_far.lines().find_map(|line| line.strip_prefix(start)) {
                return Some(rest.trim().to_string());
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            text = self
                .text
                .1
                .wait_timeout(text, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn text_so_far(&self) -> String {
        String::from_utf8_lossy(&self.octets_so_far()).into_owned()
    }

    fn octets_so_far(&self) -> Vec<u8> {
        lock(&self.text.0).clone()
    }

    fn octets_at_end(&self) -> Vec<u8> {
        // A grandchild may hold the pipe open for longer than we care to wait.
        let deadline = Instant::now() + PIPE_PATIENCE;
        while !self.reading.is_finished() && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        self.octets_so_far()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const PIPE_PATIENCE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;

    /// The shell in the place of the binary.
    fn shell() -> Inhaul {
        Inhaul::new("/bin/sh", "/nonexistent/data").env("WORD", "set")
    }

    #[test]
    fn a_command_gets_its_input_and_its_environment() {
        let script = r#"read -r line; echo "$line $INHAUL_DATA $WORD"; echo why >&2; exit 75"#;
        let finished = shell().run_with_input(&["-c", script], "pass\n").unwrap();
        assert_eq!(finished.stdout, "pass /nonexistent/data set\n");
        assert_eq!(finished.stderr, "why\n");
        assert_eq!(finished.code(), Some(75));
    }

    #[test]
    fn octets_that_are_no_text_come_through() {
        let octets = shell().ok_octets(&["-c", r"printf 'a\377\0b'"]).unwrap();
        assert_eq!(octets, b"a\xff\0b");
    }

    #[test]
    fn a_command_that_must_succeed_reports_what_it_said() {
        let error = shell()
            .ok(&["-c", "echo out; echo why >&2; exit 1"])
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("out") && text.contains("why") && text.contains("exit status: 1"));
    }

    #[test]
    fn a_command_that_hangs_is_killed() {
        let hasty = shell().patience(Duration::from_millis(50));
        assert!(hasty.run(&["-c", "exec sleep 600"]).is_err());
    }

    #[test]
    fn a_line_is_waited_for_and_a_kill_is_a_kill() {
        let mut running = shell()
            .spawn(&["-c", "echo pop3 127.0.0.1:1; exec sleep 600"])
            .unwrap();
        let patience = Duration::from_secs(10);
        assert_eq!(
            running.wait_for_line("pop3 ", patience).unwrap(),
            "127.0.0.1:1"
        );
        assert!(
            running
                .wait_for_line("imap ", Duration::from_millis(20))
                .is_err()
        );
        assert_eq!(running.kill().unwrap().code(), None);
        assert_eq!(running.stdout(), "pop3 127.0.0.1:1\n");
    }
}
