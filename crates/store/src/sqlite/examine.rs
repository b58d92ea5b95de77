//! Looks at a data directory from beside whoever has it.
//!
//! Takes no lock, mends nothing, brings nothing up to date: for whoever has to say what is wrong
//! with an installation, running or broken. Each call is one short reading, except
//! [`Examination::integrity`], whose end the caller sets. Start at [`Examination::open`].

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use inhaul_types::{Octets, RetrievalId, Timestamp};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustix::fs::FlockOperation;

use super::checkpoint::log_of;
use super::errors::{Doing, damaged};
use super::open::{check_files, connect_reader};
use super::{backup, groups, migrate, retrievals};
use crate::seal::SealingKey;
use crate::{Group, RemoteSecret, Retrieval, StoreError};

/// A database that is read and nothing else.
#[derive(Debug)]
pub struct Examination {
    conn: Connection,
    dir: PathBuf,
    /// Where to look whether the log is still empty: the database was opened as one that nobody
    /// writes.
    unwritten: Option<PathBuf>,
}

/// Whether the database is what was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Integrity {
    /// All of it was looked at.
    Sound,
    /// What is wrong, in SQLite's words.
    Damaged(String),
    /// The time was up before anything wrong was found.
    Unfinished,
}

/// What a retrieval's sealed secret is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SealedSecret {
    /// The key opens it, and it is a password.
    Password,
    /// The key opens it, and it is a program that prints a password or token.
    Command(Vec<String>),
    /// The key opens it, and it is a file with the password.
    File(PathBuf),
    /// The key does not open it.
    Unopened,
}

impl Examination {
    /// Opens the database of this directory; `None` where nothing has been stored yet.
    ///
    /// Fails with [`StoreError::TooNew`] for a schema this program does not know, and with
    /// [`StoreError::Damaged`] where the database or its log is gone or does not begin as one.
    pub fn open(dir: &Path) -> Result<Option<Self>, StoreError> {
        const DOING: &str = "open the database for reading";
        let database = dir.join(backup::DATABASE);
        check_files(dir, &database)?;
        match fs::metadata(&database) {
            Ok(file) if file.len() > 0 => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).doing(DOING),
        }
        let log = log_of(&database);
        // Opening as usual would make the log and its index where they are not. Without a log all
        // is in the database, and without a holder nobody begins one.
        let unwritten = length(&log) == 0 && !is_held(dir).doing(DOING)?;
        let conn = if unwritten {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable(&database), flags).doing(DOING)?
        } else {
            connect_reader(&database)?
        };
        migrate::inspect(&conn, dir)?;
        Ok(Some(Self {
            conn,
            dir: dir.to_owned(),
            unwritten: unwritten.then_some(log),
        }))
    }

    /// Reads the database through, for at most `limit`.
    pub fn integrity(&mut self, limit: Duration) -> Result<Integrity, StoreError> {
        const DOING: &str = "check the database";
        let end = Instant::now() + limit;
        let late = move || Instant::now() >= end;
        self.conn
            .progress_handler(CHECKED_STEPS, Some(late))
            .doing(DOING)?;
        let said: rusqlite::Result<String> =
            self.conn
                .query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
        self.conn
            .progress_handler(0, None::<fn() -> bool>)
            .doing(DOING)?;
        let code = |error: &rusqlite::Error| error.sqlite_error_code();
        let found = match said {
            Ok(said) if said == "ok" => Integrity::Sound,
            Ok(said) => Integrity::Damaged(said),
            Err(error) if code(&error) == Some(ErrorCode::OperationInterrupted) => {
                Integrity::Unfinished
            }
            Err(error)
                if matches!(
                    code(&error),
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                ) =>
            {
                Integrity::Damaged(error.to_string())
            }
            Err(error) => return Err(error).doing(DOING),
        };
        // Somebody began to write meanwhile: what was read may be of two times.
        let written = self.unwritten.as_ref().is_some_and(|log| length(log) > 0);
        Ok(match found {
            Integrity::Damaged(_) if written => Integrity::Unfinished,
            found => found,
        })
    }

    /// The segments that do not hold what was written to them, unless somebody made it known that
    /// they are lost.
    pub fn short_segments(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut short = self.recorded_short()?;
        if !short.is_empty() {
            // One whose row went since is none that is missed.
            let again = self.recorded_short()?;
            short.retain(|path| again.contains(path));
        }
        Ok(short)
    }

    fn recorded_short(&self) -> Result<Vec<PathBuf>, StoreError> {
        const DOING: &str = "look at the segments";
        let mut select = self
            .conn
            .prepare("SELECT id, size FROM segment ORDER BY id")
            .doing(DOING)?;
        let rows = select
            .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .doing(DOING)?;
        let mut short = Vec::new();
        for row in rows {
            let (id, size) = row.doing(DOING)?;
            let path = self.dir.join(backup::SEGMENTS).join(format!("{id:08}"));
            let size = u64::try_from(size).map_err(|_| damaged("a segment has no size"))?;
            if length(&path) < size && !path.with_extension("lost").exists() {
                short.push(path);
            }
        }
        Ok(short)
    }

    /// All retrievals by name.
    pub fn retrievals(&self) -> Result<Vec<Retrieval>, StoreError> {
        retrievals::list(&self.conn)
    }

    /// All groups by name.
    pub fn groups(&self) -> Result<Vec<Group>, StoreError> {
        groups::list(&self.conn)
    }

    /// The latest moment among what was recorded at last; `None` where nothing happened yet.
    pub fn newest_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        let newest: Option<i64> = self
            .conn
            .query_row(
                "SELECT max(moment) FROM (
                     SELECT * FROM (SELECT max(started, ifnull(ended, started)) AS moment
                         FROM run ORDER BY id DESC LIMIT ?1)
                     UNION ALL
                     SELECT * FROM (SELECT internal_date FROM message ORDER BY id DESC LIMIT ?1))",
                [LATEST],
                |row| row.get(0),
            )
            .doing("read the newest moment")?;
        Ok(newest.map(Timestamp::from_millis))
    }

    /// What this key makes of the retrievals' secrets, by the retrievals' names.
    pub fn secrets(&self, key_file: &Path) -> Result<Vec<(String, SealedSecret)>, StoreError> {
        const DOING: &str = "read the passwords";
        let key = SealingKey::of_file(key_file);
        let mut select = self
            .conn
            .prepare(
                "SELECT id, name, secret FROM retrieval WHERE secret IS NOT NULL ORDER BY name",
            )
            .doing(DOING)?;
        let mut rows = select.query([]).doing(DOING)?;
        let mut secrets = Vec::new();
        while let Some(row) = rows.next().doing(DOING)? {
            let id = RetrievalId::new(row.get(0).doing(DOING)?);
            let name = row.get(1).doing(DOING)?;
            let sealed: Vec<u8> = row.get(2).doing(DOING)?;
            let secret = match key.open(id, &sealed) {
                Ok(RemoteSecret::Stored(_)) => SealedSecret::Password,
                Ok(RemoteSecret::Command(words) | RemoteSecret::Token(words)) => {
                    SealedSecret::Command(words)
                }
                Ok(RemoteSecret::File { path, .. }) => SealedSecret::File(path),
                Err(_) => SealedSecret::Unopened,
            };
            secrets.push((name, secret));
        }
        Ok(secrets)
    }
}

/// Whether a process has the data directory. Asked by a lock that is given back at once.
pub fn is_held(dir: &Path) -> io::Result<bool> {
    let lock = match File::open(dir.join("lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        lock => lock?,
    };
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// How long the database's log is; whoever has the directory cuts it down when it is idle.
pub fn log_length(dir: &Path) -> Octets {
    Octets::new(length(&log_of(&dir.join(backup::DATABASE))))
}

/// What a killed backup or restore left in a directory that nobody has.
pub fn leftovers(dir: &Path) -> Vec<PathBuf> {
    [backup::SCRATCH, backup::UNPACKED]
        .into_iter()
        .map(|name| dir.join(name))
        .filter(|path| path.exists())
        .collect()
}

fn length(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |file| file.len())
}

/// The database as one that nobody writes (SQLite's URI file names).
fn immutable(database: &Path) -> String {
    let mut uri = "file:".to_owned();
    for octet in database.as_os_str().as_bytes() {
        match octet {
            b'/' | b'-' | b'.' | b'_' => uri.push(char::from(*octet)),
            _ if octet.is_ascii_alphanumeric() => uri.push(char::from(*octet)),
            _ => uri.push_str(&format!("%{octet:02x}")),
        }
    }
    uri + "?immutable=1"
}

/// Steps of SQLite's machine between two looks at the time: well under a millisecond.
const CHECKED_STEPS: i32 = 1000;

/// Rows in which the newest moment is looked for: a clock that was set back since has filled no
/// more.
const LATEST: i64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_a_uri() {
        let uri = immutable(Path::new("/a b/ü?#%/inhaul.db"));
        assert_eq!(uri, "file:/a%20b/%c3%bc%3f%23%25/inhaul.db?immutable=1");
    }
}
