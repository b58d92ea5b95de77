//! Right passwords, remembered for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::tries::Tag;
use inhaul_store::Account;
use tokio::time::Instant;

use super::marks::Mark;

/// How long a right password is remembered. A mail program that asks every minute costs one
/// argon2 in five minutes and not five; who has stolen this process's memory has had the passwords
/// that came by in it anyway.
pub(super) const REMEMBERED_FOR: Duration = Duration::from_secs(5 * 60);

/// Sign-ins remembered at most: some 10 MiB with the accounts. One more makes room for itself by
/// the oldest, which then costs an argon2 again.
const PLACES: usize = 10_000;

/// Right passwords under their marks, as long as the accounts stay as they were saved.
#[derive(Debug)]
pub(super) struct Memory {
    places: usize,
    /// The saved accounts that all of it is about.
    as_of: u64,
    known: HashMap<Mark, (Instant, Right)>,
    /// In the order in which they were looked at.
    oldest: VecDeque<(Instant, Mark)>,
}

/// What a right password leads to.
#[derive(Clone, Debug)]
pub(super) enum Right {
    /// Into the account.
    Welcome(Arc<Welcome>),
    /// To a closed door.
    SwitchedOff { by_group: bool },
}

/// An account that may come in.
#[derive(Debug)]
pub(super) struct Welcome {
    pub(super) account: Account,
    /// All names it signs in with.
    pub(super) names: Vec<Tag>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(PLACES)
    }
}

impl Memory {
    fn new(places: usize) -> Self {
        Self {
            places,
            as_of: 0,
            known: HashMap::new(),
            oldest: VecDeque::new(),
        }
    }

    /// What this pair led to, if it was looked at lately and nothing was saved since.
    pub(super) fn recall(&mut self, pair: &Mark, as_of: u64, now: Instant) -> Option<Right> {
        self.turn_to(as_of, now);
        let (_, right) = self.known.get(pair)?;
        (self.as_of == as_of).then(|| right.clone())
    }

    /// This pair was right when these accounts were saved. Nothing prolongs it but another look.
    pub(super) fn remember(&mut self, pair: Mark, right: Right, as_of: u64, now: Instant) {
        self.turn_to(as_of, now);
        if self.as_of != as_of {
            return;
        }
        self.known.insert(pair, (now, right));
        self.oldest.push_back((now, pair));
        if self.oldest.len() > self.places {
            self.forget_the_oldest();
        }
    }

    /// Forgets what was saved over, and what is too old.
    fn turn_to(&mut self, as_of: u64, now: Instant) {
        if as_of > self.as_of {
            self.as_of = as_of;
            self.known.clear();
            self.oldest.clear();
        }
        while self
            .oldest
            .front()
            .is_some_and(|(at, _)| *at + REMEMBERED_FOR <= now)
        {
            self.forget_the_oldest();
        }
    }

    /// A pair that was looked at again since then stays.
    fn forget_the_oldest(&mut self) {
        if let Some((at, pair)) = self.oldest.pop_front()
            && self
                .known
                .get(&pair)
                .is_some_and(|(latest, _)| *latest == at)
        {
            self.known.remove(&pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: Right = Right::SwitchedOff { by_group: true };

    fn knows(memory: &mut Memory, pair: u8, as_of: u64, now: Instant) -> bool {
        memory.recall(&[pair; 32], as_of, now).is_some()
    }

    #[test]
    fn a_right_password_is_remembered_for_five_minutes() {
        let (mut memory, begin) = (Memory::default(), Instant::now());
        memory.remember([1; 32], CLOSED, 0, begin);
        let last = begin + REMEMBERED_FOR - Duration::from_millis(1);
        assert!(knows(&mut memory, 1, 0, last), "however often it is used");
        assert!(!knows(&mut memory, 2, 0, last));
        assert!(!knows(&mut memory, 1, 0, begin + REMEMBERED_FOR));
        assert!(memory.known.is_empty() && memory.oldest.is_empty());
    }

    #[test]
    fn nothing_is_remembered_over_a_save() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        memory.remember([1; 32], CLOSED, 3, now);
        assert!(!knows(&mut memory, 1, 4, now));
        assert!(!knows(&mut memory, 1, 3, now));
        // Looked at before the save, and remembered after it.
        memory.remember([1; 32], CLOSED, 3, now);
        assert!(!knows(&mut memory, 1, 4, now));
        memory.remember([1; 32], CLOSED, 4, now);
        assert!(knows(&mut memory, 1, 4, now));
        // Began before the save.
        assert!(!knows(&mut memory, 1, 3, now));
    }

    #[test]
    fn the_oldest_makes_room() {
        let (mut memory, now) = (Memory::new(2), Instant::now());
        memory.remember([1; 32], CLOSED, 0, now);
        let later = now + Duration::from_secs(1);
        memory.remember([2; 32], CLOSED, 0, later);
        memory.remember([1; 32], CLOSED, 0, later);
        assert!(knows(&mut memory, 1, 0, later), "looked at again");
        assert!(knows(&mut memory, 2, 0, later));
        memory.remember([3; 32], CLOSED, 0, later);
        assert!(!knows(&mut memory, 2, 0, later));
        assert!(memory.known.len() <= 2 && memory.oldest.len() <= 2);
    }
}
