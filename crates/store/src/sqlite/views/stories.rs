//! Stories of messages, as far as an account may see them.
//!
//! The ledgers of the retrievals that are its own or fill it alone are walked from end to end. Of all
//! others, catch-alls above all, only what was put into its folders counts: those are walked from
//! their newest messages on. So a person's search does not read what everybody else has.
//!
//! A message's number tells when it was stored, its date does not: that is when it came to the server
//! it was brought from. `day` remembers with which number each day began.

use std::sync::Arc;

use inhaul_types::{AccountId, LedgerId, MessageId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::sqlite::day;
use crate::sqlite::errors::Doing;
use crate::sqlite::readers::Readers;
use crate::sqlite::story::{self, Found, Wanted};
use crate::{LedgerStory, StoreError};

const DOING: &str = "search the ledger";

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

/// Adds the ledger rows of messages in a folder whose maildrop is none of `walked`.
async fn placed(
    readers: &Arc<Readers>,
    wanted: &Wanted,
    folder: i64,
    walked: &Arc<[i64]>,
    found: &mut Vec<Found>,
) -> Result<(), StoreError> {
    let since = wanted.since;
    let numbers = readers.read(move |conn| stored_since(conn, folder, since));
    let numbers: Arc<[i64]> = numbers.await?.into();
    let (mut at, mut found_here) = (0, 0);
    // The messages come newest first: behind so many are none that would stay.
    while at < numbers.len() && found_here < story::MOST {
        let end = numbers.len().min(at + story::PAGE as usize);
        let (wanted, walked, numbers) = (wanted.clone(), Arc::clone(walked), Arc::clone(&numbers));
        let read = move |conn: &_| stretch(conn, &wanted, &walked, &numbers[at..end]);
        for row in readers.read(read).await? {
            if found.iter().all(|known| known.id != row.id) {
                found_here += 1;
                found.push(row);
            }
        }
        story::keep_newest(found);
        at = end;
    }
    Ok(())
}

/// The numbers of a folder's messages that may have been stored at this moment or later, newest first.
/// The index alone is read.
fn stored_since(
    conn: &Connection,
    folder: i64,
    since: Option<Timestamp>,
) -> Result<Vec<i64>, StoreError> {
    let first = match since {
        Some(since) => day::first_message(conn, since)?,
        None => 0,
    };
    let mut numbers: Vec<i64> = conn
        .prepare_cached(STORED_SINCE)
        .and_then(|mut select| {
            select
                .query_map([folder, first], |row| row.get(0))?
                .collect()
        })
        .doing(DOING)?;
    numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
    Ok(numbers)
}

const STORED_SINCE: &str =
    "SELECT id FROM message INDEXED BY message_by_uid WHERE folder_id = ?1 AND id >= ?2";

/// What these messages are in the ledger, as far as it is wanted.
fn stretch(
    conn: &Connection,
    wanted: &Wanted,
    walked: &[i64],
    numbers: &[i64],
) -> Result<Vec<Found>, StoreError> {
    let matches: String = wanted
        .places()
        .map(|(pattern, number)| {
            format!(
                " AND (CAST(l.unique_id AS TEXT) LIKE ?{pattern} ESCAPE '\\' OR {})",
                story::is_in_message(pattern, number)
            )
        })
        .collect();
    let joined = |numbers: &[i64]| {
        let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
        numbers.join(", ")
    };
    let sql = format!(
        "SELECT DISTINCT m.ledger_id, coalesce(l.stored_at, l.first_seen) FROM message m CROSS JOIN ledger l ON l.id = m.ledger_id
         WHERE m.id IN ({})
             AND (?4 IS NULL OR coalesce(l.stored_at, l.first_seen) >= ?4)
             AND m.ledger_id >> 32 NOT IN ({}){matches}
         ORDER BY m.id DESC LIMIT {}",
        joined(numbers),
        joined(walked),
        story::MOST,
    );
    conn.prepare(&sql)
        .and_then(|mut select| {
            let key = params_from_iter(wanted.params([0, 0]));
            select
                .query_map(key, |row| story::found(row, true))?
                .collect()
        })
        .doing(DOING)
}

/// The story of one message of an account; `None` of what no run brought.
pub(super) async fn of_message(
    readers: &Arc<Readers>,
    account: AccountId,
    message: MessageId,
) -> Result<Option<LedgerStory>, StoreError> {
    let find = move |conn: &Connection| {
        conn.prepare_cached(
            "SELECT l.id, coalesce(l.stored_at, l.first_seen)
             FROM message m JOIN folder f ON f.id = m.folder_id JOIN ledger l ON l.id = m.ledger_id
             WHERE m.id = ?1 AND f.account_id = ?2",
        )
        .and_then(|mut select| {
            select
                .query_row([message.row(), account.row()], |row| {
                    Ok(Found {
                        id: LedgerId::new(row.get(0)?),
                        at: Timestamp::from_millis(row.get(1)?),
                        others_too: true,
                    })
                })
                .optional()
        })
        .doing("read a message's story")
    };
    let found = readers.read(find).await?;
    let stories = story::tell(readers, found.into_iter().collect(), Some(account)).await?;
    Ok(stories.into_iter().next())
}
