//! The root folder a server lives in: the machine's own folders with a layer of packages above,
//! in a mount and a process namespace of its own.
//!
//! Debian's packages of mail servers exclude one another, and a machine should not get five mail
//! servers for a test. So each is installed into an overlay. The namespaces are held by one
//! process, and that process lives as long as a pipe from us: when the test ends, however it ends,
//! every process within is killed, every mount goes, and what was written is gone.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// What becomes of what is written within.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Layer {
    /// It stays in the cache, below all later roots.
    Installed,
    /// It is in memory and goes with the root.
    Passing,
}

/// A root and the process that holds it.
#[derive(Debug)]
pub(crate) struct Root {
    holder: Child,
    /// The process within, by the number it has outside.
    pid: u32,
    /// Where the root is in the mount namespace.
    place: PathBuf,
}

impl Root {
    /// Builds the root over the layer in `cache`. Needs root and overlayfs.
    pub(crate) fn build(cache: &Path, layer: Layer) -> Result<Self> {
        let mode = match layer {
            Layer::Installed => "install",
            Layer::Passing => "run",
        };
        let mut holder = command("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", SCRIPT, "root.sh", mode])
            .arg(cache)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("no unshare here (Debian package util-linux)")?;
        let mut line = String::new();
        if let Some(stdout) = holder.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let pid = line.trim().strip_prefix("ready ").map(str::parse);
        match pid {
            Some(Ok(pid)) => {
                let place = cache.join("root");
                let root = Self { holder, pid, place };
                // Whatever is written by way of this path must never land in the machine's folders.
                ensure!(
                    root.path(".layers").is_dir(),
                    "the root is not where it should be"
                );
                Ok(root)
            }
            _ => {
                drop(holder.stdin.take());
                let said = holder.wait_with_output()?.stderr;
                let said = String::from_utf8_lossy(&said).trim().to_string();
                bail!("an overlay cannot be mounted here: {said}")
            }
        }
    }

    /// A path within, as it is reached from outside.
    pub(crate) fn path(&self, within: impl AsRef<Path>) -> PathBuf {
        let within = within.as_ref();
        let within = within.strip_prefix("/").unwrap_or(within);
        Path::new("/proc")
            .join(self.pid.to_string())
            .join("root")
            .join(within)
    }

    /// A command that runs within.
    pub(crate) fn command<W: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = W>) -> Command {
        let mut command = command("nsenter");
        command
            .args(["--target", &self.pid.to_string()])
            .args(["--mount", "--pid", "--root", "--wd", "--"])
            .args(words)
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C");
        command
    }

    /// Shows a folder of the machine within, where there is one already.
    pub(crate) fn show(&self, outside: &Path, within: &str) -> Result<()> {
        let status = command("nsenter")
            .args(["--target", &self.pid.to_string(), "--mount", "--"])
            .args(["mount", "--bind"])
            .arg(outside)
            .arg(self.place.join(within.trim_start_matches('/')))
            .status()
            .context("no nsenter here (Debian package util-linux)")?;
        ensure!(status.success(), "{} cannot be shown", outside.display());
        Ok(())
    }

    /// Runs a script within to its end, and returns what it printed.
    pub(crate) fn run(&self, script: &str) -> Result<String> {
        let output = self
            .command(["sh", "-ec", script])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .context("no nsenter here (Debian package util-linux)")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            bail!("{}:\n{script}\n{said}{why}", output.status);
        }
        Ok(said)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if !matches!(self.holder.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(POLL);
        }
        // The process within dies with the one that we started.
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}

/// A command of the machine; those for mounts are in the sbin folders.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", PATH);
    command
}

const SCRIPT: &str = include_str!("root.sh");
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(2);
