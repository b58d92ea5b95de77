//! The newest messages of a folder.
//!
//! The index by folder and date holds the message's number behind the date, as every index does, so
//! it is walked backwards without sorting. The rest of the moment that a page ended in is a walk of
//! its own: thousands of messages may be of one moment.

use inhaul_types::{FolderId, MessageId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::sqlite::errors::Doing;
use crate::sqlite::messages;
use crate::{Message, Shown, StoreError};

/// What an index by folder and date holds.
const PLACES: &str = "SELECT m.internal_date, m.id FROM message m";
/// Of the moment ?2, behind the number ?3.
const SAME_MOMENT: &str = "
    WHERE m.folder_id = ?1 AND m.internal_date = ?2 AND m.id < ?3 ORDER BY m.id DESC LIMIT ?4";
/// Before the moment ?2.
const BEFORE: &str = "
    WHERE m.folder_id = ?1 AND m.internal_date < ?2
    ORDER BY m.internal_date DESC, m.id DESC LIMIT ?3";
/// From the newest on.
const FIRST: &str = "
    WHERE m.folder_id = ?1 ORDER BY m.internal_date DESC, m.id DESC LIMIT ?2";

/// One page behind `before`.
pub(in crate::sqlite) fn messages(
    conn: &Connection,
    folder: FolderId,
    shown: Shown,
    before: Option<(Timestamp, MessageId)>,
    most: u32,
) -> Result<Vec<Message>, StoreError> {
    page(
        conn,
        messages::COLUMNS,
        messages::message,
        folder,
        shown,
        before,
        most,
    )
}

/// These columns of one page behind `before`.
fn page<T>(
    conn: &Connection,
    columns: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    folder: FolderId,
    shown: Shown,
    before: Option<(Timestamp, MessageId)>,
    most: u32,
) -> Result<Vec<T>, StoreError> {
    let select = |which: &str, params: &[&dyn rusqlite::ToSql]| -> Result<Vec<T>, StoreError> {
        conn.prepare_cached(&sql(columns, which, shown))
            .and_then(|mut select| select.query_map(params, read)?.collect())
            .doing(DOING)
    };
    let folder = folder.row();
    let Some((moment, id)) = before else {
        return select(FIRST, params![folder, most]);
    };
    let moment = moment.millis();
    let mut found = select(SAME_MOMENT, params![folder, moment, id.row(), most])?;
    let room = most.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
    if room > 0 {
        found.extend(select(BEFORE, params![folder, moment, room])?);
    }
    Ok(found)
}

/// When the messages of one page behind `before` came, and their numbers: what the index itself holds.
pub(in crate::sqlite) fn places(
    conn: &Connection,
    folder: FolderId,
    shown: Shown,
    before: Option<(Timestamp, MessageId)>,
    most: u32,
) -> Result<Vec<(Timestamp, MessageId)>, StoreError> {
    page(conn, PLACES, place, folder, shown, before, most)
}

/// Behind so many newer ones.
pub(in crate::sqlite) fn place_at(
    conn: &Connection,
    folder: FolderId,
    shown: Shown,
    newer: u64,
) -> Result<Option<(Timestamp, MessageId)>, StoreError> {
    let select = sql(PLACES, FIRST, shown) + " OFFSET ?3";
    let newer = i64::try_from(newer).unwrap_or(i64::MAX);
    conn.prepare_cached(&select)
        .and_then(|mut select| {
            let row = select.query_row(params![folder.row(), 1, newer], place);
            row.optional()
        })
        .doing(DOING)
}

/// When a message came, and its number.
fn place(row: &Row<'_>) -> rusqlite::Result<(Timestamp, MessageId)> {
    let id = MessageId::new(row.get(1)?);
    Ok((Timestamp::from_millis(row.get(0)?), id))
}

/// What the messages of one page behind `before` have in these columns of `message m`.
pub(in crate::sqlite) fn columns<T>(
    conn: &Connection,
    columns: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    (folder, shown): (FolderId, Shown),
    before: Option<(Timestamp, MessageId)>,
    most: u32,
) -> Result<Vec<T>, StoreError> {
    let select = format!("SELECT {columns} FROM message m ");
    page(conn, &select, read, folder, shown, before, most)
}

fn sql(columns: &str, which: &str, shown: Shown) -> String {
    format!("{columns}{}", narrowed(which, shown))
}

/// In the words of the indices that hold only these.
fn narrowed(which: &str, shown: Shown) -> String {
    let shown = match shown {
        Shown::All => "",
        Shown::Unseen => " AND m.flags & 1 = 0",
        Shown::Flagged => " AND m.flags & 4 != 0",
    };
    which.replace(" ORDER BY", &format!("{shown} ORDER BY"))
}

const DOING: &str = "read the newest messages";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_along_the_index_without_sorting() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        let all = [
            (FIRST, "(folder_id=?)"),
            (BEFORE, "(folder_id=? AND internal_date<?)"),
            (SAME_MOMENT, "(folder_id=? AND internal_date=? AND rowid<?)"),
        ];
        let indices = [
            (Shown::All, "message_by_date"),
            (Shown::Unseen, "message_unseen"),
            (Shown::Flagged, "message_flagged"),
        ];
        for ((which, used), (shown, index)) in all
            .iter()
            .flat_map(|one| indices.iter().map(move |index| (*one, *index)))
        {
            let used = format!("{index} {used}");
            let mut explain = conn
                .prepare(&format!(
                    "EXPLAIN QUERY PLAN {}",
                    sql(messages::COLUMNS, which, shown)
                ))
                .unwrap();
            let plan: Vec<String> = explain
                .query_map(
                    rusqlite::params_from_iter([1; 4].iter().take(explain_params(which))),
                    |row| row.get(3),
                )
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let plan = plan.join("\n");
            assert!(plan.contains(&used), "{which}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{which}: {plan}");
        }
    }

    #[test]
    fn places_are_read_from_the_index_alone() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        for which in [FIRST, BEFORE, SAME_MOMENT] {
            let sql = sql(PLACES, which, Shown::Flagged);
            let plan: String = conn
                .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
                .unwrap()
                .query_row(
                    rusqlite::params_from_iter([1; 4].iter().take(explain_params(which))),
                    |row| row.get(3),
                )
                .unwrap();
            assert!(plan.contains("message_flagged"), "{which}: {plan}");
        }
    }

    fn explain_params(which: &str) -> usize {
        which.matches('?').count()
    }
}
