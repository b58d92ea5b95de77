//! What is known of a retrieval: its trouble, when it ended, what came in since.

use inhaul_types::{ErrorCode, Timestamp};

use super::{Trouble, Urgency};
use crate::standing::Standing;

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

impl Sight {
    /// What notices see of a standing, with the last run's error and the moment at which the row of
    /// failures began. To be asked when a run has ended, not while one goes on.
    pub fn of(
        standing: Standing,
        last_error: Option<ErrorCode>,
        failing_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let trouble = |urgency| {
            Self::InTrouble(Trouble {
                urgency,
                code: last_error,
                since: failing_since.unwrap_or(now),
            })
        };
        match standing {
            Standing::Working => Self::Works,
            Standing::Failing => trouble(Urgency::Failing),
            Standing::NeedsYou => trouble(Urgency::NeedsYou),
            Standing::Paused => Self::Paused,
            // Being offline is told of the server, not of each retrieval.
            Standing::New
            | Standing::Checking
            | Standing::Busy
            | Standing::Trying
            | Standing::Overdue
            | Standing::Offline => Self::NoNews,
        }
    }
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
