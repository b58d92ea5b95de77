//! When a remote copy may go.

use std::time::Duration;

use inhaul_types::Timestamp;

use crate::{BodyVerdict, Ledger, LedgerRow, LedgerState, Listed, Listing, ListingIndex};
use crate::{RowEpoch, RunPolicy};

/// What happens to the remote copy after ours is durable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retention {
    /// It stays.
    Keep,
    /// It is deleted in the same session.
    Delete,
    /// It is deleted this many days after it was stored.
    DeleteAfter {
        /// Whole days of 24 hours.
        days: u32,
    },
}

impl Retention {
    /// Whether a message stored then is to be deleted now. A clock that was set back makes
    /// nothing due early.
    pub fn is_due(self, stored_at: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Keep => false,
            Self::Delete => true,
            Self::DeleteAfter { days } => now.since(stored_at) >= DAY.saturating_mul(days),
        }
    }
}

/// Whether a message that this session retrieved and committed may be deleted now, or one whose
/// octets it retrieved and found stored.
///
/// Nothing but the owner's wish and the other retrievals of the maildrop speaks against it: the
/// octets are proof enough. `verdict` is what [`BodyJudge`](crate::BodyJudge) said of it.
pub fn deletes_fetched(
    listing: &Listing,
    index: ListingIndex,
    verdict: BodyVerdict,
    ledger: &Ledger,
    others: &[Ledger],
    policy: &RunPolicy,
    now: Timestamp,
) -> bool {
    let stored_at = match verdict {
        BodyVerdict::Store => now,
        BodyVerdict::Relink(row) => match ledger.at(row) {
            LedgerRow {
                state: LedgerState::Deleted,
                ..
            } if policy.retention != Retention::Keep => {
                return others_have(listing, &listing.at(index), others);
            }
            row => row.since,
        },
    };
    policy.retention.is_due(stored_at, now) && others_have(listing, &listing.at(index), others)
}

/// Whether every other active retrieval of the maildrop has stored this message too: its ledger
/// has the id and size as often as they are listed. Without an id or size it cannot be told.
pub(super) fn others_have(listing: &Listing, entry: &Listed<'_>, others: &[Ledger]) -> bool {
    if others.is_empty() {
        return true;
    }
    let (Some(id), Some(size)) = (entry.unique_id, entry.size) else {
        return false;
    };
    let namesakes = listing.with_unique_id(id).take(MOST_NAMESAKES + 1);
    let (all, same) = namesakes.fold((0, 0), |(all, same), listed| {
        (all + 1, same + usize::from(listed.size == Some(size)))
    });
    all <= MOST_NAMESAKES
        && others.iter().all(|other| {
            let rows = other.with_unique_id(Some(id)).take(MOST_NAMESAKES);
            rows.filter(|row| row.listed_size == Some(size) && has_it(row))
                .count()
                >= same
        })
}

/// Whether another retrieval has stored the message of this row, and has not seen it gone since:
/// an id that comes back may be another message's.
fn has_it(row: &LedgerRow<'_>) -> bool {
    row.epoch == RowEpoch::Present
        && match row.state {
            LedgerState::Stored | LedgerState::Asked => true,
            LedgerState::Deleted => row.listed_last,
            LedgerState::LeftOut(_) => false,
        }
}

/// 24 hours.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looking at all namesakes for each of them would be quadratic, and an id that so many messages
/// share licenses nothing: they stay on the server.
const MOST_NAMESAKES: usize = 64;
