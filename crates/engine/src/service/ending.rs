//! What a run's end sets going: the next due time, the run behind it, the next try of who waits.

use std::sync::Arc;

use inhaul_store::{Retrieval, StoreError};
use inhaul_types::{RetrievalId, Timestamp};

use super::Service;
use super::event::EventKind;
use super::pending::Pending;
use super::table::{Activity, Table, due_by};
use crate::observe::RunReport;
use crate::sabotage::{Sabotage, breaks};

impl Service {
    /// A run has ended and is recorded.
    pub(super) async fn ended(self: &Arc<Self>, pending: &Arc<Pending>, report: RunReport) {
        let id = pending.retrieval;
        let row = self.engine.store.retrieval_by_id(id).await;
        let report = Arc::new(report);
        let now = self.now();
        let floor = self.engine.pace().floor;
        let next = {
            let mut table = self.lock();
            table.run_ended(id, row, report.stored, now, floor)
        };
        let activation = pending.activation;
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
    /// Frees the places and says when the schedule runs it next.
    fn run_ended(
        &mut self,
        id: RetrievalId,
        row: Result<Retrieval, StoreError>,
        stored: u64,
        now: Timestamp,
        floor: std::time::Duration,
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
                entry.due = due_by(&row);
                entry.row = Arc::new(row);
                entry.read_at = reading;
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
        let between = entry.row.schedule.min_interval.unwrap_or(floor).max(floor);
        let soonest = entry.last_started().unwrap_or(now).plus(between).max(now);
        // Whatever was recorded or not: never more often than the floor.
        entry.due = entry.due.max(soonest);
        if let Some(behind) = &mut entry.behind {
            behind.not_before = Some(soonest);
        }
        entry.waiting = entry
            .waiting
            .and_then(|waiting| waiting.after_run(stored, soonest));
        if !breaks(Sabotage::SleepsOn) {
            self.set_wake(id);
        }
        self.due_of(id)
    }
}
