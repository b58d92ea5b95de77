//! Whether the server gave all its messages new unique-ids.

use std::time::Duration;

use inhaul_types::Timestamp;

use crate::{Ledger, LedgerRow, LedgerState, Listing, RowEpoch, RunPolicy};

use super::{Named, is_listed};

/// Whether 5 or more messages are expected and none of them is listed, although others are.
///
/// A server without ids lists nothing by id; what it listed before counts as listed as long as it
/// goes on without them. One that begins or ceases to give ids has renumbered.
pub(super) fn is_renumbered(listing: &Listing, ledger: &Ledger) -> bool {
    if listing.is_empty() {
        return false;
    }
    let mut expected = 0_usize;
    for row in ledger.iter().filter(is_expected) {
        if is_listed(listing, &row) != Named::No {
            return false;
        }
        expected += 1;
    }
    expected >= FEWEST
}

/// Whether deletions are held already, or were a few days ago.
pub(super) fn was_held_lately(policy: &RunPolicy, now: Timestamp) -> bool {
    policy
        .relinked_deletion_held_until
        .is_some_and(|until| now < until.plus(LATELY))
}

fn is_expected(row: &LedgerRow<'_>) -> bool {
    row.state == LedgerState::Stored && row.epoch == RowEpoch::Present && row.listed_last
}

/// How long a hold that has ended makes another one needless.
const LATELY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Fewer may have been deleted by another program between two runs. Nor is a renumbering proven by
/// fewer messages that were found again.
pub(super) const FEWEST: usize = 5;
