//! The rows of one host: one for each account whose tickets could start here.

use std::collections::{BTreeSet, HashMap};

use inhaul_types::AccountId;

use super::Key;

/// One host.
#[derive(Clone, Debug, Default)]
pub(super) struct Host {
    /// Runs that go on here.
    pub(super) running: usize,
    /// The key under which the queue has it among the hosts that could take a run.
    pub(super) front: Option<Key>,
    rows: HashMap<AccountId, Row>,
    /// The first ticket of each account that has a free place.
    heads: BTreeSet<(Key, AccountId)>,
}

#[derive(Clone, Debug, Default)]
struct Row {
    tickets: BTreeSet<Key>,
    /// What of it is in `heads`.
    head: Option<Key>,
}

impl Host {
    pub(super) fn insert(&mut self, account: AccountId, key: Key) {
        self.rows.entry(account).or_default().tickets.insert(key);
    }

    pub(super) fn remove(&mut self, account: AccountId, key: Key) {
        if let Some(row) = self.rows.get_mut(&account) {
            row.tickets.remove(&key);
        }
    }

    /// Sets the account's head right, after its row or its places changed.
    pub(super) fn refresh(&mut self, account: AccountId, has_place: bool) {
        let Some(row) = self.rows.get_mut(&account) else {
            return;
        };
        if let Some(head) = row.head.take() {
            self.heads.remove(&(head, account));
        }
        let first = row.tickets.first().copied();
        match first {
            None => drop(self.rows.remove(&account)),
            Some(first) if has_place => {
                row.head = Some(first);
                self.heads.insert((first, account));
            }
            Some(_) => {}
        }
    }

    /// The first ticket that could start here, if the host has a free place.
    pub(super) fn first(&self) -> Option<Key> {
        self.heads.first().map(|(key, _)| *key)
    }

    /// Nothing goes on here, and nothing could.
    pub(super) fn is_idle(&self) -> bool {
        self.running == 0 && self.rows.is_empty()
    }
}
