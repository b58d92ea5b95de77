//! Takes messages out of a folder.
//!
//! A thousand of them are one transaction: placements, the folder's counters and its mod-seq, the
//! uids that are gone, the references of their bodies. More go in slices, the lowest uids first and
//! one mod-seq a slice, so that nobody waits long for the writer; after a crash on the way the
//! highest uids are left. Only the last slice asks for a sync: it covers the others. A body without
//! a placement is free from then on, and the sweep gives its room back an hour later. Start at
//! `Expunge::step`.

use std::sync::Arc;

use inhaul_types::{AccountId, FolderId, Timestamp, Uid};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::errors::{Doing, missing};
use super::removal;
use super::writer::{Durability, Job, Step, Surroundings, Weight};
use crate::records::Announcer;
use crate::{Flags, News, RemovedMessages, StoreError};

/// Messages removed in one transaction: some 20 ms.
const SLICE: usize = 1000;

const DOING: &str = "remove messages";

/// Messages of one folder on their way out.
pub(crate) struct Expunge {
    folder: FolderId,
    /// Ascending, none twice.
    uids: Vec<Uid>,
    /// How many of `uids` committed steps have looked for.
    done: usize,
    /// Those that were there.
    removed: Vec<Uid>,
    /// What the step in hand removes, and whose it is.
    in_hand: Vec<Uid>,
    account: Option<AccountId>,
    announcer: Arc<Announcer>,
    reply: oneshot::Sender<Result<u64, StoreError>>,
}

impl Expunge {
    pub(crate) fn new(
        folder: FolderId,
        mut uids: Vec<Uid>,
        announcer: Arc<Announcer>,
        reply: oneshot::Sender<Result<u64, StoreError>>,
    ) -> Self {
        uids.sort_unstable();
        uids.dedup();
        Self {
            folder,
            uids,
            done: 0,
            removed: Vec::new(),
            in_hand: Vec::new(),
            account: None,
            announcer,
            reply,
        }
    }

    /// The uids of the next step.
    fn slice(&self) -> &[Uid] {
        let left = &self.uids[self.done..];
        &left[..left.len().min(SLICE)]
    }

    fn is_last(&self) -> bool {
        self.uids.len() - self.done <= SLICE
    }

    /// Tells whoever listens what is gone.
    fn announce(&self) {
        if let Some(account) = self.account
            && !self.removed.is_empty()
            && self.announcer.is_heard()
        {
            self.announcer.announce(News::Went(RemovedMessages {
                account,
                folder: self.folder,
                uids: self.removed.as_slice().into(),
            }));
        }
    }
}

impl Job for Expunge {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        self.account = Some(account_of(txn, self.folder)?);
        self.in_hand = remove(txn, self.folder, self.slice(), (around.clock)())?;
        Ok(if self.is_last() {
            Step::Done
        } else {
            Step::More
        })
    }

    fn committed(&mut self) {
        self.done += self.slice().len();
        self.removed.append(&mut self.in_hand);
    }

    fn weight(&self) -> Weight {
        Weight {
            messages: self.slice().len(),
            octets: 0,
            slice: !self.is_last(),
        }
    }

    fn durability(&self) -> Durability {
        if self.is_last() {
            Durability::Synced
        } else {
            Durability::WithTheNext
        }
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        // What slices before a failure removed is gone, too.
        self.announce();
        let removed = self.removed.len() as u64;
        // The caller may have gone away.
        self.reply.send(outcome.map(|()| removed)).ok();
        None
    }
}

pub(super) fn account_of(txn: &Connection, folder: FolderId) -> Result<AccountId, StoreError> {
    txn.prepare_cached("SELECT account_id FROM folder WHERE id = ?1")
        .and_then(|mut select| {
            select
                .query_row([folder.row()], |row| row.get(0))
                .optional()
        })
        .doing(DOING)?
        .map(AccountId::new)
        .ok_or_else(|| missing("folder", folder))
}

/// Removes what is there of these, and says what was.
pub(super) fn remove(
    txn: &Connection,
    folder: FolderId,
    uids: &[Uid],
    now: Timestamp,
) -> Result<Vec<Uid>, StoreError> {
    let (mut removed, mut bodies, mut leaving) = (Vec::new(), Vec::new(), Leaving::default());
    let mut delete = txn
        .prepare_cached(
            "DELETE FROM message WHERE folder_id = ?1 AND uid = ?2 RETURNING body_id, size, flags",
        )
        .doing(DOING)?;
    for uid in uids {
        let deleted: Option<(i64, i64, u8)> = delete
            .query_row(params![folder.row(), uid.number()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .doing(DOING)?;
        if let Some((body, size, flags)) = deleted {
            removed.push(*uid);
            bodies.push(body);
            leaving.add(size, Flags::from_bits(flags));
        }
    }
    if !removed.is_empty() {
        let mod_seq = count_down(txn, folder, leaving)?;
        remember(txn, folder, mod_seq, &removed)?;
        removal::release(txn, bodies, now)?;
    }
    Ok(removed)
}

/// What leaves a folder.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leaving {
    pub(super) messages: i64,
    pub(super) unseen: i64,
    pub(super) octets: i64,
}

impl Leaving {
    /// One message more.
    pub(super) fn add(&mut self, size: i64, flags: Flags) {
        self.messages += 1;
        self.unseen += i64::from(!flags.has(Flags::SEEN));
        self.octets = self.octets.saturating_add(size);
    }
}

/// Counts the folder down and moves its mod-seq, which it returns.
pub(super) fn count_down(
    txn: &Connection,
    folder: FolderId,
    leaving: Leaving,
) -> Result<i64, StoreError> {
    txn.prepare_cached(
        "UPDATE folder SET highest_modseq = highest_modseq + 1,
             messages = max(messages - ?2, 0), octets = max(octets - ?3, 0),
             unseen = max(unseen - ?4, 0)
         WHERE id = ?1 RETURNING highest_modseq",
    )
    .and_then(|mut update| {
        let Leaving {
            messages,
            unseen,
            octets,
        } = leaving;
        update.query_row([folder.row(), messages, octets, unseen], |row| row.get(0))
    })
    .doing(DOING)
}

/// Keeps the uids for those who ask what went since they last looked (RFC 7162 section 3.2.6).
pub(super) fn remember(
    txn: &Connection,
    folder: FolderId,
    mod_seq: i64,
    uids: &[Uid],
) -> Result<(), StoreError> {
    let mut insert = txn
        .prepare_cached("INSERT INTO expunged (folder_id, mod_seq, uid) VALUES (?1, ?2, ?3)")
        .doing(DOING)?;
    for uid in uids {
        insert
            .execute(params![folder.row(), mod_seq, uid.number()])
            .doing(DOING)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use crate::sqlite::segments::Segments;

    use super::*;

    #[test]
    fn a_step_that_came_to_nothing_is_taken_again() {
        let dir = tempfile::tempdir().unwrap();
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        conn.execute_batch(
            "INSERT INTO account (id, name, group_id, created) VALUES (1, 'alice', 1, 0);
             INSERT INTO folder (id, account_id, name, uid_validity, messages, octets)
                 VALUES (1, 1, 'INBOX', 1, 1500, 7500);
             INSERT INTO body (id, size, header_size, refs, digest) VALUES (1, 5, 0, 1500, x'00');
             WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 1500)
                 INSERT INTO message (folder_id, uid, body_id, size, internal_date, mod_seq, uidl)
                     SELECT 1, n, 1, 5, 0, 1, zeroblob(12) FROM n;",
        )
        .unwrap();
        let around = Surroundings {
            clock: Arc::new(|| Timestamp::from_millis(9)),
            bodies_in_use: Arc::default(),
            segments: Mutex::new(Segments::open(&conn, dir.path()).unwrap()),
        };
        let (reply, mut answer) = oneshot::channel();
        let uids = (1..=1500).rev().map(Uid::new).collect();
        let mut job = Expunge::new(FolderId::new(1), uids, Arc::default(), reply);
        for (end, slice, durability) in [
            ("ROLLBACK", true, Durability::WithTheNext),
            ("COMMIT", true, Durability::WithTheNext),
            ("ROLLBACK", false, Durability::Synced),
            ("COMMIT", false, Durability::Synced),
        ] {
            assert_eq!((job.weight().slice, job.durability()), (slice, durability));
            conn.execute_batch("BEGIN").unwrap();
            let step = job.step(&conn, &around).unwrap();
            assert_eq!(step, if slice { Step::More } else { Step::Done });
            conn.execute_batch(end).unwrap();
            if end == "COMMIT" {
                job.committed();
            }
        }
        assert!(Box::new(job).finish(Ok(())).is_none());
        assert_eq!(answer.try_recv().unwrap().unwrap(), 1500);
        let left: [i64; 5] = conn
            .query_row(
                "SELECT messages, octets, highest_modseq, refs, (SELECT count(*) FROM expunged)
                 FROM folder, body",
                [],
                |row| {
                    Ok([
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                    ])
                },
            )
            .unwrap();
        assert_eq!(left, [0, 0, 3, 0, 1500]);
    }
}
