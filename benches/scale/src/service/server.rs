//! The server under measurement: started, waited for, stopped by its process number.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::process::Process;

/// A running `inhaul serve`.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    process: Process,
}

/// How long it may take to be ready, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

impl Server {
    /// Starts it and waits until it is ready.
    pub(super) async fn start(
        program: &Path,
        data: &Path,
        settings: &[(&'static str, String)],
    ) -> Result<Self> {
        let ready = data.with_file_name("ready");
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
        Ok(server)
    }

    pub(super) fn process(&self) -> Process {
        self.process
    }

    /// Lets it go on behind this program's end.
    pub(super) fn leave(self) -> u32 {
        self.process.0
    }

    /// Asks it to stop, and makes it.
    pub(super) async fn stop(mut self) -> Result<()> {
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
