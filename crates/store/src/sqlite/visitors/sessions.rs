//! Sessions: they begin, are used, and end.

use inhaul_types::{AccountId, GroupId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::may_sign_in;
use crate::sqlite::accounts;
use crate::sqlite::errors::{Doing, missing};
use crate::sqlite::words::from_word;
use crate::visitors::{NewSession, Session, TokenHash};
use crate::{Account, StoreError};

const WRITE: &str = "write a session";
const READ: &str = "read the sessions";

/// Begins one.
pub(super) fn begin(txn: &Connection, new: &NewSession) -> Result<(), StoreError> {
    let account = new.account.row();
    // Somebody may have switched it off since the password was checked.
    if !may_sign_in(txn, new.account)? {
        return Err(missing("account", account));
    }
    make_room(txn, new.account)?;
    let agent = &new.agent[..new.agent.floor_char_boundary(NewSession::LONGEST_AGENT)];
    txn.prepare_cached(
        "INSERT INTO session (hash, account_id, began, last_seen, kept, address, agent)
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            new.token.0,
            account,
            new.at.millis(),
            new.kept,
            new.address.map(|address| address.to_string()),
            agent,
        ])
    })
    .doing(WRITE)?;
    signed_in(txn, account, new.at)
}

/// Ends those that one more would be too many for, the ones idle longest.
fn make_room(txn: &Connection, account: AccountId) -> Result<(), StoreError> {
    txn.prepare_cached(
        "DELETE FROM session WHERE hash IN
             (SELECT hash FROM session WHERE account_id = ?1
              ORDER BY last_seen DESC LIMIT -1 OFFSET ?2)",
    )
    .and_then(|mut delete| delete.execute(params![account.row(), NewSession::MOST - 1]))
    .doing(WRITE)?;
    Ok(())
}

fn signed_in(txn: &Connection, account: i64, at: Timestamp) -> Result<(), StoreError> {
    txn.prepare_cached(
        "UPDATE account SET last_signed_in = max(coalesce(last_signed_in, ?2), ?2) WHERE id = ?1",
    )
    .and_then(|mut update| update.execute([account, at.millis()]))
    .doing(WRITE)?;
    Ok(())
}

/// It was used. Times may come in any order.
pub(super) fn seen(txn: &Connection, token: TokenHash, at: Timestamp) -> Result<(), StoreError> {
    let account: Option<i64> = txn
        .prepare_cached(
            "UPDATE session SET last_seen = max(last_seen, ?2) WHERE hash = ?1
             RETURNING account_id",
        )
        .and_then(|mut update| {
            update
                .query_row(params![token.0, at.millis()], |row| row.get(0))
                .optional()
        })
        .doing(WRITE)?;
    account.map_or(Ok(()), |account| signed_in(txn, account, at))
}

/// Ends one.
pub(super) fn end(txn: &Connection, token: TokenHash) -> Result<(), StoreError> {
    txn.prepare_cached("DELETE FROM session WHERE hash = ?1")
        .and_then(|mut delete| delete.execute([token.0]))
        .doing(WRITE)?;
    Ok(())
}

/// Ends all of an account but one.
pub(super) fn end_all(
    txn: &Connection,
    account: AccountId,
    but: Option<TokenHash>,
) -> Result<u64, StoreError> {
    let ended = txn
        .prepare_cached("DELETE FROM session WHERE account_id = ?1 AND hash IS NOT ?2")
        .and_then(|mut delete| delete.execute(params![account.row(), but.map(|but| but.0)]))
        .doing(WRITE)?;
    Ok(ended as u64)
}

/// Ends all sessions of an account and makes its links useless: they would let in whoever may not
/// any more, or with a password that is none any more.
pub(crate) fn shut_out(txn: &Connection, account: AccountId) -> Result<(), StoreError> {
    end_all(txn, account, None)?;
    txn.prepare_cached("DELETE FROM link WHERE account_id = ?1")
        .and_then(|mut delete| delete.execute([account.row()]))
        .doing("make links useless")?;
    Ok(())
}

/// The same for all accounts of a group.
pub(crate) fn shut_out_group(txn: &Connection, group: GroupId) -> Result<(), StoreError> {
    const ACCOUNTS: &str = "(SELECT id FROM account WHERE group_id = ?1)";
    for table in ["session", "link"] {
        txn.execute(
            &format!("DELETE FROM {table} WHERE account_id IN {ACCOUNTS}"),
            [group.row()],
        )
        .doing(WRITE)?;
    }
    Ok(())
}

const COLUMNS: &str =
    "SELECT hash, account_id, began, last_seen, kept, address, agent FROM session";

/// The one of this token, while its account may sign in.
pub(super) fn find(conn: &Connection, token: TokenHash) -> Result<Option<Session>, StoreError> {
    let mut select = conn
        .prepare_cached(&format!("{COLUMNS} WHERE hash = ?1"))
        .doing(READ)?;
    let mut rows = select.query([token.0]).doing(READ)?;
    let Some(row) = rows.next().doing(READ)? else {
        return Ok(None);
    };
    let account = AccountId::new(row.get(1).doing(READ)?);
    if !may_sign_in(conn, account)? {
        return Ok(None);
    }
    session(row, accounts::by_id(conn, account)?).map(Some)
}

/// Those of an account, the one used last first.
pub(super) fn list(conn: &Connection, account: AccountId) -> Result<Vec<Session>, StoreError> {
    if !may_sign_in(conn, account)? {
        return Ok(Vec::new());
    }
    let account = accounts::by_id(conn, account)?;
    let mut select = conn
        .prepare_cached(&format!(
            "{COLUMNS} WHERE account_id = ?1 ORDER BY last_seen DESC, hash DESC"
        ))
        .doing(READ)?;
    let mut rows = select.query([account.id.row()]).doing(READ)?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next().doing(READ)? {
        sessions.push(session(row, account.clone())?);
    }
    Ok(sessions)
}

fn session(row: &Row<'_>, account: Account) -> Result<Session, StoreError> {
    let address: Option<String> = row.get(5).doing(READ)?;
    let time = |column| row.get(column).map(Timestamp::from_millis).doing(READ);
    Ok(Session {
        token: TokenHash(row.get(0).doing(READ)?),
        account,
        began: time(2)?,
        last_seen: time(3)?,
        kept: row.get(4).doing(READ)?,
        address: address.as_deref().map(from_word).transpose()?,
        agent: row.get(6).doing(READ)?,
    })
}
