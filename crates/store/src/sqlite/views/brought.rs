//! How many messages a retrieval has brought that are here still.
//!
//! Nothing but a question asked before a retrieval is removed needs it, so there is no index for
//! it: all messages are walked, a stretch of numbers in each read.

use std::sync::Arc;

use inhaul_types::RetrievalId;
use rusqlite::params;

use crate::StoreError;
use crate::sqlite::errors::Doing;
use crate::sqlite::readers::Readers;

const DOING: &str = "count messages";

/// Numbers looked at in one read.
const STRETCH: i64 = 20_000;

/// Messages of this retrieval, in whichever folder.
pub(super) async fn count(
    readers: &Arc<Readers>,
    retrieval: RetrievalId,
) -> Result<u64, StoreError> {
    let last: i64 = readers
        .read(|conn| {
            conn.query_row("SELECT coalesce(max(id), 0) FROM message", [], |row| {
                row.get(0)
            })
            .doing(DOING)
        })
        .await?;
    let (mut found, mut behind) = (0, 0);
    while behind < last {
        found += readers
            .read(move |conn| {
                let of_stretch: i64 = conn
                    .query_row(
                        "SELECT count(*) FROM message
                         WHERE id > ?1 AND id <= ?2 AND retrieval_id = ?3",
                        params![behind, behind + STRETCH, retrieval.row()],
                        |row| row.get(0),
                    )
                    .doing(DOING)?;
                Ok(of_stretch.unsigned_abs())
            })
            .await?;
        behind += STRETCH;
    }
    Ok(found)
}
