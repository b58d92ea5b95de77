//! Tallies in bounded memory: the oldest is forgotten first, never one that is barred.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

use inhaul_types::Timestamp;

use super::Tag;
use super::tally::Tally;

/// A tally for each key that had something wrong lately.
///
/// Where every place is taken by a key that is barred or being looked at, a key without a place is
/// refused until the first of them is free: to forget one would give its guesses back to it, and to
/// let the new one in untallied would give it any number.
#[derive(Clone, Debug)]
pub(super) struct Table<K> {
    /// So many keys at most.
    places: usize,
    /// The so many-th wrong password of a key bars it.
    most: usize,
    tallies: HashMap<K, Kept>,
    /// Keys that may be forgotten, by the turn in which something came of them last.
    open: BTreeMap<u64, K>,
    /// Keys that are barred, by the end of the bar: all bars are of one length.
    barred: VecDeque<(Timestamp, K)>,
    turns: u64,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    tally: Tally,
    /// The key under which `open` has it.
    turn: Option<u64>,
}

/// Why a key's next password is not looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotNow {
    /// There were too many.
    Barred(Timestamp),
    /// Those that are being looked at may use up what is left.
    Busy,
}

/// How a look ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ended {
    /// The password was right, or nothing is known of it.
    NotWrong,
    /// It was wrong, with these accounts saved.
    Wrong(Tag, u64),
}

impl<K: Copy + Eq + Hash> Table<K> {
    pub(super) fn new(places: usize, most: usize) -> Self {
        Self {
            places,
            most,
            tallies: HashMap::new(),
            open: BTreeMap::new(),
            barred: VecDeque::new(),
            turns: 0,
        }
    }

    /// Forgets the bars that are over, and what counts no more.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        while let Some((_, key)) = self.barred.pop_front_if(|(until, _)| *until <= now) {
            self.tallies.remove(&key);
        }
        while let Some(entry) = self.open.first_entry() {
            let key = *entry.get();
            let is_spent = |kept: &Kept| kept.tally.is_spent(now);
            if !self.tallies.get(&key).is_none_or(is_spent) {
                break;
            }
            entry.remove();
            self.tallies.remove(&key);
        }
    }

    /// Whether this key's next password may be looked at.
    pub(super) fn check(&self, key: K, now: Timestamp) -> Result<(), NotNow> {
        let Some(kept) = self.tallies.get(&key) else {
            if self.tallies.len() < self.places || !self.open.is_empty() {
                return Ok(());
            }
            let first_free = self.barred.front();
            return Err(first_free.map_or(NotNow::Busy, |(until, _)| NotNow::Barred(*until)));
        };
        if let Some(until) = kept.tally.barred_until() {
            return Err(NotNow::Barred(until));
        }
        if !kept.tally.has_room(self.most, now) {
            return Err(NotNow::Busy);
        }
        Ok(())
    }

    /// Keeps room for one more wrong password, behind a [`Table::check`] that allowed it.
    pub(super) fn begin(&mut self, key: K) {
        if !self.tallies.contains_key(&key) && self.tallies.len() >= self.places {
            self.forget_the_oldest();
        }
        let kept = self.tallies.entry(key).or_default();
        kept.tally.begin();
        if let Some(turn) = kept.turn.take() {
            self.open.remove(&turn);
        }
    }

    /// Ends a look. Says how many different wrong ones count now, and until when the key is barred
    /// if it is.
    pub(super) fn end(
        &mut self,
        key: K,
        ended: Ended,
        now: Timestamp,
    ) -> (usize, Option<Timestamp>) {
        let Some(kept) = self.tallies.get_mut(&key) else {
            return (0, None);
        };
        kept.tally.end();
        if let Ended::Wrong(guess, as_of) = ended {
            kept.tally.count_wrong(guess, as_of, self.most, now);
        }
        let state = (kept.tally.count(), kept.tally.barred_until());
        if let Some(until) = state.1 {
            self.barred.push_back((until, key));
        } else if kept.tally.is_spent(now) {
            self.tallies.remove(&key);
        } else if !kept.tally.is_being_looked_at() {
            self.may_be_forgotten(key);
        }
        state
    }

    /// How many different ones count if this one was wrong before, with these accounts saved.
    pub(super) fn repeats(
        &mut self,
        key: K,
        guess: Tag,
        as_of: u64,
        now: Timestamp,
    ) -> Option<usize> {
        let kept = self.tallies.get_mut(&key)?;
        if !kept.tally.repeats(guess, as_of, now) {
            return None;
        }
        let count = kept.tally.count();
        if let Some(turn) = kept.turn.take() {
            self.open.remove(&turn);
            self.may_be_forgotten(key);
        }
        Some(count)
    }

    /// Forgives a key that proved to be no guesser.
    pub(super) fn forgive(&mut self, key: K) {
        let Some(kept) = self.tallies.get_mut(&key) else {
            return;
        };
        if kept.tally.barred_until().is_some() {
            return;
        }
        kept.tally.forgive();
        if let Some(turn) = kept.turn {
            self.open.remove(&turn);
            self.tallies.remove(&key);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert!(self.open.len() + self.barred.len() <= self.tallies.len());
        self.tallies.len()
    }

    fn may_be_forgotten(&mut self, key: K) {
        self.turns += 1;
        self.open.insert(self.turns, key);
        if let Some(kept) = self.tallies.get_mut(&key) {
            kept.turn = Some(self.turns);
        }
    }

    fn forget_the_oldest(&mut self) {
        if let Some((_, key)) = self.open.pop_first() {
            self.tallies.remove(&key);
        }
    }
}
