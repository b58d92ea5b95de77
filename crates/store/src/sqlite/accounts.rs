//! Accounts, their addresses and folders.

use std::collections::{HashMap, HashSet};

use inhaul_domain::limits::Limits;
use inhaul_types::{AccountId, Address, FolderId, GroupId, Octets, Uid, UidValidity};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::backup;
use super::errors::{Doing, is_unique_violation, missing};
use super::limits::{self, LimitsOf};
use super::words::from_word;
use super::writer::Surroundings;
use super::{groups, visitors};
use crate::{
    Account, AccountChange, Allowance, EVERYONE, Folder, FolderName, NewAccount, StoreError,
};

/// The one folder every account has.
pub(crate) const INBOX: &str = FolderName::INBOX;

/// Makes an account with its INBOX; `password` is its PHC string.
pub(crate) fn create(
    txn: &Connection,
    around: &Surroundings,
    account: &NewAccount,
    password: Option<&str>,
) -> Result<AccountId, StoreError> {
    const DOING: &str = "make an account";
    let group = group_by_name(txn, account.group.as_deref().unwrap_or(EVERYONE))?;
    let now = (around.clock)();
    let made = txn.execute(
        "INSERT INTO account (name, password, group_id, admin, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![account.name, password, group.row(), account.admin, now.millis()],
    );
    unless_exists(made, "account", &account.name)?.doing(DOING)?;
    let id = AccountId::new(txn.last_insert_rowid());
    add_addresses(txn, id, &account.addresses)?;
    folder_or_new(txn, around, id, INBOX)?;
    Ok(id)
}

fn add_addresses(
    txn: &Connection,
    account: AccountId,
    addresses: &[Address],
) -> Result<(), StoreError> {
    for address in addresses {
        let made = txn.execute(
            "INSERT INTO address (address, account_id) VALUES (?1, ?2)",
            params![address.as_str(), account.row()],
        );
        unless_exists(made, "address", address.as_str())?.doing("add an address")?;
    }
    Ok(())
}

/// Changes an account; `password` is the new one's PHC string.
pub(crate) fn change(
    txn: &Connection,
    id: AccountId,
    change: &AccountChange,
    password: Option<&str>,
) -> Result<(), StoreError> {
    const DOING: &str = "change an account";
    let set = |sql: &str, value: &dyn rusqlite::ToSql| txn.execute(sql, params![id.row(), value]);
    let before = name_of(txn, id)?;
    let keeps = KeepsAdministrator::before(txn)?;
    if let Some(name) = &change.name {
        let made = set("UPDATE account SET name = ?2 WHERE id = ?1", name);
        unless_exists(made, "account", name)?.doing(DOING)?;
    }
    if let Some(group) = &change.group {
        let group = group_by_name(txn, group)?;
        set(
            "UPDATE account SET group_id = ?2 WHERE id = ?1",
            &group.row(),
        )
        .doing(DOING)?;
    }
    if let Some(admin) = &change.admin {
        set("UPDATE account SET admin = ?2 WHERE id = ?1", admin).doing(DOING)?;
    }
    if let Some(enabled) = &change.enabled {
        set("UPDATE account SET enabled = ?2 WHERE id = ?1", enabled).doing(DOING)?;
    }
    if let Some(written_at) = &change.written_at {
        set(
            "UPDATE account SET written_at = ?2 WHERE id = ?1",
            written_at,
        )
        .doing(DOING)?;
    }
    if let Some(new) = &change.limits {
        limits::write(txn, LimitsOf::Account(id.row()), new)?;
    }
    if let Some(password) = &password {
        set("UPDATE account SET password = ?2 WHERE id = ?1", password).doing(DOING)?;
    }
    for address in &change.remove_addresses {
        let removed = set(
            "DELETE FROM address WHERE account_id = ?1 AND address = ?2",
            &address.as_str(),
        )
        .doing(DOING)?;
        if removed == 0 {
            return Err(missing("address", address));
        }
    }
    add_addresses(txn, id, &change.add_addresses)?;
    if password.is_some() || !visitors::may_sign_in(txn, id)? {
        visitors::shut_out(txn, id)?;
    }
    keeps.after(txn, "account", &before)
}

/// The account's name, if it is there.
pub(crate) fn name_of(txn: &Connection, id: AccountId) -> Result<String, StoreError> {
    txn.prepare_cached("SELECT name FROM account WHERE id = ?1")
        .and_then(|mut select| select.query_row([id.row()], |row| row.get(0)).optional())
        .doing(READ)?
        .ok_or_else(|| missing("account", id))
}

/// Sees to it that a change leaves somebody who may sign in and manage the installation, if there
/// was anybody before it.
pub(crate) struct KeepsAdministrator {
    there_was: bool,
}

impl KeepsAdministrator {
    pub(crate) fn before(txn: &Connection) -> Result<Self, StoreError> {
        let there_was = Self::there_is(txn)?;
        Ok(Self { there_was })
    }

    /// Refuses the change, whose transaction then comes to nothing, if it was this that took the
    /// last one away.
    pub(crate) fn after(
        self,
        txn: &Connection,
        what: &'static str,
        name: &str,
    ) -> Result<(), StoreError> {
        if self.there_was && !Self::there_is(txn)? {
            let name = name.to_owned();
            return Err(StoreError::LastAdministrator { what, name });
        }
        Ok(())
    }

    fn there_is(txn: &Connection) -> Result<bool, StoreError> {
        txn.prepare_cached(
            "SELECT 1 FROM account a JOIN account_group g ON g.id = a.group_id
             WHERE a.admin AND a.enabled AND g.enabled",
        )
        .and_then(|mut select| select.exists([]))
        .doing("look for an administrator")
    }
}

/// What bounds the runs that fill an account.
pub(crate) fn allowance(conn: &Connection, id: AccountId) -> Result<Allowance, StoreError> {
    let (own, groups, users_may, octets) = conn
        .prepare_cached(&format!(
            "SELECT {}, {}, g.users_may,
                 (SELECT coalesce(sum(octets), 0) FROM folder WHERE account_id = a.id)
             FROM account a JOIN account_group g ON g.id = a.group_id WHERE a.id = ?1",
            limits::columns("a"),
            limits::columns("g")
        ))
        .and_then(|mut select| {
            select
                .query_row([id.row()], |row| {
                    Ok((
                        limits::read(row, 0)?,
                        limits::read(row, limits::COLUMNS)?,
                        row.get::<_, String>(2 * limits::COLUMNS)?,
                        row.get::<_, i64>(2 * limits::COLUMNS + 1)?,
                    ))
                })
                .optional()
        })
        .doing(READ)?
        .ok_or_else(|| missing("account", id))?;
    Ok(Allowance {
        limits: groups.and(&own),
        octets: Octets::new(octets.cast_unsigned()),
        private_networks: groups::rights(&users_may)?.private_networks,
        deletion_paused: !backup::deletion_confirmed(conn)?,
    })
}

/// The tightest of the limits that an account and its group set.
pub(crate) fn limits_of(txn: &Connection, id: AccountId) -> Result<Limits, StoreError> {
    let (own, groups) = txn
        .prepare_cached(&format!(
            "SELECT {}, {} FROM account a JOIN account_group g ON g.id = a.group_id WHERE a.id = ?1",
            limits::columns("a"),
            limits::columns("g")
        ))
        .and_then(|mut select| {
            select
                .query_row([id.row()], |row| {
                    Ok((limits::read(row, 0)?, limits::read(row, limits::COLUMNS)?))
                })
                .optional()
        })
        .doing(READ)?
        .ok_or_else(|| missing("account", id))?;
    Ok(groups.and(&own))
}

/// Names the thing whose name is taken.
pub(crate) fn unless_exists<T>(
    made: rusqlite::Result<T>,
    what: &'static str,
    name: &str,
) -> Result<rusqlite::Result<T>, StoreError> {
    match made {
        Err(error) if is_unique_violation(&error) => Err(StoreError::Exists {
            what,
            name: name.to_owned(),
        }),
        made => Ok(made),
    }
}

fn group_by_name(txn: &Connection, name: &str) -> Result<GroupId, StoreError> {
    txn.query_row(
        "SELECT id FROM account_group WHERE name = ?1",
        [name],
        |row| row.get(0),
    )
    .optional()
    .doing("look for a group")?
    .map(GroupId::new)
    .ok_or_else(|| missing("group", name))
}

fn select() -> String {
    format!(
        "SELECT a.id, a.name, a.group_id, g.name, a.admin, a.enabled, a.written_at,
            (SELECT coalesce(sum(messages), 0) FROM folder WHERE account_id = a.id),
            (SELECT coalesce(sum(octets), 0) FROM folder WHERE account_id = a.id),
            (SELECT count(*) FROM folder f JOIN retrieval r ON r.folder_id = f.id
                WHERE f.account_id = a.id),
            {limits}
        FROM account a JOIN account_group g ON g.id = a.group_id",
        limits = limits::columns("a"),
    )
}

const READ: &str = "read the accounts";

/// All accounts by name.
pub(crate) fn list(conn: &Connection) -> Result<Vec<Account>, StoreError> {
    let mut accounts: Vec<Account> = conn
        .prepare_cached(&format!("{} ORDER BY a.name", select()))
        .and_then(|mut select| select.query_map([], account)?.collect())
        .doing(READ)?;
    let mut addresses: HashMap<i64, Vec<Address>> = HashMap::new();
    let mut select = conn
        .prepare_cached("SELECT account_id, address FROM address ORDER BY address")
        .doing(READ)?;
    let mut rows = select.query([]).doing(READ)?;
    while let Some(row) = rows.next().doing(READ)? {
        let address: String = row.get(1).doing(READ)?;
        addresses
            .entry(row.get(0).doing(READ)?)
            .or_default()
            .push(from_word(&address)?);
    }
    for account in &mut accounts {
        account.addresses = addresses.remove(&account.id.row()).unwrap_or_default();
    }
    Ok(accounts)
}

/// One account.
pub(crate) fn by_name(conn: &Connection, name: &str) -> Result<Account, StoreError> {
    one(conn, "a.name", name)?.ok_or_else(|| missing("account", name))
}

/// The same by its number.
pub(crate) fn by_id(conn: &Connection, id: AccountId) -> Result<Account, StoreError> {
    one(conn, "a.id", id.row())?.ok_or_else(|| missing("account", id))
}

/// The numbers of those in a group.
pub(crate) fn of_group(conn: &Connection, group: &str) -> Result<HashSet<AccountId>, StoreError> {
    conn.prepare_cached(
        "SELECT a.id FROM account a JOIN account_group g ON g.id = a.group_id WHERE g.name = ?1",
    )
    .and_then(|mut select| {
        select
            .query_map([group], |row| row.get(0).map(AccountId::new))?
            .collect()
    })
    .doing(READ)
}

/// The account in whose row `column` is `value`.
fn one(
    conn: &Connection,
    column: &str,
    value: impl rusqlite::ToSql,
) -> Result<Option<Account>, StoreError> {
    let found = conn
        .prepare_cached(&format!("{} WHERE {column} = ?1", select()))
        .and_then(|mut select| select.query_row([value], account).optional())
        .doing(READ)?;
    let Some(mut account) = found else {
        return Ok(None);
    };
    let addresses: Vec<String> = conn
        .prepare_cached("SELECT address FROM address WHERE account_id = ?1 ORDER BY address")
        .and_then(|mut select| {
            select
                .query_map([account.id.row()], |row| row.get(0))?
                .collect()
        })
        .doing(READ)?;
    account.addresses = addresses
        .iter()
        .map(|text| from_word(text))
        .collect::<Result<_, _>>()?;
    Ok(Some(account))
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId::new(row.get(0)?),
        name: row.get(1)?,
        addresses: Vec::new(),
        group_id: GroupId::new(row.get(2)?),
        group: row.get(3)?,
        admin: row.get(4)?,
        enabled: row.get(5)?,
        limits: limits::read(row, 10)?,
        messages: row.get::<_, i64>(7)?.cast_unsigned(),
        octets: Octets::new(row.get::<_, i64>(8)?.cast_unsigned()),
        retrievals: row.get::<_, i64>(9)?.cast_unsigned(),
        written_at: row.get(6)?,
    })
}

/// The PHC string of an account that may sign in.
pub(crate) fn password(conn: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let found: Option<Option<String>> = conn
        .prepare_cached(
            "SELECT a.password FROM account a JOIN account_group g ON g.id = a.group_id
             WHERE a.name = ?1 AND a.enabled AND g.enabled",
        )
        .and_then(|mut select| select.query_row([name], |row| row.get(0)).optional())
        .doing(READ)?;
    Ok(found.flatten())
}

/// All folders of an account, INBOX first.
pub(crate) fn folders(conn: &Connection, account: AccountId) -> Result<Vec<Folder>, StoreError> {
    let folders: Vec<Folder> = conn
        .prepare_cached(
            "SELECT id, account_id, name, uid_validity, uid_next, messages, octets, unseen FROM folder
             WHERE account_id = ?1 AND NOT removed ORDER BY name <> 'INBOX', name",
        )
        .and_then(|mut select| select.query_map([account.row()], folder)?.collect())
        .doing("read the folders")?;
    // Every account has its INBOX, so no folder means no account.
    if folders.is_empty() {
        Err(missing("account", account))
    } else {
        Ok(folders)
    }
}

fn folder(row: &Row<'_>) -> rusqlite::Result<Folder> {
    Ok(Folder {
        id: FolderId::new(row.get(0)?),
        account: AccountId::new(row.get(1)?),
        name: row.get(2)?,
        uid_validity: UidValidity::new(row.get(3)?),
        uid_next: Uid::new(row.get(4)?),
        messages: row.get::<_, i64>(5)?.cast_unsigned(),
        octets: Octets::new(row.get::<_, i64>(6)?.cast_unsigned()),
        unseen: row.get::<_, i64>(7)?.cast_unsigned(),
    })
}

/// What a folder is to be called.
pub(crate) fn folder_name(name: &str) -> Result<FolderName, StoreError> {
    FolderName::parse(name).map_err(|why| StoreError::BadFolderName {
        name: name.to_owned(),
        why,
    })
}

/// The account's folder of this name, made if it is not there, or made again.
pub(crate) fn folder_or_new(
    txn: &Connection,
    around: &Surroundings,
    account: AccountId,
    name: &str,
) -> Result<FolderId, StoreError> {
    const DOING: &str = "make a folder";
    let name = if name.eq_ignore_ascii_case(INBOX) {
        INBOX
    } else {
        name
    };
    let found = txn
        .prepare_cached("SELECT id, removed FROM folder WHERE account_id = ?1 AND name = ?2")
        .and_then(|mut select| {
            select
                .query_row(params![account.row(), name], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
        })
        .doing(DOING)?;
    match found {
        Some((folder, false)) => return Ok(FolderId::new(folder)),
        Some((folder, true)) => {
            txn.prepare_cached("UPDATE folder SET removed = 0 WHERE id = ?1")
                .and_then(|mut update| update.execute([folder]))
                .doing(DOING)?;
            return Ok(FolderId::new(folder));
        }
        None => {}
    }
    let name = folder_name(name)?;
    let exists = "SELECT 1 FROM account WHERE id = ?1";
    if !txn
        .prepare_cached(exists)
        .and_then(|mut s| s.exists([account.row()]))
        .doing(DOING)?
    {
        return Err(missing("account", account));
    }
    let uid_validity = next_uid_validity(txn, around)?;
    txn.execute(
        "INSERT INTO folder (account_id, name, uid_validity) VALUES (?1, ?2, ?3)",
        params![account.row(), name.as_str(), uid_validity],
    )
    .doing(DOING)?;
    Ok(FolderId::new(txn.last_insert_rowid()))
}

/// The time in seconds, but always more than any given before: a folder made again under its old
/// name must not look like the old one (RFC 9051 section 2.3.1.1).
pub(crate) fn next_uid_validity(
    txn: &Connection,
    around: &Surroundings,
) -> Result<i64, StoreError> {
    txn.query_row(
        "INSERT INTO setting (name, value) VALUES ('uid_validity', ?1)
         ON CONFLICT (name) DO UPDATE
             SET value = max(CAST(value AS INTEGER) + 1, CAST(excluded.value AS INTEGER))
         RETURNING CAST(value AS INTEGER)",
        [(around.clock)()
            .seconds()
            .clamp(1, i64::from(u32::MAX / 2))
            .to_string()],
        |row| row.get(0),
    )
    .doing("give a folder its uid validity")
}
