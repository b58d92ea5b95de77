//! Reads INBOX as a POP3 session sees it: uids, sizes and unique-ids, nothing else.
//!
//! Page by page, because no read transaction may be long. What arrives between two pages has a uid
//! behind those that were given out when the first one was read, and is left out; what goes between
//! them is missing when it is asked for. Start at `load`.

use std::sync::Arc;

use inhaul_types::{AccountId, FolderId, Octets, Uid};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accounts::INBOX;
use super::errors::{Doing, missing};
use super::readers::Readers;
use crate::{Maildrop, MaildropMessage, StoreError};

/// Messages read in one transaction: a few milliseconds.
const PAGE: usize = 4096;

const DOING: &str = "read a maildrop";

/// All that INBOX holds.
pub(crate) async fn load(
    readers: &Arc<Readers>,
    account: AccountId,
) -> Result<Maildrop, StoreError> {
    let first = move |conn: &_| Loading::begin(conn, account)?.with_next_page(conn);
    let mut loading = readers.read(first).await?;
    while !loading.is_whole {
        loading = readers
            .read(move |conn| loading.with_next_page(conn))
            .await?;
    }
    let Loading {
        folder,
        mut messages,
        ..
    } = loading;
    messages.shrink_to_fit();
    Ok(Maildrop { folder, messages })
}

/// A maildrop, as far as it is read.
struct Loading {
    folder: FolderId,
    messages: Vec<MaildropMessage>,
    /// The first uid that was not given out when it was begun.
    end: i64,
    is_whole: bool,
}

impl Loading {
    fn begin(conn: &Connection, account: AccountId) -> Result<Self, StoreError> {
        let (folder, expected, end) = conn
            .prepare_cached(
                "SELECT id, messages, uid_next FROM folder WHERE account_id = ?1 AND name = ?2",
            )
            .and_then(|mut select| {
                select
                    .query_row(params![account.row(), INBOX], |row| {
                        Ok((
                            FolderId::new(row.get(0)?),
                            row.get::<_, i64>(1)?,
                            row.get(2)?,
                        ))
                    })
                    .optional()
            })
            .doing(DOING)?
            .ok_or_else(|| missing("account", account))?;
        let mut messages = Vec::new();
        // A counter that does not read back is found elsewhere; here it only says what to expect.
        messages
            .try_reserve_exact(usize::try_from(expected).unwrap_or(0))
            .ok();
        Ok(Self {
            folder,
            messages,
            end,
            is_whole: false,
        })
    }

    fn with_next_page(mut self, conn: &Connection) -> Result<Self, StoreError> {
        let behind = self.messages.last().map_or(0, |last| last.uid.number());
        let before = self.messages.len();
        let mut select = conn
            .prepare_cached(
                "SELECT uid, size, uidl FROM message
                 WHERE folder_id = ?1 AND uid > ?2 AND uid < ?3 ORDER BY uid LIMIT ?4",
            )
            .doing(DOING)?;
        let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let mut rows = select
            .query([self.folder.row(), behind.into(), self.end, page])
            .doing(DOING)?;
        while let Some(row) = rows.next().doing(DOING)? {
            self.messages.push(message(row).doing(DOING)?);
        }
        self.is_whole = self.messages.len() - before < PAGE;
        Ok(self)
    }
}

fn message(row: &Row<'_>) -> rusqlite::Result<MaildropMessage> {
    Ok(MaildropMessage {
        uid: Uid::new(row.get(0)?),
        size: Octets::new(row.get::<_, i64>(1)?.cast_unsigned()),
        uidl: row.get(2)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_between_two_pages_is_left_to_the_next_session() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        let arrive = |first: usize, last: usize| {
            let sql = format!(
                "WITH RECURSIVE n(n) AS (VALUES ({first}) UNION ALL SELECT n + 1 FROM n WHERE n < {last})
                 INSERT INTO message (folder_id, uid, body_id, size, internal_date, mod_seq, uidl)
                     SELECT 1, n, 1, 5, 0, 1, zeroblob(12) FROM n;
                 UPDATE folder SET uid_next = {last} + 1, messages = {last};"
            );
            conn.execute_batch(&sql).unwrap();
        };
        conn.execute_batch(
            "INSERT INTO account (id, name, group_id, created) VALUES (1, 'alice', 1, 0);
             INSERT INTO folder (id, account_id, name, uid_validity) VALUES (1, 1, 'INBOX', 1);",
        )
        .unwrap();
        arrive(1, PAGE + 1);
        let loading = Loading::begin(&conn, AccountId::new(1)).unwrap();
        let loading = loading.with_next_page(&conn).unwrap();
        assert_eq!((loading.messages.len(), loading.is_whole), (PAGE, false));
        arrive(PAGE + 2, PAGE + 9);
        let loading = loading.with_next_page(&conn).unwrap();
        assert_eq!((loading.messages.len(), loading.is_whole), (PAGE + 1, true));
    }
}
