//! `inhaul serve` on a data directory of the test's.

use std::fs;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::guarded::Signal;
use crate::inhaul::{Inhaul, Running};

/// A running server. Dropping it stops it, and kills it if that takes long.
#[derive(Debug)]
pub struct Server {
    running: Running,
    ready_file: PathBuf,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub fn start(inhaul: &Inhaul) -> Result<Self> {
        Self::start_with(inhaul, &[])
    }

    /// The same with more options.
    pub fn start_with(inhaul: &Inhaul, more: &[&str]) -> Result<Self> {
        let ready_file = inhaul.data().with_extension("ready");
        // A server that was killed has left its own.
        fs::remove_file(&ready_file).ok();
        let name = ready_file.display().to_string();
        let words = [&["serve", "--ready-file", &name], more].concat();
        let mut server = Self {
            running: inhaul.clone().alone().spawn(&words)?,
            ready_file,
        };
        let deadline = Instant::now() + PATIENCE;
        while !server.ready_file.exists() {
            if let Some(status) = server.running.wait(Duration::ZERO)? {
                bail!("inhaul serve: {status}\n{}", server.running.stderr());
            }
            if Instant::now() >= deadline {
                bail!("inhaul serve is not ready:\n{}", server.running.stderr());
            }
            std::thread::sleep(POLL);
        }
        Ok(server)
    }

    /// What it wrote to its ready file: a line for each address.
    pub fn ready(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.ready_file)?)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.running.signal(signal)
    }

    /// Kills it at once, as a crash would.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.running.kill()
    }

    /// Waits for it to end; `None` when `patience` is over first.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        self.running.wait(patience)
    }

    /// What it has written to stdout.
    pub fn stdout(&mut self) -> String {
        self.running.stdout()
    }

    /// What it has written to stderr.
    pub fn stderr(&mut self) -> String {
        self.running.stderr()
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(2);
