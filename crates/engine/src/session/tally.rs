//! What a session did: counted as it happens, recorded however it ends.

use std::collections::HashMap;

use inhaul_domain::LedgerState;
use inhaul_store::LedgerChange;
use inhaul_types::{AccountId, LedgerId, Octets};

use crate::session::batch::Came;

/// What came of it, also when it ended early.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) stored: u64,
    pub(crate) octets: Octets,
    pub(crate) left: u64,
    /// Of those: what the server would not hand over for now.
    pub(crate) left_for_now: u64,
    /// What came and was left out because the account holds it and the server is an inhaul too.
    pub(crate) loops: u64,
    /// What came and was a copy for somebody who had the message already. Like what is stored, it
    /// may be deleted there.
    pub(crate) copies: Came,
    /// How many messages of a catch-all each account got.
    pub(crate) reached: HashMap<AccountId, u64>,
    /// Left to later runs: more than this one may bring, or not asked for any more when it was to
    /// stop.
    pub(crate) remaining: u64,
    /// Left until the account has room for them.
    pub(crate) held_back: u64,
    /// Left to the next session.
    pub(crate) postponed: u64,
    /// RETRs answered whole, with a message or a refusal.
    pub(crate) answered: u64,
    /// A message was under way when it ended.
    pub(crate) half: bool,
    /// Rows whose DELE the server accepted; deleted once QUIT is answered.
    pub(crate) accepted: Vec<LedgerId>,
    /// Rows whose DELE the server refused.
    pub(crate) refused: Vec<LedgerId>,
    /// The server answered `+OK` to QUIT and has entered the UPDATE state (RFC 1939 section 6):
    /// what it accepted is deleted.
    pub(crate) confirmed: bool,
}

impl Tally {
    /// Whether everything that was wanted was asked for.
    pub(crate) fn is_all(&self) -> bool {
        self.remaining + self.postponed + self.held_back == 0
    }

    /// What came and is dealt with.
    pub(crate) fn brought(&self) -> Came {
        let stored = Came {
            messages: self.stored,
            octets: self.octets,
        };
        stored + self.copies
    }

    /// Deletions that count.
    pub(crate) fn deleted(&self) -> u64 {
        if self.confirmed {
            self.accepted.len() as u64
        } else {
            0
        }
    }

    /// What became of the deletions, for the ledger.
    pub(crate) fn into_changes(self) -> impl Iterator<Item = LedgerChange> {
        let accepted = if self.confirmed {
            self.accepted
        } else {
            Vec::new()
        };
        let changes = [
            (accepted, LedgerState::Deleted),
            (self.refused, LedgerState::Stored),
        ];
        changes
            .into_iter()
            .filter(|(rows, _)| !rows.is_empty())
            .map(|(rows, state)| LedgerChange::State { rows, state })
    }

    /// Whether any deletion was asked for and answered.
    pub(crate) fn has_deletions(&self) -> bool {
        !self.accepted.is_empty() || !self.refused.is_empty()
    }
}
