//! Groups: what may start runs for their accounts, what those may decide, and their limits.

use inhaul_types::{Activation, GroupId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accounts::{KeepsAdministrator, unless_exists};
use super::errors::{Doing, damaged, missing};
use super::limits::{self, LimitsOf};
use super::visitors;
use super::words::from_word;
use crate::{EVERYONE, Group, GroupChange, StoreError, Triggers, UsersMay, built_in_triggers};

const WRITE: &str = "write a group";
const READ: &str = "read the groups";

/// Makes a group.
pub(crate) fn create(
    txn: &Connection,
    name: &str,
    change: &GroupChange,
) -> Result<GroupId, StoreError> {
    let switches = match &change.triggers {
        Some(triggers) => to_column(triggers),
        None => to_column(&built_in_triggers()),
    };
    let made = txn.execute(
        "INSERT INTO account_group (name, switches) VALUES (?1, ?2)",
        params![name, switches],
    );
    unless_exists(made, "group", name)?.doing(WRITE)?;
    let id = GroupId::new(txn.last_insert_rowid());
    set(txn, id, change)?;
    Ok(id)
}

/// Changes a group.
pub(crate) fn change(
    txn: &Connection,
    id: GroupId,
    change: &GroupChange,
) -> Result<(), StoreError> {
    let before = name_of(txn, id)?;
    if let Some(name) = &change.name {
        if before == EVERYONE {
            return Err(permanent(before));
        }
        let made = txn.execute(
            "UPDATE account_group SET name = ?2 WHERE id = ?1",
            params![id.row(), name],
        );
        unless_exists(made, "group", name)?.doing(WRITE)?;
    }
    if let Some(triggers) = &change.triggers {
        txn.execute(
            "UPDATE account_group SET switches = ?2 WHERE id = ?1",
            params![id.row(), to_column(triggers)],
        )
        .doing(WRITE)?;
    }
    let keeps = KeepsAdministrator::before(txn)?;
    set(txn, id, change)?;
    if change.enabled == Some(false) {
        visitors::shut_out_group(txn, id)?;
    }
    keeps.after(txn, "group", &before)
}

/// Writes what a new group and a changed one have in common.
fn set(txn: &Connection, id: GroupId, change: &GroupChange) -> Result<(), StoreError> {
    if let Some(enabled) = change.enabled {
        txn.execute(
            "UPDATE account_group SET enabled = ?2 WHERE id = ?1",
            params![id.row(), enabled],
        )
        .doing(WRITE)?;
    }
    if let Some(users_may) = change.users_may {
        let words: Vec<&str> = users_may.words().collect();
        txn.execute(
            "UPDATE account_group SET users_may = ?2 WHERE id = ?1",
            params![id.row(), words.join(" ")],
        )
        .doing(WRITE)?;
    }
    if let Some(written_at) = &change.written_at {
        txn.execute(
            "UPDATE account_group SET written_at = ?2 WHERE id = ?1",
            params![id.row(), written_at],
        )
        .doing(WRITE)?;
    }
    match &change.limits {
        Some(new) => limits::write(txn, LimitsOf::Group(id.row()), new),
        None => Ok(()),
    }
}

/// Removes a group nobody is in.
pub(crate) fn remove(txn: &Connection, id: GroupId) -> Result<(), StoreError> {
    const DOING: &str = "remove a group";
    let name = name_of(txn, id)?;
    if name == EVERYONE {
        return Err(permanent(name));
    }
    let by: Vec<String> = txn
        .prepare_cached("SELECT name FROM account WHERE group_id = ?1 ORDER BY name")
        .and_then(|mut select| select.query_map([id.row()], |row| row.get(0))?.collect())
        .doing(DOING)?;
    if !by.is_empty() {
        let what = "group";
        return Err(StoreError::Needed { what, name, by });
    }
    txn.execute("DELETE FROM account_group WHERE id = ?1", [id.row()])
        .doing(DOING)?;
    Ok(())
}

fn permanent(name: String) -> StoreError {
    let what = "group";
    StoreError::Permanent { what, name }
}

fn name_of(txn: &Connection, id: GroupId) -> Result<String, StoreError> {
    txn.query_row(
        "SELECT name FROM account_group WHERE id = ?1",
        [id.row()],
        |row| row.get(0),
    )
    .optional()
    .doing(READ)?
    .ok_or_else(|| missing("group", id))
}

fn select() -> String {
    format!(
        "SELECT g.id, g.name, g.switches, g.enabled, g.users_may, g.written_at,
            (SELECT count(*) FROM account WHERE group_id = g.id),
            (SELECT count(*) FROM account a JOIN folder f ON f.account_id = a.id
                JOIN retrieval r ON r.folder_id = f.id WHERE a.group_id = g.id),
            {limits}
        FROM account_group g",
        limits = limits::columns("g"),
    )
}

/// All groups by name.
pub(crate) fn list(conn: &Connection) -> Result<Vec<Group>, StoreError> {
    let mut select = conn
        .prepare_cached(&format!("{} ORDER BY g.name", select()))
        .doing(READ)?;
    let mut rows = select.query([]).doing(READ)?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next().doing(READ)? {
        groups.push(group(row)?);
    }
    Ok(groups)
}

/// One group.
pub(crate) fn by_name(conn: &Connection, name: &str) -> Result<Group, StoreError> {
    let mut select = conn
        .prepare_cached(&format!("{} WHERE g.name = ?1", select()))
        .doing(READ)?;
    let mut rows = select.query([name]).doing(READ)?;
    let found = rows.next().doing(READ)?;
    group(found.ok_or_else(|| missing("group", name))?)
}

fn group(row: &Row<'_>) -> Result<Group, StoreError> {
    let count = |column: usize| Ok(row.get::<_, i64>(column).doing(READ)?.cast_unsigned());
    let users_may: String = row.get(4).doing(READ)?;
    Ok(Group {
        id: GroupId::new(row.get(0).doing(READ)?),
        name: row.get(1).doing(READ)?,
        enabled: row.get(3).doing(READ)?,
        triggers: from_column(&row.get::<_, String>(2).doing(READ)?)?,
        users_may: rights(&users_may)?,
        limits: limits::read(row, 8).doing(READ)?,
        accounts: count(6)?,
        retrievals: count(7)?,
        written_at: row.get(5).doing(READ)?,
    })
}

/// What people may decide, as its column says.
pub(crate) fn rights(column: &str) -> Result<UsersMay, StoreError> {
    UsersMay::from_words(column.split_whitespace())
        .map_err(|word| damaged(format!("{word:?} is nothing that people may do")))
}

fn to_column(triggers: &Triggers) -> String {
    let words: Vec<String> = triggers
        .iter()
        .map(|(activation, seconds)| format!("{activation}={seconds}"))
        .collect();
    words.join(" ")
}

fn from_column(column: &str) -> Result<Triggers, StoreError> {
    let trigger = |word: &str| {
        let damage = || damaged(format!("{word:?} is no trigger"));
        let (activation, seconds) = word.split_once('=').ok_or_else(damage)?;
        let activation: Activation = from_word(activation)?;
        Ok((activation, seconds.parse().map_err(|_| damage())?))
    };
    column.split_whitespace().map(trigger).collect()
}
