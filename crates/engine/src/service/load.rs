//! What the store says of retrievals, accounts and groups, brought into the table: at the start and
//! whenever somebody changed them. A saved retrieval is active at once.

use std::sync::Arc;

use inhaul_domain::schedule::{Pace, settle};
use inhaul_store::{Retrieval, StoreError};
use inhaul_types::{RetrievalId, Timestamp};

use super::Service;
use super::dispatch::noise_of;
use super::event::EventKind;
use super::table::{Activity, Entry, Table, due_by};

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
        for mut row in rows {
            let id = row.id;
            // Nothing has happened in the future: the clock was set back.
            let started = &mut row.schedule.last_started;
            *started = started.map(|then| then.min(now));
            gone.remove(&id);
            if table.take_in(row, read_at, |row| due_at(row, &pace, now)) {
                self.tell(now, id, EventKind::Changed);
            }
        }
        for id in gone {
            if table
                .entries
                .get(&id)
                .is_some_and(|entry| entry.read_at < read_at)
            {
                table.remove(id);
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
            }
        }
    }
}

/// When a row read from the store is due. A clock that was set back while nothing ran would have it
/// wait for hours longer than any wait is.
fn due_at(row: &Retrieval, pace: &Pace, now: Timestamp) -> Timestamp {
    let settled = settle(&row.schedule, row.every, pace, now, noise_of(row.id));
    settled.next_due.unwrap_or_else(|| due_by(row))
}

impl Table {
    /// Takes a row in; whether it says anything new.
    fn take_in(
        &mut self,
        row: Retrieval,
        read_at: u64,
        due: impl Fn(&Retrieval) -> Timestamp,
    ) -> bool {
        let id = row.id;
        let Some(entry) = self.entries.get_mut(&id) else {
            let due = due(&row);
            let entry = Entry::new(Arc::new(row), due, read_at);
            self.entries.insert(id, entry);
            return true;
        };
        if entry.read_at > read_at {
            return false;
        }
        entry.read_at = read_at;
        let same = entry.row.is_configured_as(&row);
        if entry.row.schedule.next_due != row.schedule.next_due || !same {
            entry.due = due(&row);
        }
        entry.row = Arc::new(row);
        !same
    }

    /// Forgets a retrieval that was removed; its run, if there is one, comes to its end first.
    fn remove(&mut self, id: RetrievalId) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.removed = true;
        entry.behind = None;
        entry.waiting = None;
        match &entry.activity {
            Activity::Running { pending, .. } | Activity::Queued { pending, .. } => pending.stop(),
            Activity::Idle => {
                self.set_wake(id);
                self.entries.remove(&id);
            }
        }
    }
}
