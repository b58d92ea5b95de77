//! Who can be a recipient: the accounts with their addresses, and a catch-all's rules.

use inhaul_domain::route::{AddressBook, BookEntry, BookName, Place, Rule};
use inhaul_types::{AccountId, FolderId, RetrievalId};
use rusqlite::{Connection, Row};

use crate::StoreError;
use crate::sqlite::errors::{Doing, missing};
use crate::sqlite::words::from_word;

const READ: &str = "read the address book";

/// All accounts by their addresses and names. An address whose folder is gone leads to INBOX.
pub(crate) fn address_book(conn: &Connection) -> Result<AddressBook, StoreError> {
    let mut book = AddressBook {
        local_domains: conn
            .prepare_cached("SELECT name FROM local_domain ORDER BY name")
            .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
            .doing(READ)?,
        ..AddressBook::default()
    };
    let mut select = conn
        .prepare_cached(
            "SELECT o.id, o.name, i.id, i.name, a.id, a.enabled AND g.enabled, d.address
             FROM address d JOIN account a ON a.id = d.account_id
                 JOIN account_group g ON g.id = a.group_id
                 JOIN folder i ON i.id = coalesce(
                     (SELECT id FROM folder WHERE id = d.folder_id),
                     (SELECT id FROM folder WHERE account_id = a.id AND name = 'INBOX'))
                 JOIN account o ON o.id = i.account_id
             ORDER BY d.address",
        )
        .doing(READ)?;
    let mut rows = select.query([]).doing(READ)?;
    while let Some(row) = rows.next().doing(READ)? {
        let address: String = row.get(6).doing(READ)?;
        book.entries.push(BookEntry {
            address: from_word(&address)?,
            account: AccountId::new(row.get(4).doing(READ)?),
            place: place(row, 0)?,
            receives: row.get(5).doing(READ)?,
        });
    }
    let mut select = conn
        .prepare_cached(
            "SELECT a.id, a.name, i.id, i.name, a.enabled AND g.enabled
             FROM account a JOIN account_group g ON g.id = a.group_id
                 JOIN folder i ON i.account_id = a.id AND i.name = 'INBOX'
             ORDER BY a.name",
        )
        .doing(READ)?;
    let mut rows = select.query([]).doing(READ)?;
    while let Some(row) = rows.next().doing(READ)? {
        let place = place(row, 0)?;
        book.names.push(BookName {
            name: row.get(1).doing(READ)?,
            account: place.account,
            place,
            receives: row.get(4).doing(READ)?,
        });
    }
    Ok(book)
}

/// A catch-all's rules in their order; [`StoreError::Missing`] without the retrieval.
pub(crate) fn rules(conn: &Connection, id: RetrievalId) -> Result<Vec<Rule>, StoreError> {
    let mut select = conn
        .prepare_cached(
            "SELECT a.id, a.name, f.id, f.name, u.address
             FROM retrieval_rule u JOIN folder f ON f.id = u.folder_id
                 JOIN account a ON a.id = f.account_id
             WHERE u.retrieval_id = ?1 ORDER BY u.position",
        )
        .doing(READ)?;
    let mut rows = select.query([id.row()]).doing(READ)?;
    let mut rules = Vec::new();
    while let Some(row) = rows.next().doing(READ)? {
        let address: String = row.get(4).doing(READ)?;
        rules.push(Rule {
            address: from_word(&address)?,
            place: place(row, 0)?,
        });
    }
    if rules.is_empty() && !is_there(conn, id)? {
        return Err(missing("retrieval", id));
    }
    Ok(rules)
}

/// What our traces say; the schema has it from the first moment.
pub(crate) fn instance(conn: &Connection) -> Result<String, StoreError> {
    conn.prepare_cached("SELECT value FROM setting WHERE name = 'instance'")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .doing("read this installation's name")
}

fn is_there(conn: &Connection, id: RetrievalId) -> Result<bool, StoreError> {
    conn.prepare_cached("SELECT 1 FROM retrieval WHERE id = ?1")
        .and_then(|mut select| select.exists([id.row()]))
        .doing(READ)
}

/// From an account's number and name and a folder's number and name.
fn place(row: &Row<'_>, first: usize) -> Result<Place, StoreError> {
    let (account, folder): (String, String) = (
        row.get(first + 1).doing(READ)?,
        row.get(first + 3).doing(READ)?,
    );
    Ok(Place {
        account: AccountId::new(row.get(first).doing(READ)?),
        folder: FolderId::new(row.get(first + 2).doing(READ)?),
        shown: format!("{account}/{folder}"),
    })
}
