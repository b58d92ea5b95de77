//! Folds old runs that found nothing new: one row per retrieval and hour.
//!
//! Goes through the runs in the order of their numbers, one hour's stretch after the other, and
//! within a stretch retrieval by retrieval: rows of an hour lie side by side in the table, those of
//! a retrieval in its index, so that a slice touches few pages. How far it has come is kept in the
//! setting `folding`. Start at `fold`.

use std::collections::BTreeMap;
use std::time::Duration;

use inhaul_types::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::errors::{Doing, damaged};
use super::tally;
use crate::StoreError;

/// How long every run has a row of its own.
const UNFOLDED: Duration = Duration::from_secs(48 * 3600);
/// Runs folded in one transaction.
const SLICE: usize = 500;
/// Retrievals looked at in one transaction.
const RETRIEVALS: usize = 2000;

const DOING: &str = "fold runs";
const SETTING: &str = "folding";

/// The stretch of runs that is being folded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stretch {
    /// Its first run.
    from: i64,
    /// Behind its last run; `from` where no stretch is in hand.
    to: i64,
    /// Retrievals up to this one are done.
    behind: i64,
}

/// Whether there is something to look through.
pub(crate) fn is_due(conn: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    let stretch = load(conn)?;
    Ok(stretch.from < stretch.to || next(conn, stretch.to, now)?.is_some())
}

/// Folds a slice; says how many rows it took away.
pub(crate) fn fold(txn: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    let (mut folded, mut stretch) = (0, load(txn)?);
    for _ in 0..RETRIEVALS {
        if folded >= SLICE {
            break;
        }
        if stretch.from >= stretch.to {
            match next(txn, stretch.to, now)? {
                Some(found) => stretch = found,
                None => break,
            }
        }
        match next_retrieval(txn, stretch.behind)? {
            Some(retrieval) => {
                let (done, is_last) = fold_retrieval(txn, stretch, retrieval)?;
                folded += done;
                if is_last {
                    stretch.behind = retrieval;
                }
            }
            None => stretch.from = stretch.to,
        }
    }
    save(txn, stretch)?;
    Ok(folded)
}

fn load(conn: &Connection) -> Result<Stretch, StoreError> {
    let text: Option<String> = conn
        .prepare_cached("SELECT value FROM setting WHERE name = ?1")
        .and_then(|mut select| select.query_row([SETTING], |row| row.get(0)).optional())
        .doing(DOING)?;
    let Some(text) = text else {
        let (from, to, behind) = (0, 0, 0);
        return Ok(Stretch { from, to, behind });
    };
    let numbers: Result<Vec<i64>, _> = text.split(' ').map(str::parse).collect();
    match numbers.as_deref() {
        Ok([from, to, behind]) => Ok(Stretch {
            from: *from,
            to: *to,
            behind: *behind,
        }),
        _ => Err(damaged(format!("the setting {SETTING} is {text:?}"))),
    }
}

fn save(txn: &Connection, stretch: Stretch) -> Result<(), StoreError> {
    let Stretch { from, to, behind } = stretch;
    txn.prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")
        .and_then(|mut insert| insert.execute(params![SETTING, format!("{from} {to} {behind}")]))
        .doing(DOING)?;
    Ok(())
}

/// The next stretch of runs, from `from` on, that are all old enough: those of one hour.
fn next(conn: &Connection, from: i64, now: Timestamp) -> Result<Option<Stretch>, StoreError> {
    let Some((first, started)) = run_from(conn, from)? else {
        return Ok(None);
    };
    let alone = Stretch {
        from: first,
        to: first + 1,
        behind: 0,
    };
    // A clock that was wrong is no reason to stop here for years.
    if started > now.millis() {
        return Ok(Some(alone));
    }
    let end = (tally::hour(Timestamp::from_millis(started)) + 1) * HOUR;
    let unfolded = i64::try_from(UNFOLDED.as_millis()).unwrap_or(i64::MAX);
    if end > now.millis().saturating_sub(unfolded) {
        return Ok(None);
    }
    let last: i64 = conn
        .prepare_cached("SELECT max(id) FROM run")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .doing(DOING)?;
    // Run numbers ascend with their beginnings, but for a clock that is set back: then a stretch is
    // shorter or longer than an hour, and nothing worse.
    let (mut low, mut high) = (first + 1, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match run_from(conn, middle)? {
            Some((_, started)) if started < end => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(Some(Stretch { to: low, ..alone }))
}

/// The first run from a number on, and when it began.
fn run_from(conn: &Connection, id: i64) -> Result<Option<(i64, i64)>, StoreError> {
    conn.prepare_cached("SELECT id, started FROM run WHERE id >= ?1 ORDER BY id LIMIT 1")
        .and_then(|mut select| {
            select
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .doing(DOING)
}

/// The next retrieval that has runs, configured or not.
fn next_retrieval(conn: &Connection, behind: i64) -> Result<Option<i64>, StoreError> {
    conn.prepare_cached("SELECT min(retrieval_id) FROM run WHERE retrieval_id > ?1")
        .and_then(|mut select| select.query_row([behind], |row| row.get(0)))
        .doing(DOING)
}

struct NothingNew {
    id: i64,
    ended: i64,
    listed: i64,
    folded: i64,
}

/// Folds a slice of what a retrieval has in the stretch; says how many rows went, and whether it
/// was all.
fn fold_retrieval(
    txn: &Connection,
    stretch: Stretch,
    retrieval: i64,
) -> Result<(usize, bool), StoreError> {
    let rows: Vec<(i64, NothingNew)> = txn
        .prepare_cached(
            "SELECT id, started, ended, listed, folded FROM run
             WHERE retrieval_id = ?1 AND id >= ?2 AND id < ?3 AND ended IS NOT NULL
                 AND code IS NULL AND stopped = 0 AND stored = 0 AND deleted = 0 AND left = 0
                 AND notes IS NULL
             ORDER BY id LIMIT ?4",
        )
        .and_then(|mut select| {
            let key = params![
                retrieval,
                stretch.from,
                stretch.to,
                i64::try_from(SLICE).unwrap_or(i64::MAX)
            ];
            let rows = select.query_map(key, |row| {
                let hour = tally::hour(Timestamp::from_millis(row.get(1)?));
                Ok((
                    hour,
                    NothingNew {
                        id: row.get(0)?,
                        ended: row.get(2)?,
                        listed: row.get(3)?,
                        folded: row.get(4)?,
                    },
                ))
            })?;
            rows.collect()
        })
        .doing(DOING)?;
    let is_last = rows.len() < SLICE;
    let mut hours: BTreeMap<i64, Vec<NothingNew>> = BTreeMap::new();
    for (hour, row) in rows {
        hours.entry(hour).or_default().push(row);
    }
    let mut gone = 0;
    for rows in hours.values() {
        gone += fold_hour(txn, rows)?;
    }
    Ok((gone, is_last))
}

/// Makes one row of several: the first stays.
fn fold_hour(txn: &Connection, rows: &[NothingNew]) -> Result<usize, StoreError> {
    let [first, others @ ..] = rows else {
        return Ok(0);
    };
    let Some(last) = others.last() else {
        return Ok(0);
    };
    let others_folded: i64 = others.iter().map(|other| 1 + other.folded).sum();
    txn.prepare_cached(
        "UPDATE run SET ended = ?2, listed = ?3, folded = folded + ?4 WHERE id = ?1",
    )
    .and_then(|mut update| {
        update.execute(params![first.id, last.ended, last.listed, others_folded])
    })
    .doing(DOING)?;
    for sql in [
        "DELETE FROM run WHERE id = ?1",
        "DELETE FROM conversation WHERE run_id = ?1",
    ] {
        let mut delete = txn.prepare_cached(sql).doing(DOING)?;
        for other in others {
            delete.execute([other.id]).doing(DOING)?;
        }
    }
    Ok(others.len())
}

const HOUR: i64 = 3_600_000;
