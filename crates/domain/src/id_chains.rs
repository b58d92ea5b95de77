//! Finds everything that carries one unique-id, however many do.
//!
//! Owns a table from an id to the first position that carries it, and a chain from there through
//! the others; the ids themselves stay with the owner. A server chooses the ids: the hash is keyed,
//! and 200,000 positions with one id are one entry in the table and not 200,000 collisions.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// Chains of positions with equal ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdChains {
    first: hashbrown::HashTable<u32>,
    /// Parallel to the owner's rows; [`END`] ends a chain.
    next: Vec<u32>,
}

/// No position: owners hold fewer than this.
const END: u32 = u32::MAX;

impl IdChains {
    /// Makes room for so many more, and not for twice as many.
    pub(crate) fn reserve<'a>(&mut self, positions: usize, id_of: impl Fn(u32) -> &'a [u8]) {
        self.next.reserve_exact(positions);
        self.first
            .reserve(positions, |position| hash(id_of(*position)));
    }

    /// Adds a position. `id_of` gives the id of any position added before. Returns the first one
    /// with this id, if there was any before.
    pub(crate) fn insert<'a>(
        &mut self,
        position: u32,
        id: &[u8],
        id_of: impl Fn(u32) -> &'a [u8],
    ) -> Option<u32> {
        let place = position as usize;
        if self.next.len() <= place {
            self.next.resize(place + 1, END);
        }
        let first = self.first(id, &id_of);
        match first {
            Some(first) => {
                self.next[place] = self.next[first as usize];
                self.next[first as usize] = position;
            }
            None => {
                self.first
                    .insert_unique(hash(id), position, |other| hash(id_of(*other)));
            }
        }
        first
    }

    /// The position that stands for this id, always the same one.
    pub(crate) fn first<'a>(&self, id: &[u8], id_of: impl Fn(u32) -> &'a [u8]) -> Option<u32> {
        self.first
            .find(hash(id), |position| id_of(*position) == id)
            .copied()
    }

    /// What follows in the chain.
    fn next(&self, position: u32) -> Option<u32> {
        self.next
            .get(position as usize)
            .copied()
            .filter(|next| *next != END)
    }

    /// The chain that begins at `first`.
    pub(crate) fn chain(&self, first: Option<u32>) -> impl Iterator<Item = u32> {
        std::iter::successors(first, |position| self.next(*position))
    }
}

fn hash(id: &[u8]) -> u64 {
    static KEYED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEYED.hash_one(id)
}
