//! Pages of runs over all retrievals, newest first.
//!
//! A list is walked backwards in stretches, each in a read transaction of its own, and a call looks
//! through so many at most: a rare filter takes several calls, not one long one. One retrieval's
//! runs are walked by their index; those of an account are the pages of its retrievals, merged.
//! Start at `page`.

use std::cmp::Reverse;
use std::sync::Arc;

use inhaul_types::{AccountId, RetrievalId, RunId, Timestamp};
use rusqlite::{Connection, params};

use super::errors::Doing;
use super::readers::Readers;
use super::runs;
use crate::{Page, Run, RunFilter, RunOutcome, StoreError};

/// Rows looked at in one read transaction.
const LOOK: u32 = 2000;
/// Read transactions of one list in one call.
const LOOKS: u32 = 20;

const READ: &str = "read the runs";

/// One page behind `before`.
pub(crate) async fn page(
    readers: &Arc<Readers>,
    filter: RunFilter,
    before: Option<RunId>,
    most: u32,
) -> Result<Page<Run, RunId>, StoreError> {
    let end = before.map_or(i64::MAX, RunId::row);
    let walk = |retrieval| Walk {
        retrieval,
        outcome: filter.outcome,
        since: filter.since,
        most,
    };
    let Some(account) = filter.account else {
        return walk(filter.retrieval).page(readers, end).await;
    };
    let retrievals = readers
        .read(move |conn| retrievals_of(conn, account))
        .await?;
    let mut pages = Vec::new();
    for retrieval in retrievals {
        if filter.retrieval.is_none_or(|wanted| wanted == retrieval) {
            pages.push(walk(Some(retrieval)).page(readers, end).await?);
        }
    }
    Ok(merge(pages, most))
}

/// The newest of all pages; nothing older than what a page has not come to yet.
fn merge(pages: Vec<Page<Run, RunId>>, most: u32) -> Page<Run, RunId> {
    let mut next = pages.iter().filter_map(|page| page.next).max();
    let mut rows: Vec<Run> = pages.into_iter().flat_map(|page| page.rows).collect();
    rows.retain(|run| next.is_none_or(|next| run.id >= next));
    rows.sort_by_key(|run| Reverse(run.id));
    if rows.len() > most as usize {
        rows.truncate(most as usize);
        next = rows.last().map(|run| run.id);
    }
    Page { rows, next }
}

fn retrievals_of(conn: &Connection, account: AccountId) -> Result<Vec<RetrievalId>, StoreError> {
    conn.prepare_cached(
        "SELECT id FROM retrieval
         WHERE owner_id = ?1 OR folder_id IN (SELECT id FROM folder WHERE account_id = ?1)",
    )
    .and_then(|mut select| {
        select
            .query_map([account.row()], |row| row.get(0).map(RetrievalId::new))?
            .collect()
    })
    .doing(READ)
}

/// What is looked for in one list.
#[derive(Clone, Copy)]
struct Walk {
    retrieval: Option<RetrievalId>,
    outcome: RunOutcome,
    since: Option<Timestamp>,
    most: u32,
}

impl Walk {
    async fn page(
        self,
        readers: &Arc<Readers>,
        mut end: i64,
    ) -> Result<Page<Run, RunId>, StoreError> {
        let mut rows: Vec<Run> = Vec::new();
        for _ in 0..LOOKS {
            let room = self
                .most
                .saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
            let look = move |conn: &_| self.look(conn, end, room);
            let (found, next) = readers.read(look).await?;
            rows.extend(found);
            match next {
                Some(next) if rows.len() < self.most as usize => end = next,
                next => {
                    let next = next.map(RunId::new);
                    return Ok(Page { rows, next });
                }
            }
        }
        let next = Some(RunId::new(end));
        Ok(Page { rows, next })
    }

    /// What a stretch below `end` holds, and where the next one ends.
    fn look(
        self,
        conn: &Connection,
        end: i64,
        most: u32,
    ) -> Result<(Vec<Run>, Option<i64>), StoreError> {
        let Some((start, started)) = self.start(conn, end)? else {
            return Ok((Vec::new(), None));
        };
        let since = self.since.map(Timestamp::millis);
        let of_retrieval = match self.retrieval {
            Some(_) => "retrieval_id = ?3 AND",
            None => "?3 IS NULL AND",
        };
        let outcome = match self.outcome {
            RunOutcome::Any => "?4 IS NULL",
            RunOutcome::Failed => "code IS NOT NULL AND ?4 IS NULL",
            RunOutcome::Code(_) => "code = ?4",
            RunOutcome::Stored => "stored > 0 AND ?4 IS NULL",
        };
        let code = match self.outcome {
            RunOutcome::Code(code) => Some(code.as_str()),
            _ => None,
        };
        let which = format!(
            "WHERE {of_retrieval} id >= ?1 AND id < ?2 AND {outcome}
                 AND (?5 IS NULL OR started >= ?5)
             ORDER BY id DESC LIMIT ?6"
        );
        let retrieval = self.retrieval.map(RetrievalId::row);
        let found = runs::select(
            conn,
            &which,
            params![start, end, retrieval, code, since, most],
        )?;
        if found.len() == most as usize {
            let last = found.last().map_or(end, |last| last.id.row());
            return Ok((found, Some(last)));
        }
        let is_past = since.is_some_and(|since| started < since);
        Ok((found, (!is_past).then_some(start)))
    }

    /// The first row of the stretch below `end`, and when that run began.
    fn start(self, conn: &Connection, end: i64) -> Result<Option<(i64, i64)>, StoreError> {
        const ALL: &str = "
            SELECT id, started FROM run WHERE ?2 IS NULL AND id =
                (SELECT min(id) FROM (SELECT id FROM run WHERE id < ?1 ORDER BY id DESC LIMIT ?3))";
        const OF_RETRIEVAL: &str = "
            SELECT id, started FROM run WHERE id = (SELECT min(id) FROM
                (SELECT id FROM run WHERE retrieval_id = ?2 AND id < ?1 ORDER BY id DESC LIMIT ?3))";
        let sql = self.retrieval.map_or(ALL, |_| OF_RETRIEVAL);
        let mut select = conn.prepare_cached(sql).doing(READ)?;
        let key = params![end, self.retrieval.map(RetrievalId::row), LOOK];
        let mut rows = select.query(key).doing(READ)?;
        let row = rows.next().doing(READ)?;
        row.map(|row| Ok((row.get(0).doing(READ)?, row.get(1).doing(READ)?)))
            .transpose()
    }
}
