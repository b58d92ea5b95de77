//! Doubts id and size where a maildrop's ids have proven nothing and what is to come has that size too.
//!
//! A server that goes from one way of naming to another may give a name that it used to another
//! message, and by chance one as large. Taken for the row's message, that one would hide the row from
//! the message it belongs to, which is listed under another name now and would be stored again.

use inhaul_types::Octets;

use crate::{IdTrust, LedgerState, ListingIndex};

use super::Planner;
use super::known::Standing;

impl Planner<'_> {
    /// The sizes of what the plan may retrieve so far, ascending.
    pub(super) fn sizes_to_come(&self) -> Vec<Option<Octets>> {
        if self.facts.ledger.is_empty() {
            return Vec::new();
        }
        let plan = &self.plan;
        let at_once = plan.retrieve.iter().chain(&self.ordered);
        let perhaps = plan.retrieve_last.iter().chain(&plan.probe);
        let size = |index: &ListingIndex| self.facts.listing.at(*index).size;
        let mut sizes: Vec<_> = at_once.chain(perhaps).map(size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Has the headers read of messages that their id says are stored, and that are listed as large
    /// as one that may be retrieved.
    pub(super) fn doubt_namesakes(&mut self) {
        if self.facts.ledger.trust() == IdTrust::Unbroken && !self.plan.ids_broken {
            return;
        }
        for entry in self.facts.listing.iter() {
            if self.coming.binary_search(&entry.size).is_err() {
                continue;
            }
            // One that is wanted already is looked at, or left to the next session.
            if let Standing::Known(row) = self.standings.of(&entry)
                && row.state == LedgerState::Stored
                && !std::mem::replace(&mut self.wanted[row.index.position()], true)
            {
                self.plan.probe.push(entry.index);
            }
        }
    }
}
