//! Writes ledger changes, and with the last of them the end of a run.
//!
//! A few thousand changed rows are one transaction. 200,000 are many, so that nobody waits
//! long for the writer; a crash between them leaves rows `Asked` that were deleted, which the
//! next run settles. Only the last slice asks for a sync: it covers the others. The end of a run that
//! looked and changed nothing asks for none: thousands of checks an hour would keep a disk awake.

use std::ops::Range;

use inhaul_domain::LedgerState;
use inhaul_types::{LedgerId, MaildropId, Octets, Timestamp, UniqueId};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::errors::{Doing, missing};
use super::words::ledger_state;
use super::writer::{Durability, Job, Step, Surroundings, Weight};
use super::{ledger, runs};
use crate::{LedgerChange, RunEnd, StoreError};

/// Rows changed in one transaction: some 10 ms.
const SLICE: i64 = 5000;

const DOING: &str = "write the ledger";

/// Changes of one maildrop's rows on their way.
pub(crate) struct LedgerJob {
    maildrop: MaildropId,
    changes: Vec<Change>,
    /// Changes committed already.
    done: usize,
    /// Changes the step in hand gets to.
    upto: usize,
    end: Option<RunEnd>,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

impl LedgerJob {
    pub(crate) fn new(
        maildrop: MaildropId,
        changes: Vec<LedgerChange>,
        end: Option<RunEnd>,
        reply: oneshot::Sender<Result<(), StoreError>>,
    ) -> Self {
        let changes = changes.into_iter().flat_map(flatten).collect();
        Self {
            maildrop,
            changes,
            done: 0,
            upto: 0,
            end,
            reply,
        }
    }

    /// How far a step beginning at `done` gets.
    fn reach(&self) -> usize {
        let mut rows = 0;
        let fits = |change: &&Change| {
            rows += change.rows();
            rows <= SLICE
        };
        self.done + self.changes[self.done..].iter().take_while(fits).count()
    }
}

impl Job for LedgerJob {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        let now = (around.clock)();
        self.upto = self.reach();
        for change in &self.changes[self.done..self.upto] {
            change.write(txn, self.maildrop, now)?;
        }
        if self.upto < self.changes.len() {
            return Ok(Step::More);
        }
        if let Some(end) = &self.end {
            runs::finish(txn, end)?;
        }
        Ok(Step::Done)
    }

    fn committed(&mut self) {
        self.done = self.upto;
    }

    fn weight(&self) -> Weight {
        let last = self.reach() == self.changes.len();
        Weight {
            messages: 1,
            octets: 0,
            slice: !last,
        }
    }

    fn durability(&self) -> Durability {
        let is_last = self.reach() == self.changes.len();
        match &self.end {
            // A power cut may undo what is recorded of a look: the next look finds the same.
            Some(end) if self.changes.is_empty() && end.found_nothing_new() => {
                Durability::WithTheNext
            }
            _ if is_last => Durability::Synced,
            _ => Durability::WithTheNext,
        }
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        // The caller may have gone away.
        self.reply.send(outcome).ok();
        None
    }
}

/// A change as it is written: rows as stretches that follow each other without a gap.
enum Change {
    State(Range<i64>, LedgerState),
    Appeared(Range<i64>),
    Vanished(Range<i64>),
    Order(Range<i64>),
    /// Everything that is one row or none.
    Other(LedgerChange),
}

fn flatten(change: LedgerChange) -> Vec<Change> {
    match change {
        LedgerChange::State { rows, state } => stretches(rows)
            .map(|rows| Change::State(rows, state))
            .collect(),
        LedgerChange::Appeared(rows) => stretches(rows).map(Change::Appeared).collect(),
        LedgerChange::Vanished(rows) => stretches(rows).map(Change::Vanished).collect(),
        LedgerChange::Order(rows) => stretches(rows).map(Change::Order).collect(),
        other => vec![Change::Other(other)],
    }
}

/// Joins rows whose numbers follow each other, as a run's rows do: one statement for many.
fn stretches(rows: Vec<LedgerId>) -> impl Iterator<Item = Range<i64>> {
    let mut rows: Vec<i64> = rows.into_iter().map(LedgerId::row).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut rows = rows.into_iter().peekable();
    std::iter::from_fn(move || {
        let start = rows.next()?;
        let mut end = start + 1;
        while end - start < SLICE && rows.next_if_eq(&end).is_some() {
            end += 1;
        }
        Some(start..end)
    })
}

impl Change {
    fn rows(&self) -> i64 {
        match self {
            Self::State(rows, _)
            | Self::Appeared(rows)
            | Self::Vanished(rows)
            | Self::Order(rows) => rows.end - rows.start,
            Self::Other(_) => 1,
        }
    }

    fn write(
        &self,
        txn: &Connection,
        maildrop: MaildropId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows = match self {
            Self::Other(change) => return write_other(txn, maildrop, change, now),
            Self::State(rows, _)
            | Self::Appeared(rows)
            | Self::Vanished(rows)
            | Self::Order(rows) => rows,
        };
        let own = ledger::rows_of(maildrop);
        if rows.start < own.start || rows.end > own.end {
            return Err(missing("ledger row", rows.start));
        }
        let now = now.millis();
        let (start, end) = (rows.start, rows.end);
        let changed = match self {
            Self::State(_, LedgerState::Asked) => change(txn, ASKED, (start, end, now))?,
            Self::State(_, LedgerState::Deleted) => change(txn, DELETED, (start, end, now))?,
            Self::State(_, state) => {
                change(txn, STATE, (start, end, ledger_state::to_column(*state)))?
            }
            Self::Appeared(_) => change(txn, APPEARED, (start, end))?,
            Self::Vanished(_) => change(txn, VANISHED, (start, end, now))?,
            Self::Order(_) => change(txn, ORDER, (start, end, now))?,
            Self::Other(_) => 0,
        };
        if changed.cast_signed() as i64 != self.rows() {
            tracing::error!(%maildrop, ?rows, changed, "a ledger change met rows left out or none");
        }
        Ok(())
    }
}

// Rows of messages that were left out never become asked or deleted, whoever says so: they would
// prove a message stored that is not.
const ASKED: &str =
    "UPDATE ledger SET state = 2, asked_at = ?3 WHERE id >= ?1 AND id < ?2 AND state < 10";
const DELETED: &str = "
    UPDATE ledger SET state = 3, deleted_at = ?3, asks = asks + 1
    WHERE id >= ?1 AND id < ?2 AND state < 10";
const STATE: &str = "UPDATE ledger SET state = ?3 WHERE id >= ?1 AND id < ?2 AND state < 10";
// What is stored needs no order.
const ORDER: &str = "
    UPDATE ledger SET state = 15, asks = 0, left_at = ?3 WHERE id >= ?1 AND id < ?2 AND state >= 10";
const APPEARED: &str = "UPDATE ledger SET last_listed = NULL WHERE id >= ?1 AND id < ?2";
const VANISHED: &str = "UPDATE ledger SET last_listed = ?3 WHERE id >= ?1 AND id < ?2";

fn write_other(
    txn: &Connection,
    maildrop: MaildropId,
    change: &LedgerChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    const BROKEN: &str = "UPDATE maildrop SET ids_broken = 1 WHERE id = ?1";
    const HOLD: &str = "UPDATE maildrop SET held_until = ?2 WHERE id = ?1";
    const SESSION: &str = "UPDATE maildrop SET session_messages = ?2 WHERE id = ?1";
    const PARTIAL: &str = "UPDATE maildrop SET partial = 1 WHERE id = ?1";
    const BEGUN: &str = "UPDATE retrieval SET start = NULL WHERE maildrop_id = ?1";
    match change {
        LedgerChange::Leave {
            unique_id,
            listed_size,
            reason,
            detail,
        } => {
            let listed = Listed::new(unique_id.as_ref(), *listed_size);
            let state = ledger_state::to_column(LedgerState::LeftOut(*reason));
            leave(txn, maildrop, &listed, state, detail, now).map(|_| ())
        }
        LedgerChange::Relink {
            row,
            unique_id,
            listed_size,
        } => relink(
            txn,
            maildrop,
            *row,
            &Listed::new(unique_id.as_ref(), *listed_size),
        ),
        LedgerChange::IdsBroken => execute(txn, BROKEN, [maildrop.row()]),
        LedgerChange::HoldRelinkedDeletion(until) => {
            execute(txn, HOLD, (maildrop.row(), until.map(Timestamp::millis)))
        }
        LedgerChange::SessionSize(size) => execute(txn, SESSION, (maildrop.row(), size.messages())),
        LedgerChange::ListsInParts => execute(txn, PARTIAL, [maildrop.row()]),
        LedgerChange::Begun => execute(txn, BEGUN, [maildrop.row()]),
        LedgerChange::State { .. }
        | LedgerChange::Appeared(_)
        | LedgerChange::Vanished(_)
        | LedgerChange::Order(_) => Ok(()),
    }
}

/// What a listing says of a message, as columns.
pub(crate) struct Listed<'a> {
    unique_id: Option<&'a [u8]>,
    size: Option<i64>,
}

impl<'a> Listed<'a> {
    pub(crate) fn new(unique_id: Option<&'a UniqueId>, size: Option<Octets>) -> Self {
        Self {
            unique_id: unique_id.map(UniqueId::as_bytes),
            size: size.map(|size| size.count().cast_signed()),
        }
    }

    fn left_out_row(
        &self,
        txn: &Connection,
        maildrop: MaildropId,
    ) -> Result<Option<i64>, StoreError> {
        let rows = ledger::rows_of(maildrop);
        txn.prepare_cached(ledger::FIND_LEFT_OUT)
            .and_then(|mut select| {
                let key = params![self.unique_id, self.size, rows.start, rows.end];
                select.query_row(key, |row| row.get(0)).optional()
            })
            .doing(DOING)
    }
}

/// A message left out again has its row already; the reason may be another one. Says which it is.
pub(crate) fn leave(
    txn: &Connection,
    maildrop: MaildropId,
    listed: &Listed<'_>,
    state: i64,
    detail: &str,
    now: Timestamp,
) -> Result<LedgerId, StoreError> {
    const LEAVE: &str = "
        INSERT INTO ledger (id, state, epoch, listed_size, first_seen, unique_id, reason, left_at,
             asks)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, ?2 IN (13, 15))
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, epoch = excluded.epoch,
            last_listed = NULL, reason = excluded.reason, left_at = excluded.left_at,
            asks = asks + excluded.asks";
    let row = match listed.left_out_row(txn, maildrop)? {
        Some(row) => row,
        None => ledger::next_row(txn, maildrop)?,
    };
    let epoch = ledger::present_epoch(txn, maildrop)?;
    let columns = params![
        row,
        state,
        epoch,
        listed.size,
        now.millis(),
        listed.unique_id,
        detail
    ];
    execute(txn, LEAVE, columns)?;
    Ok(LedgerId::new(row))
}

/// A left-out row of the same id and size told of the same message: the stored row takes over.
fn relink(
    txn: &Connection,
    maildrop: MaildropId,
    row: LedgerId,
    listed: &Listed<'_>,
) -> Result<(), StoreError> {
    const FORGET: &str = "DELETE FROM ledger WHERE id = ?1";
    const RELINK: &str = "
        UPDATE ledger SET state = 1, epoch = ?2, unique_id = ?3, listed_size = ?4,
            last_listed = NULL, deleted_at = NULL, reason = NULL, left_at = NULL
        WHERE id = ?1 AND state < 10";
    if !ledger::rows_of(maildrop).contains(&row.row()) {
        return Err(missing("ledger row", row));
    }
    match listed.left_out_row(txn, maildrop)? {
        Some(left_out) if left_out != row.row() => execute(txn, FORGET, [left_out])?,
        _ => {}
    }
    let epoch = ledger::present_epoch(txn, maildrop)?;
    execute(
        txn,
        RELINK,
        params![row.row(), epoch, listed.unique_id, listed.size],
    )
}

fn execute(txn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<(), StoreError> {
    change(txn, sql, params).map(|_| ())
}

/// Says how many rows it changed.
fn change(txn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
    txn.prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .doing(DOING)
}

#[cfg(test)]
mod tests {
    use inhaul_types::{ErrorCode, RunId};

    use super::*;

    #[test]
    fn rows_that_follow_each_other_become_one_stretch() {
        let ids = |rows: &[i64]| rows.iter().copied().map(LedgerId::new).collect::<Vec<_>>();
        let joined = |rows: &[i64]| stretches(ids(rows)).collect::<Vec<_>>();
        assert_eq!(joined(&[]), []);
        assert_eq!(joined(&[3, 1, 2, 2, 9, 5, 4]), [1..6, 9..10]);
        let many: Vec<i64> = (0..SLICE * 2 + 1).collect();
        assert_eq!(
            joined(&many),
            [0..SLICE, SLICE..SLICE * 2, SLICE * 2..SLICE * 2 + 1]
        );
    }

    #[test]
    fn only_a_look_that_found_nothing_new_waits_for_no_sync() {
        let look = RunEnd {
            run: RunId::new(1),
            ended: Timestamp::from_millis(0),
            code: None,
            listed: 20,
            stored: 0,
            octets: Octets::ZERO,
            deleted: 0,
            left: 0,
            notes: Vec::new(),
            said: None,
            detail: None,
            conversation: String::new(),
            capabilities: None,
            sign_in_memory: None,
            stopped: false,
            schedule: None,
            due_before: None,
            counts: true,
        };
        let durability = |end: &RunEnd, changes| {
            let (reply, _) = oneshot::channel();
            LedgerJob::new(MaildropId::new(1), changes, Some(end.clone()), reply).durability()
        };
        assert_eq!(durability(&look, Vec::new()), Durability::WithTheNext);
        let (stored, deleted, failed) = (
            RunEnd {
                stored: 1,
                ..look.clone()
            },
            RunEnd {
                deleted: 1,
                ..look.clone()
            },
            RunEnd {
                code: Some(ErrorCode::AuthRefused),
                ..look.clone()
            },
        );
        for end in [&stored, &deleted, &failed] {
            assert_eq!(durability(end, Vec::new()), Durability::Synced, "{end:?}");
        }
        let vanished = vec![LedgerChange::Vanished(vec![LedgerId::new(1)])];
        assert_eq!(durability(&look, vanished), Durability::Synced);
    }
}
