//! What the service is doing, as values for the command line, pages and metrics.

use std::sync::{Arc, PoisonError};

use inhaul_store::Retrieval;
use inhaul_types::{Activation, RetrievalId, Timestamp};

use super::Service;
use super::lateness::LatenessReport;
use super::pending::Come;
use super::table::{Activity, Entry};

/// The service as a whole.
#[derive(Clone, Debug)]
pub struct Status {
    /// Since when it runs.
    pub started: Timestamp,
    /// Retrievals, paused ones too.
    pub retrievals: usize,
    /// Runs going on.
    pub running: usize,
    /// Runs that wait for their turn.
    pub waiting: usize,
    /// When the next retrieval is looked at.
    pub next: Option<Timestamp>,
    /// Since when there is no network.
    pub offline_since: Option<Timestamp>,
    /// How late scheduled runs begin.
    pub lateness: LatenessReport,
    /// It is about to end.
    pub stopping: bool,
}

/// One retrieval.
#[derive(Clone, Debug)]
pub struct RetrievalStatus {
    /// Its row, as it was after its last run.
    pub row: Arc<Retrieval>,
    /// When the schedule runs it next; `None` if it does not, or it runs now.
    pub next: Option<Timestamp>,
    /// What it is doing, if anything: why, and how far it has come.
    pub doing: Option<(Activation, Come)>,
    /// How many are before it, if it waits for its turn.
    pub position: Option<usize>,
    /// Until when somebody waits for a message.
    pub waiting_until: Option<Timestamp>,
}

impl Service {
    /// The service as a whole.
    pub fn status(&self) -> Status {
        let lateness = self
            .lateness
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .report();
        let table = self.lock();
        Status {
            started: self.started,
            retrievals: table.entries.len(),
            running: table.queue.running(),
            waiting: table.queue.len(),
            next: table.next_wake(),
            offline_since: *self.engine.offline().borrow(),
            lateness,
            stopping: self.is_stopping(),
        }
    }

    /// All retrievals, by number.
    pub fn retrievals(&self) -> Vec<RetrievalStatus> {
        let table = self.lock();
        let one = |(id, entry): (&RetrievalId, &Entry)| RetrievalStatus {
            row: Arc::clone(&entry.row),
            next: match entry.activity {
                Activity::Idle => table.due_of(*id),
                _ => None,
            },
            doing: entry
                .pending()
                .map(|pending| (pending.activation, pending.come())),
            position: match &entry.activity {
                Activity::Queued { ticket, .. } => table.queue.position(*ticket),
                _ => None,
            },
            waiting_until: entry.waiting.map(|waiting| waiting.until),
        };
        table.entries.iter().map(one).collect()
    }
}
