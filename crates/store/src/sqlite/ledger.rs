//! Reads the ledger: whole, as a run needs it; row by row as proofs. By words, for a person: `story`.
//!
//! A maildrop's rows are one stretch of the table: id is maildrop * 2^32 + n.

use std::ops::Range;

use inhaul_domain::{IdTrust, Ledger, LedgerState, NewLedgerRow, Proof, RowEpoch};
use inhaul_types::{Digest, Fingerprint, LedgerId, MaildropId, Octets, Timestamp, UniqueId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::errors::{Doing, damaged, missing};
use super::words::ledger_state;
use crate::StoreError;

/// The row of a message that was left out: id and size as listed, and the maildrop's stretch.
pub(crate) const FIND_LEFT_OUT: &str = "
    SELECT id FROM ledger WHERE state >= 10 AND unique_id IS ?1 AND listed_size IS ?2
        AND id >= ?3 AND id < ?4 LIMIT 1";

const DOING: &str = "read the ledger";

/// A maildrop's stretch of the table.
pub(crate) fn rows_of(maildrop: MaildropId) -> Range<i64> {
    (maildrop.row() << 32)..((maildrop.row() + 1) << 32)
}

/// The number of the next row.
pub(crate) fn next_row(txn: &Connection, maildrop: MaildropId) -> Result<i64, StoreError> {
    let rows = rows_of(maildrop);
    let last: Option<i64> = txn
        .prepare_cached("SELECT max(id) FROM ledger WHERE id >= ?1 AND id < ?2")
        .and_then(|mut select| select.query_row([rows.start, rows.end], |row| row.get(0)))
        .doing(DOING)?;
    Ok(last.map_or(rows.start, |last| last + 1))
}

/// The maildrop's present epoch.
pub(crate) fn present_epoch(txn: &Connection, maildrop: MaildropId) -> Result<i64, StoreError> {
    txn.prepare_cached("SELECT epoch FROM maildrop WHERE id = ?1")
        .and_then(|mut select| {
            select
                .query_row([maildrop.row()], |row| row.get(0))
                .optional()
        })
        .doing(DOING)?
        .ok_or_else(|| missing("maildrop", maildrop))
}

/// The whole ledger of a maildrop, oldest row first.
pub(crate) fn load(conn: &Connection, maildrop: MaildropId) -> Result<Ledger, StoreError> {
    let (epoch, broken): (i64, bool) = conn
        .prepare_cached("SELECT epoch, ids_broken FROM maildrop WHERE id = ?1")
        .and_then(|mut select| {
            select
                .query_row([maildrop.row()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .doing(DOING)?
        .ok_or_else(|| missing("maildrop", maildrop))?;
    let mut ledger = Ledger::new(if broken {
        IdTrust::Broken
    } else {
        IdTrust::Unbroken
    });
    let range = rows_of(maildrop);
    let (count, octets): (u32, u32) = conn
        .prepare_cached(
            "SELECT count(*), coalesce(sum(length(unique_id)), 0) FROM ledger
             WHERE id >= ?1 AND id < ?2",
        )
        .and_then(|mut select| {
            select.query_row([range.start, range.end], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })
        .doing(DOING)?;
    ledger.reserve(count as usize, octets as usize);
    let mut select = conn
        .prepare_cached(
            "SELECT id, state, epoch, listed_size, last_listed IS NULL, first_seen, stored_at,
                 deleted_at, unique_id, min(asks, 255), left_at
             FROM ledger WHERE id >= ?1 AND id < ?2 ORDER BY id",
        )
        .doing(DOING)?;
    let mut rows = select.query([range.start, range.end]).doing(DOING)?;
    while let Some(row) = rows.next().doing(DOING)? {
        push(&mut ledger, epoch, row)?;
    }
    Ok(ledger)
}

fn push(ledger: &mut Ledger, present: i64, row: &Row<'_>) -> Result<(), StoreError> {
    let unique_id = row
        .get_ref(8)
        .and_then(|id| Ok(id.as_blob_or_null()?))
        .doing(DOING)?;
    if unique_id.is_some_and(|id| id.len() > UniqueId::LONGEST) {
        return Err(damaged("a unique-id in the ledger is too long"));
    }
    let state = ledger_state::from_column(row.get(1).doing(DOING)?)?;
    let first_seen: i64 = row.get(5).doing(DOING)?;
    let since: Option<i64> = match state {
        LedgerState::Stored | LedgerState::Asked => row.get(6).doing(DOING)?,
        LedgerState::Deleted => row.get(7).doing(DOING)?,
        LedgerState::LeftOut(_) => row.get(10).doing(DOING)?,
    };
    let epoch: i64 = row.get(2).doing(DOING)?;
    ledger.push(NewLedgerRow {
        id: LedgerId::new(row.get(0).doing(DOING)?),
        unique_id,
        listed_size: octets(row, 3)?,
        state,
        since: Timestamp::from_millis(since.unwrap_or(first_seen)),
        listed_last: row.get(4).doing(DOING)?,
        epoch: if epoch == present {
            RowEpoch::Present
        } else {
            RowEpoch::Past
        },
        asks: row.get(9).doing(DOING)?,
    });
    Ok(())
}

/// Maildrops that other active retrievals fill from the same host and user.
pub(crate) fn others(
    conn: &Connection,
    maildrop: MaildropId,
) -> Result<Vec<MaildropId>, StoreError> {
    conn.prepare_cached(
        "SELECT other.id FROM maildrop this JOIN maildrop other
             ON other.host = this.host AND other.user = this.user AND other.id <> this.id
         WHERE this.id = ?1 AND EXISTS
             (SELECT 1 FROM retrieval WHERE maildrop_id = other.id AND paused = 0)
         ORDER BY other.id",
    )
    .and_then(|mut select| {
        select
            .query_map([maildrop.row()], |row| row.get(0).map(MaildropId::new))?
            .collect()
    })
    .doing(DOING)
}

/// What is known of some rows beyond the ledger's view, in the order asked for.
pub(crate) fn proofs(conn: &Connection, rows: &[LedgerId]) -> Result<Vec<Proof>, StoreError> {
    let mut select = conn
        .prepare_cached("SELECT fingerprint, digest, size FROM ledger WHERE id = ?1")
        .doing(DOING)?;
    let mut proof = |id: &LedgerId| {
        select
            .query_row([id.row()], |row| {
                Ok(Proof {
                    fingerprint: row.get::<_, Option<[u8; 32]>>(0)?.map(Fingerprint::new),
                    digest: row.get::<_, Option<[u8; 32]>>(1)?.map(Digest::new),
                    size: size_or_zero(row.get(2)?),
                })
            })
            .optional()
            .doing(DOING)?
            .ok_or_else(|| missing("ledger row", id))
    };
    rows.iter().map(&mut proof).collect()
}

fn size_or_zero(column: Option<i64>) -> Octets {
    Octets::new(column.unwrap_or(0).cast_unsigned())
}

pub(crate) fn octets(row: &Row<'_>, column: usize) -> Result<Option<Octets>, StoreError> {
    let octets: Option<i64> = row.get(column).doing(DOING)?;
    Ok(octets.map(|octets| Octets::new(octets.cast_unsigned())))
}
