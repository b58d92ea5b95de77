//! Bars: the newest runs of some retrievals, and those of one since a moment.
//!
//! The runs of all retrievals take turns in the table, so that each run of one lies on another page
//! of the file. What a bar says is in the index of each one's runs, side by side, and nothing else is
//! read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use inhaul_types::{ErrorCode, RetrievalId, RunId, Timestamp};
use rusqlite::{Connection, Row, Rows, params};

use crate::StoreError;
use crate::sqlite::errors::Doing;
use crate::sqlite::readers::Readers;
use crate::sqlite::words::from_word;
use crate::views::{Bar, BarOutcome};

/// Strips read in one transaction: a page of a list.
const STRIPS: usize = 50;

const DOING: &str = "read the newest runs";

const NEWEST: &str = "
    SELECT id, started, ended, code, stopped, stored, folded FROM run
    WHERE retrieval_id = ?1 AND ended IS NOT NULL ORDER BY id DESC LIMIT ?2";

/// Bars read in one transaction of those since a moment.
const LOOK: u32 = 1000;

const BELOW: &str = "
    SELECT id, started, ended, code, stopped, stored, folded FROM run
    WHERE retrieval_id = ?1 AND id < ?2 AND ended IS NOT NULL ORDER BY id DESC LIMIT ?3";

/// The strips of these retrievals.
pub(super) async fn of(
    readers: &Arc<Readers>,
    retrievals: &[RetrievalId],
    most: u32,
) -> Result<HashMap<RetrievalId, Vec<Bar>>, StoreError> {
    let mut strips = HashMap::with_capacity(retrievals.len());
    for some in retrievals.chunks(STRIPS) {
        let some = some.to_vec();
        let read = move |conn: &_| -> Result<Vec<_>, StoreError> {
            some.into_iter()
                .map(|retrieval| Ok((retrieval, strip(conn, retrieval, most)?)))
                .collect()
        };
        strips.extend(readers.read(read).await?);
    }
    Ok(strips)
}

/// Bars of runs that began at this time or later, newest first. Run numbers ascend with their
/// beginnings, but for a clock that is set back: the stretch in which one is older is the last one.
pub(super) async fn since(
    readers: &Arc<Readers>,
    retrieval: RetrievalId,
    since: Timestamp,
    most: u32,
) -> Result<Vec<Bar>, StoreError> {
    let (mut found, mut below) = (Vec::new(), i64::MAX);
    while found.len() < most as usize {
        let stretch = readers
            .read(move |conn| {
                let mut select = conn.prepare_cached(BELOW).doing(DOING)?;
                let key = params![retrieval.row(), below, LOOK];
                bars(select.query(key).doing(DOING)?)
            })
            .await?;
        let Some(last) = stretch.last() else {
            break;
        };
        below = last.run.row();
        let is_last = last.started < since || stretch.len() < LOOK as usize;
        found.extend(stretch.into_iter().filter(|bar| bar.started >= since));
        if is_last {
            break;
        }
    }
    found.truncate(most as usize);
    Ok(found)
}

fn strip(conn: &Connection, retrieval: RetrievalId, most: u32) -> Result<Vec<Bar>, StoreError> {
    let mut select = conn.prepare_cached(NEWEST).doing(DOING)?;
    let mut strip = bars(select.query(params![retrieval.row(), most]).doing(DOING)?)?;
    strip.reverse();
    Ok(strip)
}

fn bars(mut rows: Rows<'_>) -> Result<Vec<Bar>, StoreError> {
    let mut bars = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        bars.push(bar(row)?);
    }
    Ok(bars)
}

fn bar(row: &Row<'_>) -> Result<Bar, StoreError> {
    let number = |column: usize| row.get::<_, i64>(column).doing(DOING);
    let (started, ended) = (number(1)?, number(2)?);
    let code: Option<String> = row.get(3).doing(DOING)?;
    let code = code.as_deref().map(from_word).transpose()?;
    // A clock may have been set back in between.
    let took = u64::try_from(ended.saturating_sub(started)).unwrap_or(0);
    Ok(Bar {
        run: RunId::new(number(0)?),
        started: Timestamp::from_millis(started),
        outcome: outcome(row.get(4).doing(DOING)?, code),
        stored: number(5)?.cast_unsigned(),
        took: Duration::from_millis(took),
        folded: number(6)?.cast_unsigned(),
    })
}

fn outcome(stopped: bool, code: Option<ErrorCode>) -> BarOutcome {
    match code {
        _ if stopped => BarOutcome::Stopped,
        None => BarOutcome::Good,
        Some(ErrorCode::MailboxInUse | ErrorCode::TooOften) => BarOutcome::Busy,
        Some(_) => BarOutcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_read_from_the_index_alone_without_sorting() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        for (sql, used) in [
            (NEWEST, "(retrieval_id=?)"),
            (BELOW, "(retrieval_id=? AND id<?)"),
        ] {
            let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let key = vec![1; sql.matches('?').count()];
            let plan: Vec<String> = explain
                .query_map(rusqlite::params_from_iter(key), |row| row.get(3))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let searched = format!("SEARCH run USING COVERING INDEX run_by_retrieval {used}");
            assert_eq!(plan, [searched]);
        }
    }
}
