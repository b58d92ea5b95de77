//! Who signs in: the account behind a name or an address, and whether it may.
//!
//! The hash that its password is checked against is read before the check, and the account behind
//! it: a sign-in may wait long for its turn, and what was changed meanwhile counts. An unknown name
//! takes the same way up to the check. Start at `sign_in`.

use std::sync::Arc;

use inhaul_types::{AccountId, Address, Secret};
use rusqlite::{Connection, OptionalExtension};

use super::accounts;
use super::errors::Doing;
use super::readers::Readers;
use crate::password::Passwords;
use crate::{SignIn, StoreError};

const DOING: &str = "sign somebody in";

/// Signs in by name or address.
pub(crate) async fn sign_in(
    readers: &Arc<Readers>,
    passwords: &Passwords,
    name: &str,
    password: &Secret,
) -> Result<SignIn, StoreError> {
    let name = name.to_owned();
    let claimed = readers.read(move |conn| claimed(conn, &name)).await?;
    let stored = claimed
        .as_ref()
        .and_then(|claimed| claimed.password.clone());
    let fits = passwords.verify(password.clone(), stored).await?;
    match claimed {
        Some(claimed) if fits => readers.read(move |conn| judge(conn, &claimed)).await,
        _ => Ok(SignIn::Refused),
    }
}

/// An account somebody says is theirs.
struct Claimed {
    account: AccountId,
    /// Its PHC string.
    password: Option<String>,
}

/// The account of this name or, if there is none, with this address.
fn claimed(conn: &Connection, name: &str) -> Result<Option<Claimed>, StoreError> {
    const BY_NAME: &str = "SELECT id, password FROM account WHERE name = ?1";
    const BY_ADDRESS: &str = "
        SELECT a.id, a.password FROM address d JOIN account a ON a.id = d.account_id
        WHERE d.address = ?1";
    let find = |sql: &str, key: &str| {
        conn.prepare_cached(sql)
            .and_then(|mut select| {
                let claimed = |row: &rusqlite::Row<'_>| {
                    Ok(Claimed {
                        account: AccountId::new(row.get(0)?),
                        password: row.get(1)?,
                    })
                };
                select.query_row([key], claimed).optional()
            })
            .doing(DOING)
    };
    match find(BY_NAME, name)? {
        Some(claimed) => Ok(Some(claimed)),
        None => match full_address(name) {
            Some(address) => find(BY_ADDRESS, address.as_str()),
            None => Ok(None),
        },
    }
}

/// The address a name is. Whoever gets what is sent to `*@example.org` has not that for a name.
fn full_address(name: &str) -> Option<Address> {
    let address: Address = name.parse().ok()?;
    (!address.is_wildcard()).then_some(address)
}

/// What the account, whose password this was when it was asked for, may do now.
fn judge(conn: &Connection, claimed: &Claimed) -> Result<SignIn, StoreError> {
    let account = claimed.account;
    let now: Option<(Option<String>, bool, bool)> = conn
        .prepare_cached(
            "SELECT a.password, a.enabled, g.enabled
             FROM account a JOIN account_group g ON g.id = a.group_id WHERE a.id = ?1",
        )
        .and_then(|mut select| {
            select
                .query_row([account.row()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
        })
        .doing(DOING)?;
    Ok(match now {
        Some((password, true, true)) if password == claimed.password => {
            SignIn::Welcome(accounts::by_id(conn, account)?)
        }
        Some((password, enabled, _)) if password == claimed.password => SignIn::SwitchedOff {
            account,
            by_group: enabled,
        },
        _ => SignIn::Refused,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_name_unless_it_is_a_wildcard() {
        for (name, address) in [
            ("alice", None),
            ("", None),
            ("alice@", None),
            ("*@example.org", None),
            ("alice@*", None),
            ("Alice@Example.ORG", Some("Alice@example.org")),
            ("a*@example.org", None),
        ] {
            let found = full_address(name);
            assert_eq!(found.as_ref().map(Address::as_str), address, "{name:?}");
        }
    }

    #[test]
    fn what_changed_while_the_password_was_checked_counts() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        conn.execute_batch(
            "INSERT INTO account (name, password, group_id, created) VALUES ('alice', 'old', 1, 0)",
        )
        .unwrap();
        let claimed = claimed(&conn, "alice").unwrap().unwrap();
        let judged = || judge(&conn, &claimed).unwrap();
        assert!(matches!(judged(), SignIn::Welcome(account) if account.name == "alice"));
        let off = |by_group| SignIn::SwitchedOff {
            account: claimed.account,
            by_group,
        };
        for (change, verdict) in [
            ("UPDATE account_group SET enabled = 0", off(true)),
            ("UPDATE account SET enabled = 0", off(false)),
            ("UPDATE account SET password = 'new'", SignIn::Refused),
            ("DELETE FROM account", SignIn::Refused),
        ] {
            conn.execute_batch(change).unwrap();
            assert_eq!(judged(), verdict, "{change}");
        }
    }
}
