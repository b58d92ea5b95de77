//! Servers that show a part of the maildrop at a time (Gmail: some 250 conversations).

use crate::{Ledger, Listing, RowEpoch};

/// Smaller listings prove nothing: so much mail comes between two visits.
const LEAST: usize = 50;

/// Whether this looks like one part of a maildrop behind another: as many messages as the listing
/// before, give or take a fifth, and not one of them known from it. Taken wrongly it costs one more
/// look, no more.
pub fn looks_partial(listing: &Listing, ledger: &Ledger) -> bool {
    if listing.len() < LEAST {
        return false;
    }
    let before = ledger
        .iter()
        .filter(|row| row.epoch == RowEpoch::Present && row.listed_last)
        .count();
    before >= LEAST
        && listing.len().abs_diff(before) <= before / 5
        && listing.iter().all(|entry| {
            entry
                .unique_id
                .is_some_and(|id| ledger.with_unique_id(Some(id)).next().is_none())
        })
}
