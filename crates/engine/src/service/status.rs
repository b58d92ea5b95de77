//! What the service is doing, as values for the command line, pages and metrics.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use inhaul_domain::queue::TicketId;
use inhaul_store::Retrieval;
use inhaul_types::{Activation, RetrievalId, RunId, Timestamp};
use tokio::time::Instant;

use super::Service;
use super::lateness::LatenessReport;
use super::table::{Activity, Entry, Table};
use inhaul_domain::stages::Come;

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
    /// When the next run begins for whoever waits for a message.
    pub waiting_next: Option<Timestamp>,
    /// One more run is promised that begins then, because the last one began too short a time ago.
    pub follows: Option<Timestamp>,
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
        self.retrievals_where(&|_| true)
    }

    /// Those whose rows are wanted, by number. All rows are looked at, nothing of the others is
    /// copied: a few of 10,000 cost half a millisecond.
    pub fn retrievals_where(&self, wanted: &dyn Fn(&Retrieval) -> bool) -> Vec<RetrievalStatus> {
        let table = self.lock();
        let positions: HashMap<_, _> = table.queue.in_order().map(|(id, _)| id).zip(0..).collect();
        let wanted = table.entries.values().filter(|entry| wanted(&entry.row));
        let one = |entry| table.status_of(entry, |ticket| positions.get(&ticket).copied());
        wanted.map(one).collect()
    }

    /// One retrieval; `None` if it is not there, or not any more.
    pub fn retrieval(&self, id: RetrievalId) -> Option<RetrievalStatus> {
        let table = self.lock();
        let entry = table.entries.get(&id).filter(|entry| !entry.removed)?;
        Some(table.status_of(entry, |ticket| table.queue.position(ticket)))
    }

    /// The run of a retrieval that goes on, and what was said in it when this was asked the last time
    /// ([`Overheard::so_far`](crate::Overheard::so_far)); `None` if none does.
    pub fn overheard(&self, id: RetrievalId) -> Option<(RunId, Arc<str>)> {
        let pending = {
            let table = self.lock();
            Arc::clone(table.entries.get(&id)?.pending()?)
        };
        let run = pending.come().run?;
        Some((run, pending.overheard.so_far()))
    }

    /// How long ago the schedule was last gone through. It is every five seconds at least, whether
    /// something is due or not: much more, and the service does not live any more.
    pub fn last_turn(&self) -> Duration {
        let turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        Instant::now().saturating_duration_since(*turned)
    }

    pub(super) fn has_turned(&self) {
        *self.turned.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl Table {
    fn status_of(
        &self,
        entry: &Entry,
        position: impl FnOnce(TicketId) -> Option<usize>,
    ) -> RetrievalStatus {
        RetrievalStatus {
            row: Arc::clone(&entry.row),
            next: match entry.activity {
                Activity::Idle => self.due_of_entry(entry),
                _ => None,
            },
            doing: entry
                .pending()
                .map(|pending| (pending.activation, pending.come())),
            position: match &entry.activity {
                Activity::Queued { ticket, .. } => position(*ticket),
                _ => None,
            },
            waiting_until: entry.waiting.map(|waiting| waiting.until),
            waiting_next: entry.waiting.map(|waiting| waiting.next),
            follows: entry.behind.as_ref().and_then(|behind| behind.not_before),
        }
    }
}
