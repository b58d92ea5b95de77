//! "I am waiting for a message" (UX 2.7): for some minutes a retrieval runs as often as its server
//! bears, until the first new message.

use std::time::Duration;

use inhaul_store::StartedBy;
use inhaul_types::Timestamp;

/// How long somebody waits for a message: a sign-in code is stale after that.
pub const WAITING: Duration = Duration::from_secs(5 * 60);

/// Somebody waits for a message of this retrieval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) by: Option<StartedBy>,
    pub(super) until: Timestamp,
    /// When the next run is to begin.
    pub(super) next: Timestamp,
}

impl Waiting {
    /// What becomes of it when a run has ended that stored so many messages: `next` is when the
    /// server bears another one.
    pub(super) fn after_run(self, stored: u64, next: Timestamp) -> Option<Self> {
        let goes_on = stored == 0 && next <= self.until;
        goes_on.then_some(Self { next, ..self })
    }
}
