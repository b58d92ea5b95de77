//! How people want the pages to be.

use inhaul_types::AccountId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::StoreError;
use crate::sqlite::accounts;
use crate::sqlite::errors::Doing;
use crate::sqlite::words::from_word;
use crate::visitors::Preferences;

/// What an account has chosen.
pub(super) fn of(conn: &Connection, account: AccountId) -> Result<Preferences, StoreError> {
    let found: Option<(String, bool, Option<String>)> = conn
        .prepare_cached("SELECT theme, shortcuts, time_zone FROM preference WHERE account_id = ?1")
        .and_then(|mut select| {
            select
                .query_row([account.row()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
        })
        .doing("read preferences")?;
    let Some((theme, shortcuts, time_zone)) = found else {
        return Ok(Preferences::default());
    };
    Ok(Preferences {
        theme: from_word(&theme)?,
        shortcuts,
        time_zone,
    })
}

/// What it has chosen now.
pub(super) fn set(
    txn: &Connection,
    account: AccountId,
    preferences: &Preferences,
) -> Result<(), StoreError> {
    // The account is there.
    accounts::name_of(txn, account)?;
    txn.prepare_cached(
        "INSERT OR REPLACE INTO preference (account_id, theme, shortcuts, time_zone)
         VALUES (?1, ?2, ?3, ?4)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            account.row(),
            preferences.theme.as_str(),
            preferences.shortcuts,
            preferences.time_zone,
        ])
    })
    .doing("write preferences")?;
    Ok(())
}
