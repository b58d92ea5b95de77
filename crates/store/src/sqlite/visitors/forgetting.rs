//! Forgets who does not come any more: sessions that were idle for long, links that are too late.

use std::time::Duration;

use inhaul_types::Timestamp;
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::sqlite::errors::Doing;

/// Nobody is kept signed in for longer.
const IDLE: Duration = Duration::from_secs(30 * 24 * 3600);

const DOING: &str = "forget old sessions";

/// Whether there is something to forget.
pub(crate) fn has_old(conn: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    conn.prepare_cached(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM session WHERE last_seen < ?1)
             OR EXISTS (SELECT 1 FROM link WHERE until <= ?2)",
    )
    .and_then(|mut select| select.exists(params![idle_since(now), now.millis()]))
    .doing(DOING)
}

/// Forgets a slice of each and says how many rows.
pub(crate) fn forget(txn: &Connection, now: Timestamp, slice: u32) -> Result<usize, StoreError> {
    const SESSIONS: &str = "
        DELETE FROM session WHERE hash IN
            (SELECT hash FROM session WHERE last_seen < ?1 ORDER BY last_seen LIMIT ?2)";
    const LINKS: &str = "
        DELETE FROM link WHERE hash IN
            (SELECT hash FROM link WHERE until <= ?1 ORDER BY until LIMIT ?2)";
    let mut gone = 0;
    for (sql, limit) in [(SESSIONS, idle_since(now)), (LINKS, now.millis())] {
        gone += txn
            .prepare_cached(sql)
            .and_then(|mut delete| delete.execute(params![limit, slice]))
            .doing(DOING)?;
    }
    Ok(gone)
}

fn idle_since(now: Timestamp) -> i64 {
    let idle = i64::try_from(IDLE.as_millis()).expect("30 days are few milliseconds");
    now.millis().saturating_sub(idle)
}
