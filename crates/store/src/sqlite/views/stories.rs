//! Stories of messages, as far as an account may see them.
//!
//! The ledgers of the retrievals that are its own or fill it alone are walked from end to end. Of all
//! others, catch-alls above all, only what was put into its folders counts: those are walked from
//! their newest messages on. So a person's search does not read what everybody else has.

use std::sync::Arc;
use std::time::Duration;

use inhaul_types::{AccountId, Timestamp};
use rusqlite::{Connection, params, params_from_iter};

use crate::sqlite::errors::Doing;
use crate::sqlite::readers::Readers;
use crate::sqlite::story::{self, Found, Wanted};
use crate::{LedgerStory, StoreError};

const DOING: &str = "search the ledger";

/// A message's date may be so much before the moment it was stored: a run does both in this order.
const A_RUN: Duration = Duration::from_secs(24 * 3600);

/// The newest stories with every one of `words`.
pub(super) async fn search(
    readers: &Arc<Readers>,
    of: Option<AccountId>,
    words: &[String],
    since: Timestamp,
) -> Result<Vec<LedgerStory>, StoreError> {
    let Some(account) = of else {
        return story::search(readers, words, Some(since)).await;
    };
    let wanted = Wanted {
        words: words.into(),
        of,
        since: Some(since),
    };
    let (maildrops, folders) = readers
        .read(move |conn| Ok((whole_maildrops(conn, account)?, folders(conn, account)?)))
        .await?;
    let mut found = Vec::new();
    let ledgers = maildrops.iter().rev();
    let ledgers = ledgers.map(|maildrop| (maildrop << 32)..((maildrop + 1) << 32));
    story::walk(readers, &wanted, ledgers.collect(), &mut found).await?;
    let maildrops: Arc<[i64]> = maildrops.into();
    for folder in folders {
        placed(readers, &wanted, folder, &maildrops, &mut found).await?;
    }
    story::tell(readers, found, of).await
}

/// Maildrops of retrievals that are the account's own or fill it alone. One that a catch-all reads,
/// too, is none of them.
fn whole_maildrops(conn: &Connection, account: AccountId) -> Result<Vec<i64>, StoreError> {
    numbers(
        conn,
        "SELECT DISTINCT r.maildrop_id FROM retrieval r JOIN folder f ON f.id = r.folder_id
         WHERE r.routing = 'single' AND (r.owner_id = ?1 OR f.account_id = ?1)
             AND NOT EXISTS (SELECT 1 FROM retrieval o
                 WHERE o.maildrop_id = r.maildrop_id AND o.routing = 'catch-all')
         ORDER BY r.maildrop_id",
        account,
    )
}

fn folders(conn: &Connection, account: AccountId) -> Result<Vec<i64>, StoreError> {
    numbers(
        conn,
        "SELECT id FROM folder WHERE account_id = ?1 ORDER BY id",
        account,
    )
}

fn numbers(conn: &Connection, sql: &str, account: AccountId) -> Result<Vec<i64>, StoreError> {
    conn.prepare_cached(sql)
        .and_then(|mut select| {
            select
                .query_map([account.row()], |row| row.get(0))?
                .collect()
        })
        .doing(DOING)
}

/// Where a stretch of a folder begins, going back in time: behind this moment and number.
type Behind = (i64, i64);

/// Adds the ledger rows of messages in a folder whose maildrop is none of `walked`.
async fn placed(
    readers: &Arc<Readers>,
    wanted: &Wanted,
    folder: i64,
    walked: &Arc<[i64]>,
    found: &mut Vec<Found>,
) -> Result<(), StoreError> {
    let (mut behind, mut found_here) = (Some((i64::MAX, i64::MAX)), 0);
    // The messages come newest first: behind so many are none that would stay.
    while let Some(from) = behind
        && found_here < story::MOST
    {
        let (wanted, walked) = (wanted.clone(), Arc::clone(walked));
        let read = move |conn: &_| stretch(conn, &wanted, folder, &walked, from);
        let (here, next) = readers.read(read).await?;
        for row in here {
            if found.iter().all(|known| known.id != row.id) {
                found_here += 1;
                found.push(row);
            }
        }
        story::keep_newest(found);
        behind = next;
    }
    Ok(())
}

/// What a stretch of a folder holds, and where the next one begins.
fn stretch(
    conn: &Connection,
    wanted: &Wanted,
    folder: i64,
    walked: &[i64],
    from: Behind,
) -> Result<(Vec<Found>, Option<Behind>), StoreError> {
    let Some(last) = last_of_stretch(conn, folder, from)? else {
        return Ok((Vec::new(), None));
    };
    let matches: String = wanted
        .places()
        .map(|(pattern, number)| {
            format!(
                " AND (CAST(l.unique_id AS TEXT) LIKE ?{pattern} ESCAPE '\\' OR {})",
                story::is_in_message(pattern, number)
            )
        })
        .collect();
    let walked: Vec<String> = walked.iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT DISTINCT m.ledger_id, coalesce(l.stored_at, l.first_seen) FROM message m CROSS JOIN ledger l ON l.id = m.ledger_id
         WHERE m.folder_id = {folder} AND (m.internal_date, m.id) >= (?1, ?2)
             AND (m.internal_date, m.id) < ({}, {})
             AND ?3 IS NOT NULL AND coalesce(l.stored_at, l.first_seen) >= ?4
             AND m.ledger_id >> 32 NOT IN ({}){matches}
         ORDER BY m.internal_date DESC, m.id DESC LIMIT {}",
        from.0,
        from.1,
        walked.join(", "),
        story::MOST,
    );
    let found = conn
        .prepare(&sql)
        .and_then(|mut select| {
            let key = params_from_iter(wanted.params([last.0, last.1]));
            select
                .query_map(key, |row| story::found(row, true))?
                .collect()
        })
        .doing(DOING)?;
    let is_past = wanted
        .since
        .is_some_and(|since| Timestamp::from_millis(last.0).plus(A_RUN) < since);
    Ok((found, (!is_past).then_some(last)))
}

/// The last message of a stretch: moment and number.
fn last_of_stretch(
    conn: &Connection,
    folder: i64,
    from: Behind,
) -> Result<Option<Behind>, StoreError> {
    let mut select = conn
        .prepare_cached(
            "SELECT internal_date, id FROM
                 (SELECT internal_date, id FROM message
                  WHERE folder_id = ?1 AND (internal_date, id) < (?2, ?3)
                  ORDER BY internal_date DESC, id DESC LIMIT ?4)
             ORDER BY internal_date, id LIMIT 1",
        )
        .doing(DOING)?;
    let mut rows = select
        .query(params![folder, from.0, from.1, story::PAGE])
        .doing(DOING)?;
    let row = rows.next().doing(DOING)?;
    row.map(|row| Ok((row.get(0).doing(DOING)?, row.get(1).doing(DOING)?)))
        .transpose()
}
