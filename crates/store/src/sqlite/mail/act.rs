//! Marks and moves messages.
//!
//! A thousand of them are one transaction with one mod-seq a folder, more go in slices, so that
//! nobody waits long for the writer. Only the last slice asks for a sync: it covers the others. What
//! is not the account's is passed over, as is what changes nothing. What the messages were is handed
//! back for an undo, unless those are too many to be kept. Start at `Act::step`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use inhaul_types::{AccountId, FolderId, MessageId, Timestamp, Uid};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::oneshot;

use crate::mail::{ActedOn, FlagChange, Flags, Marked};
use crate::records::Announcer;
use crate::sqlite::errors::{Doing, missing};
use crate::sqlite::expunge::{self, Leaving};
use crate::sqlite::trash;
use crate::sqlite::writer::{Durability, Job, Step, Surroundings, Weight};
use crate::{FolderName, NewMessages, News, RemovedMessages, StoreError};

/// Messages in one transaction: some 20 ms.
const SLICE: usize = 1000;

const DOING: &str = "change messages";

/// What is done to each.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Mark(FlagChange),
    Move(FolderId),
}

/// Messages that somebody acts on.
pub(super) struct Act {
    account: AccountId,
    messages: Vec<MessageId>,
    what: What,
    /// How many of `messages` committed steps have looked for.
    done: usize,
    acted_on: Marked,
    /// What is handed back of them at most.
    undoable: usize,
    /// What the step in hand did, and what went where.
    in_hand: Vec<ActedOn>,
    news: Vec<News>,
    announcer: Arc<Announcer>,
    reply: oneshot::Sender<Result<Marked, StoreError>>,
}

/// A message as it was found.
pub(super) struct Found {
    before: ActedOn,
    uid: Uid,
    size: i64,
}

impl Act {
    pub(super) fn new(
        account: AccountId,
        mut messages: Vec<MessageId>,
        what: What,
        undoable: usize,
        announcer: Arc<Announcer>,
        reply: oneshot::Sender<Result<Marked, StoreError>>,
    ) -> Self {
        // Who is named twice is counted once.
        let mut named = HashSet::new();
        messages.retain(|message| named.insert(*message));
        Self {
            account,
            messages,
            what,
            done: 0,
            acted_on: Marked {
                messages: 0,
                acted_on: Some(Vec::new()),
            },
            undoable,
            in_hand: Vec::new(),
            news: Vec::new(),
            announcer,
            reply,
        }
    }

    fn slice(&self) -> &[MessageId] {
        let left = &self.messages[self.done..];
        &left[..left.len().min(SLICE)]
    }

    fn is_last(&self) -> bool {
        self.messages.len() - self.done <= SLICE
    }

    /// Those of the slice that are the account's and that this changes.
    fn find(&self, txn: &Connection) -> Result<Vec<Found>, StoreError> {
        let mut select = txn
            .prepare_cached(
                "SELECT m.id, m.folder_id, m.flags, m.uid, m.size
                 FROM message m JOIN folder f ON f.id = m.folder_id
                 WHERE m.id = ?1 AND f.account_id = ?2",
            )
            .doing(DOING)?;
        let mut all = Vec::new();
        for message in self.slice() {
            let key = [message.row(), self.account.row()];
            let found = select
                .query_row(key, Found::from_row)
                .optional()
                .doing(DOING)?;
            let changes = |found: &Found| match self.what {
                What::Mark(change) => change.of(found.before.flags) != found.before.flags,
                What::Move(to) => found.before.folder != to,
            };
            all.extend(found.filter(changes));
        }
        Ok(all)
    }
}

impl Found {
    /// From id, folder, flags, uid and size of a message.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            before: ActedOn {
                message: MessageId::new(row.get(0)?),
                folder: FolderId::new(row.get(1)?),
                flags: Flags::from_bits(row.get(2)?),
            },
            uid: Uid::new(row.get(3)?),
            size: row.get(4)?,
        })
    }
}

impl Marked {
    fn add(&mut self, more: &mut Vec<ActedOn>, undoable: usize) {
        self.messages += more.len() as u64;
        let kept = self.acted_on.take();
        self.acted_on = kept.filter(|kept| kept.len() + more.len() <= undoable);
        if let Some(kept) = &mut self.acted_on {
            kept.append(more);
        }
        more.clear();
    }
}

impl FlagChange {
    /// The marks after it.
    pub(super) fn of(self, flags: Flags) -> Flags {
        Flags::from_bits(flags.bits() & !self.clear.bits() | self.set.bits())
    }
}

impl Job for Act {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        self.news.clear();
        let found = self.find(txn)?;
        let by_folder = by_folder(&found);
        match self.what {
            What::Mark(change) => mark(txn, &by_folder, change)?,
            What::Move(to) => {
                let to = Destination::find(txn, to, self.account, (around.clock)())?;
                self.news = moved(txn, &by_folder, &to)?;
            }
        }
        self.in_hand = found.iter().map(|one| one.before).collect();
        Ok(match self.is_last() {
            true => Step::Done,
            false => Step::More,
        })
    }

    fn committed(&mut self) {
        self.done += self.slice().len();
        self.acted_on.add(&mut self.in_hand, self.undoable);
        let news = std::mem::take(&mut self.news);
        if self.announcer.is_heard() {
            news.into_iter()
                .for_each(|news| self.announcer.announce(news));
        }
    }

    fn weight(&self) -> Weight {
        Weight {
            messages: self.slice().len(),
            octets: 0,
            slice: !self.is_last(),
        }
    }

    fn durability(&self) -> Durability {
        match self.is_last() {
            true => Durability::Synced,
            false => Durability::WithTheNext,
        }
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        let Self {
            reply, acted_on, ..
        } = *self;
        // The caller may have gone away.
        reply.send(outcome.map(|()| acted_on)).ok();
        None
    }
}

/// A folder that messages are moved to.
pub(super) struct Destination {
    folder: FolderId,
    account: AccountId,
    /// When what comes there came into a Trash, if it is one.
    trashed_at: Option<i64>,
}

impl Destination {
    /// [`StoreError::Missing`] unless the folder is the account's.
    pub(super) fn find(
        txn: &Connection,
        folder: FolderId,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let name: Option<String> = txn
            .prepare_cached("SELECT name FROM folder WHERE id = ?1 AND account_id = ?2")
            .and_then(|mut select| {
                let key = [folder.row(), account.row()];
                select.query_row(key, |row| row.get(0)).optional()
            })
            .doing(DOING)?;
        let trashed_at = match name.as_deref() {
            None => return Err(missing("folder", folder)),
            Some(FolderName::TRASH) => Some(trash::time(txn, now)?),
            Some(_) => None,
        };
        Ok(Self {
            folder,
            account,
            trashed_at,
        })
    }
}

fn mark(
    txn: &Connection,
    by_folder: &BTreeMap<i64, Vec<&Found>>,
    change: FlagChange,
) -> Result<(), StoreError> {
    let mut update = txn
        .prepare_cached("UPDATE message SET flags = ?2, mod_seq = ?3 WHERE id = ?1")
        .doing(DOING)?;
    for (folder, found) in by_folder {
        let unseen = |flags: Flags| i64::from(!flags.has(Flags::SEEN));
        let more_unseen: i64 = found
            .iter()
            .map(|one| unseen(change.of(one.before.flags)) - unseen(one.before.flags))
            .sum();
        let mod_seq: i64 = txn
            .prepare_cached(
                "UPDATE folder SET highest_modseq = highest_modseq + 1,
                     unseen = max(unseen + ?2, 0)
                 WHERE id = ?1 RETURNING highest_modseq",
            )
            .and_then(|mut update| update.query_row([*folder, more_unseen], |row| row.get(0)))
            .doing(DOING)?;
        for one in found {
            let flags = change.of(one.before.flags).bits();
            update
                .execute(params![one.before.message.row(), flags, mod_seq])
                .doing(DOING)?;
        }
    }
    Ok(())
}

pub(super) fn by_folder(found: &[Found]) -> BTreeMap<i64, Vec<&Found>> {
    let mut by_folder: BTreeMap<i64, Vec<&Found>> = BTreeMap::new();
    for one in found {
        let folder = by_folder.entry(one.before.folder.row()).or_default();
        folder.push(one);
    }
    by_folder
}

/// Moves them, and says what went and came. Keywords are a folder's own and stay behind.
pub(super) fn moved(
    txn: &Connection,
    by_folder: &BTreeMap<i64, Vec<&Found>>,
    to: &Destination,
) -> Result<Vec<News>, StoreError> {
    let Destination {
        folder: to,
        account,
        trashed_at,
    } = *to;
    let mut news = Vec::new();
    let mut update = txn
        .prepare_cached(
            "UPDATE message SET folder_id = ?2, uid = ?3, mod_seq = ?4, keywords = 0, trashed_at = ?5
             WHERE id = ?1",
        )
        .doing(DOING)?;
    for (from, found) in by_folder {
        let (from, mut leaving) = (FolderId::new(*from), Leaving::default());
        found
            .iter()
            .for_each(|one| leaving.add(one.size, one.before.flags));
        let (mut uid, mod_seq) = places(txn, to, leaving)?;
        for one in found {
            update
                .execute(params![
                    one.before.message.row(),
                    to.row(),
                    uid,
                    mod_seq,
                    trashed_at
                ])
                .doing(DOING)?;
            uid += 1;
        }
        let uids: Vec<Uid> = found.iter().map(|one| one.uid).collect();
        let mod_seq = expunge::count_down(txn, from, leaving)?;
        expunge::remember(txn, from, mod_seq, &uids)?;
        news.push(News::Went(RemovedMessages {
            account,
            folder: from,
            uids: uids.into(),
        }));
        news.push(News::Came(NewMessages {
            account,
            folder: to,
            messages: found.iter().map(|one| one.before.message).collect(),
        }));
    }
    Ok(news)
}

/// Room in a folder for so many more: the first uid, and the mod-seq.
fn places(txn: &Connection, folder: FolderId, coming: Leaving) -> Result<(i64, i64), StoreError> {
    txn.prepare_cached(
        "UPDATE folder SET uid_next = uid_next + ?2, highest_modseq = highest_modseq + 1,
             messages = messages + ?2, octets = octets + ?3, unseen = unseen + ?4, removed = 0
         WHERE id = ?1 RETURNING uid_next - ?2, highest_modseq",
    )
    .and_then(|mut update| {
        let Leaving {
            messages,
            unseen,
            octets,
        } = coming;
        update.query_row([folder.row(), messages, octets, unseen], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    })
    .doing(DOING)
}
