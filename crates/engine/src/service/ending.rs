//! What a run's end sets going: the next due time, the run behind it, the next try of who waits.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::schedule::{Pace, sign_in_block};
use inhaul_store::{Retrieval, StoreError};
use inhaul_types::{Activation, RetrievalId, Timestamp};
use tokio::time::sleep;

use super::Service;
use super::event::EventKind;
use super::pending::Pending;
use super::table::{Activity, Table};
use crate::observe::RunReport;
use crate::sabotage::{Sabotage, breaks};

/// Before a store that could not be read is asked once more.
const ONCE_MORE: Duration = Duration::from_secs(1);

impl Service {
    /// A run has ended and is recorded.
    pub(super) async fn ended(self: &Arc<Self>, pending: &Arc<Pending>, report: RunReport) {
        let id = pending.retrieval;
        let mut row = self.engine.store.retrieval_by_id(id).await;
        if matches!(&row, Err(error) if !matches!(error, StoreError::Missing { .. })) {
            // Without it a refusal is not known, and the server is asked again in a minute.
            sleep(ONCE_MORE).await;
            row = self.engine.store.retrieval_by_id(id).await;
        }
        let report = Arc::new(report);
        let now = self.now();
        let pace = self.engine.pace();
        let activation = pending.activation;
        let (next, blocked) = {
            let mut table = self.lock();
            let rest = match report.run {
                Some(_) => now,
                // Nobody has been asked for anything, and what was in the way may last.
                None => {
                    table.not_begun(id, activation);
                    now.plus(pace.floor)
                }
            };
            let next = table.run_ended(id, row, report.stored, (now, rest), &pace);
            (next, table.take_blocked(id, now))
        };
        if let Some((row, behind)) = blocked {
            behind.end(Arc::new(self.engine.not_run(&row)));
        }
        let kind = EventKind::Ended {
            activation,
            report: Arc::clone(&report),
            next,
        };
        self.tell(now, id, kind);
        pending.end(report);
        self.turn();
        // The task that sleeps until the next due time may sleep too long now.
        self.wake.notify_one();
    }
}

impl Table {
    /// A run did not come as far as its record: it is no visit that its server has to be spared.
    fn not_begun(&mut self, id: RetrievalId, activation: Activation) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.started.remove(&activation);
        }
    }

    /// The run behind one whose password was refused: nobody signs in before the block is over.
    fn take_blocked(
        &mut self,
        id: RetrievalId,
        now: Timestamp,
    ) -> Option<(Arc<Retrieval>, Arc<Pending>)> {
        let entry = self.entries.get_mut(&id)?;
        sign_in_block(&entry.row.schedule, now)?;
        let behind = entry.behind.take()?;
        let row = Arc::clone(&entry.row);
        self.set_wake(id);
        Some((row, behind.pending))
    }

    /// Frees the places and says when the schedule runs it next: not before `rest`.
    fn run_ended(
        &mut self,
        id: RetrievalId,
        row: Result<Retrieval, StoreError>,
        stored: u64,
        (now, rest): (Timestamp, Timestamp),
        pace: &Pace,
    ) -> Option<Timestamp> {
        let reading = self.reading();
        let entry = self.entries.get_mut(&id)?;
        let before = std::mem::replace(&mut entry.activity, Activity::Idle);
        if let Activity::Running { ticket, .. } = before {
            self.queue.finished(ticket);
        }
        let entry = self.entries.get_mut(&id)?;
        match row {
            Ok(row) => {
                entry.take(row, reading, pace, now);
            }
            Err(StoreError::Missing { .. }) => entry.removed = true,
            // The store is in trouble; what is known stays, and time will tell.
            Err(_) => {}
        }
        if entry.removed {
            self.set_wake(id);
            self.entries.remove(&id);
            return None;
        }
        let between = entry.row.schedule.least_gap(pace);
        let last = entry.last_started().unwrap_or(now).min(now);
        let soonest = last.plus(between).max(rest);
        // Who waits for a message does not sign in against a refusal.
        let allowed =
            sign_in_block(&entry.row.schedule, now).map_or(soonest, |end| end.max(soonest));
        // Whatever was recorded or not: never more often than the floor.
        entry.due = entry.due.max(soonest);
        if let Some(behind) = &mut entry.behind {
            behind.not_before = Some(soonest);
        }
        entry.waiting = entry
            .waiting
            .and_then(|waiting| waiting.after_run(stored, allowed));
        if !breaks(Sabotage::SleepsOn) {
            self.set_wake(id);
        }
        self.due_of(id)
    }
}
