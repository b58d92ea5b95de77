//! All of a folder, up to what somebody has seen: lists of numbers, read a page at a time.

use std::sync::Arc;

use inhaul_types::{AccountId, FolderId, MessageId, Uid};
use rusqlite::{Connection, params};

use crate::mail::FlagChange;
use crate::sqlite::accounts;
use crate::sqlite::errors::{Doing, missing};
use crate::sqlite::readers::Readers;
use crate::{Flags, StoreError};

/// Messages looked at in one read transaction: some 5 ms.
const LOOK: u32 = 5_000;

const DOING: &str = "look through a folder";

/// A message as a page has it.
struct Seen {
    id: MessageId,
    uid: Uid,
    flags: Flags,
}

/// Those whose marks this changes. [`StoreError::Missing`] unless the folder is the account's.
pub(super) async fn to_be_marked(
    readers: &Arc<Readers>,
    account: AccountId,
    folder: FolderId,
    upto: Uid,
    change: FlagChange,
) -> Result<Vec<MessageId>, StoreError> {
    let folders = readers
        .read(move |conn| accounts::folders(conn, account))
        .await?;
    if !folders.iter().any(|one| one.id == folder) {
        return Err(missing("folder", folder));
    }
    let seen = through(readers, folder, upto, move |seen| {
        change.of(seen.flags) != seen.flags
    });
    Ok(seen.await?.into_iter().map(|seen| seen.id).collect())
}

/// Their uids, ascending.
pub(super) async fn uids(
    readers: &Arc<Readers>,
    folder: FolderId,
    upto: Uid,
) -> Result<Vec<Uid>, StoreError> {
    let seen = through(readers, folder, upto, |_| true).await?;
    Ok(seen.into_iter().map(|seen| seen.uid).collect())
}

/// What is wanted of a folder up to this uid.
async fn through(
    readers: &Arc<Readers>,
    folder: FolderId,
    upto: Uid,
    is_wanted: impl Fn(&Seen) -> bool,
) -> Result<Vec<Seen>, StoreError> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = readers
            .read(move |conn| page(conn, folder, after, upto))
            .await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after = last.uid.number();
        all.extend(page.into_iter().filter(&is_wanted));
    }
}

fn page(
    conn: &Connection,
    folder: FolderId,
    after: u32,
    upto: Uid,
) -> Result<Vec<Seen>, StoreError> {
    conn.prepare_cached(
        "SELECT id, uid, flags FROM message WHERE folder_id = ?1 AND uid > ?2 AND uid <= ?3
         ORDER BY uid LIMIT ?4",
    )
    .and_then(|mut select| {
        let key = params![folder.row(), after, upto.number(), LOOK];
        let rows = select.query_map(key, |row| {
            Ok(Seen {
                id: MessageId::new(row.get(0)?),
                uid: Uid::new(row.get(1)?),
                flags: Flags::from_bits(row.get(2)?),
            })
        })?;
        rows.collect()
    })
    .doing(DOING)
}
