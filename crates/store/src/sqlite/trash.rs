//! What lies in Trash goes after 30 days.
//!
//! A message in a folder called Trash knows since when it lies there; moving it out takes that away.
//! That is not told by the clock alone: if it jumps ahead, everything would be gone at once. The time
//! that lasts in Trash goes on with the clock, never back, and never by more than [`LONGEST_STEP`] from
//! one look to the next. So a clock that is wrong takes three days off a month, and an installation
//! that stands still for weeks keeps its Trash for longer. Start at [`time`].

use std::collections::BTreeMap;
use std::time::Duration;

use inhaul_types::{FolderId, MessageId, Timestamp, Uid};
use rusqlite::{Connection, OptionalExtension, params};

use super::errors::{Doing, damaged};
use super::expunge;
use crate::{RemovedMessages, StoreError};

/// How long what is deleted can be taken back.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// A weekend and a night: for so long machines are off that are used.
const LONGEST_STEP: Duration = Duration::from_secs(3 * 24 * 3600);
/// How often it is written down how far the time has come.
const WRITTEN_EVERY: Duration = Duration::from_secs(3600);

const DOING: &str = "see how long messages lie in Trash";

/// The time that lasts in Trash, and the clock when it was that; both in milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Lasting {
    time: i64,
    clock: i64,
}

impl Lasting {
    /// It is the clock's until somebody looks for the first time.
    fn begin(now: Timestamp) -> Self {
        Self {
            time: now.millis(),
            clock: now.millis(),
        }
    }

    fn at(self, now: Timestamp) -> Self {
        let passed = now.since(Timestamp::from_millis(self.clock));
        Self {
            time: self.time.saturating_add(millis(passed.min(LONGEST_STEP))),
            clock: now.millis(),
        }
    }

    /// Whether it is worth writing: it is a while ago, or the clock was set back.
    fn is_new(self, written: Self) -> bool {
        self.clock < written.clock || self.clock - written.clock >= millis(WRITTEN_EVERY)
    }

    /// What was put there until then may go.
    fn limit(self) -> i64 {
        self.time.saturating_sub(millis(KEPT))
    }
}

/// The time that lasts in Trash now.
pub(crate) fn time(txn: &Connection, now: Timestamp) -> Result<i64, StoreError> {
    Ok(go_on(txn, now)?.time)
}

/// A message came into a Trash at this time. Apart from its row: nearly all come elsewhere.
pub(crate) fn lies_there(
    txn: &Connection,
    message: MessageId,
    time: i64,
) -> Result<(), StoreError> {
    txn.prepare_cached("UPDATE message SET trashed_at = ?2 WHERE id = ?1")
        .and_then(|mut update| update.execute([message.row(), time]))
        .doing(DOING)?;
    Ok(())
}

/// Whether a message has to go, or the time to be written down: nothing is written while nothing lies
/// in any Trash.
pub(crate) fn is_due(conn: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    let oldest: Option<i64> = conn
        .prepare_cached(
            "SELECT m.trashed_at FROM message m CROSS JOIN folder f ON f.id = m.folder_id
             WHERE m.trashed_at IS NOT NULL ORDER BY m.trashed_at LIMIT 1",
        )
        .and_then(|mut select| select.query_row([], |row| row.get(0)).optional())
        .doing(DOING)?;
    let Some(oldest) = oldest else {
        return Ok(false);
    };
    Ok(match load(conn)? {
        Some(written) => {
            let lasting = written.at(now);
            oldest <= lasting.limit() || lasting.is_new(written)
        }
        None => true,
    })
}

/// Removes a slice of what has lain there for long enough, and says what went. The remote copies, and
/// what the ledger says of them, stay as they are.
pub(crate) fn remove_old(
    txn: &Connection,
    now: Timestamp,
    slice: u32,
) -> Result<Vec<RemovedMessages>, StoreError> {
    let limit = go_on(txn, now)?.limit();
    let found: Vec<(i64, u32)> = txn
        .prepare_cached(
            "SELECT m.folder_id, m.uid FROM message m CROSS JOIN folder f ON f.id = m.folder_id
             WHERE m.trashed_at <= ?1 ORDER BY m.trashed_at LIMIT ?2",
        )
        .and_then(|mut select| {
            let rows =
                select.query_map([limit, slice.into()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .doing(DOING)?;
    let mut by_folder: BTreeMap<i64, Vec<Uid>> = BTreeMap::new();
    for (folder, uid) in found {
        by_folder.entry(folder).or_default().push(Uid::new(uid));
    }
    let mut gone = Vec::new();
    for (folder, mut uids) in by_folder {
        let folder = FolderId::new(folder);
        uids.sort_unstable();
        gone.push(RemovedMessages {
            account: expunge::account_of(txn, folder)?,
            folder,
            uids: expunge::remove(txn, folder, &uids, now)?.into(),
        });
    }
    Ok(gone)
}

/// Moves the time on, and writes it down now and then.
fn go_on(txn: &Connection, now: Timestamp) -> Result<Lasting, StoreError> {
    let written = load(txn)?;
    let lasting = written.map_or_else(|| Lasting::begin(now), |written| written.at(now));
    if written.is_none_or(|written| lasting.is_new(written)) {
        let value = format!("{} {}", lasting.time, lasting.clock);
        txn.prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute(params![SETTING, value]))
            .doing(DOING)?;
    }
    Ok(lasting)
}

fn load(conn: &Connection) -> Result<Option<Lasting>, StoreError> {
    let text: Option<String> = conn
        .prepare_cached("SELECT value FROM setting WHERE name = ?1")
        .and_then(|mut select| select.query_row([SETTING], |row| row.get(0)).optional())
        .doing(DOING)?;
    let read = |text: &str| {
        let (time, clock) = text.split_once(' ')?;
        Some(Lasting {
            time: time.parse().ok()?,
            clock: clock.parse().ok()?,
        })
    };
    text.map(|text| {
        read(&text).ok_or_else(|| damaged(format!("the setting {SETTING} is {text:?}")))
    })
    .transpose()
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

const SETTING: &str = "trash_time";

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3_600_000;
    const START: i64 = 1_700_000_000_000;

    #[test]
    fn the_time_in_trash_goes_on_with_the_clock_but_never_jumps() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        for (clock, passed, why) in [
            (0, 0, "it begins"),
            (DAY / 48, DAY / 48, "it goes on, though it was not written"),
            (DAY, DAY, "it goes on"),
            (DAY * 3, DAY * 3, "over a weekend, too"),
            (DAY * 400, DAY * 6, "the clock jumps ahead"),
            (DAY * 400 + DAY / 2, DAY * 13 / 2, "and goes on there"),
            (DAY * 4, DAY * 13 / 2, "it is set right"),
            (DAY * 5, DAY * 15 / 2, "and goes on"),
            (-DAY * 9, DAY * 15 / 2, "it is set back"),
            (-DAY * 8, DAY * 17 / 2, "and goes on"),
        ] {
            let time = time(&conn, Timestamp::from_millis(START + clock)).unwrap();
            assert_eq!(time - START, passed, "{why}");
        }
    }

    #[test]
    fn what_is_due_is_found_along_the_index() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        let plan: Vec<String> = conn
            .prepare(
                "EXPLAIN QUERY PLAN
                 SELECT m.folder_id, m.uid FROM message m CROSS JOIN folder f ON f.id = m.folder_id
                 WHERE m.trashed_at <= 1 ORDER BY m.trashed_at LIMIT 500",
            )
            .unwrap()
            .query_map([], |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("message_trashed"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
