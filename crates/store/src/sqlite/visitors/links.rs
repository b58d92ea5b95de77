//! Links that let in once: the set-up, and signing in. A link goes when it is used.

use inhaul_types::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::may_sign_in;
use crate::sqlite::accounts;
use crate::sqlite::errors::{Doing, missing};
use crate::sqlite::writer::Surroundings;
use crate::visitors::{LinkPurpose, NewLink, SetUp, TokenHash};
use crate::{NewAccount, StoreError};

const WRITE: &str = "write a link";
const READ: &str = "look for a link";

/// Makes one.
pub(super) fn make(txn: &Connection, link: &NewLink) -> Result<(), StoreError> {
    let account = match link.purpose {
        LinkPurpose::SetUp => {
            txn.prepare_cached("DELETE FROM link WHERE account_id IS NULL")
                .and_then(|mut delete| delete.execute([]))
                .doing(WRITE)?;
            None
        }
        LinkPurpose::SignIn(account) => {
            // It is there.
            accounts::name_of(txn, account)?;
            Some(account.row())
        }
    };
    txn.prepare_cached("INSERT INTO link (hash, account_id, until) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| insert.execute(params![link.token.0, account, link.until.millis()]))
        .doing(WRITE)?;
    Ok(())
}

/// Uses a link for signing in up. That of somebody who may not sign in stays as it is.
pub(super) fn use_up(
    txn: &Connection,
    token: TokenHash,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    let account: Option<i64> = txn
        .prepare_cached(
            "SELECT account_id FROM link
             WHERE hash = ?1 AND until > ?2 AND account_id IS NOT NULL",
        )
        .and_then(|mut select| {
            select
                .query_row(params![token.0, now.millis()], |row| row.get(0))
                .optional()
        })
        .doing(READ)?;
    let Some(account) = account.map(AccountId::new) else {
        return Ok(None);
    };
    if !may_sign_in(txn, account)? {
        return Ok(None);
    }
    forget(txn, token)?;
    Ok(Some(account))
}

fn forget(txn: &Connection, token: TokenHash) -> Result<(), StoreError> {
    txn.prepare_cached("DELETE FROM link WHERE hash = ?1")
        .and_then(|mut delete| delete.execute([token.0]))
        .doing(WRITE)?;
    Ok(())
}

/// What is in the way of a set-up with this link.
pub(super) fn why_no_set_up(
    conn: &Connection,
    token: TokenHash,
    now: Timestamp,
) -> Result<Option<SetUp>, StoreError> {
    if is_set_up(conn)? {
        return Ok(Some(SetUp::AlreadySetUp));
    }
    let is_good = conn
        .prepare_cached("SELECT 1 FROM link WHERE hash = ?1 AND until > ?2 AND account_id IS NULL")
        .and_then(|mut select| select.exists(params![token.0, now.millis()]))
        .doing(READ)?;
    Ok((!is_good).then_some(SetUp::BadLink))
}

/// Makes the first administrator; `password` is its PHC string.
pub(super) fn set_up(
    txn: &Connection,
    around: &Surroundings,
    token: TokenHash,
    now: Timestamp,
    account: &NewAccount,
    password: &str,
) -> Result<SetUp, StoreError> {
    if let Some(refused) = why_no_set_up(txn, token, now)? {
        return Ok(refused);
    }
    let id = accounts::create(txn, around, account, Some(password))?;
    if !is_set_up(txn)? {
        // Its group is switched off. The transaction comes to nothing.
        return Err(missing("administrator who can sign in", &account.name));
    }
    forget(txn, token)?;
    Ok(SetUp::Done(id))
}

/// Whether an administrator is there who can sign in.
pub(super) fn is_set_up(conn: &Connection) -> Result<bool, StoreError> {
    conn.prepare_cached(
        "SELECT 1 FROM account a JOIN account_group g ON g.id = a.group_id
         WHERE a.admin AND a.enabled AND g.enabled AND a.password IS NOT NULL",
    )
    .and_then(|mut select| select.exists([]))
    .doing("look for an administrator")
}
