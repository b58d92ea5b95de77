//! When a retrieval is due and what that follows from: columns of its row.

use std::time::Duration;

use inhaul_domain::schedule::{self, Arrivals, Every, Pace, Saved, ScheduleState, Setback};
use inhaul_types::{RetrievalId, Timestamp};
use rusqlite::{Connection, Row, params};

use super::errors::{Doing, damaged};
use crate::StoreError;

/// The columns, in the order in which [`read`] takes them.
pub(crate) const COLUMNS: &str =
    "r.next_due, r.min_interval, r.setback, r.setbacks, r.last_started, r.arrivals";

/// Writes one; a retrieval that is not there any more is passed over.
pub(crate) fn write(
    txn: &Connection,
    retrieval: RetrievalId,
    state: &ScheduleState,
) -> Result<(), StoreError> {
    txn.prepare_cached(
        "UPDATE retrieval SET next_due = ?2, min_interval = ?3, setback = ?4, setbacks = ?5,
             last_started = ?6, arrivals = ?7
         WHERE id = ?1",
    )
    .and_then(|mut update| {
        update.execute(params![
            retrieval.row(),
            state.next_due.map(Timestamp::millis),
            state.min_interval.map(seconds),
            state.setback.map(Setback::as_str),
            state.setbacks,
            state.last_started.map(Timestamp::millis),
            state.arrivals.to_text(),
        ])
    })
    .doing("write when a retrieval is due")?;
    Ok(())
}

/// Writes the state after a run that began when it was due at `before`. If it is due at another time
/// now, somebody has saved the retrieval while the run went on: that stands, and of the run only
/// what it counted.
pub(crate) fn write_after_run(
    txn: &Connection,
    retrieval: RetrievalId,
    before: Option<Timestamp>,
    state: &ScheduleState,
) -> Result<(), StoreError> {
    let untouched = txn
        .prepare_cached("SELECT 1 FROM retrieval WHERE id = ?1 AND next_due IS ?2")
        .and_then(|mut select| select.exists((retrieval.row(), before.map(Timestamp::millis))))
        .doing("read when a retrieval is due")?;
    if untouched {
        return write(txn, retrieval, state);
    }
    let (started, arrivals) = (
        state.last_started.map(Timestamp::millis),
        state.arrivals.to_text(),
    );
    txn.prepare_cached("UPDATE retrieval SET last_started = ?2, arrivals = ?3 WHERE id = ?1")
        .and_then(|mut update| update.execute((retrieval.row(), started, arrivals)))
        .doing("write when a retrieval is due")?;
    Ok(())
}

/// What saving a retrieval does to its schedule. The installation's floor is not known here, and is
/// for triggers: what a person saved is tried as soon as the server allows.
pub(crate) fn when_saved(
    state: &ScheduleState,
    every: Every,
    saved: Saved,
    now: Timestamp,
) -> ScheduleState {
    let pace = Pace {
        floor: Duration::ZERO,
        ..Pace::default()
    };
    schedule::when_saved(state, every, &pace, saved, now)
}

/// Writes many.
pub(crate) fn write_all(
    txn: &Connection,
    states: &[(RetrievalId, ScheduleState)],
) -> Result<(), StoreError> {
    states
        .iter()
        .try_for_each(|(retrieval, state)| write(txn, *retrieval, state))
}

/// Reads [`COLUMNS`], from this column on.
pub(crate) fn read(row: &Row<'_>, first: usize) -> Result<ScheduleState, StoreError> {
    const READ: &str = "read when a retrieval is due";
    let number = |column: usize| row.get::<_, Option<i64>>(first + column).doing(READ);
    let text = |column: usize| row.get::<_, Option<String>>(first + column).doing(READ);
    let time = |column: usize| Ok(number(column)?.map(Timestamp::from_millis));
    let setback = text(2)?.map(|word| {
        Setback::parse(&word).ok_or_else(|| damaged(format!("{word:?} is no setback")))
    });
    let arrivals = text(5)?.map(|text| {
        Arrivals::parse(&text).ok_or_else(|| damaged(format!("{text:?} counts no arrivals")))
    });
    Ok(ScheduleState {
        next_due: time(0)?,
        min_interval: number(1)?.map(|seconds| Duration::from_secs(seconds.cast_unsigned())),
        setback: setback.transpose()?,
        setbacks: row.get(first + 3).doing(READ)?,
        last_started: time(4)?,
        arrivals: arrivals.transpose()?.unwrap_or_default(),
    })
}

/// Servers count in seconds (RFC 2449, LOGIN-DELAY).
fn seconds(interval: Duration) -> i64 {
    i64::try_from(interval.as_secs()).unwrap_or(i64::MAX)
}
