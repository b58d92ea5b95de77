//! Turns what SQLite and the system say into [`StoreError`]s.
//!
//! A full disk and a damaged file have answers of their own (free some room; restore); everything
//! else is `Io` with its cause kept.

use std::io;

use rusqlite::ErrorCode;

use crate::StoreError;

/// Says what was being done when something below failed.
pub(crate) trait Doing<T> {
    /// `doing` completes "the store could not ...".
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| of_sqlite(doing, source))
    }
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| of_io(doing, source))
    }
}

impl<T> Doing<T> for rustix::io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(io::Error::from).doing(doing)
    }
}

fn of_sqlite(doing: &'static str, source: rusqlite::Error) -> StoreError {
    use rusqlite::Error;
    /// The index of the log could not grow: the file system under it is full.
    const IOERR_SHMSIZE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
    match &source {
        Error::SqliteFailure(failure, _) => match (failure.code, failure.extended_code) {
            (ErrorCode::DiskFull, _) | (_, IOERR_SHMSIZE) => StoreError::DiskFull(source.into()),
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => {
                not_read_back(doing, &source)
            }
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => {
                StoreError::Busy(source.into())
            }
            _ => StoreError::Io {
                doing,
                source: source.into(),
            },
        },
        // A value of another type or range than the schema promises.
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..) => not_read_back(doing, &source),
        _ => StoreError::Io {
            doing,
            source: source.into(),
        },
    }
}

fn of_io(doing: &'static str, source: io::Error) -> StoreError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::DiskFull(source.into())
        }
        _ => StoreError::Io {
            doing,
            source: source.into(),
        },
    }
}

fn not_read_back(doing: &str, source: &rusqlite::Error) -> StoreError {
    StoreError::Damaged(format!("the store could not {doing}: {source}"))
}

/// A row that the schema promises is not there, or does not make sense.
pub(crate) fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::Damaged(what.into())
}

/// Nothing of this name or number is there.
pub(crate) fn missing(what: &'static str, name: impl ToString) -> StoreError {
    StoreError::Missing {
        what,
        name: name.to_string(),
    }
}

/// An error of writing, with the reason that the system gives for one like it.
pub(crate) fn explained(error: StoreError, trial: impl FnOnce() -> io::Result<()>) -> StoreError {
    let StoreError::Io { doing, source } = &error else {
        return error;
    };
    let failed = source.downcast_ref::<rusqlite::Error>();
    let is_write = failed.is_some_and(|failed| {
        matches!(failed, rusqlite::Error::SqliteFailure(failure, _)
            if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_WRITE)
    });
    match is_write.then(trial) {
        Some(Err(reason)) => of_io(doing, reason),
        _ => error,
    }
}

/// Whether the disk did not confirm what was written.
pub(crate) fn is_failed_sync(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_FSYNC
            || failure.extended_code == rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// Whether a statement failed on a UNIQUE constraint.
pub(crate) fn is_unique_violation(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
            || failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY)
}
