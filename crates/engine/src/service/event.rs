//! What the service tells whoever watches it: the events of UX 2.7 for pages, API and log.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::trigger::Refusal;
use inhaul_types::{Activation, RetrievalId, Timestamp};
use tokio::time::Instant;

use crate::observe::{Progress, RunReport};
use inhaul_domain::stages::Come;

/// Something happened to a retrieval. A watcher that is too slow loses the oldest and is told so.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// To which.
    pub retrieval: RetrievalId,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A run waits for its turn.
    Queued {
        /// Why it is to run.
        activation: Activation,
        /// How many are before it.
        position: usize,
    },
    /// A run has its turn, or has come further; at most four times a second.
    Progress {
        /// Why it runs.
        activation: Activation,
        /// How far it has come.
        come: Come,
    },
    /// A run ended.
    Ended {
        /// Why it ran.
        activation: Activation,
        /// How it ended.
        report: Arc<RunReport>,
        /// When the next one is due by the schedule.
        next: Option<Timestamp>,
    },
    /// Somebody asked for a run and was refused.
    Refused {
        /// Why it was to run.
        activation: Activation,
        /// Why it does not.
        refusal: Refusal,
    },
    /// It was added, changed or removed.
    Changed,
}

/// Events kept for watchers that are slow.
pub(super) const KEPT: usize = 1024;

/// Lets a step of each kind through, and of the many that only count, four a second. The first
/// message that is stored is no count: somebody may read it now.
#[derive(Debug, Default)]
pub(super) struct Rate {
    told: Option<Instant>,
    stored: bool,
}

impl Rate {
    pub(super) fn allows(&mut self, progress: &Progress, now: Instant) -> bool {
        let counts = match progress {
            Progress::Received(_) | Progress::Stored(0) => true,
            Progress::Stored(_) => std::mem::replace(&mut self.stored, true),
            _ => false,
        };
        let rested = self
            .told
            .is_none_or(|told| now.duration_since(told) >= BETWEEN);
        if rested {
            self.told = Some(now);
        }
        rested || !counts
    }
}

const BETWEEN: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use inhaul_types::Octets;

    use super::*;

    #[test]
    fn steps_and_the_first_message_are_told_and_counts_four_a_second() {
        let mut rate = Rate::default();
        let begin = Instant::now();
        let received = Progress::Received(Octets::new(1));
        for (progress, millis, told) in [
            (Progress::Connected, 0, true),
            (Progress::SignedIn, 1, true),
            (received, 2, false),
            (Progress::Stored(0), 3, false),
            (Progress::Stored(1), 4, true),
            (Progress::Stored(2), 5, false),
            (Progress::Stored(3), 250, true),
            (Progress::Stored(4), 251, false),
        ] {
            let now = begin + Duration::from_millis(millis);
            assert_eq!(rate.allows(&progress, now), told, "{progress:?}");
        }
    }
}
