//! Which messages are known without asking: one id, one row, one size.

use crate::{Ledger, LedgerRow, LedgerState, Listed, RowEpoch};

use super::facts::{Facts, Sizes};

/// What a message's id and size say of it.
#[derive(Clone, Copy)]
pub(super) enum Standing<'a> {
    /// The server gave it no id.
    Anonymous,
    /// No stored message of this epoch has its id.
    Unknown,
    /// The one message of its id: nothing else is listed or stored under it, and the size is right.
    Known(LedgerRow<'a>),
    /// Its id is that of a stored message, but only its header can tell whether it is the same.
    Contested(Cause),
}

/// What makes a message contested.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// Ids are doubled or resized.
    IdsBroken,
    /// The row itself asks for a look: a deletion that was not done, or a size not on record.
    RowOpen,
}

/// Looks up the standing of each message; walks the rows of one id once, however often it is
/// listed.
pub(super) struct Standings<'a> {
    facts: Facts<'a>,
    /// For the first message of a doubled id: whether rows have the id.
    doubled: Vec<Option<bool>>,
}

impl<'a> Standings<'a> {
    pub(super) fn new(facts: Facts<'a>) -> Self {
        Self {
            facts,
            doubled: vec![None; facts.listing.len()],
        }
    }

    pub(super) fn of(&mut self, entry: &Listed<'_>) -> Standing<'a> {
        let Facts {
            listing, ledger, ..
        } = self.facts;
        let Some(id) = entry.unique_id else {
            return Standing::Anonymous;
        };
        if listing.is_doubled(entry.index) {
            let first = listing.first_with_unique_id(id).unwrap_or(entry.index);
            let has_rows = self.doubled[first.position()]
                .get_or_insert_with(|| rows_of(ledger, id).next().is_some());
            return if *has_rows {
                Standing::Contested(Cause::IdsBroken)
            } else {
                Standing::Unknown
            };
        }
        let mut rows = rows_of(ledger, id);
        match (rows.next(), rows.next()) {
            (None, _) => Standing::Unknown,
            (Some(row), None) => self.of_single(entry, row),
            (Some(_), Some(_)) => Standing::Contested(Cause::IdsBroken),
        }
    }

    /// The standing of a message whose id is listed once and has one row.
    fn of_single(&self, entry: &Listed<'_>, row: LedgerRow<'a>) -> Standing<'a> {
        let same_size = match (entry.size, row.listed_size) {
            _ if self.facts.sizes == Sizes::NotListed => true,
            (Some(listed), Some(recorded)) if listed != recorded => {
                return Standing::Contested(Cause::IdsBroken);
            }
            (Some(_), Some(_)) => true,
            (None, _) | (_, None) => false,
        };
        let settled = match row.state {
            LedgerState::Stored => true,
            LedgerState::Deleted => self.facts.is_quietly_not_deleted(&row),
            LedgerState::Asked | LedgerState::LeftOut(_) => false,
        };
        if same_size && settled {
            Standing::Known(row)
        } else {
            Standing::Contested(Cause::RowOpen)
        }
    }
}

/// The rows of this epoch that have stored a message under this id.
pub(super) fn rows_of<'a>(
    ledger: &'a Ledger,
    id: &[u8],
) -> impl Iterator<Item = LedgerRow<'a>> + use<'a> {
    ledger
        .with_unique_id(Some(id))
        .filter(|row| row.epoch == RowEpoch::Present && row.state.is_stored())
}
