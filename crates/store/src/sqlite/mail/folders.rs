//! Folders get another name, and are removed.
//!
//! A folder that is removed gives its messages to Trash, a thousand in a transaction, so that nobody
//! waits long for the writer; the last transaction takes the folder itself. After a crash on the way
//! it is there with the rest. Start at [`rename`] or [`FolderRemoval::step`].

use std::sync::Arc;

use inhaul_types::{AccountId, FolderId};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::act::{self, Destination, Found};
use crate::records::Announcer;
use crate::sqlite::accounts;
use crate::sqlite::errors::{Doing, missing};
use crate::sqlite::removal::Removal;
use crate::sqlite::writer::{Durability, Job, Step, Surroundings, Weight};
use crate::{FolderName, News, StoreError};

/// Messages moved in one transaction: some 20 ms.
const SLICE: u32 = 1000;

const DOING: &str = "change a folder";

/// Calls a folder something else, and those that lie in it.
pub(super) fn rename(
    txn: &Connection,
    account: AccountId,
    folder: FolderId,
    name: &str,
) -> Result<(), StoreError> {
    let before = changeable(txn, account, folder)?;
    let after = accounts::folder_name(name)?;
    if FolderName::is_permanent(after.as_str()) {
        return Err(permanent(after.as_str()));
    }
    for (id, name) in with_those_in_it(txn, account, &before)? {
        let name = format!("{after}{}", &name[before.len()..]);
        let name = accounts::folder_name(&name)?;
        let named = txn.execute(
            "UPDATE folder SET name = ?2 WHERE id = ?1",
            params![id, name.as_str()],
        );
        accounts::unless_exists(named, "folder", name.as_str())?.doing(DOING)?;
    }
    Ok(())
}

/// The name of a folder of this account that may change.
fn changeable(
    txn: &Connection,
    account: AccountId,
    folder: FolderId,
) -> Result<String, StoreError> {
    let name: Option<String> = txn
        .prepare_cached("SELECT name FROM folder WHERE id = ?1 AND account_id = ?2 AND NOT removed")
        .and_then(|mut select| {
            let key = [folder.row(), account.row()];
            select.query_row(key, |row| row.get(0)).optional()
        })
        .doing(DOING)?;
    match name {
        None => Err(missing("folder", folder)),
        Some(name) if FolderName::is_permanent(&name) => Err(permanent(&name)),
        Some(name) => Ok(name),
    }
}

fn permanent(name: &str) -> StoreError {
    StoreError::Permanent {
        what: "folder",
        name: name.to_owned(),
    }
}

/// A folder and those below it. Among those that were removed some may be made again there.
fn with_those_in_it(
    txn: &Connection,
    account: AccountId,
    name: &str,
) -> Result<Vec<(i64, String)>, StoreError> {
    let mut folders: Vec<(i64, String)> = txn
        .prepare_cached("SELECT id, name FROM folder WHERE account_id = ?1 ORDER BY name")
        .and_then(|mut select| {
            let rows = select.query_map([account.row()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .doing(DOING)?;
    folders.retain(|(_, other)| {
        let behind = other.strip_prefix(name);
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
    });
    Ok(folders)
}

/// A folder on its way out.
pub(super) struct FolderRemoval {
    account: AccountId,
    folder: FolderId,
    /// Messages that committed steps moved, and the step in hand.
    moved: u64,
    in_hand: u64,
    news: Vec<News>,
    announcer: Arc<Announcer>,
    reply: oneshot::Sender<Result<u64, StoreError>>,
}

impl FolderRemoval {
    pub(super) fn new(
        account: AccountId,
        folder: FolderId,
        announcer: Arc<Announcer>,
        reply: oneshot::Sender<Result<u64, StoreError>>,
    ) -> Self {
        Self {
            account,
            folder,
            moved: 0,
            in_hand: 0,
            news: Vec::new(),
            announcer,
            reply,
        }
    }

    fn slice(&self, txn: &Connection) -> Result<Vec<Found>, StoreError> {
        txn.prepare_cached(
            "SELECT id, folder_id, flags, uid, size FROM message
             WHERE folder_id = ?1 ORDER BY uid LIMIT ?2",
        )
        .and_then(|mut select| {
            select
                .query_map(params![self.folder.row(), SLICE], Found::from_row)?
                .collect()
        })
        .doing(DOING)
    }
}

impl Job for FolderRemoval {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        changeable(txn, self.account, self.folder)?;
        let found = self.slice(txn)?;
        self.in_hand = found.len() as u64;
        self.news.clear();
        if !found.is_empty() {
            let now = (around.clock)();
            let trash = accounts::folder_or_new(txn, around, self.account, FolderName::TRASH)?;
            let trash = Destination::find(txn, trash, self.account, now)?;
            self.news = act::moved(txn, &act::by_folder(&found), &trash)?;
        }
        if found.len() == SLICE as usize {
            return Ok(Step::More);
        }
        take_away(txn, around, self.folder)?;
        Ok(Step::Done)
    }

    fn committed(&mut self) {
        self.moved += std::mem::take(&mut self.in_hand);
        let news = std::mem::take(&mut self.news);
        if self.announcer.is_heard() {
            news.into_iter()
                .for_each(|news| self.announcer.announce(news));
        }
    }

    fn weight(&self) -> Weight {
        Weight {
            messages: SLICE as usize,
            octets: 0,
            slice: true,
        }
    }

    /// Which step is the last one shows inside it.
    fn durability(&self) -> Durability {
        Durability::Synced
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        let is_gone = outcome.is_ok();
        // The caller may have gone away.
        self.reply.send(outcome.map(|()| self.moved)).ok();
        // Its uids go.
        is_gone.then(|| Box::new(Removal::unfinished()) as Box<dyn Job>)
    }
}

/// Takes an empty folder away. What delivers to a folder names it by its number: that one is hidden
/// until the next message comes, and then it is another folder for whoever knew the old one.
fn take_away(txn: &Connection, around: &Surroundings, folder: FolderId) -> Result<(), StoreError> {
    let execute = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
        txn.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
            .doing(DOING)
    };
    let id = folder.row();
    if is_delivered_to(txn, folder)? {
        let uid_validity = accounts::next_uid_validity(txn, around)?;
        execute(
            "UPDATE folder SET removed = 1, uid_validity = ?2 WHERE id = ?1",
            params![id, uid_validity],
        )?;
        return Ok(());
    }
    execute(
        "INSERT OR IGNORE INTO folder_removed (id) VALUES (?1)",
        &[&id],
    )?;
    execute("DELETE FROM folder WHERE id = ?1", &[&id])?;
    Ok(())
}

/// Whether a retrieval, a rule or an address leads there.
fn is_delivered_to(txn: &Connection, folder: FolderId) -> Result<bool, StoreError> {
    txn.prepare_cached(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM retrieval WHERE folder_id = ?1)
             OR EXISTS (SELECT 1 FROM retrieval_rule WHERE folder_id = ?1)
             OR EXISTS (SELECT 1 FROM address WHERE folder_id = ?1)",
    )
    .and_then(|mut select| select.exists([folder.row()]))
    .doing(DOING)
}
