//! What the store says of retrievals, accounts and groups, brought into the table: at the start and
//! whenever somebody changed them. A saved retrieval is active at once.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::schedule::{Pace, ScheduleState, settle};
use inhaul_store::{Retrieval, StoreError};
use inhaul_types::{RetrievalId, Timestamp};
use tokio::time::sleep;

use super::Service;
use super::dispatch::noise_of;
use super::event::EventKind;
use super::pending::Pending;
use super::table::{Activity, Entry, Table};

/// Before a store that could not be read is read once more: nobody saves twice.
const ONCE_MORE: Duration = Duration::from_secs(10);

impl Service {
    /// Reads everything again.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let store = &self.engine.store;
        // What a run writes while this reads is newer.
        let read_at = self.lock().next_reading();
        let groups = store.group_list().await?;
        let accounts = store.account_list().await?;
        let rows = store.retrieval_list().await?;
        let (now, pace) = (self.now(), self.engine.pace());
        let mut table = self.lock();
        table.groups = groups.into_iter().map(|group| (group.id, group)).collect();
        table.accounts = accounts
            .into_iter()
            .map(|account| (account.id, account))
            .collect();
        let mut gone: std::collections::BTreeSet<RetrievalId> =
            table.entries.keys().copied().collect();
        for row in rows {
            let id = row.id;
            gone.remove(&id);
            if table.take_in(row, read_at, &pace, now) {
                self.tell(now, id, EventKind::Changed);
            }
        }
        for id in gone {
            if table
                .entries
                .get(&id)
                .is_some_and(|entry| entry.read_at < read_at)
            {
                if let Some((row, behind)) = table.remove(id) {
                    behind.end(Arc::new(self.engine.not_run(&row)));
                }
                self.tell(now, id, EventKind::Changed);
            }
        }
        // A switch of a group may have changed every due time.
        let all: Vec<RetrievalId> = table.entries.keys().copied().collect();
        all.into_iter().for_each(|id| table.set_wake(id));
        drop(table);
        self.wake.notify_one();
        Ok(())
    }

    /// Sets right what a clock that was turned back while nothing ran would have wait too long. It is
    /// written, so that a process that is killed again and again does not begin to wait again.
    pub(super) async fn settle(&self) -> Result<(), StoreError> {
        let store = &self.engine.store;
        let (now, pace) = (self.now(), self.engine.pace());
        let rows = store.retrieval_list().await?;
        let wrong: Vec<_> = (rows.iter())
            .map(|row| (row.id, row.schedule, settled(row, &pace, now)))
            .filter(|(_, before, after)| before != after && before.next_due.is_some())
            .map(|(id, _, after)| (id, after))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        store.retrieval_schedule(&wrong).await
    }

    /// Reads again whenever the store says that something was saved.
    pub(super) async fn follow_changes(self: Arc<Self>) {
        let mut changes = self.engine.store.changes();
        let mut stopping = self.stopping.subscribe();
        loop {
            tokio::select! {
                biased;
                changed = changes.changed() => if changed.is_err() { return },
                _ = stopping.changed() => return,
            }
            if let Err(error) = self.reload().await {
                tracing::error!(%error, "what was saved cannot be read; the schedule goes on as it was");
                tokio::select! {
                    biased;
                    _ = stopping.changed() => return,
                    () = sleep(ONCE_MORE) => changes.mark_changed(),
                }
            }
        }
    }
}

/// The schedule of a row that may be of another time: with a clock that was set back while nothing
/// ran it would wait for hours longer than any wait is, behind a run that is yet to come.
fn settled(row: &Retrieval, pace: &Pace, now: Timestamp) -> ScheduleState {
    let last_started = row.schedule.last_started;
    let state = ScheduleState {
        last_started: last_started.map(|then| then.min(now)),
        ..row.schedule
    };
    settle(&state, row.every, pace, now, noise_of(row.id))
}

/// When the row is due.
pub(super) fn due_at(row: &Retrieval, pace: &Pace, now: Timestamp) -> Timestamp {
    let due = settled(row, pace, now).next_due;
    // A row that was never scheduled is due at once.
    due.unwrap_or(Timestamp::from_millis(0))
}

impl Entry {
    /// Takes its row as it stands in the store; whether a person would find the same settings in
    /// it. When it runs next changes only with the row: where a run could not be recorded, that
    /// still tells the time of a clock that was set back since, and what is known here is right.
    pub(super) fn take(
        &mut self,
        mut row: Retrieval,
        read_at: u64,
        pace: &Pace,
        now: Timestamp,
    ) -> bool {
        let due = due_at(&row, pace, now);
        self.keep_the_past(&mut row, now);
        let same = self.row.is_configured_as(&row);
        if self.row.schedule.next_due != row.schedule.next_due || !same {
            self.due = due;
        }
        self.row = Arc::new(row);
        self.read_at = read_at;
        same
    }

    /// A row written by a clock that was set back since has begun its last run in the future, and once
    /// that has come, just now; what is known here was set back with the clock.
    fn keep_the_past(&mut self, row: &mut Retrieval, now: Timestamp) {
        let told = row.schedule.last_started;
        let is_ahead = told > Some(now);
        if is_ahead || (told.is_some() && told == self.outdated_start) {
            self.outdated_start = told;
            row.schedule.last_started = self.row.schedule.last_started;
        } else {
            self.outdated_start = None;
        }
    }
}

impl Table {
    /// Takes a row in; whether it says anything new.
    fn take_in(&mut self, mut row: Retrieval, read_at: u64, pace: &Pace, now: Timestamp) -> bool {
        let id = row.id;
        let Some(entry) = self.entries.get_mut(&id) else {
            let due = due_at(&row, pace, now);
            let told = row.schedule.last_started;
            row.schedule.last_started = told.map(|then| then.min(now));
            let mut entry = Entry::new(Arc::new(row), due, read_at);
            entry.outdated_start = told.filter(|then| *then > now);
            self.entries.insert(id, entry);
            return true;
        };
        entry.read_at <= read_at && !entry.take(row, read_at, pace, now)
    }

    /// Forgets a retrieval that was removed; its run, if there is one, comes to its end first. What
    /// was to follow that run is given back.
    fn remove(&mut self, id: RetrievalId) -> Option<(Arc<Retrieval>, Arc<Pending>)> {
        let entry = self.entries.get_mut(&id)?;
        entry.removed = true;
        let row = Arc::clone(&entry.row);
        let behind = entry.behind.take().map(|behind| (row, behind.pending));
        entry.waiting = None;
        match &entry.activity {
            Activity::Running { pending, .. } | Activity::Queued { pending, .. } => pending.stop(),
            Activity::Idle => {
                self.set_wake(id);
                self.entries.remove(&id);
            }
        }
        behind
    }
}
