//! An address gets a rule: what the fallback holds because of it goes to whoever has it now.
//!
//! A message that is there for this address alone moves: it keeps its number and its ledger row, so
//! it is still found. One that is there for somebody else, too, is copied, and one that has come to
//! the folder in another way is not put there again. A few hundred are one transaction; after a crash
//! the rest is still noted, and the same call goes on. Start at `Claim::step`.

use std::sync::Arc;

use inhaul_types::{Address, FolderId, MessageId, RetrievalId};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::giving::{Giving, Moved};
use super::unclaimed::{self, Pattern};
use crate::records::Announcer;
use crate::sqlite::readers::Readers;
use crate::sqlite::retrievals;
use crate::sqlite::writer::{Durability, Job, Step, Surroundings, Weight};
use crate::{NewMessages, News, RemovedMessages, StoreError};

/// Messages that go in one transaction: some 20 ms.
const SLICE: usize = 250;

/// What there is to do, as a reader sees it.
pub(crate) struct Found {
    pub(super) pattern: Pattern,
    messages: Vec<MessageId>,
    pub(super) why: String,
}

impl Found {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

/// Looks for the messages that the fallback holds for this address.
pub(crate) async fn find(
    readers: &Arc<Readers>,
    id: RetrievalId,
    address: &Address,
) -> Result<Found, StoreError> {
    let retrieval = readers
        .read(move |conn| retrievals::by_id(conn, id))
        .await?;
    let pattern = Pattern::new(address, &retrieval);
    Ok(Found {
        messages: unclaimed::messages(readers, &retrieval, &pattern).await?,
        pattern,
        why: format!("unclaimed before, now {address}"),
    })
}

/// Messages on their way out of the fallback.
pub(crate) struct Claim {
    retrieval: RetrievalId,
    to: FolderId,
    found: Found,
    /// How many of them committed steps have seen to.
    done: usize,
    in_hand: Moved,
    moved: Moved,
    announcer: Arc<Announcer>,
    reply: oneshot::Sender<Result<u64, StoreError>>,
}

impl Claim {
    pub(crate) fn new(
        retrieval: RetrievalId,
        to: FolderId,
        found: Found,
        announcer: Arc<Announcer>,
        reply: oneshot::Sender<Result<u64, StoreError>>,
    ) -> Self {
        Self {
            retrieval,
            to,
            found,
            done: 0,
            in_hand: Moved::default(),
            moved: Moved::default(),
            announcer,
            reply,
        }
    }

    fn slice(&self) -> &[MessageId] {
        let left = &self.found.messages[self.done..];
        &left[..left.len().min(SLICE)]
    }

    fn is_last(&self) -> bool {
        self.found.messages.len() - self.done <= SLICE
    }

    fn announce(&self) {
        if !self.announcer.is_heard() {
            return;
        }
        if let Some((account, folder)) = self.moved.went
            && !self.moved.uids.is_empty()
        {
            self.announcer.announce(News::Went(RemovedMessages {
                account,
                folder,
                uids: self.moved.uids.as_slice().into(),
            }));
        }
        if let Some((account, folder)) = self.moved.came
            && !self.moved.messages.is_empty()
        {
            self.announcer.announce(News::Came(NewMessages {
                account,
                folder,
                messages: self.moved.messages.as_slice().into(),
            }));
        }
    }
}

impl Job for Claim {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        let (fallback, maildrop) = unclaimed::fallback(txn, self.retrieval)?;
        let mut giving = Giving::new(txn, around, &self.found, maildrop, fallback, self.to)?;
        for message in self.slice() {
            giving.give(*message)?;
        }
        self.in_hand = giving.end()?;
        Ok(if self.is_last() {
            Step::Done
        } else {
            Step::More
        })
    }

    fn committed(&mut self) {
        self.done += self.slice().len();
        let in_hand = std::mem::take(&mut self.in_hand);
        self.moved.add(in_hand);
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
        // What slices before a failure moved is moved.
        self.announce();
        let given = self.moved.given;
        // The caller may have gone away.
        self.reply.send(outcome.map(|()| given)).ok();
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use inhaul_types::Timestamp;

    use crate::sqlite::segments::Segments;

    use super::*;

    #[test]
    fn a_step_that_came_to_nothing_is_taken_again() {
        let dir = tempfile::tempdir().unwrap();
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        conn.execute_batch(
            "INSERT INTO account (id, name, group_id, created) VALUES (1, 'unclaimed', 1, 0);
             INSERT INTO folder (id, account_id, name, uid_validity, messages, octets)
                 VALUES (1, 1, 'INBOX', 1, 300, 1500), (2, 1, 'Shop', 1, 0, 0);
             INSERT INTO maildrop (id, host, user, folder_id) VALUES (1, 'h', 'u', 1);
             INSERT INTO retrieval (id, name, host, port, security, user, folder_id, maildrop_id,
                     routing, evidence, created)
                 VALUES (1, 'firm', 'h', 995, 'tls', 'u', 1, 1, 'catch-all', 'to-cc', 0);
             WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 300)
                 INSERT INTO message (folder_id, uid, body_id, size, internal_date, mod_seq, uidl)
                     SELECT 1, n, n, 5, 0, 1, zeroblob(12) FROM n;
             INSERT INTO unclaimed (message_id, maildrop_id, address)
                 SELECT id, 1, 'infos@firm.example' FROM message;",
        )
        .unwrap();
        let around = Surroundings {
            clock: Arc::new(|| Timestamp::from_millis(9)),
            bodies_in_use: Arc::default(),
            segments: Mutex::new(Segments::open(&conn, dir.path()).unwrap()),
        };
        let (reply, mut answer) = oneshot::channel();
        let retrieval = retrievals::by_id(&conn, RetrievalId::new(1)).unwrap();
        let found = Found {
            pattern: Pattern::new(&"infos@firm.example".parse().unwrap(), &retrieval),
            // One that is gone meanwhile, too.
            messages: (1..=301).map(MessageId::new).collect(),
            why: "claimed".into(),
        };
        let mut job = Claim::new(retrieval.id, FolderId::new(2), found, Arc::default(), reply);
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
        assert_eq!(answer.try_recv().unwrap().unwrap(), 300);
        let counts: Vec<[i64; 4]> = conn
            .prepare(
                "SELECT f.messages, f.octets, f.uid_next,
                     (SELECT count(*) FROM message WHERE folder_id = f.id)
                 FROM folder f ORDER BY id",
            )
            .unwrap()
            .query_map([], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(counts, [[0, 0, 1, 0], [300, 1500, 301, 300]]);
        let left: (i64, i64) = conn
            .query_row(
                "SELECT (SELECT count(*) FROM unclaimed), (SELECT count(*) FROM expunged)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(left, (0, 300));
    }
}
