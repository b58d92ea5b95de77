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
