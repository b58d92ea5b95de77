//! Runs: their beginning, their end and what it says of the retrieval, their conversation.

use std::sync::PoisonError;

use inhaul_domain::schedule::Setback;
use inhaul_types::card::Detail;
use inhaul_types::{ErrorCode, Octets, RetrievalId, RunId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::errors::{Doing, damaged, missing};
use super::words::{from_word, sign_in_memory};
use super::writer::Surroundings;
use super::{housekeeping, schedule, started, tally};
use crate::{NewRun, Run, RunEnd, RunNote, StoreError, Uncounted};

const WRITE: &str = "record a run";
const READ: &str = "read the runs";

/// Records the beginning, if mail may be brought in.
pub(crate) fn begin(
    txn: &Connection,
    around: &Surroundings,
    run: NewRun,
) -> Result<RunId, StoreError> {
    // Before anybody is dialled: a run that cannot store must not begin.
    around
        .segments
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .check()?;
    txn.prepare_cached("INSERT INTO run (retrieval_id, activation, started) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| {
            let started = run.started.millis();
            insert.execute(params![
                run.retrieval.row(),
                run.activation.as_str(),
                started
            ])
        })
        .doing(WRITE)?;
    let id = RunId::new(txn.last_insert_rowid());
    // Should this process be killed in the run, the next one knows that the server has been asked.
    txn.prepare_cached("UPDATE retrieval SET last_started = ?2 WHERE id = ?1")
        .and_then(|mut update| update.execute((run.retrieval.row(), run.started.millis())))
        .doing(WRITE)?;
    if let Some(by) = run.started_by {
        started::count(txn, by, run.started)?;
    }
    Ok(id)
}

/// Ends the runs that a killed process left open, at opening: whoever has the directory now knows
/// that nobody is in them. They say nothing of their retrievals, as if they had been told to stop.
pub(crate) fn end_interrupted(conn: &Connection, now: Timestamp) -> Result<(), StoreError> {
    let open = conn
        .prepare_cached("SELECT 1 FROM run WHERE ended IS NULL")
        .and_then(|mut select| select.exists([]))
        .doing(READ)?;
    // Without any nothing is written, so that opening costs no sync.
    if open {
        conn.execute(
            "UPDATE run SET ended = max(started, ?1), stopped = 1 WHERE ended IS NULL",
            [now.millis()],
        )
        .doing(WRITE)?;
    }
    Ok(())
}

/// Records the end, the conversation, and the retrieval's state.
pub(crate) fn finish(txn: &Connection, end: &RunEnd) -> Result<(), StoreError> {
    let retrieval: i64 = txn
        .prepare_cached(
            "UPDATE run SET ended = ?2, code = ?3, listed = ?4, stored = ?5, octets = ?6,
                 deleted = ?7, left = ?8, said = ?9, stopped = ?10, notes = ?11
             WHERE id = ?1 RETURNING retrieval_id",
        )
        .and_then(|mut update| {
            let columns = params![
                end.run.row(),
                end.ended.millis(),
                end.code.map(ErrorCode::as_str),
                count(end.listed),
                count(end.stored),
                count(end.octets.count()),
                count(end.deleted),
                count(end.left),
                end.said,
                end.stopped,
                notes_to_column(&end.notes),
            ];
            update.query_row(columns, |row| row.get(0)).optional()
        })
        .doing(WRITE)?
        .ok_or_else(|| missing("run", end.run))?;
    if !end.conversation.is_empty() {
        txn.prepare_cached("INSERT OR REPLACE INTO conversation (run_id, text) VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute(params![end.run.row(), end.conversation]))
            .doing(WRITE)?;
        housekeeping::forget_conversation(txn, RetrievalId::new(retrieval))?;
    }
    if let Some(state) = &end.schedule {
        schedule::write_after_run(txn, RetrievalId::new(retrieval), end.due_before, state)?;
    }
    tally::count(txn, end)?;
    write_state(txn, retrieval, end)
}

/// A maildrop that another program holds, and a server that wants to be asked less often, are no
/// failures, so they count as none; they are shown.
fn write_state(txn: &Connection, retrieval: i64, end: &RunEnd) -> Result<(), StoreError> {
    const GOOD: &str = "
        UPDATE retrieval SET capabilities = ?2, mechanism = ?3, last_good = ?4,
            failing_since = NULL, failures = 0, last_error = NULL, last_detail = NULL,
            said_auth = 0, first_run_keeps = 0
        WHERE id = ?1";
    const BUSY: &str = "
        UPDATE retrieval SET capabilities = ?2, mechanism = ?3, last_error = ?4, last_detail = ?5
        WHERE id = ?1";
    const FAILED: &str = "
        UPDATE retrieval SET capabilities = ?2, mechanism = ?3,
            failing_since = coalesce(failing_since, ?4), failures = failures + 1, last_error = ?5,
            last_detail = ?6, said_auth = ?7
        WHERE id = ?1";
    if end.stopped || !end.counts {
        return Ok(());
    }
    let capabilities = &end.capabilities;
    let mechanism = end.sign_in_memory.map(sign_in_memory::to_column);
    let ended = end.ended.millis();
    let detail = end.detail.as_ref().map(Detail::to_record);
    match end.code {
        None => txn
            .prepare_cached(GOOD)
            .and_then(|mut update| update.execute((retrieval, capabilities, mechanism, ended))),
        Some(code @ (ErrorCode::MailboxInUse | ErrorCode::TooOften)) => {
            txn.prepare_cached(BUSY).and_then(|mut update| {
                update.execute((retrieval, capabilities, mechanism, code.as_str(), detail))
            })
        }
        Some(code) => txn.prepare_cached(FAILED).and_then(|mut update| {
            let said_auth = end.said_auth();
            update.execute((
                retrieval,
                capabilities,
                mechanism,
                ended,
                code.as_str(),
                detail,
                said_auth,
            ))
        }),
    }
    .doing(WRITE)?;
    Ok(())
}

/// Takes failures back that were nobody's: the machine had no network. What somebody has saved since
/// then stands.
pub(crate) fn uncount(txn: &Connection, before: &[Uncounted]) -> Result<(), StoreError> {
    for state in before {
        txn.prepare_cached(
            "UPDATE retrieval SET failing_since = ?2, failures = ?3, last_error = ?4,
                 last_detail = ?5, said_auth = ?6, setback = ?7, setbacks = ?8
             WHERE id = ?1 AND failures > ?3",
        )
        .and_then(|mut update| {
            update.execute(params![
                state.retrieval.row(),
                state.failing_since.map(Timestamp::millis),
                state.failures,
                state.last_error.map(ErrorCode::as_str),
                state.last_detail.as_ref().map(Detail::to_record),
                state.said_auth,
                state.schedule.setback.map(Setback::as_str),
                state.schedule.setbacks,
            ])
        })
        .doing(WRITE)?;
    }
    Ok(())
}

fn notes_to_column(notes: &[RunNote]) -> Option<String> {
    let line = |note: &RunNote| format!("{} {}", note.code, note.messages);
    let lines: Vec<_> = notes.iter().map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn notes_from_column(column: &str) -> Result<Vec<RunNote>, StoreError> {
    let note = |line: &str| {
        let (code, messages) = line.split_once(' ')?;
        Some((code.to_owned(), messages.parse().ok()?))
    };
    let read = |line| {
        let (code, messages) =
            note(line).ok_or_else(|| damaged(format!("{line:?} is no note of a run")))?;
        let code = from_word(&code)?;
        Ok(RunNote { code, messages })
    };
    column.lines().map(read).collect()
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

const COLUMNS: &str = "
    SELECT id, retrieval_id, activation, started, ended, code, listed, stored, octets, deleted,
        left, said, notes, stopped, folded
    FROM run";

/// A retrieval's latest runs, newest first.
pub(crate) fn list(
    conn: &Connection,
    retrieval: RetrievalId,
    most: u32,
) -> Result<Vec<Run>, StoreError> {
    let newest = "WHERE retrieval_id = ?1 ORDER BY id DESC LIMIT ?2";
    select(conn, newest, params![retrieval.row(), most])
}

/// The runs that the rest of a statement names.
pub(crate) fn select(
    conn: &Connection,
    which: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<Run>, StoreError> {
    let mut select = conn
        .prepare_cached(&format!("{COLUMNS} {which}"))
        .doing(READ)?;
    let mut rows = select.query(params).doing(READ)?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next().doing(READ)? {
        runs.push(run(row)?);
    }
    Ok(runs)
}

/// One run.
pub(crate) fn by_id(conn: &Connection, id: RunId) -> Result<Run, StoreError> {
    let mut select = conn
        .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))
        .doing(READ)?;
    let mut rows = select.query([id.row()]).doing(READ)?;
    let found = rows.next().doing(READ)?.ok_or_else(|| missing("run", id))?;
    run(found)
}

fn run(row: &Row<'_>) -> Result<Run, StoreError> {
    let activation: String = row.get(2).doing(READ)?;
    let code: Option<String> = row.get(5).doing(READ)?;
    let columns = || -> rusqlite::Result<Run> {
        Ok(Run {
            id: RunId::new(row.get(0)?),
            retrieval: RetrievalId::new(row.get(1)?),
            activation: inhaul_types::Activation::Schedule,
            started: Timestamp::from_millis(row.get(3)?),
            ended: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
            code: None,
            listed: row.get::<_, i64>(6)?.cast_unsigned(),
            stored: row.get::<_, i64>(7)?.cast_unsigned(),
            octets: Octets::new(row.get::<_, i64>(8)?.cast_unsigned()),
            deleted: row.get::<_, i64>(9)?.cast_unsigned(),
            left: row.get::<_, i64>(10)?.cast_unsigned(),
            notes: Vec::new(),
            said: row.get(11)?,
            stopped: row.get(13)?,
            folded: row.get::<_, i64>(14)?.cast_unsigned(),
        })
    };
    let code = code.as_deref().map(from_word).transpose()?;
    let notes: Option<String> = row.get(12).doing(READ)?;
    Ok(Run {
        activation: from_word(&activation)?,
        code,
        notes: notes_from_column(notes.as_deref().unwrap_or_default())?,
        ..columns().doing(READ)?
    })
}

/// A run's conversation.
pub(crate) fn conversation(conn: &Connection, run: RunId) -> Result<Option<String>, StoreError> {
    conn.prepare_cached("SELECT text FROM conversation WHERE run_id = ?1")
        .and_then(|mut select| select.query_row([run.row()], |row| row.get(0)).optional())
        .doing("read a conversation")
}
