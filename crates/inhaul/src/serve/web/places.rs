//! How many servers one person has this one look at, at a time.
//!
//! Without an end to it a person could have it knock at one mail server hundreds of times at once, or try
//! passwords there by the thousand. Whoever has all places waits for one of them. Owns a semaphore
//! for each person who ever looked: some octets each.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use inhaul_types::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of everybody.
#[derive(Default)]
pub(super) struct Places(Mutex<HashMap<AccountId, Arc<Semaphore>>>);

impl Places {
    /// Waits for a place of this person's. An administrator, `None`, needs none.
    pub(super) async fn take(&self, person: Option<AccountId>) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let own = all
                .entry(person?)
                .or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
            Arc::clone(own)
        };
        let place = places.acquire_owned().await;
        Some(place.expect("nobody closes the places"))
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").finish_non_exhaustive()
    }
}

/// The three tabs of the wizard, and a program.
const AT_ONCE: usize = 4;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_person_looks_at_four_servers_at_a_time_and_keeps_nobody_waiting() {
        let places = Places::default();
        let take = |person| places.take(person).now_or_never();
        let (alice, bob) = (Some(AccountId::new(1)), Some(AccountId::new(2)));
        let mut taken: Vec<_> = (0..4).map(|_| take(alice).unwrap()).collect();
        assert!(take(alice).is_none());
        assert!(take(bob).unwrap().is_some());
        assert!(take(None).unwrap().is_none(), "an administrator needs none");
        taken.pop();
        assert!(take(alice).unwrap().is_some());
    }
}
