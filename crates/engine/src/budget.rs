//! One bound on the octets of uncommitted messages that all runs together hold in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use inhaul_types::Octets;

/// The process-wide budget.
#[derive(Debug)]
pub(crate) struct Budget {
    most: u64,
    used: AtomicU64,
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<Budget>,
    octets: u64,
}

impl Budget {
    pub(crate) fn new(most: Octets) -> Arc<Self> {
        Arc::new(Self {
            most: most.count(),
            used: AtomicU64::new(0),
        })
    }

    pub(crate) fn reserve_nothing(self: &Arc<Self>) -> Reservation {
        Reservation {
            budget: Arc::clone(self),
            octets: 0,
        }
    }

    /// Whether more than half is in use: time to commit what is ready.
    pub(crate) fn is_tight(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.most / 2
    }
}

/// The budget is used up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Exhausted;

impl Reservation {
    /// Takes `octets` more, or nothing.
    pub(crate) fn grow(&mut self, octets: u64) -> Result<(), Exhausted> {
        let most = self.budget.most;
        self.budget
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(octets).filter(|used| *used <= most)
            })
            .map_err(|_| Exhausted)?;
        self.octets += octets;
        Ok(())
    }

    /// Gives everything back.
    pub(crate) fn release(&mut self) {
        self.budget.used.fetch_sub(self.octets, Ordering::Relaxed);
        self.octets = 0;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_never_take_more_than_there_is() {
        const MOST: u64 = 1_000;
        let budget = Budget::new(Octets::new(MOST));
        std::thread::scope(|scope| {
            for size in 1..9 {
                let budget = &budget;
                scope.spawn(move || {
                    for _ in 0..2_000 {
                        let mut held = budget.reserve_nothing();
                        while held.grow(size * 7).is_ok() {
                            assert!(budget.used.load(Ordering::Relaxed) <= MOST);
                        }
                    }
                });
            }
        });
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_reserved_comes_back() {
        let budget = Budget::new(Octets::new(100));
        let mut one = budget.reserve_nothing();
        let mut two = budget.reserve_nothing();
        assert_eq!(one.grow(60), Ok(()));
        assert!(budget.is_tight());
        assert_eq!(two.grow(60), Err(Exhausted));
        assert_eq!(two.grow(u64::MAX), Err(Exhausted));
        drop(one);
        assert_eq!(two.grow(100), Ok(()));
        two.release();
        assert!(!budget.is_tight());
    }
}
