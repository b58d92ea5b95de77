//! With which message each day began.
//!
//! Messages are numbered as they are stored, so whoever looks for those since some day passes over all
//! smaller numbers. A clock that is set back changes nothing: a day keeps its first message.

use inhaul_types::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use crate::StoreError;
use crate::sqlite::errors::Doing;

const DOING: &str = "note the day";

/// Before messages are stored at this moment.
pub(super) fn note(txn: &Connection, now: Timestamp) -> Result<(), StoreError> {
    let day = of(now);
    let is_known = txn
        .prepare_cached("SELECT 1 FROM message_day WHERE day = ?1")
        .and_then(|mut select| select.exists([day]))
        .doing(DOING)?;
    if is_known {
        return Ok(());
    }
    txn.execute(
        "INSERT INTO message_day (day, first_message)
         VALUES (?1, ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'message'), 0) + 1)",
        [day],
    )
    .doing(DOING)?;
    Ok(())
}

/// No message of a smaller number was stored at this moment or later.
pub(super) fn first_message(conn: &Connection, since: Timestamp) -> Result<i64, StoreError> {
    let day = of(since);
    let first: Option<i64> = conn
        .prepare_cached("SELECT min(first_message) FROM message_day WHERE day >= ?1")
        .and_then(|mut select| select.query_row([day], |row| row.get(0)).optional())
        .doing(DOING)?
        .flatten();
    // Since then nothing was stored.
    Ok(first.unwrap_or(i64::MAX))
}

fn of(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY)
}

/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_keeps_its_first_message_whatever_the_clock_does() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        let at = |day: i64| Timestamp::from_millis(day * DAY + 7);
        let store_until = |seq: i64| {
            conn.execute("DELETE FROM sqlite_sequence WHERE name = 'message'", [])
                .unwrap();
            conn.execute("INSERT INTO sqlite_sequence VALUES ('message', ?1)", [seq])
                .unwrap();
        };
        let first = |day| first_message(&conn, at(day)).unwrap();
        assert_eq!(first(1), i64::MAX);
        note(&conn, at(10)).unwrap();
        store_until(5);
        note(&conn, at(10)).unwrap();
        note(&conn, at(12)).unwrap();
        // Back, and on again.
        store_until(9);
        note(&conn, at(11)).unwrap();
        note(&conn, at(12)).unwrap();
        assert_eq!([first(9), first(10)], [1, 1]);
        assert_eq!([first(11), first(12)], [6, 6]);
        assert_eq!(first(13), i64::MAX);
    }
}
