//! The columns of limits, the same in `account_group` and `account`.

use inhaul_domain::limits::Limits;
use inhaul_types::Octets;
use rusqlite::{Connection, Row, params};

use super::errors::Doing;
use crate::StoreError;

/// In whose row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LimitsOf {
    Group(i64),
    Account(i64),
}

/// Writes all limits of one row.
pub(crate) fn write(txn: &Connection, of: LimitsOf, limits: &Limits) -> Result<(), StoreError> {
    const SET: &str = "max_retrievals = ?2, max_account_octets = ?3, max_message_octets = ?4,
        max_messages_a_run = ?5, max_octets_a_run = ?6, max_runs_a_day = ?7,
        max_runs_a_day_address = ?8, max_runs_at_once = ?9, max_recipients = ?10,
        delete_after_min_days = ?11";
    let (table, id) = match of {
        LimitsOf::Group(id) => ("account_group", id),
        LimitsOf::Account(id) => ("account", id),
    };
    let octets = |octets: Option<Octets>| octets.map(|octets| octets.count().cast_signed());
    txn.execute(
        &format!("UPDATE {table} SET {SET} WHERE id = ?1"),
        params![
            id,
            limits.retrievals,
            octets(limits.mailbox),
            octets(limits.message),
            limits.messages_per_run,
            octets(limits.octets_per_run),
            limits.started_per_day,
            limits.started_per_day_address,
            limits.at_once,
            limits.recipients,
            limits.delete_after_min_days,
        ],
    )
    .doing("write limits")?;
    Ok(())
}

/// The columns for a SELECT, with the name the table has in it.
pub(crate) fn columns(table: &str) -> String {
    let columns = NAMES.map(|name| format!("{table}.{name}"));
    columns.join(", ")
}

/// How many they are.
pub(crate) const COLUMNS: usize = NAMES.len();

const NAMES: [&str; 10] = [
    "max_retrievals",
    "max_account_octets",
    "max_message_octets",
    "max_messages_a_run",
    "max_octets_a_run",
    "max_runs_a_day",
    "max_runs_a_day_address",
    "max_runs_at_once",
    "max_recipients",
    "delete_after_min_days",
];

/// Reads what [`columns`] selected, from this column on.
pub(crate) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Limits> {
    let count = |column: usize| row.get::<_, Option<u32>>(first + column);
    let octets = |column: usize| {
        let octets = row.get::<_, Option<i64>>(first + column)?;
        Ok::<_, rusqlite::Error>(octets.map(|octets| Octets::new(octets.cast_unsigned())))
    };
    Ok(Limits {
        retrievals: count(0)?,
        mailbox: octets(1)?,
        message: octets(2)?,
        messages_per_run: count(3)?,
        octets_per_run: octets(4)?,
        started_per_day: count(5)?,
        started_per_day_address: count(6)?,
        at_once: count(7)?,
        recipients: count(8)?,
        delete_after_min_days: count(9)?,
    })
}
