//! Namespaces: a file system or a network of a test's own, without root.
//!
//! A process of ours holds the namespace for as long as the test needs it; commands enter it by
//! `nsenter`, through a script that takes the place of the program. What is mounted there is seen
//! nowhere else and goes with the holder.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use inhaul_testkit::{Guarded, TestDir};

use crate::installation::Installation;

/// The program under test.
const INHAUL: &str = env!("CARGO_BIN_EXE_inhaul");

/// Namespaces of a test's own.
#[derive(Debug)]
pub(crate) struct Namespace {
    /// Ends with this value, and the namespace with it.
    _holder: Guarded,
    enter: Vec<String>,
    dir: TestDir,
}

/// What a namespace has of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Own {
    /// Mounts.
    Mounts,
    /// Mounts, and a network in which nothing leads anywhere, not even to itself.
    Network,
}

impl Namespace {
    /// Makes one and runs `script` in it, which must succeed.
    pub(crate) fn new(own: Own, script: &str) -> Self {
        let dir = TestDir::new("namespace").unwrap();
        let mut refusals = String::new();
        // A user namespace needs no root; where the kernel offers none, root needs none.
        for with_user in [true, false] {
            match hold(own, with_user, script) {
                Ok(holder) => {
                    let enter = enter(&holder, own, with_user);
                    return Self {
                        _holder: holder,
                        enter,
                        dir,
                    };
                }
                Err(why) => refusals.push_str(&why),
            }
        }
        panic!(
            "this test mounts file systems of its own. It needs `unshare` and `nsenter` of \
             util-linux and either user namespaces (kernel.unprivileged_userns_clone = 1, \
             user.max_user_namespaces > 0) or root with CAP_SYS_ADMIN; here:\n{refusals}"
        )
    }

    /// A program that runs inhaul in here, given the same words.
    pub(crate) fn program(&self) -> PathBuf {
        self.program_behind("")
    }

    /// The same, with another program in front of it: `setpriv --some-option --`.
    pub(crate) fn program_behind(&self, front: &str) -> PathBuf {
        let path = self.dir.join(format!("inhaul-{}", front.len()));
        let enter = self.enter.join(" ");
        fs::write(
            &path,
            format!("#!/bin/sh\nexec {enter} {front} {INHAUL} \"$@\"\n"),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Runs a script in here that must succeed.
    pub(crate) fn sh(&self, script: &str) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(&self.enter[0])
            .args(&self.enter[1..])
            .args(["sh", "-ec", script])
            .output()
            .unwrap();
        assert!(
            status.success(),
            "{script}: {}",
            String::from_utf8_lossy(&stderr)
        );
        String::from_utf8(stdout).unwrap()
    }
}

fn flags(own: Own, with_user: bool) -> Vec<&'static str> {
    let mut flags = vec!["-m"];
    flags.extend(with_user.then_some("-U"));
    flags.extend((own == Own::Network).then_some("-n"));
    flags
}

/// Starts the process that keeps the namespaces, once `script` has succeeded in them.
fn hold(own: Own, with_user: bool, script: &str) -> Result<Guarded, String> {
    let mut command = Command::new("unshare");
    command.args(flags(own, with_user));
    if with_user {
        command.arg("-r");
    }
    command
        .args([
            "sh",
            "-ec",
            &format!("{script}\necho ready\nexec sleep 3600"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut holder = Guarded::spawn(&mut command).map_err(|error| format!("{error:#}\n"))?;
    let (stdout, stderr) = (holder.child().stdout.take(), holder.child().stderr.take());
    let mut line = String::new();
    BufReader::new(stdout.unwrap())
        .read_line(&mut line)
        .unwrap();
    if line == "ready\n" {
        return Ok(holder);
    }
    let mut said = String::new();
    stderr.unwrap().read_to_string(&mut said).unwrap();
    Err(said)
}

fn enter(holder: &Guarded, own: Own, with_user: bool) -> Vec<String> {
    let mut words = vec!["nsenter".to_string(), "-t".into(), holder.id().to_string()];
    words.extend(flags(own, with_user).into_iter().map(str::to_owned));
    words.extend(with_user.then(|| "--preserve-credentials".to_owned()));
    words.push("--".into());
    words
}

/// A file system of so many octets, in memory.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    namespace: Namespace,
    dir: TestDir,
}

impl SmallDisk {
    pub(crate) fn new(octets: u64) -> Self {
        let dir = TestDir::new("small-disk").unwrap();
        let at = dir.path().display();
        let script = format!("mount -t tmpfs -o size={octets} small {at}");
        let namespace = Namespace::new(Own::Mounts, &script);
        Self { namespace, dir }
    }

    /// The data directory on it, from inside.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// An installation on it that brings mail in as long as there is any room.
    pub(crate) fn installation(&self) -> Installation {
        Installation::through(self.namespace.program(), &self.data())
            .env("INHAUL_STORAGE__STOP_FREE", "0")
    }

    /// As [`Installation::installation`], with the built-in limit.
    pub(crate) fn careful_installation(&self) -> Installation {
        Installation::through(self.namespace.program(), &self.data())
    }

    /// Gives it another size. What is on it stays.
    pub(crate) fn resize(&self, octets: u64) {
        let at = self.dir.path().display();
        self.sh(&format!("mount -o remount,size={octets} {at}"));
    }

    /// Makes it new and empty.
    pub(crate) fn renew(&self, octets: u64) {
        let at = self.dir.path().display();
        self.sh(&format!(
            "umount {at}; mount -t tmpfs -o size={octets} small {at}"
        ));
    }

    /// Makes it read-only, or not any more.
    pub(crate) fn set_writable(&self, writable: bool) {
        let how = if writable { "rw" } else { "ro" };
        self.sh(&format!(
            "mount -o remount,{how} {}",
            self.dir.path().display()
        ));
    }

    /// Lets only so many octets be free. A running server may write beside it, and the kernel makes no
    /// disk smaller than what is on it: the shell measures and resizes until that comes out.
    pub(crate) fn leave_free(&self, octets: u64) {
        let at = self.dir.path().display();
        self.sh(&format!(
            "for try in 1 2 3 4 5 6 7 8 9 10; do
                 set -- $(stat -f -c '%b %f %S' {at})
                 if mount -o remount,size=$((($1 - $2) * $3 + {octets})) {at}; then exit 0; fi
                 sleep 0.2
             done
             exit 1"
        ));
    }

    /// Runs a script in its namespace.
    pub(crate) fn sh(&self, script: &str) -> String {
        self.namespace.sh(script)
    }

    /// A program that runs inhaul there behind another.
    pub(crate) fn program_behind(&self, front: &str) -> PathBuf {
        self.namespace.program_behind(front)
    }
}
