//! What a person has ordered comes, whatever speaks against it.

use crate::{Ledger, LedgerState, LeftOutReason, Listing, ListingIndex, RowEpoch};

/// Whether a person has ordered this message: it was left out, and is to come once whether or not
/// its octets are here already.
pub fn is_ordered(listing: &Listing, index: ListingIndex, ledger: &Ledger) -> bool {
    let entry = listing.at(index);
    ledger
        .with_unique_id(entry.unique_id)
        .filter(|row| row.epoch == RowEpoch::Present)
        // A server that lists no sizes cannot say that it is another message.
        .filter(|row| entry.size.is_none() || row.listed_size == entry.size)
        .any(|row| row.state == LedgerState::LeftOut(LeftOutReason::Ordered))
}
