//! Counts of what ended, by the hour: written with each run's end.

use inhaul_types::{Octets, Timestamp};
use rusqlite::{Connection, params};

use super::errors::Doing;
use crate::{HourCounts, RunEnd, StoreError};

const HOUR: i64 = 3_600_000;

/// Counts a run that ends.
pub(crate) fn count(txn: &Connection, end: &RunEnd) -> Result<(), StoreError> {
    txn.prepare_cached(
        "INSERT INTO tally (hour, runs, messages, octets) VALUES (?1, 1, ?2, ?3)
         ON CONFLICT (hour) DO UPDATE SET runs = runs + 1, messages = messages + excluded.messages,
             octets = octets + excluded.octets",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            hour(end.ended),
            end.stored.cast_signed(),
            end.octets.count().cast_signed()
        ])
    })
    .doing("count a run")?;
    Ok(())
}

/// The counts from the hour of `since` on.
pub(crate) fn since(conn: &Connection, since: Timestamp) -> Result<Vec<HourCounts>, StoreError> {
    conn.prepare_cached(
        "SELECT hour, runs, messages, octets FROM tally WHERE hour >= ?1 ORDER BY hour",
    )
    .and_then(|mut select| {
        let counts = select.query_map([hour(since)], |row| {
            Ok(HourCounts {
                hour: Timestamp::from_millis(row.get::<_, i64>(0)?.saturating_mul(HOUR)),
                runs: row.get::<_, i64>(1)?.cast_unsigned(),
                messages: row.get::<_, i64>(2)?.cast_unsigned(),
                octets: Octets::new(row.get::<_, i64>(3)?.cast_unsigned()),
            })
        })?;
        counts.collect()
    })
    .doing("read the counts of runs")
}

/// Hours since 1970-01-01 UTC.
pub(crate) fn hour(time: Timestamp) -> i64 {
    time.millis().div_euclid(HOUR)
}
