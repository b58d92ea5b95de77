//! Removes an account: at once for everybody who looks, then its messages slice by slice.
//!
//! The first step takes the account with its addresses and folders away and notes the folders in
//! `folder_removed`; nothing that reads finds a message whose folder is gone. The steps behind it
//! delete those messages and count their bodies' references down, and forget which uids went before
//! them; a body without any reference is free from then on, and the sweep gives its room back an
//! hour later. After a crash the next start goes on from `folder_removed`. Start at `Removal::step`.

use std::collections::BTreeMap;

use inhaul_types::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::accounts::{self, KeepsAdministrator};
use super::errors::Doing;
use super::writer::{Durability, Job, Step, Surroundings, Weight};
use crate::StoreError;

/// Messages deleted in one transaction: some 10 ms, each with its indexes and its body's count.
const SLICE: u32 = 1000;
/// Uids forgotten in one transaction: some 5 ms.
const UIDS: u32 = 5000;

const DOING: &str = "remove an account";

/// An account on its way out, or what an earlier process left of one.
pub(crate) struct Removal {
    /// Still to be taken away.
    account: Option<AccountId>,
    reply: Option<oneshot::Sender<Result<(), StoreError>>>,
}

impl Removal {
    pub(crate) fn of_account(
        account: AccountId,
        reply: oneshot::Sender<Result<(), StoreError>>,
    ) -> Self {
        Self {
            account: Some(account),
            reply: Some(reply),
        }
    }

    /// Goes on with what a crash interrupted.
    pub(crate) fn unfinished() -> Self {
        Self {
            account: None,
            reply: None,
        }
    }
}

impl Job for Removal {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        if let Some(account) = self.account {
            take_away(txn, account)?;
            return Ok(Step::More);
        }
        delete_slice(txn, (around.clock)())
    }

    fn committed(&mut self) {
        self.account = None;
    }

    fn weight(&self) -> Weight {
        Weight {
            slice: true,
            ..Weight::default()
        }
    }

    /// The slices can be done again; that the account is gone must last.
    fn durability(&self) -> Durability {
        match self.account {
            Some(_) => Durability::Synced,
            None => Durability::WithTheNext,
        }
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        let is_gone = self.account.is_none();
        let outcome = match outcome {
            // Whoever looks finds nothing any more; the next start does the rest.
            Err(error) if is_gone => {
                tracing::warn!(%error, "messages of a removed account stay until the next start");
                Ok(())
            }
            outcome => outcome,
        };
        if let Some(reply) = self.reply {
            // The caller may have gone away.
            reply.send(outcome).ok();
        }
        None
    }
}

/// Takes the account away from everybody who looks.
fn take_away(txn: &Connection, account: AccountId) -> Result<(), StoreError> {
    let name = accounts::name_of(txn, account)?;
    let by = needed_by(txn, account)?;
    if !by.is_empty() {
        let what = "account";
        return Err(StoreError::Needed { what, name, by });
    }
    let keeps = KeepsAdministrator::before(txn)?;
    for sql in [
        "INSERT OR IGNORE INTO folder_removed SELECT id FROM folder WHERE account_id = ?1",
        // Addresses, folders and sign-ins go with it.
        "DELETE FROM account WHERE id = ?1",
    ] {
        txn.execute(sql, [account.row()]).doing(DOING)?;
    }
    keeps.after(txn, "account", &name)
}

/// Those of [`retrievals_of`], and catch-alls with a rule that leads to the account.
fn needed_by(txn: &Connection, account: AccountId) -> Result<Vec<String>, StoreError> {
    let mut by = retrievals_of(txn, account)?;
    let mut ruled: Vec<String> = txn
        .prepare_cached(
            "SELECT DISTINCT r.name FROM retrieval_rule u JOIN retrieval r ON r.id = u.retrieval_id
             WHERE u.folder_id IN (SELECT id FROM folder WHERE account_id = ?1) ORDER BY r.name",
        )
        .and_then(|mut select| {
            select
                .query_map([account.row()], |row| row.get(0))?
                .collect()
        })
        .doing(DOING)?;
    ruled.retain(|name| !by.contains(name));
    by.append(&mut ruled);
    Ok(by)
}

/// Retrievals that deliver to the account, have it as their fallback, or are its own.
pub(crate) fn retrievals_of(
    txn: &Connection,
    account: AccountId,
) -> Result<Vec<String>, StoreError> {
    txn.prepare_cached(
        "SELECT name FROM retrieval
         WHERE owner_id = ?1 OR folder_id IN (SELECT id FROM folder WHERE account_id = ?1)
         ORDER BY name",
    )
    .and_then(|mut select| {
        select
            .query_map([account.row()], |row| row.get(0))?
            .collect()
    })
    .doing(DOING)
}

/// Deletes up to a slice of the messages of one removed folder, and then of the uids that went before
/// them; forgets the folder behind the last.
fn delete_slice(txn: &Connection, now: Timestamp) -> Result<Step, StoreError> {
    let folder: Option<i64> = txn
        .prepare_cached("SELECT id FROM folder_removed ORDER BY id LIMIT 1")
        .and_then(|mut select| select.query_row([], |row| row.get(0)).optional())
        .doing(DOING)?;
    let Some(folder) = folder else {
        return Ok(Step::Done);
    };
    let bodies: Vec<i64> = txn
        .prepare_cached(
            "DELETE FROM message WHERE id IN
                 (SELECT id FROM message WHERE folder_id = ?1 ORDER BY uid LIMIT ?2)
             RETURNING body_id",
        )
        .and_then(|mut delete| {
            delete
                .query_map(params![folder, SLICE], |row| row.get(0))?
                .collect()
        })
        .doing(DOING)?;
    let was_last = bodies.len() < SLICE as usize;
    release(txn, bodies, now)?;
    if was_last && forget_uids(txn, folder)? < UIDS as usize {
        txn.prepare_cached("DELETE FROM folder_removed WHERE id = ?1")
            .and_then(|mut delete| delete.execute([folder]))
            .doing(DOING)?;
    }
    Ok(Step::More)
}

/// Forgets up to a slice of the uids that are gone from a folder, and says how many.
fn forget_uids(txn: &Connection, folder: i64) -> Result<usize, StoreError> {
    txn.prepare_cached(
        "DELETE FROM expunged WHERE (folder_id, mod_seq, uid) IN
             (SELECT folder_id, mod_seq, uid FROM expunged WHERE folder_id = ?1 LIMIT ?2)",
    )
    .and_then(|mut delete| delete.execute(params![folder, UIDS]))
    .doing(DOING)
}

/// Counts references of bodies down, each body once; one without any is free from now on.
pub(crate) fn release(
    txn: &Connection,
    bodies: Vec<i64>,
    now: Timestamp,
) -> Result<(), StoreError> {
    const DOING: &str = "let bodies go";
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for body in bodies {
        *counts.entry(body).or_default() += 1;
    }
    let mut update = txn
        .prepare_cached(
            "UPDATE body SET refs = max(refs - ?2, 0),
                 freed_at = CASE WHEN refs <= ?2 THEN ?3 END
             WHERE id = ?1",
        )
        .doing(DOING)?;
    for (body, count) in counts {
        update
            .execute(params![body, count, now.millis()])
            .doing(DOING)?;
    }
    Ok(())
}
