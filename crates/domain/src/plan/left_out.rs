//! What becomes of a message that is not stored: retrieved, or left where it is, and why.

use inhaul_types::Octets;

use crate::{LedgerIndex, LedgerRow, LedgerState, LeftOutReason, Listed, RowEpoch, StartPoint};

use super::cuts;
use super::facts::{Facts, Sizes};
use super::retention::DAY;

/// What is to be done with a message that is not stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fresh {
    /// It is to be retrieved.
    Retrieve,
    /// It is to be retrieved before all others: somebody waits for it.
    RetrieveFirst,
    /// It is to be retrieved behind all others: lines are cut at it.
    RetrieveLast,
    /// It stays on the server, which is to be recorded.
    Leave(LeftOutReason),
    /// It stays on the server, which is on record.
    Stay,
}

/// The rows of messages left out, found by id and size.
pub(super) struct LeftOutRows<'a> {
    facts: Facts<'a>,
    /// The row that stands for the id, and the row; by id, size, and newest first.
    rows: Vec<(LedgerIndex, LedgerIndex)>,
}

impl<'a> LeftOutRows<'a> {
    pub(super) fn new(facts: Facts<'a>) -> Self {
        let ledger = facts.ledger;
        let left_out =
            |row: &LedgerRow<'_>| row.epoch == RowEpoch::Present && !row.state.is_stored();
        let with_first =
            |row: LedgerRow<'_>| Some((ledger.first_with_unique_id(row.unique_id)?, row.index));
        let mut rows: Vec<_> = ledger
            .iter()
            .filter(left_out)
            .filter_map(with_first)
            .collect();
        let newest_first =
            |(_, row): &(LedgerIndex, LedgerIndex)| std::cmp::Reverse(ledger.at(*row).since);
        let mut found = Self {
            facts,
            rows: Vec::new(),
        };
        rows.sort_by_key(|pair| (pair.0, found.size_of(pair), newest_first(pair)));
        found.rows = rows;
        found
    }

    /// What is to be done with a message, given that no row has stored it.
    pub(super) fn judge(&self, entry: &Listed<'_>) -> Fresh {
        let Facts { policy, now, .. } = self.facts;
        let too_large = |size: Option<Octets>| match (size, policy.largest) {
            (Some(size), Some(largest)) => size > largest,
            (None, _) | (_, None) => false,
        };
        match self.find(entry).map(|row| (row, row.state)) {
            Some((row, LedgerState::LeftOut(LeftOutReason::TooLarge))) => {
                if too_large(row.listed_size) {
                    Fresh::Stay
                } else {
                    Fresh::Retrieve
                }
            }
            Some((_, LedgerState::LeftOut(LeftOutReason::Unwanted))) => Fresh::Stay,
            Some((_, LedgerState::LeftOut(LeftOutReason::Loop))) if self.has_a_name(entry) => {
                Fresh::Stay
            }
            Some((row, LedgerState::LeftOut(LeftOutReason::Ordered))) => {
                // The line was cut at it: now the others come first.
                if row.asks == 0 {
                    Fresh::RetrieveFirst
                } else {
                    Fresh::RetrieveLast
                }
            }
            Some((row, LedgerState::LeftOut(LeftOutReason::Interrupted))) => {
                if too_large(entry.size) {
                    Fresh::Leave(LeftOutReason::TooLarge)
                } else if row.asks < cuts::BEHIND_OTHERS {
                    Fresh::Retrieve
                } else {
                    Fresh::RetrieveLast
                }
            }
            Some((row, state)) if is_tried_daily(state) && now.since(row.since) < DAY => {
                Fresh::Stay
            }
            Some(_) | None if too_large(entry.size) => Fresh::Leave(LeftOutReason::TooLarge),
            Some((_, LedgerState::LeftOut(LeftOutReason::Poisoned))) => Fresh::RetrieveLast,
            Some(_) => Fresh::Retrieve,
            // A message without an id cannot be known again: it is brought rather than lost.
            None if policy.start == StartPoint::Now && entry.unique_id.is_some() => {
                Fresh::Leave(LeftOutReason::Unwanted)
            }
            None => Fresh::Retrieve,
        }
    }

    /// Whether its id can tell it from all others. Where it cannot, the row may be another message's:
    /// these octets are looked at again rather than lost.
    fn has_a_name(&self, entry: &Listed<'_>) -> bool {
        entry.unique_id.is_some() && !self.facts.listing.is_doubled(entry.index)
    }

    /// The newest row of a message left out under this id and size.
    pub(super) fn find(&self, entry: &Listed<'_>) -> Option<LedgerRow<'a>> {
        let ledger = self.facts.ledger;
        let first = ledger.first_with_unique_id(entry.unique_id)?;
        let key = (
            first,
            match self.facts.sizes {
                Sizes::Listed => Some(entry.size),
                Sizes::NotListed => None,
            },
        );
        let place = self
            .rows
            .partition_point(|pair| (pair.0, self.size_of(pair)) < key);
        let pair = self.rows.get(place)?;
        ((pair.0, self.size_of(pair)) == key).then(|| ledger.at(pair.1))
    }

    /// The size by which a row is found; `None` where sizes say nothing.
    fn size_of(&self, (_, row): &(LedgerIndex, LedgerIndex)) -> Option<Option<Octets>> {
        match self.facts.sizes {
            Sizes::Listed => Some(self.facts.ledger.at(*row).listed_size),
            Sizes::NotListed => None,
        }
    }
}

/// Whether what was left out for this reason is asked for once a day, and not in each run.
fn is_tried_daily(state: LedgerState) -> bool {
    !matches!(state, LedgerState::LeftOut(LeftOutReason::Loop))
}
