//! The disk under the data directory: of which kind, how much room, and whether it keeps what is
//! written.

use std::io::{self, Read as _, Seek as _, Write as _};
use std::time::{Duration, Instant};

use inhaul_types::Octets;

use super::finding::{Finding, quoted};
use super::site::Site;
use crate::cli::output::{count, size};

pub(super) fn check(site: &Site) -> Vec<Finding> {
    if !site.data.is_dir() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(kind(site));
    findings.extend(room(site));
    if site.may_look() {
        findings.push(trial(site));
    }
    findings
}

/// What is no place for a database. The numbers are Linux's (`statfs(2)`).
const KINDS: &[(i64, &str, Unfit)] = &[
    (0x6969, "NFS", Unfit::Network),
    (0xff53_4d42, "CIFS", Unfit::Network),
    (0xfe53_4d42, "SMB", Unfit::Network),
    (0x517b, "SMB", Unfit::Network),
    (0x5346_414f, "AFS", Unfit::Network),
    (0x00c3_6400, "Ceph", Unfit::Network),
    (0x0102_1994, "tmpfs", Unfit::Memory),
    (0x8584_58f6, "ramfs", Unfit::Memory),
];

#[derive(Clone, Copy, Debug)]
enum Unfit {
    /// Locks and syncs of such file systems do not hold what SQLite needs.
    Network,
    Memory,
}

#[allow(
    clippy::useless_conversion,
    reason = "a word of the system, which is not of 64 bits everywhere"
)]
fn kind(site: &Site) -> Option<Finding> {
    let kind = rustix::fs::statfs(&site.data).ok()?.f_type;
    // Numbers of 32 bits, of which some systems take the first for a sign.
    let kind = i64::from(kind) & 0xffff_ffff;
    let (_, name, unfit) = KINDS.iter().find(|(number, ..)| *number == kind)?;
    let why = match unfit {
        Unfit::Network => "a network file system, on which a database is damaged sooner or later",
        Unfit::Memory => "memory: all mail is gone when the machine stops",
    };
    let what = format!("{} is on {name}, {why}", site.data.display());
    let fix = format!(
        "stop inhaul, copy the directory to a local disk (cp -a {} DIR), and set [storage] data",
        quoted(&site.data.to_string_lossy())
    );
    Some(Finding::fail("file-system", what, fix))
}

fn room(site: &Site) -> Vec<Finding> {
    let disk = match rustix::fs::statvfs(&site.data) {
        Ok(disk) => disk,
        Err(error) => {
            let what = format!("the disk's room cannot be read: {error}");
            return vec![Finding::fail("free-space", what, "look at the disk: dmesg")];
        }
    };
    let octets = |blocks: u64| Octets::new(blocks.saturating_mul(disk.f_frsize));
    let free = octets(disk.f_bavail);
    let used = octets(disk.f_blocks.saturating_sub(disk.f_bfree));
    let all = Octets::new(used.count().saturating_add(free.count()));
    let storage = &site.config.storage;
    // As the engine has it: of a small disk, a part.
    let stop = octets(disk.f_blocks / STOP_PART).min(Octets::new(storage.stop_free));
    let warn = octets(disk.f_blocks / WARN_PART).min(Octets::new(storage.warn_free));
    let below = format!(
        "{} are free; below {} no mail is brought in",
        size(free),
        size(stop)
    );
    let make_room = format!(
        "make room on the disk of {}, or move the data directory",
        site.data.display()
    );
    let mut findings = vec![if free < stop {
        Finding::fail("free-space", format!("only {below}"), make_room)
    } else if free < warn {
        Finding::warn("free-space", format!("only {below}"), make_room)
    } else {
        let what = format!("{} of {} used", size(used), size(all));
        Finding::ok("free-space", what)
    }];
    // A file system that makes them as they are needed counts none.
    if disk.f_files > 0 && disk.f_favail < INODES {
        findings.push(Finding::warn(
            "inodes",
            format!(
                "only {} more files can be made on the disk",
                count(disk.f_favail)
            ),
            format!(
                "find what fills it: df -i {}",
                quoted(&site.data.to_string_lossy())
            ),
        ));
    }
    findings
}

/// Writes a file that has no name, has it kept and reads it again.
fn trial(site: &Site) -> Finding {
    let began = Instant::now();
    let tried = || -> io::Result<bool> {
        let mut file = tempfile::tempfile_in(&site.data)?;
        let written = vec![0x69; TRIAL_OCTETS];
        file.write_all(&written)?;
        file.sync_all()?;
        file.rewind()?;
        let mut read = Vec::new();
        file.read_to_end(&mut read)?;
        Ok(read == written)
    };
    let tried = tried();
    let took = began.elapsed();
    match tried {
        Ok(true) if took > SLOW => Finding::warn(
            "write",
            format!("write, sync and read back take {} ms", took.as_millis()),
            "put the data directory on a faster disk, or see what else uses this one: iostat -x 1",
        ),
        Ok(true) => Finding::ok(
            "write",
            format!("write, sync and read back: {} ms", took.as_millis()),
        ),
        Ok(false) => Finding::fail(
            "write",
            "what is written reads back as something else",
            "stop inhaul and look at the disk's health: dmesg, smartctl",
        ),
        Err(error) => Finding::fail(
            "write",
            format!("nothing can be written in {}: {error}", site.data.display()),
            match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "make room on the disk"
                }
                io::ErrorKind::ReadOnlyFilesystem => "mount the disk so that it can be written",
                _ => "see why the disk takes nothing: dmesg",
            },
        ),
    }
}

/// Of a disk that is small for the limits: a tenth of it stops, a fifth warns.
const STOP_PART: u64 = 10;
const WARN_PART: u64 = 5;

/// As much as one small commit.
const TRIAL_OCTETS: usize = 64 << 10;

/// A commit that takes longer holds up everybody.
const SLOW: Duration = Duration::from_secs(1);

/// Fewer files than this are used up in a day of large messages.
const INODES: u64 = 1000;
