//! Lines that are cut: the message at which it happens, and how much the next session asks for.

use crate::{Ledger, LedgerState, LeftOutReason, Listing, ListingIndex, RowEpoch};

/// Cuts at one message from which on it is retrieved behind all others.
pub(super) const BEHIND_OTHERS: u8 = 2;
/// Cuts at one message after which it is left out and tried once a day.
const POISONED: u8 = BEHIND_OTHERS + 3;
/// A session that may bring so many messages need not be bounded at all.
const LARGEST_SESSION: u32 = 1024;

/// What is to be recorded of a message at which the line was cut.
pub fn judge_cut(listing: &Listing, index: ListingIndex, ledger: &Ledger) -> LeftOutReason {
    let entry = listing.at(index);
    let earlier = ledger
        .with_unique_id(entry.unique_id)
        .filter(|row| row.epoch == RowEpoch::Present && row.listed_size == entry.size)
        .find_map(|row| match row.state {
            LedgerState::LeftOut(reason) => Some((reason, row.asks)),
            _ => None,
        });
    match earlier {
        Some((LeftOutReason::Poisoned, _)) => LeftOutReason::Poisoned,
        Some((LeftOutReason::Interrupted | LeftOutReason::Ordered, cuts))
            if cuts >= POISONED - 1 =>
        {
            LeftOutReason::Poisoned
        }
        // An order stands until the message is here.
        Some((LeftOutReason::Ordered, _)) => LeftOutReason::Ordered,
        Some(_) | None => LeftOutReason::Interrupted,
    }
}

/// How many messages a session may bring, for lines that do not last. `None` is without bound.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SessionSize(Option<u32>);

impl SessionSize {
    /// As many as there are.
    pub const UNBOUND: Self = Self(None);

    /// At most so many; 0 is taken as 1.
    pub fn at_most(messages: Option<u32>) -> Self {
        Self(messages.map(|messages| messages.max(1)))
    }

    /// The bound.
    pub fn messages(self) -> Option<u32> {
        self.0
    }

    /// Behind a session that was cut when it had stored so many: half of them. One that stored
    /// none was not too long.
    #[must_use]
    pub fn after_cut(self, stored: u64) -> Self {
        match u32::try_from(stored / 2) {
            _ if stored == 0 => self,
            Ok(half) => Self::at_most(Some(half)),
            Err(_) => self,
        }
    }

    /// Behind a session that ended as it should: twice as many.
    #[must_use]
    pub fn after_good(self) -> Self {
        Self(
            self.0
                .map(|messages| messages.saturating_mul(2))
                .filter(|messages| *messages < LARGEST_SESSION),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_shrink_where_lines_are_cut_and_grow_where_they_hold() {
        let unbound = SessionSize::default();
        assert_eq!(unbound.after_cut(0), unbound);
        assert_eq!(unbound.after_good(), unbound);
        assert_eq!(unbound.after_cut(1).messages(), Some(1));
        assert_eq!(unbound.after_cut(7).messages(), Some(3));
        assert_eq!(unbound.after_cut(7).after_cut(0).messages(), Some(3));
        assert_eq!(unbound.after_cut(7).after_good().messages(), Some(6));
        assert_eq!(unbound.after_cut(1_100).after_good(), unbound);
        assert_eq!(unbound.after_cut(u64::MAX), unbound);
    }
}
