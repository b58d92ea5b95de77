//! Judges retrieved messages by their octets: new, or stored already under another name.

use std::cmp::Ordering;
use std::collections::HashMap;

use inhaul_types::Digest;

use crate::{
    Ledger, LedgerIndex, LedgerState, Listing, ListingIndex, ProbeVerdict, Proof, RowEpoch,
};

use super::RunPlan;

/// What becomes of a retrieved message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyVerdict {
    /// It is new.
    Store,
    /// These very octets are stored under this row: the row is to carry the id and size listed
    /// now, and to be `Stored`; nothing is to be stored again.
    Relink(LedgerIndex),
}

/// Judges the retrieved messages of one run, each row being re-linked at most once.
///
/// Knows the rows whose message is missing from the listing, or could not be told from others by
/// its header. Two messages of the same octets stay two: the second finds no row left.
#[derive(Clone, Debug)]
pub struct BodyJudge {
    /// By message: its [`Name`].
    names: Vec<Name>,
    /// Sorted by digest, then name.
    candidates: Vec<Candidate>,
    /// By candidate: the next one that is not re-linked, or itself; one longer than `candidates`.
    free: Vec<u32>,
    /// Rows that are no longer listed, unless re-linked.
    vanished: Vec<LedgerIndex>,
}

/// Stands for a unique-id: the place of the first message listed with it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Name(u32);

impl Name {
    /// No id at all.
    const NONE: Self = Self(u32::MAX);
    /// An id that is not listed, or of another epoch.
    const UNLISTED: Self = Self(u32::MAX - 1);

    fn of(listing: &Listing, unique_id: Option<&[u8]>) -> Self {
        let Some(id) = unique_id else {
            return Self::NONE;
        };
        let first = listing.first_with_unique_id(id);
        first.map_or(Self::UNLISTED, |first| Self(place(first.position())))
    }
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    digest: Digest,
    reach: Reach,
    name: Name,
    row: LedgerIndex,
}

/// Under which ids the message of a row may come back.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Reach {
    AnyName,
    /// Its deletion was confirmed: octets that come under another id were sent again.
    OwnName,
}

impl BodyJudge {
    /// Prepares for the bodies of one run: those of the plan and those of the verdict.
    pub fn new(
        listing: &Listing,
        ledger: &Ledger,
        plan: &RunPlan,
        verdict: &ProbeVerdict,
        proofs: &HashMap<LedgerIndex, Proof>,
    ) -> Self {
        let mut has_message = vec![false; ledger.len()];
        for (_, row) in verdict
            .relink
            .iter()
            .chain(&verdict.delete)
            .chain(&verdict.same)
        {
            has_message[row.position()] = true;
        }
        let missing = plan
            .proofs
            .iter()
            .filter(|row| !has_message[row.position()]);
        let mut candidates: Vec<_> = missing
            .filter_map(|index| {
                let row = ledger.at(*index);
                let reach = match row.state {
                    LedgerState::Stored | LedgerState::Asked => Reach::AnyName,
                    LedgerState::Deleted => Reach::OwnName,
                    LedgerState::LeftOut(_) => return None,
                };
                let name = match row.epoch {
                    RowEpoch::Present => Name::of(listing, row.unique_id),
                    RowEpoch::Past => Name::UNLISTED,
                };
                Some(Candidate {
                    digest: proofs.get(index)?.digest?,
                    name,
                    reach,
                    row: *index,
                })
            })
            .collect();
        candidates.sort_unstable_by_key(Candidate::key);
        let listed_no_more = plan.vanished.iter().chain(&verdict.vanished);
        Self {
            // Where nothing is missing nobody asks for names.
            names: match candidates.is_empty() {
                true => Vec::new(),
                false => listing
                    .iter()
                    .map(|entry| Name::of(listing, entry.unique_id))
                    .collect(),
            },
            free: (0..=place(candidates.len())).collect(),
            candidates,
            vanished: listed_no_more
                .copied()
                .filter(|row| !has_message[row.position()])
                .collect(),
        }
    }

    /// Judges one message by the digest of all its octets. To be asked once for each message, when
    /// it is about to be committed.
    pub fn judge(&mut self, index: ListingIndex, digest: &Digest) -> BodyVerdict {
        let Some(name) = self.names.get(index.position()).copied() else {
            return BodyVerdict::Store;
        };
        let own =
            |reach| move |c: &Candidate| (c.digest, c.reach, c.name).cmp(&(*digest, reach, name));
        let any = |c: &Candidate| (c.digest, c.reach).cmp(&(*digest, Reach::AnyName));
        let row = self
            .take(own(Reach::AnyName))
            .or_else(|| self.take(own(Reach::OwnName)))
            .or_else(|| self.take(any));
        row.map_or(BodyVerdict::Store, BodyVerdict::Relink)
    }

    /// Rows to be recorded as no longer listed once the run has ended well.
    pub fn vanished(&self) -> Vec<LedgerIndex> {
        let mut relinked: Vec<_> = (0..self.candidates.len())
            .filter(|at| self.free[*at] != place(*at))
            .map(|at| self.candidates[at].row)
            .collect();
        relinked.sort_unstable();
        let is_unlisted = |row: &LedgerIndex| relinked.binary_search(row).is_err();
        self.vanished.iter().copied().filter(is_unlisted).collect()
    }

    /// Takes the first free candidate of those that compare equal, which stand side by side.
    fn take(&mut self, compare: impl Fn(&Candidate) -> Ordering) -> Option<LedgerIndex> {
        let start = self
            .candidates
            .partition_point(|c| compare(c) == Ordering::Less);
        let end = self
            .candidates
            .partition_point(|c| compare(c) != Ordering::Greater);
        let at = self.first_free(start);
        if at >= end {
            return None;
        }
        self.free[at] = place(at + 1);
        Some(self.candidates[at].row)
    }

    /// The first candidate from here on that is not re-linked. Shortens the way for the next
    /// search, so that 200,000 messages of the same octets do not cost 200,000 steps each.
    fn first_free(&mut self, mut at: usize) -> usize {
        while self.free[at] as usize != at {
            let next = self.free[at] as usize;
            self.free[at] = self.free[next];
            at = next;
        }
        at
    }
}

impl Candidate {
    fn key(&self) -> (Digest, Reach, Name, LedgerIndex) {
        (self.digest, self.reach, self.name, self.row)
    }
}

fn place(position: usize) -> u32 {
    u32::try_from(position).expect("listings and ledgers count in 32 bits")
}
