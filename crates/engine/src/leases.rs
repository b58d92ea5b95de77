//! Who may visit which maildrop now: one visit at a time, few per host, a bound on all.
//!
//! Leases live in this process's memory: the data directory has one process, so nothing has to be
//! cleaned up after a kill.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use inhaul_store::Remote;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::sabotage::{Sabotage, breaks};

/// The places that runs wait for.
#[derive(Debug)]
pub(crate) struct Leases {
    bounds: RwLock<Bounds>,
    hosts: Places<String>,
    maildrops: Places<(String, String)>,
}

/// How many visits there may be.
#[derive(Clone, Debug)]
struct Bounds {
    all: Arc<Semaphore>,
    of: usize,
    per_host: usize,
}

/// The right to visit one maildrop; ends when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    _maildrop: OwnedSemaphorePermit,
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Leases {
    pub(crate) fn new(all: usize, per_host: usize) -> Self {
        Self {
            bounds: RwLock::new(Bounds::new(all, per_host)),
            hosts: Places::default(),
            maildrops: Places::default(),
        }
    }

    /// Other bounds, for who comes from now on. Who has a place keeps it and is not counted: for as
    /// long as those visits last there may be more than the bounds say.
    pub(crate) fn set(&self, all: usize, per_host: usize) {
        let mut bounds = self.bounds.write().unwrap_or_else(PoisonError::into_inner);
        if bounds.of != all.max(1) {
            bounds.of = all.max(1);
            bounds.all = Arc::new(Semaphore::new(bounds.of));
        }
        if bounds.per_host != per_host.max(1) {
            bounds.per_host = per_host.max(1);
            self.hosts.forget();
        }
    }

    fn bounds(&self) -> Bounds {
        let bounds = self.bounds.read().unwrap_or_else(PoisonError::into_inner);
        bounds.clone()
    }

    /// Waits for a place. The narrowest first, so that a run that waits for its maildrop does not
    /// hold a place that another could use.
    pub(crate) async fn take(&self, remote: &Remote) -> Lease {
        let host = remote.host.to_lowercase();
        let maildrop = (host.clone(), remote.user.clone());
        let visits = if breaks(Sabotage::NoLease) { 2 } else { 1 };
        let maildrop = self.maildrops.take(maildrop, visits).await;
        let Bounds { all, per_host, .. } = self.bounds();
        let host = self.hosts.take(host, per_host).await;
        let all = acquire(all).await;
        Lease {
            _maildrop: maildrop,
            _host: host,
            _all: all,
        }
    }
}

#[derive(Debug)]
struct Places<K> {
    places: Mutex<HashMap<K, Arc<Semaphore>>>,
}

impl<K> Default for Places<K> {
    fn default() -> Self {
        Self {
            places: Mutex::new(HashMap::new()),
        }
    }
}

impl Bounds {
    fn new(all: usize, per_host: usize) -> Self {
        let of = all.max(1);
        Self {
            all: Arc::new(Semaphore::new(of)),
            of,
            per_host: per_host.max(1),
        }
    }
}

impl<K: Eq + Hash> Places<K> {
    /// Whoever comes from now on finds new places.
    fn forget(&self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.clear();
    }

    async fn take(&self, key: K, most: usize) -> OwnedSemaphorePermit {
        let semaphore = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            // Keys nobody holds or waits for go, so that the table stays as large as its use.
            places.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
            Arc::clone(
                places
                    .entry(key)
                    .or_insert_with(|| Arc::new(Semaphore::new(most))),
            )
        };
        acquire(semaphore).await
    }
}

async fn acquire(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    semaphore
        .acquire_owned()
        .await
        .expect("these semaphores are never closed")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use inhaul_store::Security;

    use super::*;

    fn remote(host: &str, user: &str) -> Remote {
        Remote {
            host: host.into(),
            port: 995,
            security: Security::Tls,
            ca_file: None,
            pin: None,
            sign_in: None,
            user: user.into(),
        }
    }

    #[tokio::test]
    async fn other_bounds_count_for_who_comes_then() {
        let leases = Leases::new(1, 1);
        let first = leases.take(&remote("pop.example.org", "alice")).await;
        let bob = remote("pop.example.org", "bob");
        assert!(leases.take(&bob).now_or_never().is_none());
        leases.set(2, 2);
        let second = leases.take(&bob).now_or_never();
        assert!(second.is_some());
        // A maildrop has one visitor whatever the bounds are.
        let alice = remote("pop.example.org", "alice");
        assert!(leases.take(&alice).now_or_never().is_none());
        drop((first, second));
        leases.set(2, 1);
        let _first = leases.take(&alice).await;
        assert!(leases.take(&bob).now_or_never().is_none());
        // What was set already is no change: who has a place is still counted.
        leases.set(2, 1);
        assert!(leases.take(&bob).now_or_never().is_none());
    }

    #[tokio::test]
    async fn one_maildrop_has_one_visitor() {
        let leases = Leases::new(200, 2);
        let first = leases.take(&remote("pop.example.org", "alice")).await;
        assert!(
            leases
                .take(&remote("POP.example.org", "alice"))
                .now_or_never()
                .is_none()
        );
        drop(first);
        assert!(
            leases
                .take(&remote("POP.example.org", "alice"))
                .now_or_never()
                .is_some()
        );
    }

    #[tokio::test]
    async fn a_host_and_the_whole_are_bounded() {
        let leases = Leases::new(3, 2);
        let one = leases.take(&remote("pop.example.org", "a")).await;
        let _two = leases.take(&remote("pop.example.org", "b")).await;
        assert!(
            leases
                .take(&remote("pop.example.org", "c"))
                .now_or_never()
                .is_none()
        );
        let _three = leases.take(&remote("pop.example.net", "a")).await;
        assert!(
            leases
                .take(&remote("pop.example.com", "a"))
                .now_or_never()
                .is_none()
        );
        drop(one);
        assert!(
            leases
                .take(&remote("pop.example.com", "a"))
                .now_or_never()
                .is_some()
        );
    }
}
