//! What is gathered while messages come, and made durable at once.

use std::collections::HashMap;
use std::ops::{Add, AddAssign};
use std::sync::Arc;

use inhaul_domain::LedgerState;
use inhaul_store::{Batch, Became, Delivery, LedgerChange, Store, StoreError};
use inhaul_types::{
    AccountId, FolderId, LedgerId, MaildropId, MessageNumber, Octets, RetrievalId, RunId,
};
use tokio::time::Instant;

use crate::budget::Reservation;

/// What the next commit will make durable.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) deliveries: Vec<Delivery>,
    /// For each delivery: the number to delete once it is durable.
    pub(super) deletes: Vec<Option<MessageNumber>>,
    /// For each delivery: whose folders it goes into, where it is shared out.
    pub(super) accounts: Vec<Vec<AccountId>>,
    pub(super) changes: Vec<LedgerChange>,
    /// Re-linked rows to be deleted once the re-link is durable.
    pub(super) relinked: Vec<(MessageNumber, LedgerId)>,
    pub(super) reservations: Vec<Reservation>,
    pub(super) octets: u64,
    pub(super) since: Option<Instant>,
}

/// What a commit made durable.
#[derive(Default)]
pub(super) struct Durable {
    pub(super) stored: Came,
    /// Messages that were here already and went round.
    pub(super) loops: Came,
    /// Copies of what each of their folders has already.
    pub(super) copies: Came,
    /// How many of a catch-all's messages each account got.
    pub(super) reached: HashMap<AccountId, u64>,
    pub(super) deletes: Vec<(MessageNumber, LedgerId)>,
    /// What the account holds now.
    pub(super) used: Option<Octets>,
}

/// Messages that came, and their octets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Came {
    pub(crate) messages: u64,
    pub(crate) octets: Octets,
}

impl Came {
    fn one(octets: Octets) -> Self {
        Self {
            messages: 1,
            octets,
        }
    }
}

impl Add for Came {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            octets: self.octets + other.octets,
        }
    }
}

impl AddAssign for Came {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Durable {
    /// All octets that are under way no more.
    pub(super) fn octets(&self) -> Octets {
        self.stored.octets + self.loops.octets + self.copies.octets
    }

    /// Counts what became of one delivery.
    fn note(&mut self, became: Became, octets: Octets, accounts: Vec<AccountId>) {
        match became {
            Became::Stored => {
                self.stored += Came::one(octets);
                for account in accounts {
                    *self.reached.entry(account).or_default() += 1;
                }
            }
            Became::Copy => self.copies += Came::one(octets),
            Became::LeftOut => self.loops += Came::one(octets),
        }
    }
}

/// What an account holds, and may hold. Looked at again behind every commit: other runs fill it too,
/// and may pass the limit together by what each of them has under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct AccountRoom {
    pub(crate) account: AccountId,
    pub(crate) limit: Octets,
    pub(crate) used: Octets,
}

/// Where a batch goes.
pub(super) struct Destination {
    pub(super) store: Arc<dyn Store>,
    pub(super) run: RunId,
    pub(super) retrieval: RetrievalId,
    pub(super) maildrop: MaildropId,
    /// Of a catch-all, its folder.
    pub(super) fallback: Option<FolderId>,
    pub(super) room: Option<AccountRoom>,
}

impl Gathered {
    pub(super) fn entries(&self) -> usize {
        self.deliveries.len() + self.changes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries() == 0
    }

    /// Makes it durable: changes of earlier rows first, then the messages.
    pub(super) async fn commit(mut self, to: Destination) -> Result<Durable, StoreError> {
        let mut durable = Durable {
            deletes: std::mem::take(&mut self.relinked),
            ..Durable::default()
        };
        if !self.changes.is_empty() {
            let mut changes = self.changes;
            if !durable.deletes.is_empty() {
                let rows = durable.deletes.iter().map(|(_, row)| *row).collect();
                changes.push(LedgerChange::State {
                    rows,
                    state: LedgerState::Asked,
                });
            }
            to.store.ledger_apply(to.maildrop, changes).await?;
        }
        let sizes = self.deliveries.iter().map(|one| one.body.size());
        let sizes: Vec<Octets> = sizes.collect();
        if !sizes.is_empty() {
            let batch = Batch {
                run: to.run,
                retrieval: to.retrieval,
                maildrop: to.maildrop,
                fallback: to.fallback,
                deliveries: self.deliveries,
            };
            let committed = to.store.commit_batch(batch).await?;
            let asked = self.deletes.into_iter().zip(sizes).zip(self.accounts);
            for (((number, octets), accounts), done) in asked.zip(committed) {
                durable.note(done.became, octets, accounts);
                // What was left out stays there, whatever was wanted.
                let number = number.filter(|_| !done.is_left_out());
                durable
                    .deletes
                    .extend(number.map(|number| (number, done.ledger)));
            }
        }
        drop(self.reservations);
        if let Some(room) = to.room {
            // What is durable stays so, whether or not that can be read.
            let allowance = to.store.account_allowance(room.account).await.ok();
            durable.used = allowance.map(|allowance| allowance.octets);
        }
        Ok(durable)
    }
}
