//! Restores a backup into an empty data directory.
//!
//! Everything is unpacked into `DATA/restoring` and compared with the list at the backup's end; then
//! the database in there is made that of a new installation; then the key and the segments are moved
//! to their places, and the database last. A crash before that leaves `restoring`, which the next
//! restore takes away, and beside which no store opens. Start at `restore`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use inhaul_types::{Digest, Timestamp};
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::super::errors::{Doing, damaged};
use super::super::migrate;
use super::super::open::{lock, make_directory, sync_directory, unusable};
use super::manifest::{self, FIRST, LAST, Manifest, Member};
use super::{DATABASE, KEY, PAUSED, PIECE, SCRATCH, SEGMENTS};
use crate::StoreError;
use crate::records::{RestoreOptions, Restored, RestoredKey};
use crate::seal;

/// What is unpacked, until it is whole.
pub(crate) const UNPACKED: &str = "restoring";
/// Octets of a list: some 10 million segments.
const LIST_MOST: u64 = 1 << 30;
/// A stretch of zeros of this length is left to the file system.
const HOLE: usize = 4096;

const DOING: &str = "restore a backup";

/// Restores.
pub(crate) fn restore(
    from: &Path,
    dir: &Path,
    options: &RestoreOptions,
) -> Result<Restored, StoreError> {
    let file = File::open(from).doing("open the backup")?;
    let is_new = !dir.exists();
    make_directory(dir).map_err(|source| unusable(dir, source))?;
    let held = lock(dir)?;
    check_empty(dir)?;
    let mut undo = Undo {
        dir,
        is_new,
        key: None,
    };
    DirBuilder::new()
        .mode(0o700)
        .create(dir.join(UNPACKED))
        .doing(DOING)?;
    let key_file = options.key_file.clone().unwrap_or_else(|| dir.join(KEY));
    let manifest = unpack(file, from, &dir.join(UNPACKED))?;
    begin_anew(&dir.join(UNPACKED).join(DATABASE), dir, (options.clock)())?;
    let key = install_key(&dir.join(UNPACKED).join(KEY), &key_file)?;
    undo.key = (key == RestoredKey::Backup).then_some(key_file);
    install(dir).doing(DOING)?;
    std::mem::forget(undo);
    drop(held);
    Ok(Restored {
        taken: manifest.taken,
        messages: manifest.messages,
        key,
    })
}

/// Takes away what a killed backup left; refuses to open beside what a killed restore left.
pub(crate) fn clear_up(dir: &Path) -> Result<(), StoreError> {
    for name in [
        SCRATCH,
        "backup.db-journal",
        "backup.db-wal",
        "backup.db-shm",
    ] {
        remove_if_there(&dir.join(name)).doing("clear up the data directory")?;
    }
    let unpacked = dir.join(UNPACKED);
    if !unpacked.exists() {
        return Ok(());
    }
    if dir.join(DATABASE).exists() {
        return fs::remove_dir_all(unpacked).doing("clear up the data directory");
    }
    Err(damaged(format!(
        "a backup was not restored to its end into {}. Restore it again, or remove {} and begin \
         with nothing",
        dir.display(),
        unpacked.display()
    )))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Refuses a directory with anything but what is no mail; takes away what a killed restore left.
fn check_empty(dir: &Path) -> Result<(), StoreError> {
    let unfinished = dir.join(UNPACKED).exists() && !dir.join(DATABASE).exists();
    for entry in fs::read_dir(dir).doing(DOING)? {
        let entry = entry.doing(DOING)?;
        match entry.file_name().to_str() {
            Some("lock" | KEY) => {}
            Some(UNPACKED | SEGMENTS) if unfinished => {
                fs::remove_dir_all(entry.path()).doing(DOING)?;
            }
            _ => return Err(StoreError::NotEmpty(entry.path())),
        }
    }
    Ok(())
}

/// Leaves the directory as it was found.
struct Undo<'a> {
    dir: &'a Path,
    is_new: bool,
    /// The key's file, if it was put there.
    key: Option<PathBuf>,
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        for name in [UNPACKED, SEGMENTS] {
            match fs::remove_dir_all(self.dir.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, name, "what was restored in vain stays");
                }
                _ => {}
            }
        }
        if let Some(key) = &self.key {
            fs::remove_file(key).ok();
        }
        if self.is_new {
            // The lock's file is ours, and so is the directory.
            fs::remove_file(self.dir.join("lock")).ok();
            fs::remove_dir(self.dir).ok();
        }
    }
}

/// Unpacks the backup and compares it with its list.
fn unpack(file: File, from: &Path, into: &Path) -> Result<Manifest, StoreError> {
    let bad = |why: String| StoreError::BadBackup {
        path: from.to_owned(),
        why,
    };
    let unreadable = |error: io::Error| bad(format!("it is cut short or changed ({error})"));
    let file = io::BufReader::with_capacity(PIECE, file);
    let mut archive = tar::Archive::new(file);
    let (mut found, mut list, mut begun) = (Vec::new(), None, false);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name = entry.path().map_err(unreadable)?;
        let name = name.to_str().unwrap_or_default().to_owned();
        if !begun {
            check_first(&name, &mut entry).map_err(&bad)?;
            begun = true;
        } else if list.is_some() {
            return Err(bad(format!("{name} lies behind its end")));
        } else if name == LAST {
            let mut text = String::new();
            let mut limited = entry.take(LIST_MOST);
            limited.read_to_string(&mut text).map_err(unreadable)?;
            let read = Manifest::parse(&text);
            list = Some(read.ok_or_else(|| bad("its list is changed".into()))?);
        } else {
            let path = place_of(&name, into);
            let path = path.ok_or_else(|| bad(format!("{name:?} is nothing of inhaul's")))?;
            found.push(write_out(&mut entry, name, &path, &unreadable)?);
        }
    }
    let list = match (begun, list) {
        (false, _) => return Err(bad("it is empty".into())),
        (true, None) => return Err(bad("it ends too early".into())),
        (true, Some(list)) => list,
    };
    let differing = found
        .iter()
        .zip(&list.members)
        .find(|(found, listed)| found != listed);
    match differing {
        Some((found, _)) => Err(bad(format!("{} is changed", found.name))),
        None if found.len() != list.members.len() => Err(bad("a part of it is missing".into())),
        None if !into.join(DATABASE).exists() => Err(bad("there is no database in it".into())),
        None => Ok(list),
    }
}

fn check_first(name: &str, entry: &mut impl Read) -> Result<(), String> {
    let mut text = String::new();
    let is_text = entry.take(1000).read_to_string(&mut text).is_ok();
    if name != FIRST || !is_text {
        return Err("no backup of inhaul begins like this".into());
    }
    if text != manifest::first() {
        return Err("a newer inhaul made it".into());
    }
    Ok(())
}

/// Where a member goes: to the names we make and nowhere else.
fn place_of(name: &str, into: &Path) -> Option<PathBuf> {
    let is_segment = |name: &str| {
        let number = name.strip_suffix(".lost").unwrap_or(name);
        number.len() >= 8 && number.bytes().all(|octet| octet.is_ascii_digit())
    };
    let is_ours = match name.strip_prefix(SEGMENTS) {
        Some(segment) => segment.strip_prefix('/').is_some_and(is_segment),
        None => name == DATABASE || name == KEY,
    };
    is_ours.then(|| into.join(name))
}

fn write_out(
    entry: &mut impl Read,
    name: String,
    path: &Path,
    unreadable: &impl Fn(io::Error) -> StoreError,
) -> Result<Member, StoreError> {
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        DirBuilder::new().mode(0o700).create(parent).doing(DOING)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .doing(DOING)?;
    let (mut size, mut digest) = (0, Sha256::new());
    let mut buffer = Zeroizing::new(vec![0; PIECE]);
    loop {
        let read = fill(entry, &mut buffer).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
        size += read as u64;
        for block in buffer[..read].chunks(HOLE) {
            // What was given back to the disk before the backup takes no room after it either.
            if block.len() == HOLE && block.iter().all(|octet| *octet == 0) {
                file.seek_relative(HOLE.cast_signed() as i64).doing(DOING)?;
            } else {
                file.write_all(block).doing(DOING)?;
            }
        }
    }
    file.set_len(size).doing(DOING)?;
    file.sync_all().doing(DOING)?;
    Ok(Member {
        name,
        size,
        digest: Digest::new(digest.finalize().into()),
    })
}

/// Reads until the buffer is full or nothing is left.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Makes the database that of a new installation: clients must not take its folders for those they
/// knew, nobody is signed in, notices were the old one's, and no remote copy is deleted on the word
/// of a ledger that may be behind.
fn begin_anew(database: &Path, dir: &Path, now: Timestamp) -> Result<(), StoreError> {
    let mut conn = Connection::open(database).doing(DOING)?;
    migrate::inspect(&conn, dir)?;
    migrate::migrate(&mut conn)?;
    let seconds = now.seconds().clamp(1, i64::from(u32::MAX / 2));
    let txn = conn.transaction().doing(DOING)?;
    txn.execute_batch(
        "UPDATE setting SET value = lower(hex(randomblob(16))) WHERE name = 'instance';
         DELETE FROM session;
         DELETE FROM link;
         DELETE FROM notice_outbox WHERE given_up IS NULL;",
    )
    .doing(DOING)?;
    txn.execute(
        "INSERT INTO setting (name, value) VALUES ('uid_validity', ?1)
         ON CONFLICT (name) DO UPDATE
             SET value = max(CAST(value AS INTEGER) + 1, CAST(excluded.value AS INTEGER))",
        [seconds.to_string()],
    )
    .doing(DOING)?;
    txn.execute_batch(
        "UPDATE folder SET uid_validity =
             (SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'uid_validity')
             + (SELECT count(*) FROM folder f WHERE f.id < folder.id);
         UPDATE setting SET value = (SELECT max(uid_validity) FROM folder)
             WHERE name = 'uid_validity' AND EXISTS (SELECT 1 FROM folder);",
    )
    .doing(DOING)?;
    txn.execute(
        "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)",
        params![PAUSED, now.millis().to_string()],
    )
    .doing(DOING)?;
    txn.commit().doing(DOING)?;
    conn.close().map_err(|(_, error)| error).doing(DOING)?;
    File::open(database)
        .and_then(|file| file.sync_all())
        .doing(DOING)
}

/// Puts the key to its place, unless it is there.
fn install_key(unpacked: &Path, place: &Path) -> Result<RestoredKey, StoreError> {
    let read = |path: &Path| match fs::read(path) {
        Ok(key) => Ok(Some(Zeroizing::new(key))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let key = read(unpacked).doing(DOING)?;
    let there = read(place).doing("read the sealing key")?;
    match (key, there) {
        (None, None) => Ok(RestoredKey::Missing),
        (None, Some(_)) => Ok(RestoredKey::There),
        (Some(key), Some(there)) if key == there => Ok(RestoredKey::There),
        (Some(_), Some(_)) => Err(StoreError::NotEmpty(place.to_owned())),
        (Some(key), None) => {
            seal::create(place, &key).doing("write the sealing key")?;
            Ok(RestoredKey::Backup)
        }
    }
}

/// Moves everything to its place, what makes it a data directory last.
fn install(dir: &Path) -> io::Result<()> {
    let unpacked = dir.join(UNPACKED);
    let segments = unpacked.join(SEGMENTS);
    if segments.exists() {
        sync_directory(&segments)?;
        fs::rename(&segments, dir.join(SEGMENTS))?;
    } else {
        DirBuilder::new().mode(0o700).create(dir.join(SEGMENTS))?;
    }
    sync_directory(dir)?;
    fs::rename(unpacked.join(DATABASE), dir.join(DATABASE))?;
    sync_directory(dir)?;
    fs::remove_dir_all(unpacked)
}
