//! What the service knows of every retrieval between runs: its row, when it wakes, what it is doing.
//!
//! Values behind one lock that is never held across an await. Decisions are `domain`'s; here is only
//! the book-keeping that keeps the order of waking times and the activities in step.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::limits::{Limits, tightest};
use inhaul_domain::queue::{Queue, TicketId};
use inhaul_domain::schedule::{Every, Pace};
use inhaul_store::{Account, Group, Retrieval};
use inhaul_types::{AccountId, Activation, GroupId, RetrievalId, Timestamp};

use super::pending::Pending;
use super::waiting::Waiting;

/// All retrievals, and the queue of their runs.
pub(super) struct Table {
    pub(super) entries: BTreeMap<RetrievalId, Entry>,
    pub(super) accounts: HashMap<AccountId, Account>,
    pub(super) groups: HashMap<GroupId, Group>,
    pub(super) queue: Queue,
    /// When each entry is to be looked at again; an entry is in it once or not at all.
    wakes: BTreeSet<(Timestamp, RetrievalId)>,
    /// How often the store was read.
    readings: u64,
}

/// One retrieval.
pub(super) struct Entry {
    pub(super) row: Arc<Retrieval>,
    /// When the schedule runs it next, as the row says unless it had to be put off.
    pub(super) due: Timestamp,
    pub(super) activity: Activity,
    /// One more run, once the present one has ended and the floor allows it.
    pub(super) behind: Option<Behind>,
    /// Somebody waits for a message.
    pub(super) waiting: Option<Waiting>,
    /// The last run that each activation started.
    pub(super) started: BTreeMap<Activation, Timestamp>,
    /// What the store says of the last start, if a clock wrote it that was set back since: when that
    /// moment comes once more nothing begins, and what is known here is right.
    pub(super) outdated_start: Option<Timestamp>,
    /// The row was read, or written by a run, at this count of the table's changes.
    pub(super) read_at: u64,
    /// Removed while its run goes on.
    pub(super) removed: bool,
    wake: Option<Timestamp>,
}

/// What a retrieval is doing.
pub(super) enum Activity {
    Idle,
    Queued {
        ticket: TicketId,
        pending: Arc<Pending>,
        /// When the schedule wanted it, for a scheduled run.
        due: Option<Timestamp>,
    },
    Running {
        ticket: TicketId,
        pending: Arc<Pending>,
    },
}

/// A run behind the present one.
pub(super) struct Behind {
    pub(super) pending: Arc<Pending>,
    /// Not before; known once the present run has ended.
    pub(super) not_before: Option<Timestamp>,
}

impl Entry {
    pub(super) fn new(row: Arc<Retrieval>, due: Timestamp, read_at: u64) -> Self {
        let mut started = BTreeMap::new();
        if let Some(last) = row.schedule.last_started {
            started.insert(Activation::Schedule, last);
        }
        Self {
            due,
            row,
            activity: Activity::Idle,
            behind: None,
            waiting: None,
            started,
            outdated_start: None,
            read_at,
            removed: false,
            wake: None,
        }
    }

    /// The last run that anything started.
    pub(super) fn last_started(&self) -> Option<Timestamp> {
        let here = self.started.values().max().copied();
        here.max(self.row.schedule.last_started)
    }

    pub(super) fn pending(&self) -> Option<&Arc<Pending>> {
        match &self.activity {
            Activity::Idle => None,
            Activity::Queued { pending, .. } | Activity::Running { pending, .. } => Some(pending),
        }
    }

    /// Whether the schedule runs it.
    pub(super) fn is_polled(&self) -> bool {
        !self.row.paused && !self.removed && self.row.every != Every::Never
    }
}

impl Table {
    pub(super) fn new(queue: Queue) -> Self {
        Self {
            entries: BTreeMap::new(),
            accounts: HashMap::new(),
            groups: HashMap::new(),
            queue,
            wakes: BTreeSet::new(),
            readings: 0,
        }
    }

    /// The group whose switches and limits stand over a retrieval: that of the account it fills.
    pub(super) fn group_of(&self, row: &Retrieval) -> Option<&Group> {
        let account = self.accounts.get(&row.account)?;
        self.groups.get(&account.group_id)
    }

    /// The limits of the account that a retrieval fills, tightest of all that stand over it.
    pub(super) fn limits_of(&self, row: &Retrieval, global: &Limits) -> Limits {
        let none = Limits::default();
        let group = self.group_of(row).map_or(&none, |group| &group.limits);
        let account = self.accounts.get(&row.account);
        let account = account.map_or(&none, |account| &account.limits);
        tightest(global, group, account)
    }

    /// The least time between two runs by the schedule, by the group's switch; `None` where it is
    /// off, or account or group are shut out.
    fn schedule_interval(&self, row: &Retrieval) -> Option<Duration> {
        self.accounts
            .get(&row.account)
            .filter(|account| account.enabled)?;
        let group = self.group_of(row).filter(|group| group.enabled)?;
        let seconds = group.triggers.get(&Activation::Schedule)?;
        Some(Duration::from_secs(u64::from(*seconds)))
    }

    /// When the schedule runs it next, if it does at all.
    pub(super) fn due_of(&self, id: RetrievalId) -> Option<Timestamp> {
        self.due_of_entry(self.entries.get(&id)?)
    }

    /// The same of one that is at hand.
    pub(super) fn due_of_entry(&self, entry: &Entry) -> Option<Timestamp> {
        if !entry.is_polled() {
            return None;
        }
        let least = self.schedule_interval(&entry.row)?;
        let soonest = entry.last_started().map(|last| last.plus(least));
        Some(soonest.map_or(entry.due, |soonest| soonest.max(entry.due)))
    }

    /// Until when its server has had enough of it, however overdue it is: a process that is killed
    /// in every run begins none more often than the floor.
    pub(super) fn rests_until(
        &self,
        id: RetrievalId,
        pace: &Pace,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let entry = self.entries.get(&id)?;
        // A clock that was set back says nothing of what was in its future.
        let last = entry.last_started().filter(|last| *last <= now)?;
        let until = last.plus(entry.row.schedule.least_gap(pace));
        (until > now).then_some(until)
    }

    /// Puts the schedule's next run off until then.
    pub(super) fn postpone(&mut self, id: RetrievalId, until: Timestamp) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.due = entry.due.max(until);
        }
    }

    /// The clock was set back by so much: what is to come keeps its distance, and nothing has
    /// happened in the future.
    pub(super) fn clock_was_set_back(&mut self, by: Duration, now: Timestamp) {
        let back = |then: &mut Timestamp| *then = then.minus(by).max(now);
        let ids: Vec<RetrievalId> = self.entries.keys().copied().collect();
        for entry in self.entries.values_mut() {
            back(&mut entry.due);
            if let Some(Behind {
                not_before: Some(then),
                ..
            }) = &mut entry.behind
            {
                back(then);
            }
            if let Some(waiting) = &mut entry.waiting {
                back(&mut waiting.next);
                back(&mut waiting.until);
            }
            let past = |then: Timestamp| then.minus(by).min(now);
            (entry.started.values_mut()).for_each(|then| *then = past(*then));
            let mut row = (*entry.row).clone();
            entry.outdated_start = entry.outdated_start.or(row.schedule.last_started);
            row.schedule.last_started = row.schedule.last_started.map(past);
            entry.row = Arc::new(row);
        }
        ids.into_iter().for_each(|id| self.set_wake(id));
    }

    /// Has the entry looked at when its next thing is due.
    pub(super) fn set_wake(&mut self, id: RetrievalId) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let idle = matches!(entry.activity, Activity::Idle) && !entry.removed;
        let due = self.due_of(id);
        let behind = entry.behind.as_ref().and_then(|behind| behind.not_before);
        let waiting = entry.waiting.as_ref().map(|waiting| waiting.next);
        let wake = [due, behind, waiting]
            .into_iter()
            .flatten()
            .min()
            .filter(|_| idle);
        let entry = self.entries.get_mut(&id).expect("it was there above");
        if entry.wake == wake {
            return;
        }
        if let Some(before) = std::mem::replace(&mut entry.wake, wake) {
            self.wakes.remove(&(before, id));
        }
        if let Some(wake) = wake {
            self.wakes.insert((wake, id));
        }
    }

    /// The first entry to be looked at, if its time has come.
    pub(super) fn first_awake(&self, now: Timestamp) -> Option<RetrievalId> {
        let (wake, id) = self.wakes.first()?;
        (*wake <= now).then_some(*id)
    }

    /// When the next entry is to be looked at.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.wakes.first().map(|(wake, _)| *wake)
    }

    /// Entries that should have been looked at by then, in order.
    pub(super) fn overdue(&self, then: Timestamp) -> Vec<RetrievalId> {
        let late = self.wakes.iter().take_while(|(wake, _)| *wake < then);
        late.map(|(_, id)| *id).collect()
    }

    /// The store is about to be read: the number of this reading.
    pub(super) fn next_reading(&mut self) -> u64 {
        self.readings += 1;
        self.readings
    }

    /// The number of the latest reading that began.
    pub(super) fn reading(&self) -> u64 {
        self.readings
    }

    /// Takes a retrieval's waiting run out of the queue.
    pub(super) fn take_from_queue(
        &mut self,
        id: RetrievalId,
    ) -> Option<(Arc<Retrieval>, Arc<Pending>)> {
        let entry = self.entries.get_mut(&id)?;
        match std::mem::replace(&mut entry.activity, Activity::Idle) {
            Activity::Queued {
                ticket, pending, ..
            } => {
                let row = Arc::clone(&entry.row);
                self.queue.remove(ticket);
                Some((row, pending))
            }
            other => {
                entry.activity = other;
                None
            }
        }
    }
}
