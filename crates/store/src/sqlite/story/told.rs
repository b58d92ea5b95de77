//! Tells the stories of ledger rows that were found: where their messages are and which run it was.
//!
//! Start at `tell`.

use std::ops::Range;
use std::sync::Arc;

use inhaul_types::{AccountId, Activation, LedgerId, MessageId, RunId, Timestamp, UniqueId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{DOING, Found};
use crate::sqlite::errors::Doing;
use crate::sqlite::ledger::octets;
use crate::sqlite::messages;
use crate::sqlite::readers::Readers;
use crate::sqlite::words::{from_word, ledger_state};
use crate::{LedgerStory, StoreError, StoryPlacement, StoryRun, Summary};

/// Runs of a retrieval that are looked through for the one that left a message out.
const RUNS_MOST: u32 = 10_000;

/// The stories of what was found, with placements in folders of `of` only. A row that went meanwhile
/// has none.
pub(crate) async fn tell(
    readers: &Arc<Readers>,
    found: Vec<Found>,
    of: Option<AccountId>,
) -> Result<Vec<LedgerStory>, StoreError> {
    let read = move |conn: &_| {
        let stories = found.iter().map(|found| told(conn, found, of));
        stories.filter_map(Result::transpose).collect()
    };
    let mut stories: Vec<_> = readers.read(read).await?;
    add_runs(readers, &mut stories).await?;
    Ok(stories)
}

fn told(
    conn: &Connection,
    found: &Found,
    of: Option<AccountId>,
) -> Result<Option<LedgerStory>, StoreError> {
    let mut select = conn.prepare_cached(STORY).doing(DOING)?;
    let mut rows = select.query([found.id.row()]).doing(DOING)?;
    let Some(row) = rows.next().doing(DOING)? else {
        return Ok(None);
    };
    let told = story(conn, row, of)?;
    Ok(Some(match found.others_too {
        true => LedgerStory {
            reason: None,
            ..told
        },
        false => told,
    }))
}

/// For [`story`] to read.
const STORY: &str = "
    SELECT l.id, d.host, d.user, l.unique_id, l.listed_size, l.size, l.state, l.first_seen,
        l.stored_at, l.asked_at, l.deleted_at, l.reason, l.message_id, l.placements
    FROM ledger l JOIN maildrop d ON d.id = l.id >> 32 WHERE l.id = ?1";

/// Finds the runs of those whose placements do not tell them.
async fn add_runs(readers: &Arc<Readers>, stories: &mut [LedgerStory]) -> Result<(), StoreError> {
    for story in stories.iter_mut().filter(|story| story.run.is_none()) {
        let (id, time) = (story.id, story.stored_at.unwrap_or(story.first_seen));
        let found = readers.read(move |conn| run_at(conn, id, time)).await?;
        if let Some((retrieval, run)) = found {
            story.retrieval.get_or_insert(retrieval);
            story.run = run;
        }
    }
    Ok(())
}

/// Tells the story of a row, with placements in folders of `of` only.
fn story(
    conn: &Connection,
    row: &Row<'_>,
    of: Option<AccountId>,
) -> Result<LedgerStory, StoreError> {
    let time = |column: usize| -> Result<Option<Timestamp>, StoreError> {
        Ok(row
            .get::<_, Option<i64>>(column)
            .doing(DOING)?
            .map(Timestamp::from_millis))
    };
    let unique_id: Option<Vec<u8>> = row.get(3).doing(DOING)?;
    let id = LedgerId::new(row.get(0).doing(DOING)?);
    let first: Option<i64> = row.get(12).doing(DOING)?;
    let placed = match first {
        Some(first) => placed(
            conn,
            id,
            first..first.saturating_add(row.get(13).doing(DOING)?),
            of,
        )?,
        None => Placed::default(),
    };
    Ok(LedgerStory {
        id,
        host: row.get(1).doing(DOING)?,
        user: row.get(2).doing(DOING)?,
        unique_id: unique_id.as_deref().and_then(|id| UniqueId::parse(id).ok()),
        listed_size: octets(row, 4)?,
        size: octets(row, 5)?,
        state: ledger_state::from_column(row.get(6).doing(DOING)?)?,
        first_seen: Timestamp::from_millis(row.get(7).doing(DOING)?),
        stored_at: time(8)?,
        asked_at: time(9)?,
        deleted_at: time(10)?,
        reason: row.get(11).doing(DOING)?,
        placements: placed.placements,
        retrieval: placed.retrieval,
        run: placed.run,
        summary: placed.summary,
    })
}

/// What a row's placements tell.
#[derive(Default)]
struct Placed {
    placements: Vec<StoryPlacement>,
    retrieval: Option<String>,
    run: Option<StoryRun>,
    summary: Option<Summary>,
}

/// Where a row's placements are now, what the first of them looks like in a list, and who brought
/// it.
fn placed(
    conn: &Connection,
    ledger: LedgerId,
    messages: Range<i64>,
    of: Option<AccountId>,
) -> Result<Placed, StoreError> {
    let mut select = conn
        .prepare_cached(
            "SELECT m.id, a.name, f.name, m.why, r.name, u.id, u.started, u.activation,
                 m.sender, m.subject, m.date, m.message_id, m.has_attachment
             FROM message m JOIN folder f ON f.id = m.folder_id JOIN account a ON a.id = f.account_id
                 LEFT JOIN retrieval r ON r.id = m.retrieval_id LEFT JOIN run u ON u.id = m.run_id
             WHERE m.id IN (SELECT id FROM message WHERE id >= ?1 AND id < ?2
                     UNION ALL SELECT message_id FROM claimed WHERE ledger_id = ?3)
                 AND m.ledger_id = ?3 AND (?4 IS NULL OR f.account_id = ?4)
             ORDER BY m.id",
        )
        .doing(DOING)?;
    let mut rows = select
        .query(params![
            messages.start,
            messages.end,
            ledger.row(),
            of.map(AccountId::row)
        ])
        .doing(DOING)?;
    let mut placed = Placed::default();
    while let Some(row) = rows.next().doing(DOING)? {
        placed.placements.push(StoryPlacement {
            message: MessageId::new(row.get(0).doing(DOING)?),
            account: row.get(1).doing(DOING)?,
            folder: row.get(2).doing(DOING)?,
            why: row.get(3).doing(DOING)?,
        });
        if placed.summary.is_none() {
            placed.retrieval = row.get(4).doing(DOING)?;
            placed.run = run(row, 5)?;
            placed.summary = Some(messages::summary(row, 8).doing(DOING)?);
        }
    }
    Ok(placed)
}

/// The retrieval of a row's maildrop, and its run that was going on then.
fn run_at(
    conn: &Connection,
    ledger: LedgerId,
    time: Timestamp,
) -> Result<Option<(String, Option<StoryRun>)>, StoreError> {
    let retrieval: Option<(i64, String)> = conn
        .prepare_cached("SELECT id, name FROM retrieval WHERE maildrop_id = ?1 ORDER BY id LIMIT 1")
        .and_then(|mut select| {
            select
                .query_row([ledger.row() >> 32], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .doing(DOING)?;
    let Some((retrieval, name)) = retrieval else {
        return Ok(None);
    };
    let run = match about(conn, retrieval, time)? {
        About::Before => None,
        About::In(run) => Some(run),
        About::Between => run_of_any_order(conn, retrieval, time)?,
    };
    Ok(Some((name, run)))
}

/// Where a moment is among the runs of a retrieval, if those that begin later have higher numbers.
enum About {
    /// Before the oldest that is kept, as most messages are.
    Before,
    /// In this one.
    In(StoryRun),
    /// In none, or the clock was set back.
    Between,
}

/// Halves the numbers until the last run that began by then is found: thousands of runs cost a dozen
/// looks into their index.
fn about(conn: &Connection, retrieval: i64, time: Timestamp) -> Result<About, StoreError> {
    let ends: Option<(i64, i64, i64)> = conn
        .prepare_cached(ENDS)
        .and_then(|mut select| {
            let ends = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            select.query_row([retrieval], ends).optional()
        })
        .doing(DOING)?;
    let ends = ends.filter(|(_, began, _)| *began <= time.millis());
    let Some((mut low, _, mut high)) = ends else {
        return Ok(About::Before);
    };
    let mut next = conn.prepare_cached(RUN_FROM).doing(DOING)?;
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let (id, started): (i64, i64) = next
            .query_row(params![retrieval, middle], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .doing(DOING)?;
        match started <= time.millis() {
            true => low = id,
            false => high = middle - 1,
        }
    }
    let mut select = conn.prepare_cached(RUN_IF_AT).doing(DOING)?;
    let mut rows = select.query(params![low, time.millis()]).doing(DOING)?;
    let found = match rows.next().doing(DOING)? {
        Some(row) => run(row, 0)?,
        None => None,
    };
    Ok(found.map_or(About::Between, About::In))
}

/// The newest run in which this moment was, whatever the order of the others.
fn run_of_any_order(
    conn: &Connection,
    retrieval: i64,
    time: Timestamp,
) -> Result<Option<StoryRun>, StoreError> {
    let mut select = conn.prepare_cached(RUN_AT).doing(DOING)?;
    let mut rows = select
        .query(params![retrieval, time.millis(), RUNS_MOST])
        .doing(DOING)?;
    match rows.next().doing(DOING)? {
        Some(row) => run(row, 0),
        None => Ok(None),
    }
}

/// The first of its runs, when it began, and the last.
const ENDS: &str = "
    SELECT id, started, (SELECT max(id) FROM run WHERE retrieval_id = ?1)
    FROM run WHERE retrieval_id = ?1 ORDER BY id LIMIT 1";

/// The first of its runs from a number on.
const RUN_FROM: &str =
    "SELECT id, started FROM run WHERE retrieval_id = ?1 AND id >= ?2 ORDER BY id LIMIT 1";

const RUN_IF_AT: &str = "
    SELECT id, started, activation FROM run
    WHERE id = ?1 AND started <= ?2 AND coalesce(ended, ?2) >= ?2";

const RUN_AT: &str = "
    SELECT id, started, activation FROM run WHERE id =
        (SELECT max(id) FROM
            (SELECT id, started, ended FROM run WHERE retrieval_id = ?1 ORDER BY id DESC LIMIT ?3)
         WHERE started <= ?2 AND coalesce(ended, ?2) >= ?2)";

/// A run's id, start and activation from `first` on; `None` where there is none.
fn run(row: &Row<'_>, first: usize) -> Result<Option<StoryRun>, StoreError> {
    let Some(id) = row.get::<_, Option<i64>>(first).doing(DOING)? else {
        return Ok(None);
    };
    let activation: String = row.get(first + 2).doing(DOING)?;
    Ok(Some(StoryRun {
        id: RunId::new(id),
        started: Timestamp::from_millis(row.get(first + 1).doing(DOING)?),
        activation: from_word::<Activation>(&activation)?,
    }))
}

#[cfg(test)]
mod tests {
    use rusqlite::params_from_iter;

    use super::*;

    #[test]
    fn the_run_of_a_moment_is_looked_for_in_the_index_alone() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        for sql in [ENDS, RUN_FROM, RUN_AT] {
            let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let key = vec![1; explain.parameter_count()];
            let plan: Vec<String> = explain
                .query_map(params_from_iter(key), |row| row.get(3))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let plan = plan.join("\n");
            assert!(plan.contains("COVERING INDEX run_by_retrieval"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }

    /// Retrieval 1 with these runs: when each began and ended. Between them are runs of others.
    fn with_runs(runs: &[(i64, i64)]) -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        let mut insert = conn
            .prepare(
                "INSERT INTO run (id, retrieval_id, activation, started, ended)
                 VALUES (?1, ?2, 'schedule', ?3, ?4)",
            )
            .unwrap();
        for (number, (started, ended)) in (0..).zip(runs) {
            insert.execute([3 * number + 1, 2, 0, 9_999]).unwrap();
            let id = 3 * number + 2;
            insert.execute([id, 1, *started, *ended]).unwrap();
        }
        drop(insert);
        conn
    }

    fn found(conn: &Connection, time: i64) -> Option<i64> {
        let time = Timestamp::from_millis(time);
        let run = match about(conn, 1, time).unwrap() {
            About::Before => None,
            About::In(run) => Some(run),
            About::Between => run_of_any_order(conn, 1, time).unwrap(),
        };
        run.map(|run| run.id.row())
    }

    #[test]
    fn the_run_of_a_moment_is_found_among_many() {
        let runs: Vec<_> = (1..=1_000).map(|run| (run * 100, run * 100 + 10)).collect();
        let conn = with_runs(&runs);
        for (number, (started, ended)) in (0..).zip(&runs) {
            let id = Some(3 * number + 2);
            assert_eq!(found(&conn, *started), id);
            assert_eq!(found(&conn, *ended), id);
            assert_eq!(found(&conn, ended + 1), None);
        }
        assert_eq!(found(&conn, 99), None);
        assert_eq!(found(&with_runs(&[]), 99), None);
    }

    #[test]
    fn a_clock_that_was_set_back_hides_no_run() {
        let conn = with_runs(&[
            (100, 110),
            (5_000, 5_010),
            (200, 210),
            (300, 310),
            (400, 410),
        ]);
        for (time, id) in [(105, 2), (5_005, 5), (205, 8), (305, 11), (405, 14)] {
            assert_eq!(found(&conn, time), Some(id), "{time}");
        }
    }
}
