//! A small disk whose power can be cut: ext4 in a file on a loop device, shut down by the ioctl
//! that ext4 has for such tests. What was not synced by then is gone, as at a power failure.
//!
//! One thing no real power failure does: an fdatasync under way at that moment may still return
//! success to its process, and what it was to write is gone (Linux 6.18: one in twelve). So whoever
//! cuts the power stops the process first, and waits until no call of its is under way.
//!
//! Needs root, `cc`, `mkfs.ext4` and a kernel that mounts loop devices.

#![allow(clippy::disallowed_macros, reason = "a test speaks for itself")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use inhaul_testkit::TestDir;

#[derive(Debug)]
pub(crate) struct Disk {
    dir: TestDir,
    mounted: bool,
    /// How often the disk came back.
    restored: u32,
}

impl Disk {
    /// Makes the disk and mounts it.
    pub(crate) fn new() -> Result<Self> {
        ensure!(
            rustix::process::geteuid().is_root(),
            "only root may mount a file system"
        );
        let mut disk = Self {
            dir: TestDir::new("disk")?,
            mounted: false,
            restored: 0,
        };
        fs::write(disk.dir.join("shut.c"), SHUT)?;
        let (source, program) = (disk.dir.join("shut.c"), disk.program());
        run(
            "cc",
            [OsStr::new("-o"), program.as_os_str(), source.as_os_str()],
        )?;
        let image = fs::File::create(disk.image())?;
        image.set_len(SIZE)?;
        let quick = "lazy_itable_init=0,lazy_journal_init=0";
        run(
            "mkfs.ext4",
            [
                OsStr::new("-q"),
                "-E".as_ref(),
                quick.as_ref(),
                disk.image().as_os_str(),
            ],
        )?;
        fs::create_dir(disk.mount_point())?;
        disk.mount()?;
        Ok(disk)
    }

    /// A data directory on the disk.
    pub(crate) fn data(&self) -> PathBuf {
        self.mount_point().join("data")
    }

    /// Cuts the power: from now on every write fails, and what was not synced is gone.
    pub(crate) fn cut_power(&self) -> Result<()> {
        run(self.program(), [self.mount_point()])
    }

    /// Brings the disk back, as the next start of the machine would. From a copy: the mount
    /// namespaces of other processes may keep the dead file system, and its loop device, alive.
    pub(crate) fn restore(&mut self) -> Result<()> {
        self.unmount()?;
        let dead = self.image();
        self.restored += 1;
        run(
            "cp",
            [
                OsStr::new("--sparse=always"),
                dead.as_os_str(),
                self.image().as_os_str(),
            ],
        )?;
        fs::remove_file(dead)?;
        self.mount()
    }

    /// Whether the power failure is one: a file that was synced stays, another one goes.
    pub(crate) fn forgets_what_was_not_synced(&mut self) -> Result<()> {
        let [synced, unsynced] = ["synced", "unsynced"].map(|name| self.mount_point().join(name));
        fs::write(&synced, "here")?;
        fs::File::open(&synced)?.sync_all()?;
        fs::File::open(self.mount_point())?.sync_all()?;
        fs::write(&unsynced, "here")?;
        self.cut_power()?;
        self.restore()?;
        ensure!(
            fs::read(&synced).is_ok_and(|text| text == b"here"),
            "what was synced is gone"
        );
        ensure!(
            !fs::read(&unsynced).is_ok_and(|text| text == b"here"),
            "the disk kept everything"
        );
        Ok(())
    }

    fn mount(&mut self) -> Result<()> {
        let (image, at) = (self.image(), self.mount_point());
        run(
            "mount",
            [
                OsStr::new("-o"),
                "loop".as_ref(),
                image.as_os_str(),
                at.as_os_str(),
            ],
        )?;
        self.mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Result<()> {
        let at = self.mount_point();
        retry(|| run("umount", [&at]))?;
        self.mounted = false;
        Ok(())
    }

    fn image(&self) -> PathBuf {
        self.dir.join(format!("image{}", self.restored))
    }

    fn mount_point(&self) -> PathBuf {
        self.dir.join("mounted")
    }

    fn program(&self) -> PathBuf {
        self.dir.join("shut")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted
            && let Err(error) = self.unmount()
        {
            eprintln!("{} stays mounted: {error:#}", self.mount_point().display());
        }
    }
}

/// Runs a program that must succeed.
fn run<A: AsRef<OsStr>>(
    program: impl AsRef<Path>,
    words: impl IntoIterator<Item = A>,
) -> Result<()> {
    let program = program.as_ref();
    let output = Command::new(program)
        .args(words)
        .output()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {}", program.display(), said.trim());
    }
    Ok(())
}

fn retry(mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(_) if Instant::now() < deadline => std::thread::sleep(POLL),
            done => return done,
        }
    }
}

/// EXT4_IOC_SHUTDOWN with "do not flush the journal" (`fs/ext4/ext4.h`). In C, because an ioctl is
/// unsafe and this workspace forbids that.
const SHUT: &str = r#"
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
int main(int count, char **words) {
    uint32_t without_flush = 2;
    int dir = count == 2 ? open(words[1], O_RDONLY) : -1;
    if (dir < 0 || ioctl(dir, _IOR('X', 125, uint32_t), &without_flush)) {
        perror("shut");
        return 1;
    }
    return 0;
}
"#;
const SIZE: u64 = 128 << 20;
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);
