//! What lists show of all folders of an account together: the starred, the largest.
//!
//! Each folder gives the beginning of what its index holds, and of those the first are taken: no more
//! than a page of each folder is looked at, however much there is. Rows are read of what is shown only.

use inhaul_types::{AccountId, FolderId, MessageId, Octets, Timestamp};
use rusqlite::{Connection, Row, ToSql, params};

use crate::sqlite::accounts;
use crate::sqlite::errors::Doing;
use crate::sqlite::messages;
use crate::sqlite::views::newest;
use crate::{FolderName, LARGE, Message, Shown, StoreError};

const DOING: &str = "look through the folders";

/// What a list is ordered by, and the number: both descending.
type Place = (i64, MessageId);

/// Those with a star, newest first.
pub(super) fn starred(
    conn: &Connection,
    account: AccountId,
    before: Option<(Timestamp, MessageId)>,
    most: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut places = Vec::new();
    for folder in but_trash(conn, account)? {
        let found = newest::places(conn, folder, Shown::Flagged, before, most)?;
        places.extend(found.into_iter().map(|(at, id)| (at.millis(), id)));
    }
    first(conn, places, most)
}

/// How many have a star, up to `most`.
pub(super) fn count_starred(
    conn: &Connection,
    account: AccountId,
    most: u32,
) -> Result<u32, StoreError> {
    let mut count: u32 = 0;
    for folder in but_trash(conn, account)? {
        let more: u32 = conn
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM message m
                     WHERE m.folder_id = ?1 AND m.flags & 4 != 0 LIMIT ?2)",
            )
            .and_then(|mut select| {
                let room = most.saturating_sub(count);
                select.query_row(params![folder.row(), room], |row| row.get(0))
            })
            .doing(DOING)?;
        count = count.saturating_add(more);
    }
    Ok(count)
}

/// The largest, of one folder or all.
pub(super) fn largest(
    conn: &Connection,
    account: AccountId,
    folder: Option<FolderId>,
    before: Option<(Octets, MessageId)>,
    most: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut places = Vec::new();
    for one in accounts::folders(conn, account)? {
        if folder.is_none_or(|folder| folder == one.id) {
            places.append(&mut large_places(conn, one.id, before, most)?);
        }
    }
    first(conn, places, most)
}

fn but_trash(conn: &Connection, account: AccountId) -> Result<Vec<FolderId>, StoreError> {
    let folders = accounts::folders(conn, account)?;
    let shown = folders
        .into_iter()
        .filter(|folder| folder.name != FolderName::TRASH);
    Ok(shown.map(|folder| folder.id).collect())
}

/// The messages at the first of these places.
fn first(conn: &Connection, mut places: Vec<Place>, most: u32) -> Result<Vec<Message>, StoreError> {
    places.sort_unstable_by(|one, other| other.cmp(one));
    places.truncate(most as usize);
    places
        .into_iter()
        .map(|(_, id)| messages::by_id(conn, id))
        .collect()
}

/// Of the size ?2, behind the number ?4.
const SAME_SIZE: &str = "m.size = ?2 AND m.id < ?4";
/// Smaller than ?2.
const SMALLER: &str = "m.size < ?2";

/// In the words of the index that holds only these.
fn large(which: &str) -> String {
    format!(
        "SELECT m.size, m.id FROM message m WHERE m.folder_id = ?1 AND m.size >= {} AND {which}
         ORDER BY m.size DESC, m.id DESC LIMIT ?3",
        LARGE.count()
    )
}

fn large_places(
    conn: &Connection,
    folder: FolderId,
    before: Option<(Octets, MessageId)>,
    most: u32,
) -> Result<Vec<Place>, StoreError> {
    let select = |which: &str, key: &[&dyn ToSql]| -> Result<Vec<Place>, StoreError> {
        conn.prepare_cached(&large(which))
            .and_then(|mut select| {
                let place = |row: &Row<'_>| Ok((row.get(0)?, MessageId::new(row.get(1)?)));
                select.query_map(key, place)?.collect()
            })
            .doing(DOING)
    };
    let folder = folder.row();
    let Some((size, id)) = before else {
        return select(SMALLER, params![folder, i64::MAX, most]);
    };
    let size = size.count().cast_signed();
    let mut found = select(SAME_SIZE, params![folder, size, most, id.row()])?;
    let room = most.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
    if room > 0 {
        found.append(&mut select(SMALLER, params![folder, size, room])?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_read_along_their_index_without_sorting() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        for which in [SAME_SIZE, SMALLER] {
            let plan: Vec<String> = conn
                .prepare(&format!("EXPLAIN QUERY PLAN {}", large(which)))
                .unwrap()
                .query_map(
                    rusqlite::params_from_iter(vec![1; which.matches('?').count() + 2]),
                    |row| row.get(3),
                )
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let plan = plan.join("\n");
            assert!(
                plan.contains("COVERING INDEX message_large"),
                "{which}: {plan}"
            );
            assert!(!plan.contains("TEMP B-TREE"), "{which}: {plan}");
        }
    }
}
