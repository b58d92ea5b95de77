//! What is known of a retrieval: its trouble, when it ended, what came in since.

use inhaul_types::Timestamp;

use super::Trouble;

/// What is seen of a retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sight {
    /// The last run was good.
    Works,
    /// No mail comes.
    InTrouble(Trouble),
    /// Nothing that changes what is known: new, checking, busy, trying again, overdue, offline.
    NoNews,
    /// Someone paused it, so someone knows.
    Paused,
}

/// What is known of a retrieval.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Present {
    /// The trouble it is in, and when that was first seen.
    pub(super) trouble: Option<(Trouble, Timestamp)>,
    /// When the last trouble was seen to be over.
    pub(super) ended: Option<Timestamp>,
    /// Messages that came in since the trouble began.
    pub(super) came: u64,
    /// Someone paused it.
    pub(super) is_paused: bool,
}

impl Present {
    /// The trouble it is in.
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.map(|(trouble, _)| trouble)
    }

    /// Whether someone paused it.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// `owed`: someone still believes in a trouble, so what comes in is counted on.
    pub(super) fn observe(&mut self, sight: Sight, stored: u64, owed: bool, now: Timestamp) {
        let counts = owed || self.trouble.is_some();
        match sight {
            Sight::Works => {
                self.is_paused = false;
                if self.trouble.take().is_some() {
                    self.ended = Some(now);
                }
            }
            Sight::InTrouble(trouble) => {
                self.is_paused = false;
                if !counts {
                    self.came = 0;
                }
                // The moment it was first seen opens the gathering of others; a trouble that
                // changes its kind is a new one.
                let seen = match self.trouble {
                    Some((known, seen)) if known.urgency == trouble.urgency => seen,
                    _ => now,
                };
                self.trouble = Some((trouble, seen));
            }
            Sight::NoNews => self.is_paused = false,
            Sight::Paused => self.is_paused = true,
        }
        if counts || self.trouble.is_some() {
            self.came = self.came.saturating_add(stored);
        }
    }
}
