//! The server under measurement: started, waited for, stopped by its process number.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::process::Process;

/// A running `inhaul serve`.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    process: Process,
    addresses: String,
}

/// How long it may take to be ready, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

impl Server {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(
        program: &Path,
        data: &Path,
        settings: &[(&'static str, String)],
    ) -> Result<Self> {
        let ready = data.with_file_name("ready");
        // One that a server before it left.
        if ready.exists() {
            fs::remove_file(&ready)?;
        }
        let child = Command::new(program)
            .arg("serve")
            .arg("--data")
            .arg(data)
            .arg("--ready-file")
            .arg(&ready)
            .envs(settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let id = child.id().context("it has ended at once")?;
        let mut server = Self {
            child,
            process: Process(id),
            addresses: String::new(),
        };
        let until = Instant::now() + PATIENCE;
        while !ready.exists() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{} ended before it was ready: {status}", program.display());
            }
            if Instant::now() > until {
                server.child.kill().await?;
                bail!("{} is not ready after {PATIENCE:?}", program.display());
            }
            sleep(Duration::from_millis(10)).await;
        }
        server.addresses = fs::read_to_string(&ready)?;
        Ok(server)
    }

    /// Where it serves this, as it said when it was ready: `web` is `http://127.0.0.1:8110`.
    pub(crate) fn address(&self, what: &str) -> Result<&str> {
        let mut lines = self.addresses.lines();
        let said = lines.find_map(|line| line.strip_prefix(what)?.strip_prefix(' '));
        said.with_context(|| format!("the server does not say where its {what} is"))
    }

    pub(crate) fn process(&self) -> Process {
        self.process
    }

    /// Lets it go on behind this program's end.
    pub(crate) fn leave(self) -> u32 {
        self.process.0
    }

    /// Asks it to stop, and makes it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill")
            .arg(self.process.0.to_string())
            .status()
            .await?;
        if !asked.success() {
            bail!("the server was gone before it was told to stop");
        }
        match timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => match status?.code() {
                Some(0) => Ok(()),
                code => bail!("the server ended with {code:?}"),
            },
            Err(_) => {
                self.child.kill().await?;
                bail!("the server did not stop in {PATIENCE:?}");
            }
        }
    }
}

/// Settings with which several servers run on one machine.
pub(crate) fn free_ports() -> Vec<(&'static str, String)> {
    let listeners = [
        "INHAUL_SERVER__LISTEN",
        "INHAUL_OPS__LISTEN",
        "INHAUL_POP3__LISTEN",
        "INHAUL_POP3__LISTEN_TLS",
        "INHAUL_IMAP__LISTEN",
        "INHAUL_IMAP__LISTEN_TLS",
    ];
    let free = |key| (key, "127.0.0.1:0".to_owned());
    listeners.into_iter().map(free).collect()
}
