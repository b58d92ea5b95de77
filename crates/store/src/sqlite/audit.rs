//! The audit: added to, read page by page, never changed.

use std::sync::Arc;

use inhaul_types::{AccountId, AuditId, Timestamp};
use rusqlite::{Connection, Row, params};

use super::errors::Doing;
use super::readers::Readers;
use super::story::like_pattern;
use crate::{Audit, AuditFilter, NewAudit, Page, StoreError};

/// Rows looked at in one read transaction.
const LOOK: u32 = 2000;
/// Read transactions of one call.
const LOOKS: u32 = 20;

const READ: &str = "read the audit";

/// Adds a row.
pub(crate) fn add(txn: &Connection, audit: &NewAudit) -> Result<AuditId, StoreError> {
    txn.prepare_cached(
        "INSERT INTO audit (at, actor, account_id, channel, action, object, old_value, new_value)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            audit.at.millis(),
            cut(&audit.actor),
            audit.account.map(AccountId::row),
            cut(&audit.channel),
            cut(&audit.action),
            cut(&audit.object),
            audit.old.as_deref().map(cut),
            audit.new.as_deref().map(cut),
        ])
    })
    .doing("write the audit")?;
    Ok(AuditId::new(txn.last_insert_rowid()))
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(NewAudit::LONGEST)]
}

/// One page behind `before`.
pub(crate) async fn page(
    readers: &Arc<Readers>,
    filter: AuditFilter,
    before: Option<AuditId>,
    most: u32,
) -> Result<Page<Audit, AuditId>, StoreError> {
    let filter = Arc::new(filter);
    let (mut rows, mut end) = (Vec::new(), before.map_or(i64::MAX, AuditId::row));
    for _ in 0..LOOKS {
        let room = most.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        let filter = Arc::clone(&filter);
        let look = move |conn: &_| look(conn, &filter, end, room);
        let (found, next) = readers.read(look).await?;
        rows.extend(found);
        match next {
            Some(next) if rows.len() < most as usize => end = next,
            next => {
                let next = next.map(AuditId::new);
                return Ok(Page { rows, next });
            }
        }
    }
    let next = Some(AuditId::new(end));
    Ok(Page { rows, next })
}

/// What a stretch below `end` holds, and where the next one ends.
fn look(
    conn: &Connection,
    filter: &AuditFilter,
    end: i64,
    most: u32,
) -> Result<(Vec<Audit>, Option<i64>), StoreError> {
    let start: Option<i64> = conn
        .prepare_cached(
            "SELECT min(id) FROM (SELECT id FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2)",
        )
        .and_then(|mut select| select.query_row(params![end, LOOK], |row| row.get(0)))
        .doing(READ)?;
    let Some(start) = start else {
        return Ok((Vec::new(), None));
    };
    let what = filter.what.as_deref().map(like_pattern);
    let since = filter.since.map(Timestamp::millis);
    let found: Vec<Audit> = conn
        .prepare_cached(
            "SELECT id, at, actor, account_id, channel, action, object, old_value, new_value
             FROM audit
             WHERE id >= ?1 AND id < ?2 AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR actor = ?4)
                 AND (?5 IS NULL OR action || ' ' || object LIKE ?5 ESCAPE '\\')
             ORDER BY id DESC LIMIT ?6",
        )
        .and_then(|mut select| {
            let key = params![start, end, since, filter.actor, what, most];
            select.query_map(key, audit)?.collect()
        })
        .doing(READ)?;
    if found.len() == most as usize {
        let last = found.last().map_or(end, |last| last.id.row());
        return Ok((found, Some(last)));
    }
    let is_past = |since: i64| -> Result<bool, StoreError> {
        conn.prepare_cached("SELECT at < ?2 FROM audit WHERE id = ?1")
            .and_then(|mut select| select.query_row([start, since], |row| row.get(0)))
            .doing(READ)
    };
    let next = match since {
        Some(since) if is_past(since)? => None,
        _ => Some(start),
    };
    Ok((found, next))
}

fn audit(row: &Row<'_>) -> rusqlite::Result<Audit> {
    Ok(Audit {
        id: AuditId::new(row.get(0)?),
        change: NewAudit {
            at: Timestamp::from_millis(row.get(1)?),
            actor: row.get(2)?,
            account: row.get::<_, Option<i64>>(3)?.map(AccountId::new),
            channel: row.get(4)?,
            action: row.get(5)?,
            object: row.get(6)?,
            old: row.get(7)?,
            new: row.get(8)?,
        },
    })
}
