//! Senders whose pictures are always shown.

use inhaul_types::{AccountId, Timestamp};
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::sqlite::accounts;
use crate::sqlite::errors::Doing;
use crate::visitors::TrustedSender;

const DOING: &str = "look at trusted senders";

/// An address as its row has it; `None` is none.
pub(super) fn spelled(address: &str) -> Option<String> {
    let address = address.trim();
    let is_one = address.len() <= TrustedSender::LONGEST
        && address.contains('@')
        && !address.chars().any(char::is_control);
    is_one.then(|| address.to_lowercase())
}

pub(super) fn add(
    txn: &Connection,
    account: AccountId,
    address: &str,
    since: Timestamp,
) -> Result<(), StoreError> {
    // The account is there.
    accounts::name_of(txn, account)?;
    txn.prepare_cached(
        "INSERT INTO trusted_sender (account_id, address, since) VALUES (?1, ?2, ?3)
         ON CONFLICT (account_id, address) DO NOTHING",
    )
    .and_then(|mut insert| insert.execute(params![account.row(), address, since.millis()]))
    .doing(DOING)?;
    // The new one stays, whatever its clock says.
    txn.prepare_cached(
        "DELETE FROM trusted_sender WHERE account_id = ?1 AND address IN
             (SELECT address FROM trusted_sender WHERE account_id = ?1
              ORDER BY address = ?2 DESC, since DESC, address LIMIT -1 OFFSET ?3)",
    )
    .and_then(|mut delete| delete.execute(params![account.row(), address, TrustedSender::MOST]))
    .doing(DOING)?;
    Ok(())
}

/// Whether it was one.
pub(super) fn remove(
    txn: &Connection,
    account: AccountId,
    address: &str,
) -> Result<bool, StoreError> {
    let removed = txn
        .prepare_cached("DELETE FROM trusted_sender WHERE account_id = ?1 AND address = ?2")
        .and_then(|mut delete| delete.execute(params![account.row(), address]))
        .doing(DOING)?;
    Ok(removed > 0)
}

/// By address.
pub(super) fn list(
    conn: &Connection,
    account: AccountId,
) -> Result<Vec<TrustedSender>, StoreError> {
    conn.prepare_cached(
        "SELECT address, since FROM trusted_sender WHERE account_id = ?1 ORDER BY address",
    )
    .and_then(|mut select| {
        let rows = select.query_map([account.row()], |row| {
            Ok(TrustedSender {
                address: row.get(0)?,
                since: Timestamp::from_millis(row.get(1)?),
            })
        })?;
        rows.collect()
    })
    .doing(DOING)
}

pub(super) fn is_one(
    conn: &Connection,
    account: AccountId,
    address: &str,
) -> Result<bool, StoreError> {
    conn.prepare_cached("SELECT 1 FROM trusted_sender WHERE account_id = ?1 AND address = ?2")
        .and_then(|mut select| select.exists(params![account.row(), address]))
        .doing(DOING)
}
