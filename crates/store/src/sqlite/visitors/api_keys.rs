//! API keys.

use std::collections::HashMap;

use inhaul_types::{AccountId, ApiKeyId, Timestamp};
use rusqlite::{Connection, Row, params};

use super::may_sign_in;
use crate::sqlite::accounts;
use crate::sqlite::errors::{Doing, missing};
use crate::visitors::{ApiKey, NewApiKey, TokenHash};
use crate::{Account, StoreError};

const WRITE: &str = "write an API key";
const READ: &str = "read the API keys";

/// Makes one.
pub(super) fn make(txn: &Connection, new: &NewApiKey) -> Result<ApiKeyId, StoreError> {
    // The account is there.
    accounts::name_of(txn, new.account)?;
    let made = txn
        .prepare_cached(
            "INSERT INTO api_key (hash, account_id, name, made) VALUES (?1, ?2, ?3, ?4)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                new.token.0,
                new.account.row(),
                new.name,
                new.at.millis()
            ])
        });
    accounts::unless_exists(made, "API key", &new.name)?.doing(WRITE)?;
    Ok(ApiKeyId::new(txn.last_insert_rowid()))
}

/// It was used. Times may come in any order.
pub(super) fn used(txn: &Connection, key: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
    txn.prepare_cached(
        "UPDATE api_key SET last_used = max(coalesce(last_used, ?2), ?2) WHERE id = ?1",
    )
    .and_then(|mut update| update.execute([key.row(), at.millis()]))
    .doing(WRITE)?;
    Ok(())
}

/// Calls one something else.
pub(super) fn rename(txn: &Connection, key: ApiKeyId, name: &str) -> Result<(), StoreError> {
    let renamed = txn
        .prepare_cached("UPDATE api_key SET name = ?2 WHERE id = ?1")
        .and_then(|mut update| update.execute(params![key.row(), name]));
    match accounts::unless_exists(renamed, "API key", name)?.doing(WRITE)? {
        0 => Err(missing("API key", key)),
        _ => Ok(()),
    }
}

/// Removes one.
pub(super) fn remove(txn: &Connection, key: ApiKeyId) -> Result<(), StoreError> {
    let removed = txn
        .prepare_cached("DELETE FROM api_key WHERE id = ?1")
        .and_then(|mut delete| delete.execute([key.row()]))
        .doing(WRITE)?;
    match removed {
        0 => Err(missing("API key", key)),
        _ => Ok(()),
    }
}

const COLUMNS: &str = "SELECT k.id, k.account_id, k.name, k.made, k.last_used FROM api_key k";

/// The one of this token, while its account may sign in.
pub(super) fn find(conn: &Connection, token: TokenHash) -> Result<Option<ApiKey>, StoreError> {
    let mut select = conn
        .prepare_cached(&format!("{COLUMNS} WHERE k.hash = ?1"))
        .doing(READ)?;
    let mut rows = select.query([token.0]).doing(READ)?;
    let Some(row) = rows.next().doing(READ)? else {
        return Ok(None);
    };
    let account = AccountId::new(row.get(1).doing(READ)?);
    if !may_sign_in(conn, account)? {
        return Ok(None);
    }
    let account = accounts::by_id(conn, account)?;
    api_key(row, account).doing(READ).map(Some)
}

/// Those of an account, or all.
pub(super) fn list(
    conn: &Connection,
    account: Option<AccountId>,
) -> Result<Vec<ApiKey>, StoreError> {
    let which = match account {
        Some(_) => "WHERE k.account_id = ?1",
        None => "WHERE ?1 IS NULL",
    };
    let mut select = conn
        .prepare_cached(&format!(
            "{COLUMNS} JOIN account a ON a.id = k.account_id {which}
             ORDER BY a.name, k.name COLLATE NOCASE, k.id"
        ))
        .doing(READ)?;
    let mut rows = select.query([account.map(AccountId::row)]).doing(READ)?;
    let mut accounts_by_id: HashMap<AccountId, Account> = HashMap::new();
    let mut keys = Vec::new();
    while let Some(row) = rows.next().doing(READ)? {
        let id = AccountId::new(row.get(1).doing(READ)?);
        let account = match accounts_by_id.get(&id) {
            Some(known) => known.clone(),
            None => {
                let read = accounts::by_id(conn, id)?;
                accounts_by_id.insert(id, read.clone());
                read
            }
        };
        keys.push(api_key(row, account).doing(READ)?);
    }
    Ok(keys)
}

fn api_key(row: &Row<'_>, account: Account) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: ApiKeyId::new(row.get(0)?),
        account,
        name: row.get(2)?,
        made: Timestamp::from_millis(row.get(3)?),
        last_used: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
    })
}
