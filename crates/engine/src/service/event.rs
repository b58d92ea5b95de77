//! What the service tells whoever watches it: the events of UX 2.7 for pages, API and log.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::trigger::Refusal;
use inhaul_types::{Activation, RetrievalId, Timestamp};
use tokio::time::Instant;

use super::pending::Come;
use crate::observe::RunReport;

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

/// Lets a step of each kind through, and of the many that only count, four a second.
#[derive(Debug, Default)]
pub(super) struct Rate {
    told: Option<Instant>,
}

impl Rate {
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let may = self
            .told
            .is_none_or(|told| now.duration_since(told) >= BETWEEN);
        if may {
            self.told = Some(now);
        }
        may
    }
}

const BETWEEN: Duration = Duration::from_millis(250);
