//! The processes of one browser: chromedriver and the Chromium it starts, or Firefox.
//!
//! They live in a process and a mount namespace of their own, held by a shell that lives as long as
//! a pipe from us: when the test ends, however it ends, the kernel kills every process within. The
//! profile is in memory and goes with the namespace. Root needs nothing more; anybody else needs a
//! kernel that lets users make namespaces, and [`obstacle`] says where that is not so.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::TestDir;
use crate::lab::cache::is_root;

/// Why the namespaces cannot be made here, if so.
pub(super) fn obstacle() -> Option<String> {
    match namespaces().arg("true").output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(format!(
                "a browser runs in namespaces of its own, and that takes root or a kernel that \
                 lets users make some: {}",
                said.trim()
            ))
        }
        Err(error) => Some(format!(
            "no unshare here (Debian package util-linux): {error}"
        )),
    }
}

/// A program that drives a browser, or a browser that is driven itself.
#[derive(Debug)]
pub(super) struct Program {
    /// The Debian packages, and the programs of which one shows that a package is there.
    pub(super) packages: &'static [(&'static str, &'static [&'static str])],
    /// Starts it, in a shell whose first argument is the folder for its profile, in memory, and
    /// whose second is its preferences.
    pub(super) command: &'static str,
    /// What stands before the port where it says on which one it listens.
    pub(super) listens: &'static str,
}

impl Program {
    /// The Debian packages that are not there.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let absent = self
            .packages
            .iter()
            .filter(|(_, programs)| !programs.iter().any(|program| find(program).is_some()));
        absent.map(|(package, _)| *package).collect()
    }
}

/// A running program of these. Dropping it ends it and every browser it started.
#[derive(Debug)]
pub(super) struct Driver {
    // Its input is the pipe that keeps the namespaces.
    holder: Child,
    // What it prints later is of no use, and it must not fail to print it.
    _stdout: BufReader<ChildStdout>,
    port: u16,
    dir: TestDir,
}

impl Driver {
    /// Starts it on a free port of the loopback.
    pub(super) fn start(program: &Program, preferences: &str) -> Result<Self> {
        let missing = program.missing();
        ensure!(
            missing.is_empty(),
            "no browser here ({}); cargo xtask peers installs it",
            missing.join(", ")
        );
        let dir = TestDir::new("browser")?;
        // Opened before the profile covers it, so that we can read it from outside.
        let stderr = dir.join("stderr");
        let mut holder = namespaces()
            .args(["sh", "-c", &format!("{HOLD}{}", program.command), "browser"])
            .arg(dir.path())
            .arg(preferences)
            .env("HOME", dir.path())
            .env("TMPDIR", dir.path())
            .env("LANG", "C.UTF-8")
            .env("LANGUAGE", "en")
            .env("TZ", "UTC")
            .env_remove("LC_ALL")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr)?)
            .spawn()
            .context("no unshare here (Debian package util-linux)")?;
        let stdout = holder.stdout.take().context("the output is a pipe")?;
        let mut stdout = BufReader::new(stdout);
        match port_said(&mut stdout, program.listens)? {
            Some(port) => Ok(Self {
                holder,
                _stdout: stdout,
                port,
                dir,
            }),
            None => {
                drop(holder.wait());
                let said = fs::read_to_string(&stderr).unwrap_or_default();
                let (package, _) = program.packages[program.packages.len() - 1];
                bail!("{package} does not start: {}", said.trim())
            }
        }
    }

    /// Where it listens, on the loopback.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The profile's folder, as the browser sees it.
    pub(super) fn profile(&self) -> PathBuf {
        self.dir.join("profile")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if !matches!(self.holder.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(POLL);
        }
        // The shell within dies with the process that we started, and with it everything.
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}

/// Where a program says it listens; `None` if it ends without saying so.
fn port_said(stdout: &mut BufReader<ChildStdout>, listens: &str) -> Result<Option<u16>> {
    let mut line = String::new();
    while stdout.read_line(&mut line)? > 0 {
        if let Some((_, port)) = line.split_once(listens) {
            let port = port.trim().trim_end_matches('.');
            return port
                .parse()
                .map(Some)
                .with_context(|| format!("not a port: {line:?}"));
        }
        line.clear();
    }
    Ok(None)
}

/// `unshare` with its options; the command to run is still to be added.
fn namespaces() -> Command {
    let mut command = Command::new("unshare");
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount-proc", "--pid", "--fork", "--kill-child"]);
    command
}

/// Where a program is, looked for on the path.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/bin")]);
    let mut files = folders.map(|folder| folder.join(program));
    files.find(|file| Path::is_file(file))
}

/// Chromium's; chromedriver finds Google's build too.
pub(super) const CHROMIUM: Program = Program {
    packages: &[
        (
            "chromium",
            &["chromium", "google-chrome", "google-chrome-stable"],
        ),
        ("chromium-driver", &["chromedriver"]),
    ],
    command: "chromedriver --port=0 < /dev/null 3<&-",
    listens: "successfully on port ",
};

/// Our end of the pipe breaks when this process is gone; nobody ever writes to it. With its first
/// process, the kernel ends everything in a process namespace.
const HOLD: &str = r#"mount -t tmpfs -o mode=700 inhaul-browser "$1" || exit
exec 3<&0
{ cat <&3 > /dev/null; kill -9 -1; } &
"#;
const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(2);
