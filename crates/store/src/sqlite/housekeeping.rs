//! What has to be done now and then: old records are folded and forgotten, and Trash is emptied.
//!
//! A call looks with a reader for the first chore that is due, and has the writer do one slice of
//! it: a few hundred rows, some 10 ms. What cannot be found by an index (ledger rows,
//! conversations) is looked through once a day from end to end, page by page; how far that has come
//! is kept in a setting, so that a restart does not begin it again. All of it can be done again
//! after a crash, so nothing is synced.
//! Start at `survey`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use inhaul_types::{RetrievalId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::errors::{Doing, damaged};
use super::writer::{Durability, Job, Step, Surroundings, Weight};
use super::{folding, notices, trash, visitors};
use crate::records::Announcer;
use crate::{Chore, News, RemovedMessages, StoreError};

/// Rows deleted in one transaction.
const SLICE: u32 = 500;
/// Rows looked through in one read transaction.
const LOOK: u32 = 5000;
/// Conversations looked through: their texts lie between them.
const LOOK_TEXTS: u32 = 500;
/// Rows of a clock that was ahead that are looked through for one of the present.
const AHEAD_MOST: u32 = 100_000;
/// How often everything is looked through.
const BETWEEN_PASSES: Duration = DAY;

/// Conversations of so many runs of a retrieval are kept, however they ended.
const CONVERSATIONS: u32 = 20;
/// Those of failed runs are kept for so long.
const FAILED_CONVERSATION: Duration = Duration::from_secs(30 * 24 * 3600);
/// A message that was deleted remotely and is not listed for so long does not come back.
const ABSENT: Duration = Duration::from_secs(400 * 24 * 3600);
const AUDIT: Duration = Duration::from_secs(365 * 24 * 3600);
/// What a catch-all has shared out is told from its copies for so long.
const SHARED_OUT: Duration = Duration::from_secs(400 * 24 * 3600);
const TALLY: Duration = Duration::from_secs(400 * 24 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const DAY_MILLIS: i64 = 24 * 3_600_000;

const DOING: &str = "forget old records";

/// The first chore that is due, with what a reader found for it.
pub(crate) enum Due {
    Fold,
    Runs { upto: i64 },
    Passed(Passed),
    Audit { upto: i64 },
    Started { before: i64 },
    Notices,
    Tally { before: i64 },
    SharedOut { before: i64 },
    Visitors,
    Trash,
}

/// A page of a pass.
pub(crate) struct Passed {
    pass: Pass,
    rows: Vec<i64>,
    progress: Progress,
}

/// What is looked through from end to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Pass {
    Conversations,
    Ledger,
    Unclaimed,
}

impl Pass {
    fn setting(self) -> &'static str {
        match self {
            Self::Conversations => "conversation_pass",
            Self::Ledger => "ledger_pass",
            Self::Unclaimed => "unclaimed_pass",
        }
    }
}

/// How far a pass has come.
#[derive(Clone, Copy, Debug)]
struct Progress {
    /// When it began.
    began: i64,
    /// Rows up to this one were looked at; `None` when it has come to the end.
    behind: Option<i64>,
}

impl Due {
    fn chore(&self) -> Chore {
        match self {
            Self::Fold => Chore::FoldRuns,
            Self::Runs { .. } => Chore::ForgetRuns,
            Self::Passed(passed) => match passed.pass {
                Pass::Conversations => Chore::ForgetConversations,
                Pass::Ledger => Chore::ForgetLedgerRows,
                Pass::Unclaimed => Chore::ForgetUnclaimed,
            },
            Self::Audit { .. } => Chore::ForgetAudit,
            Self::Started { .. } => Chore::ForgetStarted,
            Self::Notices => Chore::GiveUpNotices,
            Self::Tally { .. } => Chore::ForgetTally,
            Self::SharedOut { .. } => Chore::ForgetSharedOut,
            Self::Visitors => Chore::ForgetVisitors,
            Self::Trash => Chore::EmptyTrash,
        }
    }
}

/// Looks for the first chore that is due.
pub(crate) fn survey(
    conn: &Connection,
    now: Timestamp,
    keep_history: Duration,
) -> Result<Option<Due>, StoreError> {
    if let Some(upto) = oldest(conn, "run", "started", before(now, keep_history), now)? {
        return Ok(Some(Due::Runs { upto }));
    }
    if folding::is_due(conn, now)? {
        return Ok(Some(Due::Fold));
    }
    if let Some(upto) = oldest(conn, "audit", "at", before(now, AUDIT), now)? {
        return Ok(Some(Due::Audit { upto }));
    }
    if notices::has_old(conn, now)? {
        return Ok(Some(Due::Notices));
    }
    // Today's and yesterday's are kept.
    let day = now.millis().div_euclid(DAY_MILLIS) - 1;
    if has_started(conn, day)? {
        return Ok(Some(Due::Started { before: day }));
    }
    let hour = super::tally::hour(Timestamp::from_millis(before(now, TALLY)));
    if exists(conn, "SELECT 1 FROM tally WHERE hour < ?1", hour)? {
        return Ok(Some(Due::Tally { before: hour }));
    }
    let limit = before(now, SHARED_OUT);
    if exists(conn, "SELECT 1 FROM shared_out WHERE at < ?1", limit)? {
        return Ok(Some(Due::SharedOut { before: limit }));
    }
    if visitors::has_old(conn, now)? {
        return Ok(Some(Due::Visitors));
    }
    if trash::is_due(conn, now)? {
        return Ok(Some(Due::Trash));
    }
    for pass in [Pass::Conversations, Pass::Ledger, Pass::Unclaimed] {
        if let Some(passed) = next_page(conn, pass, now)? {
            return Ok(Some(Due::Passed(passed)));
        }
    }
    Ok(None)
}

fn before(now: Timestamp, span: Duration) -> i64 {
    let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    now.millis().saturating_sub(span)
}

fn exists(conn: &Connection, sql: &str, key: i64) -> Result<bool, StoreError> {
    conn.prepare_cached(sql)
        .and_then(|mut select| select.exists([key]))
        .doing(DOING)
}

/// The last of a slice of rows at the beginning of a table that are too old. Those of a clock that
/// was ahead are as old as the first one behind them that is not.
fn oldest(
    conn: &Connection,
    table: &str,
    time: &str,
    limit: i64,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let ahead = now.plus(DAY).millis();
    let rows: Vec<(i64, i64)> = conn
        .prepare_cached(&format!(
            "SELECT id, {time} FROM {table} ORDER BY id LIMIT {SLICE}"
        ))
        .and_then(|mut select| {
            select
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .doing(DOING)?;
    let Some((last, mut present)) = rows.last().copied() else {
        return Ok(None);
    };
    if present > ahead {
        present = behind_ahead(conn, table, time, last, ahead)?;
    }
    // From the last one backwards, so that each has what lies behind it.
    let mut last = None;
    for (id, time) in rows.into_iter().rev() {
        if time <= ahead {
            present = time;
        }
        match present < limit {
            true => last = last.max(Some(id)),
            false => last = None,
        }
    }
    Ok(last)
}

/// The time of the first row behind `last` whose clock was not ahead. Where there is none, nothing
/// is known of how old the others are, unless there are too many of them to look through.
fn behind_ahead(
    conn: &Connection,
    table: &str,
    time: &str,
    last: i64,
    ahead: i64,
) -> Result<i64, StoreError> {
    let first: Option<i64> = conn
        .prepare_cached(&format!(
            "SELECT {time} FROM
                 (SELECT {time} FROM {table} WHERE id > ?1 ORDER BY id LIMIT {AHEAD_MOST})
             WHERE {time} <= ?2 LIMIT 1"
        ))
        .and_then(|mut select| select.query_row([last, ahead], |row| row.get(0)).optional())
        .doing(DOING)?;
    if let Some(time) = first {
        return Ok(time);
    }
    let are_many = format!("SELECT 1 FROM {table} WHERE id > ?1 LIMIT 1 OFFSET {AHEAD_MOST}");
    Ok(match exists(conn, &are_many, last)? {
        true => i64::MIN,
        false => i64::MAX,
    })
}

/// Whether runs were counted before that day. A database of before the counting has no table.
fn has_started(conn: &Connection, day: i64) -> Result<bool, StoreError> {
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'started' AND ?1 > 0";
    Ok(exists(conn, table, day)? && exists(conn, "SELECT 1 FROM started WHERE day < ?1", day)?)
}

/// The next page of a pass, if one is under way or due.
fn next_page(conn: &Connection, pass: Pass, now: Timestamp) -> Result<Option<Passed>, StoreError> {
    let last = load(conn, pass)?;
    let (began, behind) = match last {
        Some(Progress {
            began,
            behind: Some(behind),
        }) => (began, behind),
        // A clock that was set back begins one, too.
        Some(Progress { began, .. })
            if began > before(now, BETWEEN_PASSES) && began <= now.millis() =>
        {
            return Ok(None);
        }
        _ => (now.millis(), 0),
    };
    let (rows, behind) = match pass {
        Pass::Conversations => conversations(conn, behind, now)?,
        Pass::Ledger => ledger_rows(conn, behind, now)?,
        Pass::Unclaimed => unclaimed_rows(conn, behind)?,
    };
    let progress = Progress { began, behind };
    Ok(Some(Passed {
        pass,
        rows,
        progress,
    }))
}

fn load(conn: &Connection, pass: Pass) -> Result<Option<Progress>, StoreError> {
    let text: Option<String> = conn
        .prepare_cached("SELECT value FROM setting WHERE name = ?1")
        .and_then(|mut select| {
            select
                .query_row([pass.setting()], |row| row.get(0))
                .optional()
        })
        .doing(DOING)?;
    let read = |text: &str| {
        let (began, behind) = text.split_once(' ')?;
        let behind = match behind {
            "end" => None,
            row => Some(row.parse().ok()?),
        };
        Some(Progress {
            began: began.parse().ok()?,
            behind,
        })
    };
    text.map(|text| {
        read(&text).ok_or_else(|| damaged(format!("the setting {} is {text:?}", pass.setting())))
    })
    .transpose()
}

fn save(txn: &Connection, pass: Pass, progress: Progress) -> Result<(), StoreError> {
    let Progress { began, behind } = progress;
    let value = match behind {
        Some(row) => format!("{began} {row}"),
        None => format!("{began} end"),
    };
    txn.prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")
        .and_then(|mut insert| insert.execute([pass.setting(), value.as_str()]))
        .doing(DOING)?;
    Ok(())
}

/// Rows of a page that may go, and the last that was looked at; `None` at the end.
type Found = (Vec<i64>, Option<i64>);

fn conversations(conn: &Connection, behind: i64, now: Timestamp) -> Result<Found, StoreError> {
    let rows: Vec<(i64, Option<i64>, bool, i64)> = conn
        .prepare_cached(
            "SELECT c.run_id, r.retrieval_id, r.code IS NOT NULL, coalesce(r.started, 0)
             FROM conversation c LEFT JOIN run r ON r.id = c.run_id
             WHERE c.run_id > ?1 ORDER BY c.run_id LIMIT ?2",
        )
        .and_then(|mut select| {
            let rows = select.query_map(params![behind, LOOK_TEXTS], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
            rows.collect()
        })
        .doing(DOING)?;
    let failed_limit = before(now, FAILED_CONVERSATION);
    let mut newest: HashMap<i64, i64> = HashMap::new();
    let mut gone = Vec::new();
    for (run, retrieval, failed, started) in &rows {
        let may_go = match retrieval {
            None => true,
            Some(_) if *failed && *started >= failed_limit => false,
            Some(retrieval) => {
                let first_kept = match newest.get(retrieval) {
                    Some(first) => *first,
                    None => {
                        let first = nth_newest(conn, *retrieval, CONVERSATIONS - 1)?.unwrap_or(0);
                        newest.insert(*retrieval, first);
                        first
                    }
                };
                *run < first_kept
            }
        };
        if may_go {
            gone.push(*run);
        }
    }
    let is_full = rows.len() == LOOK_TEXTS as usize;
    let last = rows.last().filter(|_| is_full).map(|row| row.0);
    Ok((gone, last))
}

/// The run of a retrieval behind so many newer ones.
fn nth_newest(conn: &Connection, retrieval: i64, newer: u32) -> Result<Option<i64>, StoreError> {
    conn.prepare_cached(
        "SELECT id FROM run WHERE retrieval_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2",
    )
    .and_then(|mut select| {
        select
            .query_row(params![retrieval, newer], |row| row.get(0))
            .optional()
    })
    .doing(DOING)
}

/// Rows of messages whose deletion was confirmed and which no listing has named for so long. The
/// last row of a maildrop stays: its number would be given again.
const IS_PAST: &str = "
    state = 3 AND last_listed < ?2
    AND EXISTS (SELECT 1 FROM ledger n WHERE n.id > l.id AND n.id < ((l.id >> 32) + 1) << 32)";

fn ledger_rows(conn: &Connection, behind: i64, now: Timestamp) -> Result<Found, StoreError> {
    let rows: Vec<(i64, bool)> = conn
        .prepare_cached(&format!(
            "SELECT l.id, coalesce({IS_PAST}, 0) FROM ledger l
             WHERE l.id > ?1 ORDER BY l.id LIMIT ?3"
        ))
        .and_then(|mut select| {
            let key = params![behind, before(now, ABSENT), LOOK];
            let rows = select.query_map(key, |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .doing(DOING)?;
    Ok(found(rows))
}

/// Addresses without a rule whose message is gone.
const IS_GONE: &str = "NOT EXISTS (SELECT 1 FROM message m WHERE m.id = u.message_id)";

fn unclaimed_rows(conn: &Connection, behind: i64) -> Result<Found, StoreError> {
    let rows: Vec<(i64, bool)> = conn
        .prepare_cached(&format!(
            "SELECT u.id, {IS_GONE} FROM unclaimed u WHERE u.id > ?1 ORDER BY u.id LIMIT ?2"
        ))
        .and_then(|mut select| {
            let key = params![behind, LOOK];
            let rows = select.query_map(key, |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .doing(DOING)?;
    Ok(found(rows))
}

/// A slice of the rows of a page that may go.
fn found(rows: Vec<(i64, bool)>) -> Found {
    let mut last = rows
        .last()
        .filter(|_| rows.len() == LOOK as usize)
        .map(|row| row.0);
    let past = rows.into_iter().filter(|row| row.1).map(|row| row.0);
    let mut gone: Vec<i64> = past.collect();
    if gone.len() > SLICE as usize {
        gone.truncate(SLICE as usize);
        last = gone.last().copied();
    }
    (gone, last)
}

/// Forgets the conversation of the run that a retrieval's newest one has pushed out of the last 20.
/// A failed one stays until a pass finds it too old.
pub(crate) fn forget_conversation(
    txn: &Connection,
    retrieval: RetrievalId,
) -> Result<(), StoreError> {
    let Some(pushed_out) = nth_newest(txn, retrieval.row(), CONVERSATIONS)? else {
        return Ok(());
    };
    txn.prepare_cached(
        "DELETE FROM conversation WHERE run_id = ?1
             AND EXISTS (SELECT 1 FROM run WHERE id = ?1 AND code IS NULL)",
    )
    .and_then(|mut delete| delete.execute([pushed_out]))
    .doing(DOING)?;
    Ok(())
}

/// A slice of a chore, for the writer.
pub(crate) struct HousekeepingJob {
    due: Due,
    now: Timestamp,
    rows: usize,
    /// Messages that the step in hand removed.
    gone: Vec<RemovedMessages>,
    announcer: Arc<Announcer>,
    reply: oneshot::Sender<Result<(Chore, u64), StoreError>>,
}

impl HousekeepingJob {
    pub(crate) fn new(
        due: Due,
        now: Timestamp,
        announcer: Arc<Announcer>,
        reply: oneshot::Sender<Result<(Chore, u64), StoreError>>,
    ) -> Self {
        Self {
            due,
            now,
            rows: 0,
            gone: Vec::new(),
            announcer,
            reply,
        }
    }

    fn slice(&mut self, txn: &Connection) -> Result<usize, StoreError> {
        let delete = |sql: &str, key: i64| {
            txn.prepare_cached(sql)
                .and_then(|mut delete| delete.execute([key]))
                .doing(DOING)
        };
        match &self.due {
            Due::Fold => folding::fold(txn, self.now),
            Due::Runs { upto } => {
                delete("DELETE FROM conversation WHERE run_id <= ?1", *upto)?;
                delete("DELETE FROM run WHERE id <= ?1", *upto)
            }
            Due::Passed(passed) => self.forget(txn, passed),
            Due::Audit { upto } => delete("DELETE FROM audit WHERE id <= ?1", *upto),
            Due::Started { before } => delete(
                "DELETE FROM started WHERE (day, who) IN
                     (SELECT day, who FROM started WHERE day < ?1 ORDER BY day, who LIMIT 500)",
                *before,
            ),
            Due::Notices => notices::clear(txn, self.now, SLICE),
            Due::Tally { before } => delete(
                "DELETE FROM tally WHERE hour IN
                     (SELECT hour FROM tally WHERE hour < ?1 ORDER BY hour LIMIT 500)",
                *before,
            ),
            Due::SharedOut { before } => forget_shared_out(txn, *before),
            Due::Visitors => visitors::forget(txn, self.now, SLICE),
            Due::Trash => {
                self.gone = trash::remove_old(txn, self.now, SLICE)?;
                Ok(self.gone.iter().map(|gone| gone.uids.len()).sum())
            }
        }
    }

    /// What a reader found may have changed since, so a ledger row is looked at once more.
    fn forget(&self, txn: &Connection, passed: &Passed) -> Result<usize, StoreError> {
        let mut gone = 0;
        match passed.pass {
            Pass::Conversations => {
                let mut delete = txn
                    .prepare_cached("DELETE FROM conversation WHERE run_id = ?1")
                    .doing(DOING)?;
                for run in &passed.rows {
                    gone += delete.execute([run]).doing(DOING)?;
                }
            }
            Pass::Ledger => {
                let sql = format!("DELETE FROM ledger AS l WHERE l.id = ?1 AND {IS_PAST}");
                let mut delete = txn.prepare_cached(&sql).doing(DOING)?;
                let mut forget_copies = txn
                    .prepare_cached("DELETE FROM claimed WHERE ledger_id = ?1")
                    .doing(DOING)?;
                let limit = before(self.now, ABSENT);
                for row in &passed.rows {
                    let went = delete.execute([*row, limit]).doing(DOING)?;
                    if went > 0 {
                        forget_copies.execute([*row]).doing(DOING)?;
                    }
                    gone += went;
                }
            }
            Pass::Unclaimed => {
                let sql = format!("DELETE FROM unclaimed AS u WHERE u.id = ?1 AND {IS_GONE}");
                let mut delete = txn.prepare_cached(&sql).doing(DOING)?;
                for row in &passed.rows {
                    gone += delete.execute([row]).doing(DOING)?;
                }
            }
        }
        save(txn, passed.pass, passed.progress)?;
        Ok(gone)
    }
}

/// Forgets a slice of what was shared out before then, each by its whole key: a folder may have very
/// many.
fn forget_shared_out(txn: &Connection, before: i64) -> Result<usize, StoreError> {
    let keys: Vec<(i64, Vec<u8>)> = txn
        .prepare_cached(
            "SELECT folder_id, identity FROM shared_out WHERE at < ?1 ORDER BY at LIMIT ?2",
        )
        .and_then(|mut select| {
            let rows =
                select.query_map(params![before, SLICE], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .doing(DOING)?;
    let mut delete = txn
        .prepare_cached("DELETE FROM shared_out WHERE folder_id = ?1 AND identity = ?2")
        .doing(DOING)?;
    for key in &keys {
        delete.execute(params![key.0, key.1]).doing(DOING)?;
    }
    Ok(keys.len())
}

impl Job for HousekeepingJob {
    fn step(&mut self, txn: &Connection, _: &Surroundings) -> Result<Step, StoreError> {
        self.rows = self.slice(txn)?;
        Ok(Step::Done)
    }

    fn committed(&mut self) {
        let gone = std::mem::take(&mut self.gone);
        if self.announcer.is_heard() {
            gone.into_iter()
                .for_each(|gone| self.announcer.announce(News::Went(gone)));
        }
    }

    fn weight(&self) -> Weight {
        Weight {
            slice: true,
            ..Weight::default()
        }
    }

    fn durability(&self) -> Durability {
        Durability::WithTheNext
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        let done = (self.due.chore(), self.rows as u64);
        // The caller may have gone away.
        self.reply.send(outcome.map(|()| done)).ok();
        None
    }
}
