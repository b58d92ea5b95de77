//! Pages of accounts by name.
//!
//! What is looked for may be rare, so the list is walked in stretches, each in a read transaction of
//! its own.

use std::sync::Arc;

use inhaul_types::Timestamp;
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::sqlite::accounts;
use crate::sqlite::errors::Doing;
use crate::sqlite::readers::Readers;
use crate::sqlite::story::like_pattern;
use crate::views::AccountRow;

/// Accounts looked at in one read transaction.
const LOOK: u32 = 1000;
/// Rows read in one: each sums its folders up.
const ROWS: u32 = 200;

const DOING: &str = "read a page of accounts";

/// One page behind `after`.
pub(super) async fn page(
    readers: &Arc<Readers>,
    find: &str,
    after: Option<String>,
    most: u32,
) -> Result<Vec<AccountRow>, StoreError> {
    let pattern: Arc<str> = like_pattern(find).into();
    // No name is empty.
    let (mut rows, mut after) = (Vec::new(), after.unwrap_or_default());
    while (rows.len() as u64) < u64::from(most) {
        let room = most - u32::try_from(rows.len()).expect("fewer than a u32 says");
        let pattern = Arc::clone(&pattern);
        let look = move |conn: &_| look(conn, &pattern, &after, room.min(ROWS));
        let (found, next) = readers.read(look).await?;
        rows.extend(found);
        match next {
            Some(next) => after = next,
            None => break,
        }
    }
    Ok(rows)
}

/// What a stretch behind `after` holds, and behind which name the next one begins.
fn look(
    conn: &Connection,
    pattern: &str,
    after: &str,
    most: u32,
) -> Result<(Vec<AccountRow>, Option<String>), StoreError> {
    let last: Option<String> = conn
        .prepare_cached(
            "SELECT max(name) FROM
                 (SELECT name FROM account WHERE name > ?1 ORDER BY name LIMIT ?2)",
        )
        .and_then(|mut select| select.query_row(params![after, LOOK], |row| row.get(0)))
        .doing(DOING)?;
    let Some(last) = last else {
        return Ok((Vec::new(), None));
    };
    let found: Vec<(i64, Option<i64>)> = conn
        .prepare_cached(
            "SELECT a.id, a.last_signed_in FROM account a
             WHERE a.name > ?1 AND a.name <= ?2 AND (a.name LIKE ?3 ESCAPE '\\' OR EXISTS
                 (SELECT 1 FROM address d
                  WHERE d.account_id = a.id AND d.address LIKE ?3 ESCAPE '\\'))
             ORDER BY a.name LIMIT ?4",
        )
        .and_then(|mut select| {
            let rows = select.query_map(params![after, last, pattern, most], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            rows.collect()
        })
        .doing(DOING)?;
    let mut rows = Vec::with_capacity(found.len());
    for (id, last_signed_in) in found {
        rows.push(AccountRow {
            account: accounts::by_id(conn, inhaul_types::AccountId::new(id))?,
            last_signed_in: last_signed_in.map(Timestamp::from_millis),
        });
    }
    let next = match rows.last() {
        Some(row) if rows.len() == most as usize => row.account.name.clone(),
        _ => last,
    };
    Ok((rows, Some(next)))
}
