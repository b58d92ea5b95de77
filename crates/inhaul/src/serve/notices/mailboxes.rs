//! Mailboxes here that hold more than they may: looked at when a catch-all has run and each minute,
//! until they have room.

use std::collections::BTreeMap;

use inhaul_engine::{Engine, OverLimit, RunReport};
use inhaul_notices::{Excess, MailboxSight};
use inhaul_store::StoreError;
use inhaul_types::AccountId;

use super::Shared;
use super::people::People;

/// The mailboxes that are looked at, and the name of the catch-all that last put mail into each.
#[derive(Debug, Default)]
pub(super) struct Watched(BTreeMap<AccountId, Option<String>>);

impl Watched {
    /// Those that people were told of before the start; of others what a run has shown stays.
    pub(super) fn resume(&mut self, accounts: &[AccountId]) {
        for account in accounts {
            self.0.entry(*account).or_default();
        }
    }

    /// Takes what a catch-all's run has filled.
    pub(super) fn take(&mut self, catch_all: &str, report: &RunReport) {
        for over in &report.over_limit {
            self.0.insert(over.account, Some(catch_all.to_owned()));
        }
    }

    /// Shows the notifier what each of them holds. One that has room again is shown once more, and
    /// then only after another run has filled it.
    pub(super) async fn show(&mut self, engine: &Engine, people: &People, shared: &Shared) {
        for (account, through) in std::mem::take(&mut self.0) {
            let over = match engine.over_limit(account).await {
                Ok(over) => over,
                Err(StoreError::Missing { .. }) => {
                    shared.forget_mailbox(account);
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%account, %error, "a mailbox's size cannot be read");
                    self.0.insert(account, through);
                    continue;
                }
            };
            // Of somebody who was made just now the store tells in a moment.
            let owner = people.of(account).cloned();
            if let Some(owner) = owner.clone() {
                let over = over.map(|over| excess(over, through.clone()));
                shared.seen_mailbox(MailboxSight { owner, over });
            }
            if over.is_some() || owner.is_none() {
                self.0.insert(account, through);
            }
        }
    }
}

fn excess(over: OverLimit, through: Option<String>) -> Excess {
    Excess {
        used: over.used,
        limit: over.limit,
        through,
    }
}
