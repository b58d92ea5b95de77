//! Notices: what was told of this server, of each retrieval and of mailboxes, and what is on its way to whom.

use std::time::Duration;

use inhaul_types::{AccountId, NoticeId, RetrievalId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::errors::Doing;
use crate::{NewNotice, Notice, NoticeFate, NoticeSubject, StoreError, WaitingNotice};

/// How long a notice is tried.
const TRIED: Duration = Duration::from_secs(3 * 24 * 3600);
/// How long one that was given up can be seen.
const SEEN: Duration = Duration::from_secs(30 * 24 * 3600);
/// Notices that wait at most; of more the oldest are given up.
const WAITING_MOST: i64 = 10_000;
/// Notices that were given up and can be seen.
const SEEN_MOST: i64 = 10_000;
/// Octets of an error that are kept.
const ERROR_MOST: usize = 1000;

const READ: &str = "read the notices";
const WRITE: &str = "write the notices";

/// The setting that holds what was told of this server.
const OF_SERVER: &str = "told_of_server";

/// What was told of this server, of each retrieval and of mailboxes.
pub(crate) fn states(conn: &Connection) -> Result<Vec<(NoticeSubject, String)>, StoreError> {
    let of_server: Option<String> = conn
        .prepare_cached("SELECT value FROM setting WHERE name = ?1")
        .and_then(|mut select| select.query_row([OF_SERVER], |row| row.get(0)).optional())
        .doing(READ)?;
    let mut states: Vec<_> = of_server
        .map(|told| (NoticeSubject::Server, told))
        .into_iter()
        .collect();
    let of_rows = [
        "SELECT retrieval_id, told FROM notice_state ORDER BY retrieval_id",
        "SELECT account_id, told FROM notice_mailbox ORDER BY account_id",
    ];
    let subjects: [fn(i64) -> NoticeSubject; 2] = [
        |row| NoticeSubject::Retrieval(RetrievalId::new(row)),
        |row| NoticeSubject::Mailbox(AccountId::new(row)),
    ];
    for (select, subject) in of_rows.into_iter().zip(subjects) {
        conn.prepare_cached(select)
            .and_then(|mut select| {
                let rows = select.query_map([], |row| Ok((subject(row.get(0)?), row.get(1)?)))?;
                for row in rows {
                    states.push(row?);
                }
                Ok(())
            })
            .doing(READ)?;
    }
    Ok(states)
}

/// Writes what is told now and the notices that tell it.
pub(crate) fn record(
    txn: &Connection,
    states: &[(NoticeSubject, Option<String>)],
    notices: &[NewNotice],
) -> Result<Vec<NoticeId>, StoreError> {
    for (subject, told) in states {
        match subject {
            NoticeSubject::Server => record_of_server(txn, told.as_deref())?,
            NoticeSubject::Retrieval(id) => {
                record_of_row(txn, id.row(), told.as_deref(), OF_RETRIEVAL)?;
            }
            NoticeSubject::Mailbox(id) => {
                record_of_row(txn, id.row(), told.as_deref(), OF_MAILBOX)?;
            }
        }
    }
    let ids = notices.iter().map(|notice| add(txn, notice));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    if let Some(last) = notices.last() {
        give_up_oldest(txn, last.created)?;
    }
    Ok(ids)
}

fn record_of_server(txn: &Connection, told: Option<&str>) -> Result<(), StoreError> {
    match told {
        Some(told) => txn
            .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute([OF_SERVER, told])),
        None => txn
            .prepare_cached("DELETE FROM setting WHERE name = ?1")
            .and_then(|mut delete| delete.execute([OF_SERVER])),
    }
    .map(drop)
    .doing(WRITE)
}

/// Writes or forgets a row; none is written of what is not there any more.
fn record_of_row(
    txn: &Connection,
    row: i64,
    told: Option<&str>,
    [write, forget]: [&str; 2],
) -> Result<(), StoreError> {
    match told {
        Some(told) => txn
            .prepare_cached(write)
            .and_then(|mut insert| insert.execute(params![row, told])),
        None => txn
            .prepare_cached(forget)
            .and_then(|mut delete| delete.execute([row])),
    }
    .map(drop)
    .doing(WRITE)
}

const OF_RETRIEVAL: [&str; 2] = [
    "INSERT INTO notice_state (retrieval_id, told)
         SELECT id, ?2 FROM retrieval WHERE id = ?1
     ON CONFLICT (retrieval_id) DO UPDATE SET told = excluded.told",
    "DELETE FROM notice_state WHERE retrieval_id = ?1",
];
const OF_MAILBOX: [&str; 2] = [
    "INSERT INTO notice_mailbox (account_id, told)
         SELECT id, ?2 FROM account WHERE id = ?1
     ON CONFLICT (account_id) DO UPDATE SET told = excluded.told",
    "DELETE FROM notice_mailbox WHERE account_id = ?1",
];

fn add(txn: &Connection, notice: &NewNotice) -> Result<NoticeId, StoreError> {
    txn.prepare_cached(
        "INSERT INTO notice_outbox (created, channel, payload, next_try) VALUES (?1, ?2, ?3, ?1)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            notice.created.millis(),
            notice.channel,
            notice.payload
        ])
    })
    .doing(WRITE)?;
    Ok(NoticeId::new(txn.last_insert_rowid()))
}

fn give_up_oldest(txn: &Connection, now: Timestamp) -> Result<(), StoreError> {
    txn.prepare_cached(
        "UPDATE notice_outbox SET given_up = ?1, last_error = 'too many notices were waiting'
         WHERE given_up IS NULL AND id <=
             (SELECT id FROM notice_outbox WHERE given_up IS NULL ORDER BY id DESC
              LIMIT 1 OFFSET ?2)",
    )
    .and_then(|mut update| update.execute([now.millis(), WAITING_MOST]))
    .doing(WRITE)?;
    Ok(())
}

const COLUMNS: &str = "
    SELECT id, created, channel, payload, attempts, next_try, last_error, given_up
    FROM notice_outbox";

/// Notices whose next try has come.
pub(crate) fn due(conn: &Connection, now: Timestamp, most: u32) -> Result<Vec<Notice>, StoreError> {
    conn.prepare_cached(&format!(
        "{COLUMNS} WHERE given_up IS NULL AND next_try <= ?1 ORDER BY next_try, id LIMIT ?2"
    ))
    .and_then(|mut select| {
        select
            .query_map(params![now.millis(), most], notice)?
            .collect()
    })
    .doing(READ)
}

/// Those of one kind of channel that wait, the oldest first.
pub(crate) fn waiting(conn: &Connection, kind: &str) -> Result<Vec<WaitingNotice>, StoreError> {
    // ';' is the character behind ':'.
    conn.prepare_cached(
        "SELECT id, created, channel, attempts, next_try FROM notice_outbox
         WHERE given_up IS NULL
             AND (channel = ?1 OR (channel >= ?1 || ':' AND channel < ?1 || ';'))
         ORDER BY id",
    )
    .and_then(|mut select| {
        let rows = select.query_map([kind], |row| {
            Ok(WaitingNotice {
                id: NoticeId::new(row.get(0)?),
                created: Timestamp::from_millis(row.get(1)?),
                channel: row.get(2)?,
                attempts: row.get(3)?,
                next_try: Timestamp::from_millis(row.get(4)?),
            })
        })?;
        rows.collect()
    })
    .doing(READ)
}

/// What one of them sends.
pub(crate) fn payload(conn: &Connection, notice: NoticeId) -> Result<Option<String>, StoreError> {
    conn.prepare_cached("SELECT payload FROM notice_outbox WHERE id = ?1")
        .and_then(|mut select| {
            select
                .query_row([notice.row()], |row| row.get(0))
                .optional()
        })
        .doing(READ)
}

/// All of them, newest first.
pub(crate) fn list(conn: &Connection, most: u32) -> Result<Vec<Notice>, StoreError> {
    conn.prepare_cached(&format!("{COLUMNS} ORDER BY id DESC LIMIT ?1"))
        .and_then(|mut select| select.query_map([most], notice)?.collect())
        .doing(READ)
}

fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    Ok(Notice {
        id: NoticeId::new(row.get(0)?),
        created: Timestamp::from_millis(row.get(1)?),
        channel: row.get(2)?,
        payload: row.get(3)?,
        attempts: row.get(4)?,
        next_try: Timestamp::from_millis(row.get(5)?),
        last_error: row.get(6)?,
        given_up: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
    })
}

/// It has arrived. Says whether it was waiting.
pub(crate) fn done(txn: &Connection, notice: NoticeId) -> Result<bool, StoreError> {
    let gone = txn
        .prepare_cached("DELETE FROM notice_outbox WHERE id = ?1 AND given_up IS NULL")
        .and_then(|mut delete| delete.execute([notice.row()]))
        .doing(WRITE)?;
    Ok(gone > 0)
}

/// It could not be sent.
pub(crate) fn failed(
    txn: &Connection,
    notice: NoticeId,
    error: &str,
    now: Timestamp,
    next_try: Timestamp,
) -> Result<NoticeFate, StoreError> {
    let error = &error[..error.floor_char_boundary(ERROR_MOST)];
    let given_up: Option<bool> = txn
        .prepare_cached(
            "UPDATE notice_outbox SET attempts = attempts + 1, last_error = ?2, next_try = ?3,
                 given_up = CASE WHEN created < ?4 THEN ?5 END
             WHERE id = ?1 AND given_up IS NULL RETURNING given_up IS NOT NULL",
        )
        .and_then(|mut update| {
            let (now, too_old) = (now.millis(), before(now, TRIED));
            let columns = params![notice.row(), error, next_try.millis(), too_old, now];
            update.query_row(columns, |row| row.get(0)).optional()
        })
        .doing(WRITE)?;
    Ok(match given_up {
        None => NoticeFate::Gone,
        Some(true) => NoticeFate::GivenUp,
        Some(false) => NoticeFate::Waits,
    })
}

/// It will never be sent.
pub(crate) fn give_up(
    txn: &Connection,
    notice: NoticeId,
    error: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let error = &error[..error.floor_char_boundary(ERROR_MOST)];
    txn.prepare_cached(
        "UPDATE notice_outbox SET attempts = attempts + 1, last_error = ?2, given_up = ?3
         WHERE id = ?1 AND given_up IS NULL",
    )
    .and_then(|mut update| update.execute(params![notice.row(), error, now.millis()]))
    .map(drop)
    .doing(WRITE)
}

/// Whether there is something to give up or to forget.
pub(crate) fn has_old(conn: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM notice_outbox WHERE given_up IS NULL AND created < ?1)
             OR EXISTS (SELECT 1 FROM notice_outbox WHERE given_up < ?2)
             OR (SELECT count(*) FROM notice_outbox WHERE given_up IS NOT NULL) > ?3",
    )
    .and_then(|mut select| {
        let key = [before(now, TRIED), before(now, SEEN), SEEN_MOST];
        select.query_row(key, |row| row.get(0))
    })
    .doing(READ)
}

/// Gives up what nobody has tried for days, and forgets what was given up a month ago.
pub(crate) fn clear(txn: &Connection, now: Timestamp, most: u32) -> Result<usize, StoreError> {
    let given_up = txn
        .prepare_cached(
            "UPDATE notice_outbox SET given_up = ?1 WHERE id IN
                 (SELECT id FROM notice_outbox WHERE given_up IS NULL AND created < ?2 LIMIT ?3)",
        )
        .and_then(|mut update| update.execute(params![now.millis(), before(now, TRIED), most]))
        .doing(WRITE)?;
    let forgotten = txn
        .prepare_cached(
            "DELETE FROM notice_outbox WHERE id IN
                 (SELECT id FROM notice_outbox WHERE given_up < ?1
                     OR (given_up IS NOT NULL AND id <=
                         (SELECT id FROM notice_outbox WHERE given_up IS NOT NULL
                          ORDER BY id DESC LIMIT 1 OFFSET ?2))
                  LIMIT ?3)",
        )
        .and_then(|mut delete| delete.execute(params![before(now, SEEN), SEEN_MOST, most]))
        .doing(WRITE)?;
    Ok(given_up + forgotten)
}

fn before(now: Timestamp, span: Duration) -> i64 {
    let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    now.millis().saturating_sub(span)
}
