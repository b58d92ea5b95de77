//! Whether a run must ask LIST, or may end without it: the commonest run finds nothing new.

use inhaul_types::{Octets, Timestamp};

use crate::{Ledger, Listing, RowEpoch, RunPolicy};

use super::facts::Facts;
use super::known::{Standing, Standings};
use super::left_out::{Fresh, LeftOutRows};

/// Whether the present maildrop has no row yet, so that LIST is best asked in one flight with
/// UIDL: whatever is listed will be new.
pub fn expects_nothing_known(ledger: &Ledger) -> bool {
    ledger.iter().all(|row| row.epoch == RowEpoch::Past)
}

/// Whether LIST must be asked besides UIDL.
///
/// It must if a message is new, contested or to be deleted, and if STAT's count or octets are not
/// those of the messages on record: one of them may have been replaced under its id. `listing` has
/// ids only; `stat` is what STAT said, if it could be read.
pub fn needs_sizes(
    listing: &Listing,
    stat: Option<(u64, Octets)>,
    ledger: &Ledger,
    policy: &RunPolicy,
    now: Timestamp,
) -> bool {
    let facts = Facts::new(listing, ledger, &[], policy, now);
    let (mut standings, left_out) = (Standings::new(facts), LeftOutRows::new(facts));
    let mut recorded = Octets::ZERO;
    for entry in listing.iter() {
        let size = match standings.of(&entry) {
            Standing::Known(row) if !facts.wants_deletion(&row) => row.listed_size,
            Standing::Unknown
                if left_out.judge(&entry) == Fresh::Stay && !listing.is_doubled(entry.index) =>
            {
                left_out.find(&entry).and_then(|row| row.listed_size)
            }
            Standing::Anonymous
            | Standing::Unknown
            | Standing::Known(_)
            | Standing::Contested(_) => None,
        };
        let Some(size) = size else { return true };
        recorded += size;
    }
    stat != Some((listing.len() as u64, recorded))
}
