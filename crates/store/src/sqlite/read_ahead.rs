//! Reads whole small bodies ahead of whoever asks for one message behind the other: many in one
//! hop to a reader's thread and one transaction. Start at `bodies`.

use inhaul_types::{FolderId, Octets, Uid};
use rusqlite::{Connection, params};

use super::errors::Doing;
use super::messages::{AT, Reading};
use super::segments::SegmentFiles;
use crate::StoreError;

/// Octets read in one transaction, whatever is asked for: some milliseconds.
const MOST: u64 = 4 << 20;
/// Messages read in one transaction.
const MESSAGES: usize = 1024;

const DOING: &str = "read messages ahead";

/// Those of `uids` that are looked for in one transaction.
pub(crate) fn first(uids: &[Uid]) -> &[Uid] {
    &uids[..uids.len().min(MESSAGES)]
}

/// The bodies of the first of `uids`, as many as fit into `most` octets.
pub(crate) fn bodies(
    conn: &Connection,
    files: &SegmentFiles,
    folder: FolderId,
    uids: &[Uid],
    most: Octets,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut find = conn.prepare_cached(AT).doing(DOING)?;
    let mut room = most.count().min(MOST);
    let mut bodies = Vec::new();
    for uid in uids {
        let mut rows = find
            .query(params![folder.row(), uid.number()])
            .doing(DOING)?;
        let Some(row) = rows.next().doing(DOING)? else {
            break;
        };
        let reading = Reading::from_row(row).doing(DOING)?;
        let Some(left) = room.checked_sub(reading.size()) else {
            break;
        };
        match reading.whole(conn, files) {
            Ok(octets) => bodies.push(octets),
            // Whoever asks for this one next hears of it.
            Err(_) if !bodies.is_empty() => break,
            Err(error) => return Err(error),
        }
        room = left;
    }
    Ok(bodies)
}
