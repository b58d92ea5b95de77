//! Opens the data directory: makes it, locks it, opens the database and brings it up to date.
//!
//! Order: the lock before anything is read, the sealing key before the first schema (so that no
//! database exists without one), the directory synced after files were made in it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::FlockOperation;

use super::backup;
use super::checkpoint::log_of;
use super::errors::{Doing, damaged};
use super::migrate::{self, Origin};
use crate::seal::SealingKey;
use crate::{StoreError, StoreOptions};

/// Pages of 16 KiB: a third less CPU per message than 4 KiB, and half of it for large ones.
pub(crate) const PAGE_SIZE: u32 = 16384;
/// What is left of the log after it was copied back.
const JOURNAL_SIZE_LIMIT: u64 = 64 << 20;
/// The writer's page cache in KiB: one full batch without spilling.
const WRITER_CACHE_KIB: i64 = 12 << 10;
/// A reader's page cache in KiB: readers come in fours and mostly read once.
const READER_CACHE_KIB: i64 = 1 << 10;
/// Statements kept prepared on each connection.
const STATEMENTS: usize = 96;
/// How long a program that is no inhaul may hold the database before a call that has to write
/// fails: longer than a backup's look, shorter than a server's patience with a silent client. Our
/// own threads take turns without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Octets before the first frame of a log.
pub(crate) const LOG_HEADER: usize = 32;

/// Everything that opening yields.
pub(crate) struct Opened {
    pub(crate) lock: DirectoryLock,
    pub(crate) writer: Connection,
    pub(crate) key: SealingKey,
    pub(crate) database: PathBuf,
}

/// Holds the data directory for this process; free again when dropped.
#[derive(Debug)]
pub(crate) struct DirectoryLock(#[expect(dead_code, reason = "the open file is the lock")] File);

/// Opens `dir` for this process alone.
pub(crate) fn open(dir: &Path, options: &StoreOptions) -> Result<Opened, StoreError> {
    make_directory(dir).map_err(|source| unusable(dir, source))?;
    let lock = lock(dir)?;
    backup::clear_up(dir)?;
    let database = dir.join("inhaul.db");
    check_files(dir, &database)?;
    let mut writer = connect_writer(&database)?;
    if let Some(limit) = options.size_limit {
        let pages = limit.count() / u64::from(PAGE_SIZE);
        writer
            .pragma_update_and_check(None, "max_page_count", pages.cast_signed(), |_| Ok(()))
            .doing("limit the database's size")?;
    }
    let key_file = options.key_file(dir);
    let origin = migrate::inspect(&writer, dir)?;
    let key = match origin {
        Origin::Fresh => SealingKey::load_or_create(key_file)?,
        Origin::Existing => SealingKey::load(key_file),
    };
    migrate::migrate(&mut writer)?;
    if origin == Origin::Fresh {
        sync_directory(dir).doing("sync the data directory")?;
    }
    Ok(Opened {
        lock,
        writer,
        key,
        database,
    })
}

/// Whether database and log are what they were. SQLite makes a new database where there is none,
/// and passes over a log that does not begin as one: both would forget mail in silence.
pub(crate) fn check_files(dir: &Path, database: &Path) -> Result<(), StoreError> {
    const DOING: &str = "look at the database";
    let is_empty = match fs::metadata(database) {
        Ok(file) => file.len() == 0,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).doing(DOING),
    };
    // The first opening makes the segments when the schema is durable.
    if is_empty && dir.join("segments").exists() {
        return Err(damaged(format!(
            "{} is gone, and the mail beside it is still there",
            database.display()
        )));
    }
    let log = log_of(database);
    let mut start = [0; LOG_HEADER];
    match File::open(&log).and_then(|mut file| file.read_exact(&mut start)) {
        Ok(()) if !begins_a_log(&start) => Err(damaged(format!(
            "{} does not begin as it should; the latest mail is in it",
            log.display()
        ))),
        Ok(()) => Ok(()),
        // Not there, or not begun.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(error).doing(DOING),
    }
}

/// The header of a write-ahead log (SQLite's file format, section 4.1): a magic number that says
/// how the checksum reads its words, and that checksum. One that was never written is all zeros.
fn begins_a_log(header: &[u8; LOG_HEADER]) -> bool {
    const MAGIC: u32 = 0x377f_0682;
    let words: Vec<[u8; 4]> = header
        .chunks_exact(4)
        .map(|word| [word[0], word[1], word[2], word[3]])
        .collect();
    let big = |word: &[u8; 4]| u32::from_be_bytes(*word);
    let read: fn(&[u8; 4]) -> u32 = match big(&words[0]) {
        0 => return header.iter().all(|octet| *octet == 0),
        MAGIC => |word| u32::from_le_bytes(*word),
        magic if magic == MAGIC | 1 => |word| u32::from_be_bytes(*word),
        _ => return false,
    };
    let (mut first, mut second) = (0_u32, 0_u32);
    for pair in words[..6].chunks_exact(2) {
        first = first.wrapping_add(read(&pair[0])).wrapping_add(second);
        second = second.wrapping_add(read(&pair[1])).wrapping_add(first);
    }
    (first, second) == (big(&words[6]), big(&words[7]))
}

/// Opens a connection that only reads.
pub(crate) fn connect_reader(database: &Path) -> Result<Connection, StoreError> {
    const DOING: &str = "open the database for reading";
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags).doing(DOING)?;
    conn.busy_timeout(PATIENCE).doing(DOING)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)
        .doing(DOING)?;
    finish_connection(&conn).doing(DOING)?;
    Ok(conn)
}

/// Opens the connection that copies the log back into the database.
pub(crate) fn connect_checkpointer(
    database: &Path,
    patience: Duration,
) -> Result<Connection, StoreError> {
    const DOING: &str = "open the database for checkpoints";
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags).doing(DOING)?;
    conn.busy_timeout(patience).doing(DOING)?;
    conn.pragma_update(None, "synchronous", "FULL")
        .doing(DOING)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)
        .doing(DOING)?;
    limit_log(&conn).doing(DOING)?;
    finish_connection(&conn).doing(DOING)?;
    Ok(conn)
}

fn connect_writer(database: &Path) -> Result<Connection, StoreError> {
    const DOING: &str = "open the database";
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    make_private(database).doing(DOING)?;
    let conn = Connection::open_with_flags(database, flags).doing(DOING)?;
    conn.busy_timeout(PATIENCE).doing(DOING)?;
    // Only a database without tables takes the page size.
    conn.pragma_update(None, "page_size", PAGE_SIZE)
        .doing(DOING)?;
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
        .doing(DOING)?;
    conn.pragma_update(None, "synchronous", "FULL")
        .doing(DOING)?;
    conn.pragma_update(None, "foreign_keys", true)
        .doing(DOING)?;
    conn.pragma_update(None, "temp_store", "MEMORY")
        .doing(DOING)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)
        .doing(DOING)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)
        .doing(DOING)?;
    limit_log(&conn).doing(DOING)?;
    finish_connection(&conn).doing(DOING)?;
    Ok(conn)
}

fn limit_log(conn: &Connection) -> rusqlite::Result<()> {
    let limit = JOURNAL_SIZE_LIMIT.cast_signed();
    conn.pragma_update_and_check(None, "journal_size_limit", limit, |_| Ok(()))
}

fn finish_connection(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without this a kept statement is planned anew at each use, where another value might deserve
    // another plan; planning a join takes longer than reading one row by it. No table here is ever
    // analysed, so the plans would be the same.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Copying the log back is the checkpointer's; whoever closes last must not stop for it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map(|_| ())
}

/// Mail is nobody else's business: the database is made 0600, and SQLite gives its log the same.
fn make_private(database: &Path) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(database)?;
    Ok(())
}

/// Makes the directory if it is not there.
pub(crate) fn make_directory(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    match dir.canonicalize()?.parent() {
        Some(parent) => sync_directory(parent),
        None => Ok(()),
    }
}

/// Takes the directory for this process.
pub(crate) fn lock(dir: &Path) -> Result<DirectoryLock, StoreError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join("lock"))
        .map_err(|source| unusable(dir, source))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(DirectoryLock(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::InUse(dir.to_owned())),
        Err(errno) => Err(unusable(dir, errno.into())),
    }
}

/// The directory is of no use.
pub(crate) fn unusable(dir: &Path, source: io::Error) -> StoreError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::DiskFull(source.into())
        }
        _ => StoreError::Directory {
            path: dir.to_owned(),
            source,
        },
    }
}

/// Makes the names of new files in `dir` survive a power cut.
pub(crate) fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_log_is_known_by_its_first_octets() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("t.db");
        let conn = connect_writer(&database).unwrap();
        conn.execute_batch("CREATE TABLE t (n)").unwrap();
        let log = fs::read(log_of(&database)).unwrap();
        let header: [u8; LOG_HEADER] = log[..LOG_HEADER].try_into().unwrap();
        assert!(begins_a_log(&header));
        assert!(begins_a_log(&[0; LOG_HEADER]));
        for place in 0..LOG_HEADER {
            let mut flipped = header;
            flipped[place] ^= 0x10;
            assert!(!begins_a_log(&flipped), "octet {place}");
        }
    }

    #[test]
    fn a_kept_statement_keeps_its_plan() {
        let dir = tempfile::tempdir().unwrap();
        let conn = connect_writer(&dir.path().join("t.db")).unwrap();
        conn.execute_batch(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER);
             CREATE TABLE b (id INTEGER PRIMARY KEY, name TEXT);",
        )
        .unwrap();
        const JOIN: &str = "SELECT b.name FROM a JOIN b ON b.id = a.b WHERE a.id = ?1";
        for id in 0..3 {
            let mut kept = conn.prepare_cached(JOIN).unwrap();
            assert!(!kept.exists([id]).unwrap());
            assert_eq!(kept.get_status(StatementStatus::RePrepare), 0, "use {id}");
        }
    }
}
