//! The index's file: opens it, knows whether it can be believed, begins it anew.
//!
//! `synchronous=OFF`: no commit waits for the disk. A killed process loses nothing by that; a system
//! that goes down may. So the file says under which boot of the system it was written, and, once all
//! of it was synced, that it is settled. One that is neither settled nor of this boot is thrown
//! away. Before something is written to a settled file, that it is not settled any more is synced.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use inhaul_types::{AccountId, MessageId};
use rusqlite::{Connection, OpenFlags, Row};

use crate::StoreError;
use crate::sqlite::errors::Doing;
use crate::sqlite::random;

/// Its name in the data directory.
pub(crate) const NAME: &str = "search.db";
/// What this program writes. Another number is another schema, other folding or other texts.
const VERSION: u32 = 3;
const PAGE_SIZE: u32 = 16384;
const WRITER_CACHE_KIB: i64 = 8 << 10;
const READER_CACHE_KIB: i64 = 2 << 10;
/// How long a program that is no inhaul may hold the file.
const PATIENCE: Duration = Duration::from_secs(2);

const DOING: &str = "open the search index";

/// What the file says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct State {
    pub(super) instance: String,
    pub(super) boot: String,
    pub(super) settled: bool,
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) docs: i64,
    pub(super) claims: i64,
    pub(super) looked_docs: i64,
    pub(super) looked_live: i64,
}

/// Which boot of the system this is; where it does not say so, which process.
pub(super) fn boot() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    match boot {
        Ok(boot) if !boot.trim().is_empty() => boot.trim().to_owned(),
        _ => random::octets::<16>().map_or_else(
            |_| String::new(),
            |octets| octets.iter().map(|octet| format!("{octet:02x}")).collect(),
        ),
    }
}

impl State {
    /// Reads it; `None` where this program cannot use the file.
    pub(super) fn read(
        conn: &Connection,
        instance: &str,
        boot: &str,
    ) -> rusqlite::Result<Option<Self>> {
        let version: u32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version != VERSION {
            return Ok(None);
        }
        let state = conn
            .prepare_cached(
                "SELECT instance, boot, settled, low, high, docs, claims, looked_docs, looked_live
                 FROM state",
            )?
            .query_row([], Self::from_row)?;
        let is_whole = state.settled || (state.boot == boot && !boot.is_empty());
        Ok((is_whole && state.instance == instance).then_some(state))
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            instance: row.get(0)?,
            boot: row.get(1)?,
            settled: row.get(2)?,
            low: row.get(3)?,
            high: row.get(4)?,
            docs: row.get(5)?,
            claims: row.get(6)?,
            looked_docs: row.get(7)?,
            looked_live: row.get(8)?,
        })
    }

    pub(super) fn write(&self, conn: &Connection) -> rusqlite::Result<()> {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO state (one, instance, boot, settled, low, high, docs, claims,
                 looked_docs, looked_live)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(rusqlite::params![
            self.instance,
            self.boot,
            self.settled,
            self.low,
            self.high,
            self.docs,
            self.claims,
            self.looked_docs,
            self.looked_live,
        ])?;
        Ok(())
    }

    /// Whether a message of this number is in the index, if its account is what it was.
    pub(super) fn covers(&self, message: i64) -> bool {
        self.low < message && message <= self.high && u32::try_from(message).is_ok()
    }
}

/// Where a message is in the index. `None` for numbers that have no place there.
pub(super) fn key(account: AccountId, message: MessageId) -> Option<i64> {
    let account = i64::from(i32::try_from(account.row()).ok().filter(|row| *row >= 0)?);
    let message = i64::from(u32::try_from(message.row()).ok()?);
    Some(account << 32 | message)
}

/// The message that is in this place.
pub(super) fn message_at(key: i64) -> i64 {
    key & i64::from(u32::MAX)
}

/// The account whose place this is.
pub(super) fn account_at(key: i64) -> i64 {
    key >> 32
}

/// Opens the file for somebody who searches; `None` where there is none that can be used.
pub(super) fn open_reader(
    dir: &Path,
    instance: &str,
    boot: &str,
) -> rusqlite::Result<Option<Connection>> {
    let path = dir.join(NAME);
    if !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(PATIENCE)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(State::read(&conn, instance, boot)?.map(|_| conn))
}

/// Opens the file for the one who writes it; `None` where it has to be begun anew.
pub(super) fn open_writer(
    dir: &Path,
    instance: &str,
    boot: &str,
) -> rusqlite::Result<Option<(Connection, State)>> {
    let path = dir.join(NAME);
    if !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    prepare(&conn)?;
    let Some(mut state) = State::read(&conn, instance, boot)? else {
        return Ok(None);
    };
    boot.clone_into(&mut state.boot);
    Ok(Some((conn, state)))
}

/// Makes an empty one in place of what is there. `newest` is the number of the newest message.
pub(super) fn begin_anew(
    dir: &Path,
    instance: &str,
    boot: &str,
    newest: i64,
) -> Result<(Connection, State), StoreError> {
    remove(dir).doing("remove the search index")?;
    let path = dir.join(NAME);
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .doing(DOING)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).doing(DOING)?;
    let state = State {
        instance: instance.to_owned(),
        boot: boot.to_owned(),
        settled: false,
        low: newest,
        high: newest,
        docs: 0,
        claims: 0,
        looked_docs: 0,
        looked_live: 0,
    };
    conn.pragma_update(None, "page_size", PAGE_SIZE)
        .doing(DOING)?;
    prepare(&conn).doing(DOING)?;
    let txn = conn.unchecked_transaction().doing(DOING)?;
    txn.execute_batch(include_str!("schema.sql")).doing(DOING)?;
    state.write(&txn).doing(DOING)?;
    txn.pragma_update(None, "user_version", VERSION)
        .doing(DOING)?;
    txn.commit().doing(DOING)?;
    Ok((conn, state))
}

fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(PATIENCE)?;
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)
}

/// Takes the file away with what SQLite keeps beside it.
pub(super) fn remove(dir: &Path) -> io::Result<()> {
    for path in files(dir) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Which file is there: one that was begun anew is another.
pub(super) fn identity(dir: &Path) -> Option<(u64, u64)> {
    let file = fs::metadata(dir.join(NAME)).ok()?;
    Some((file.dev(), file.ino()))
}

/// Octets of it.
pub(super) fn octets(dir: &Path) -> u64 {
    let length = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
    files(dir)[..2].iter().map(length).sum()
}

fn files(dir: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| dir.join(format!("{NAME}{end}")))
}

/// Says on disk that what follows may not get there.
pub(super) fn unsettle(conn: &Connection, state: &mut State) -> rusqlite::Result<()> {
    state.settled = false;
    synced(conn, || state.write(conn))
}

/// Gets all of it to the disk, and then says so there.
pub(super) fn settle(dir: &Path, conn: &Connection, state: &mut State) -> Result<(), StoreError> {
    const DOING: &str = "sync the search index";
    synced(conn, || Ok(())).doing(DOING)?;
    File::open(dir.join(NAME))
        .and_then(|file| file.sync_all())
        .doing(DOING)?;
    let settled = State {
        settled: true,
        ..state.clone()
    };
    synced(conn, || settled.write(conn)).doing(DOING)?;
    *state = settled;
    Ok(())
}

/// Writes something, and has it in the file itself, on disk, when it returns.
fn synced(conn: &Connection, write: impl FnOnce() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    conn.pragma_update(None, "synchronous", "FULL")?;
    let written = write().and_then(|()| {
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, i64>(0)
        })
    });
    conn.pragma_update(None, "synchronous", "OFF")?;
    match written? {
        0 => Ok(()),
        // Somebody read all the while; the next try may find nobody.
        _ => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            None,
        )),
    }
}
