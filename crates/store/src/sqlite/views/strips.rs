//! Strips: the newest runs of some retrievals, by the index of each one's runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use inhaul_types::{ErrorCode, RetrievalId, RunId, Timestamp};
use rusqlite::{Connection, Row, params};

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

fn strip(conn: &Connection, retrieval: RetrievalId, most: u32) -> Result<Vec<Bar>, StoreError> {
    let mut select = conn.prepare_cached(NEWEST).doing(DOING)?;
    let mut rows = select.query(params![retrieval.row(), most]).doing(DOING)?;
    let mut bars = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        bars.push(bar(row)?);
    }
    bars.reverse();
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
    fn a_strip_is_read_along_the_index_without_sorting() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        let plan: String = conn
            .query_row(
                &format!("EXPLAIN QUERY PLAN {NEWEST}"),
                params![1, 1],
                |row| row.get(3),
            )
            .unwrap();
        assert_eq!(
            plan,
            "SEARCH run USING INDEX run_by_retrieval (retrieval_id=?)"
        );
    }
}
