//! One POP3 session to a maildrop at a time (RFC 1939 section 4).
//!
//! In memory: only one process has the data directory. A lock goes when its session goes, however
//! that ends.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inhaul_types::AccountId;

/// Which maildrops are open.
#[derive(Debug, Default)]
pub(super) struct Locks {
    held: Arc<Mutex<HashSet<AccountId>>>,
}

/// One open maildrop.
#[derive(Debug)]
pub(super) struct Lock {
    held: Arc<Mutex<HashSet<AccountId>>>,
    account: AccountId,
}

impl Locks {
    /// Locks the account's maildrop; `None` while another session has it.
    pub(super) fn take(&self, account: AccountId) -> Option<Lock> {
        lock(&self.held).insert(account).then(|| Lock {
            held: Arc::clone(&self.held),
            account,
        })
    }

    /// Whether a session has it at present.
    pub(super) fn is_held(&self, account: AccountId) -> bool {
        lock(&self.held).contains(&account)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        lock(&self.held).remove(&self.account);
    }
}

fn lock(held: &Mutex<HashSet<AccountId>>) -> MutexGuard<'_, HashSet<AccountId>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maildrop_is_open_once_and_free_when_its_session_goes() {
        let (locks, anna, bert) = (Locks::default(), AccountId::new(1), AccountId::new(2));
        let first = locks.take(anna);
        assert!(first.is_some() && locks.is_held(anna));
        assert!(locks.take(anna).is_none());
        assert!(locks.take(bert).is_some());
        drop(first);
        assert!(!locks.is_held(anna));
        assert!(locks.take(anna).is_some());
    }
}
