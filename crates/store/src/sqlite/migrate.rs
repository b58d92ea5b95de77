//! Brings the database to the schema this program knows.
//!
//! `PRAGMA user_version` counts the steps that were taken. Each step and its number are one
//! transaction, so a crash leaves the schema before or behind the step.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::errors::Doing;
use crate::StoreError;

/// The steps, oldest first. A released step never changes; a change of the schema is a new one.
const STEPS: &[&str] = &[include_str!("migrations/0001_schema.sql")];

/// The schema this program knows.
pub(crate) const KNOWN: usize = STEPS.len();

/// Whether the database was there before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// It has just been made.
    Fresh,
    /// It was there.
    Existing,
}

/// What the database is, before anything is written to it.
pub(crate) fn inspect(conn: &Connection, dir: &Path) -> Result<Origin, StoreError> {
    let version = schema_version(conn)?;
    if version > KNOWN {
        let (found, known) = (small(version), small(KNOWN));
        return Err(StoreError::TooNew {
            path: dir.to_owned(),
            found,
            known,
        });
    }
    Ok(if version == 0 {
        Origin::Fresh
    } else {
        Origin::Existing
    })
}

/// Takes the steps that are missing.
pub(crate) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    for version in schema_version(conn)?..KNOWN {
        take_step(conn, version).doing("bring the database to the present schema")?;
        tracing::info!(schema = version + 1, "database schema migrated");
    }
    Ok(())
}

fn take_step(conn: &mut Connection, version: usize) -> rusqlite::Result<()> {
    let txn = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    txn.execute_batch(STEPS[version])?;
    txn.pragma_update(None, "user_version", small(version + 1))?;
    txn.commit()
}

fn schema_version(conn: &Connection) -> Result<usize, StoreError> {
    let version: u32 = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .doing("read the schema's version")?;
    Ok(version as usize)
}

fn small(version: usize) -> u32 {
    u32::try_from(version).expect("schema versions are counted by hand")
}
