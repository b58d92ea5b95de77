//! What the store says of retrievals, accounts and groups, brought into the table: at the start and
//! whenever somebody changed them. A saved retrieval is active at once.

use std::sync::Arc;

use inhaul_store::{Retrieval, StoreError};
use inhaul_types::RetrievalId;

use super::Service;
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
        let now = self.now();
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
            if table.take_in(row, read_at) {
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
                changed = changes.changed() => if changed.is_err() { return },
                _ = stopping.changed() => return,
            }
            if let Err(error) = self.reload().await {
                tracing::error!(%error, "what was saved cannot be read; the schedule goes on as it was");
            }
        }
    }
}

impl Table {
    /// Takes a row in; whether it says anything new.
    fn take_in(&mut self, row: Retrieval, read_at: u64) -> bool {
        let id = row.id;
        let Some(entry) = self.entries.get_mut(&id) else {
            self.entries.insert(id, Entry::new(Arc::new(row), read_at));
            return true;
        };
        if entry.read_at > read_at {
            return false;
        }
        entry.read_at = read_at;
        let same = entry.row.is_configured_as(&row);
        if entry.row.schedule.next_due != row.schedule.next_due || !same {
            entry.due = due_by(&row);
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
