//! Reads the ledger: whole, as a run needs it; row by row as proofs; by words for a person.
//!
//! A maildrop's rows are one stretch of the table: id is maildrop * 2^32 + n.

use std::ops::Range;

use inhaul_domain::{IdTrust, Ledger, LedgerState, NewLedgerRow, Proof, RowEpoch};
use inhaul_types::{Digest, Fingerprint, LedgerId, MaildropId, Octets, Timestamp, UniqueId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::errors::{Doing, damaged, missing};
use super::words::ledger_state;
use crate::{LedgerStory, StoreError, Summary};

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
    let mut select = conn
        .prepare_cached(
            "SELECT id, state, epoch, listed_size, last_listed IS NULL, first_seen, stored_at,
                 deleted_at, unique_id, min(asks, 255), left_at
             FROM ledger WHERE id >= ?1 AND id < ?2 ORDER BY id",
        )
        .doing(DOING)?;
    let range = rows_of(maildrop);
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

fn octets(row: &Row<'_>, column: usize) -> Result<Option<Octets>, StoreError> {
    let octets: Option<i64> = row.get(column).doing(DOING)?;
    Ok(octets.map(|octets| Octets::new(octets.cast_unsigned())))
}

/// Rows with every one of `words` in unique-id, sender, subject or Message-ID, newest first.
///
/// Reads the whole table: for a person who looks for one message, not for a run.
pub(crate) fn search(conn: &Connection, words: &[String]) -> Result<Vec<LedgerStory>, StoreError> {
    let sql = search_sql(words.len());
    let patterns: Vec<String> = words.iter().map(|word| like_pattern(word)).collect();
    let mut select = conn.prepare(&sql).doing(DOING)?;
    let mut rows = select
        .query(rusqlite::params_from_iter(&patterns))
        .doing(DOING)?;
    let mut stories = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        stories.push(story(conn, row)?);
    }
    Ok(stories)
}

fn search_sql(words: usize) -> String {
    let mut sql = String::from(
        "SELECT l.id, d.host, d.user, l.unique_id, l.listed_size, l.size, l.state, l.first_seen,
             l.stored_at, l.asked_at, l.deleted_at, l.reason, l.message_id, l.placements
         FROM ledger l JOIN maildrop d ON d.id = l.id >> 32 WHERE 1",
    );
    for word in 1..=words {
        sql += &format!(
            " AND (CAST(l.unique_id AS TEXT) LIKE ?{word} ESCAPE '\\' OR EXISTS
                (SELECT 1 FROM message m
                 WHERE m.id >= l.message_id AND m.id < l.message_id + l.placements
                     AND m.ledger_id = l.id
                     AND (m.sender LIKE ?{word} ESCAPE '\\' OR m.subject LIKE ?{word} ESCAPE '\\'
                         OR m.message_id LIKE ?{word} ESCAPE '\\')))"
        );
    }
    sql + " ORDER BY coalesce(l.stored_at, l.first_seen) DESC, l.id DESC LIMIT 100"
}

fn like_pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn story(conn: &Connection, row: &Row<'_>) -> Result<LedgerStory, StoreError> {
    let time = |column: usize| -> Result<Option<Timestamp>, StoreError> {
        Ok(row
            .get::<_, Option<i64>>(column)
            .doing(DOING)?
            .map(Timestamp::from_millis))
    };
    let unique_id: Option<Vec<u8>> = row.get(3).doing(DOING)?;
    let id = LedgerId::new(row.get(0).doing(DOING)?);
    let first: Option<i64> = row.get(12).doing(DOING)?;
    let (places, summary) = match first {
        Some(first) => places(conn, id, first, row.get(13).doing(DOING)?)?,
        None => (Vec::new(), None),
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
        places,
        summary,
    })
}

/// Where a row's placements are now, and what the first of them looks like in a list.
fn places(
    conn: &Connection,
    ledger: LedgerId,
    first: i64,
    placements: i64,
) -> Result<(Vec<String>, Option<Summary>), StoreError> {
    let mut select = conn
        .prepare_cached(
            "SELECT a.name || ' / ' || f.name, m.sender, m.subject, m.date, m.message_id,
                 m.has_attachment
             FROM message m JOIN folder f ON f.id = m.folder_id JOIN account a ON a.id = f.account_id
             WHERE m.id >= ?1 AND m.id < ?1 + ?2 AND m.ledger_id = ?3 ORDER BY m.id",
        )
        .doing(DOING)?;
    let mut rows = select
        .query(params![first, placements, ledger.row()])
        .doing(DOING)?;
    let (mut places, mut summary) = (Vec::new(), None);
    while let Some(row) = rows.next().doing(DOING)? {
        places.push(row.get(0).doing(DOING)?);
        if summary.is_none() {
            summary = Some(super::messages::summary(row, 1).doing(DOING)?);
        }
    }
    Ok((places, summary))
}
