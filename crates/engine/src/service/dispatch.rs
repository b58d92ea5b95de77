//! From a due time to a running task: wakes what is due, queues it, gives it its turn.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::queue::{self, Priority};
use inhaul_domain::schedule::{SPREAD_WINDOW, postpone_for_quiet_hours, spread_overdue};
use inhaul_store::Retrieval;
use inhaul_types::{Activation, RetrievalId, Timestamp};
use tokio::time::{Instant, sleep};

use super::Service;
use super::event::{EventKind, Rate};
use super::pending::Pending;
use super::table::{Activity, Behind, Entry, Table};
use crate::observe::{Observer, Progress, Unobserved};
use crate::overheard::Overheard;
use crate::sabotage::{Sabotage, breaks};

/// The clock on the wall is looked at this often at least: it can be set, and it goes on while a
/// machine sleeps, which the clock behind timers does not notice.
const GLANCE: Duration = Duration::from_secs(5);
/// A clock that has moved so much more or less than the timers' was set, or the machine slept.
const JUMP: Duration = Duration::from_secs(60);
/// What is overdue begins this far apart at most, and closer where it is much.
const EACH: Duration = Duration::from_secs(1);
/// An odd number without a pattern, to spread neighbours.
const NOISE: u64 = 0x9e37_79b9_7f4a_7c15;
/// When a scheduled run finds the queue full, it is tried again after this.
const QUEUE_PATIENCE: Duration = Duration::from_secs(10);

/// What spreads a retrieval and its neighbours.
pub(super) fn noise_of(id: RetrievalId) -> u64 {
    u64::try_from(id.row()).unwrap_or(0).wrapping_mul(NOISE)
}

impl Service {
    /// Wakes what is due until the service stops.
    pub(super) async fn keep_going(self: Arc<Self>) {
        let mut stopping = self.stopping.subscribe();
        let mut seen = (self.now(), Instant::now());
        loop {
            if self.is_stopping() {
                return;
            }
            self.mind_the_clock(&mut seen);
            self.has_turned();
            let wait = self
                .turn()
                .map_or(GLANCE, |next| next.since(self.now()).min(GLANCE));
            tokio::select! {
                biased;
                () = sleep(wait) => {}
                () = self.wake.notified() => {}
                _ = stopping.changed() => {}
            }
        }
    }

    /// Has the clock looked at now: somebody has turned it.
    pub fn look_at_the_clock(&self) {
        self.wake.notify_one();
    }

    /// Does everything that is due now; says when the next thing is.
    pub(super) fn turn(self: &Arc<Self>) -> Option<Timestamp> {
        if self.is_stopping() {
            return None;
        }
        let now = self.now();
        let mut table = self.lock();
        while let Some(id) = table.first_awake(now) {
            self.wake_up(&mut table, id, now);
        }
        while let Some((_, ticket)) = table.queue.next() {
            self.launch(&mut table, ticket.retrieval, now);
        }
        table.next_wake()
    }

    /// One retrieval whose time has come.
    fn wake_up(&self, table: &mut Table, id: RetrievalId, now: Timestamp) {
        let entry = table
            .entries
            .get_mut(&id)
            .expect("what wakes is in the table");
        if entry
            .behind
            .as_ref()
            .is_some_and(|behind| behind.not_before.is_some_and(|then| then <= now))
        {
            let pending = entry
                .behind
                .take()
                .map(|behind| behind.pending)
                .expect("asked just above");
            let waits = Arc::clone(&pending);
            if self.put_in_queue(table, pending, None, now).is_none()
                && let Some(entry) = table.entries.get_mut(&id)
            {
                // Somebody was promised this run.
                entry.behind = Some(Behind {
                    pending: waits,
                    not_before: Some(now.plus(QUEUE_PATIENCE)),
                });
                table.set_wake(id);
            }
            return;
        }
        if let Some(waiting) = entry.waiting.filter(|waiting| waiting.next <= now) {
            if waiting.until < now {
                entry.waiting = None;
            } else {
                let pending = Pending::new(id, Activation::Waiting, waiting.by);
                if self.put_in_queue(table, pending, None, now).is_none()
                    && let Some(Entry {
                        waiting: Some(waiting),
                        ..
                    }) = table.entries.get_mut(&id)
                {
                    waiting.next = now.plus(QUEUE_PATIENCE);
                    table.set_wake(id);
                }
                return;
            }
        }
        let due = table.due_of(id);
        let rest = table.rests_until(id, &self.engine.pace(), now);
        match self.held_back(now).max(rest) {
            _ if due.is_none_or(|due| due > now) => {}
            Some(until) => table.postpone(id, until),
            None => {
                let pending = Pending::new(id, Activation::Schedule, None);
                self.put_in_queue_or_postpone(table, pending, due, now);
                return;
            }
        }
        table.set_wake(id);
    }

    /// Until when the schedule rests, if it does.
    fn held_back(&self, now: Timestamp) -> Option<Timestamp> {
        if self.engine.network.is_offline() {
            return Some(now.plus(super::offline::LOOK));
        }
        let pace = self.engine.pace();
        let minute = (self.settings().local_minute)(now);
        postpone_for_quiet_hours(minute, &pace).map(|wait| now.plus(wait))
    }

    fn put_in_queue_or_postpone(
        &self,
        table: &mut Table,
        pending: Arc<Pending>,
        due: Option<Timestamp>,
        now: Timestamp,
    ) {
        let id = pending.retrieval;
        if self.put_in_queue(table, pending, due, now).is_none() {
            table.postpone(id, now.plus(QUEUE_PATIENCE));
            table.set_wake(id);
        }
    }

    /// Puts an idle retrieval's run in the queue: how many are before it, or `None` where the queue
    /// is full.
    pub(super) fn put_in_queue(
        &self,
        table: &mut Table,
        pending: Arc<Pending>,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<usize> {
        let id = pending.retrieval;
        let limits = self.settings().limits;
        let row = Arc::clone(&table.entries.get(&id)?.row);
        let ticket = queue::Ticket {
            retrieval: id,
            host: row.remote.host.to_lowercase().into(),
            user: row.remote.user.as_str().into(),
            account: row.account,
            account_at_once: table.limits_of(&row, &limits).at_once,
            priority: match pending.activation {
                Activation::Schedule => Priority::Schedule,
                _ => Priority::Person,
            },
        };
        let queue::Queued {
            id: ticket,
            position,
        } = table.queue.push(ticket).ok()?;
        let activation = pending.activation;
        let entry = table.entries.get_mut(&id).expect("it was there above");
        entry.activity = Activity::Queued {
            ticket,
            pending,
            due,
        };
        table.set_wake(id);
        if position > 0 {
            self.tell(
                now,
                id,
                EventKind::Queued {
                    activation,
                    position,
                },
            );
        }
        Some(position)
    }

    /// Its turn has come.
    fn launch(self: &Arc<Self>, table: &mut Table, id: RetrievalId, now: Timestamp) {
        let entry = table
            .entries
            .get_mut(&id)
            .expect("a ticket's retrieval stays in the table");
        let Activity::Queued {
            ticket,
            pending,
            due,
        } = std::mem::replace(&mut entry.activity, Activity::Idle)
        else {
            return;
        };
        if let Some(due) = due {
            let mut lateness = self
                .lateness
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            lateness.add(now.since(due));
        }
        entry.started.insert(pending.activation, now);
        entry.activity = Activity::Running {
            ticket,
            pending: Arc::clone(&pending),
        };
        let row = Arc::clone(&entry.row);
        if breaks(Sabotage::NoLease) {
            self.visit_beside(&row, &pending);
        }
        let service = Arc::clone(self);
        self.spawn(async move {
            let watch = Watch {
                service: &service,
                pending: &pending,
                rate: std::sync::Mutex::default(),
            };
            let report = service
                .engine
                .run_for(
                    &row,
                    pending.activation,
                    pending.by,
                    pending.options,
                    &watch,
                    pending.stopping(),
                )
                .await;
            service.ended(&pending, report).await;
        });
    }
}

impl Service {
    /// What a schedule would do that keeps no visits apart: one more beside the run.
    fn visit_beside(self: &Arc<Self>, row: &Arc<Retrieval>, pending: &Arc<Pending>) {
        let (engine, row, pending) = (
            Arc::clone(&self.engine),
            Arc::clone(row),
            Arc::clone(pending),
        );
        self.spawn(async move {
            let (activation, options) = (pending.activation, pending.options);
            let visit = engine.run(&row, activation, options, &Unobserved, pending.stopping());
            drop(visit.await);
        });
    }
}

/// Passes a run's steps on.
struct Watch<'a> {
    service: &'a Service,
    pending: &'a Pending,
    rate: std::sync::Mutex<Rate>,
}

impl Observer for Watch<'_> {
    fn overheard(&self) -> Option<&Arc<Overheard>> {
        Some(&self.pending.overheard)
    }

    fn progress(&self, progress: &Progress) {
        let come = self.pending.step(progress);
        let mut rate = self
            .rate
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if rate.allows(progress, Instant::now()) {
            let activation = self.pending.activation;
            let at = self.service.now();
            self.service.tell(
                at,
                self.pending.retrieval,
                EventKind::Progress { activation, come },
            );
        }
    }
}

impl Service {
    /// Notices a clock that was set and a machine that slept: nothing is to start all at once
    /// then, and nothing to wait for a day.
    fn mind_the_clock(&self, seen: &mut (Timestamp, Instant)) {
        let (now, instant) = (self.now(), Instant::now());
        let passed = instant.duration_since(seen.1);
        let expected = seen.0.plus(passed);
        *seen = (now, instant);
        if now > expected.plus(JUMP) {
            self.spread_what_is_overdue();
        } else if now.plus(JUMP) < expected {
            self.lock().clock_was_set_back(expected.since(now), now);
        }
    }

    /// Spreads what is overdue: after a stop, a sleep, or without a network.
    pub(super) fn spread_what_is_overdue(&self) {
        let now = self.now();
        let mut table = self.lock();
        let overdue = table.overdue(now);
        // Few are no flood, and one is not kept waiting.
        let others = u32::try_from(overdue.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let window = SPREAD_WINDOW.min(EACH * others);
        for (place, id) in overdue.iter().enumerate() {
            let wait = spread_overdue(overdue.len(), place, window, noise_of(*id));
            table.postpone(*id, now.plus(wait));
            table.set_wake(*id);
        }
    }
}
