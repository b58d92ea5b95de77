//! What every judgement of a run looks at.

use inhaul_types::Timestamp;

use crate::{IdTrust, Ledger, LedgerRow, LedgerState, Listed, Listing, Retention, RunPolicy};

use super::retention;

/// The arguments of a judgement, together.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) listing: &'a Listing,
    pub(super) ledger: &'a Ledger,
    pub(super) others: &'a [Ledger],
    pub(super) policy: &'a RunPolicy,
    pub(super) now: Timestamp,
    pub(super) sizes: Sizes,
}

/// Whether the listing has sizes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sizes {
    /// LIST was answered; an entry without a size is an oddity.
    Listed,
    /// LIST was not asked, or not answered: no size proves or disproves anything.
    NotListed,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        listing: &'a Listing,
        ledger: &'a Ledger,
        others: &'a [Ledger],
        policy: &'a RunPolicy,
        now: Timestamp,
    ) -> Self {
        let has_sizes = listing.iter().any(|entry| entry.size.is_some());
        let sizes = if has_sizes {
            Sizes::Listed
        } else {
            Sizes::NotListed
        };
        Self {
            listing,
            ledger,
            others,
            policy,
            now,
            sizes,
        }
    }

    /// Whether the message of this row may be deleted although this session did not fetch it, once
    /// its header has proven that it is the row's.
    pub(super) fn allows_deletion(&self, entry: &Listed<'_>, row: &LedgerRow<'_>) -> bool {
        entry.size.is_some()
            && self.wants_deletion(row)
            && retention::others_have(self.listing, entry, self.others)
    }

    /// Whether the message of a row that was deleted may be taken for it by id and size alone: ids
    /// hold here, it has been asked for often enough, has never been away, and will be looked at
    /// again within a day.
    pub(super) fn is_quietly_not_deleted(&self, row: &LedgerRow<'_>) -> bool {
        row.listed_last
            && self.ledger.trust() == IdTrust::Unbroken
            && self.policy.retention != Retention::Keep
            && !self.asks_again(row)
    }

    /// Whether time and owner want the message of this row deleted.
    pub(super) fn wants_deletion(&self, row: &LedgerRow<'_>) -> bool {
        let Self { policy, now, .. } = *self;
        let held = policy
            .relinked_deletion_held_until
            .is_some_and(|until| until > now);
        let due = match row.state {
            LedgerState::Stored | LedgerState::Asked => policy.retention.is_due(row.since, now),
            // It was due when it was asked for; what counts now is how often that was.
            LedgerState::Deleted => policy.retention != Retention::Keep && self.asks_again(row),
            LedgerState::LeftOut(_) => false,
        };
        due && !held
    }

    /// Whether a deletion that was confirmed and not done is due to be asked for again: in two more
    /// runs, then once a day.
    fn asks_again(&self, row: &LedgerRow<'_>) -> bool {
        self.policy.asks_again && (row.asks < ASKS || self.now.since(row.since) >= retention::DAY)
    }
}

/// The first deletion and two more; a server that ignored them is asked once a day from then on.
pub(super) const ASKS: u8 = 3;
