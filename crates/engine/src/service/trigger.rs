//! The one entry for everything that may start a run: sign-ins, folders, buttons, API, command line.
//!
//! Gathers the facts, has `domain` decide, and does what was decided. Answers at once; whoever wants
//! to wait takes the [`Ticket`].

use std::collections::BTreeSet;
use std::sync::Arc;

use inhaul_domain::schedule::sign_in_block;
use inhaul_domain::trigger::{
    Decision, Force, Progress, Refusal, RefusalReason, StartedToday, TriggerFacts, What, decide,
    possible_at,
};
use inhaul_store::{Retrieval, StartedBy, StoreError};
use inhaul_types::{Activation, ErrorCode, RetrievalId, Timestamp};

use super::event::EventKind;
use super::pending::{Pending, Ticket};
use super::table::{Activity, Behind, Entry, Table};
use super::waiting::{WAITING, Waiting};
use super::{Service, ServiceSettings};
use crate::engine::RunOptions;
use crate::observe::{Observer, RunReport};
use tokio::sync::watch;

/// Somebody wants mail now.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Of which retrievals.
    pub what: What,
    /// Why.
    pub activation: Activation,
    /// Whose runs these are, for the numbers a day; `None` is the administrator.
    pub by: Option<StartedBy>,
    /// How much stands against it.
    pub force: Force,
}

/// What became of a trigger, for one retrieval.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A run begins now.
    Started(Ticket),
    /// A run that goes on or waits will see what is there now.
    Joined(Ticket),
    /// A run waits for its turn: so many are before it.
    Queued(usize, Ticket),
    /// One more run follows the present one, not before then.
    Behind(Timestamp, Ticket),
    /// No run.
    Refused(Refusal),
}

impl Answer {
    /// The run, if there is to be one.
    pub fn ticket(&self) -> Option<&Ticket> {
        match self {
            Self::Started(ticket)
            | Self::Joined(ticket)
            | Self::Queued(_, ticket)
            | Self::Behind(_, ticket) => Some(ticket),
            Self::Refused(_) => None,
        }
    }
}

impl Service {
    /// Starts, joins, queues or refuses a run of each retrieval the trigger is for.
    pub async fn trigger(
        self: &Arc<Self>,
        trigger: &Trigger,
    ) -> Result<Vec<(RetrievalId, Answer)>, StoreError> {
        let now = self.now();
        let started = self.started_today(trigger, now).await?;
        let mut answers = Vec::new();
        {
            let mut table = self.lock();
            let mut joined_today = 0;
            for id in table.meant_by(&trigger.what) {
                let counted = started.with(joined_today);
                if let Some(answer) = self.answer(&mut table, id, trigger, counted, now) {
                    joined_today +=
                        u32::from(!matches!(answer, Answer::Joined(_) | Answer::Refused(_)));
                    answers.push((id, answer));
                }
            }
        }
        self.turn();
        self.wake.notify_one();
        Ok(answers
            .into_iter()
            .map(|(id, answer)| (id, self.has_begun(answer)))
            .collect())
    }

    /// Runs it now, whatever limits say: what an administrator types. Joins nothing, because the
    /// options are this run's own; waits behind whatever the maildrop is busy with. `stop` turning
    /// true ends the run after the messages under way.
    pub async fn run_now(
        self: &Arc<Self>,
        retrieval: &Retrieval,
        options: RunOptions,
        observer: Arc<dyn Observer>,
        mut stop: watch::Receiver<bool>,
    ) -> Arc<RunReport> {
        let id = retrieval.id;
        let pending = Pending::watched(id, Activation::Cli, None, options, Some(observer));
        let ticket = Ticket {
            pending: Arc::clone(&pending),
        };
        let stopped = async {
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let ended = async {
            match self.take_place(&pending).await {
                Place::Taken => ticket.ended().await,
                Place::Refused(code) => Some(Arc::new(self.engine.refused(retrieval, code))),
            }
        };
        tokio::pin!(ended);
        let report = tokio::select! {
            biased;
            report = &mut ended => report,
            () = stopped => {
                ticket.stop();
                ended.await
            }
        };
        report.unwrap_or_else(|| Arc::new(self.engine.not_run(retrieval)))
    }

    /// Waits until nobody else has the retrieval, and queues the run.
    async fn take_place(self: &Arc<Self>, pending: &Arc<Pending>) -> Place {
        let id = pending.retrieval;
        loop {
            let before = {
                let mut table = self.lock();
                let entry = table.entries.get(&id);
                let Some(entry) = entry.filter(|_| !self.is_stopping()) else {
                    return Place::Refused(None);
                };
                match entry.pending() {
                    Some(before) => Ticket {
                        pending: Arc::clone(before),
                    },
                    None => {
                        let now = self.now();
                        let queued = self.put_in_queue(&mut table, Arc::clone(pending), None, now);
                        if queued.is_none() {
                            return Place::Refused(Some(ErrorCode::QueueFull));
                        }
                        break;
                    }
                }
            };
            before.ended().await;
        }
        self.turn();
        Place::Taken
    }

    /// "I am waiting for a message": runs again and again for five minutes, until one comes. Says
    /// until when, and what became of the first run.
    pub async fn wait_for_message(
        self: &Arc<Self>,
        id: RetrievalId,
        by: Option<StartedBy>,
    ) -> Result<(Timestamp, Answer), StoreError> {
        let trigger = Trigger {
            what: What::Retrievals(vec![id]),
            activation: Activation::Waiting,
            by,
            force: Force::No,
        };
        let now = self.now();
        let until = now.plus(WAITING);
        let mut answers = self.trigger(&trigger).await?;
        let Some((_, answer)) = answers.pop() else {
            return Err(StoreError::Missing {
                what: "retrieval",
                name: id.to_string(),
            });
        };
        let mut table = self.lock();
        let next = match &answer {
            // Switched off, paused, over the number: nothing to wait for.
            Answer::Refused(refusal) => match refusal.reason {
                RefusalReason::TooSoon { .. } | RefusalReason::TooSoonAfterStart => refusal.until,
                _ => None,
            },
            _ => Some(now),
        };
        let facts = self.facts(&table, id, &trigger, Started::default(), now);
        if let (Some(next), Some(entry)) = (next, table.entries.get_mut(&id))
            && next <= until
        {
            let next = facts.map_or(next, |facts| possible_at(&facts).max(next));
            entry.waiting = Some(Waiting { by, until, next });
            table.set_wake(id);
        }
        drop(table);
        self.wake.notify_one();
        Ok((until, answer))
    }

    /// Ends the run that goes on or waits for its turn, after its present message or before its
    /// first: whoever waits for it hears of that.
    pub fn stop_run(&self, id: RetrievalId) {
        let table = self.lock();
        if let Some(pending) = table.entries.get(&id).and_then(Entry::pending) {
            pending.stop();
        }
    }

    /// Nobody waits for a message of it any more.
    pub fn wait_no_more(&self, id: RetrievalId) {
        let mut table = self.lock();
        if let Some(entry) = table.entries.get_mut(&id) {
            entry.waiting = None;
            table.set_wake(id);
        }
    }

    /// What becomes of the trigger for one retrieval.
    fn answer(
        &self,
        table: &mut Table,
        id: RetrievalId,
        trigger: &Trigger,
        started: Started,
        now: Timestamp,
    ) -> Option<Answer> {
        let facts = self.facts(table, id, trigger, started, now)?;
        let pending = || Pending::new(id, trigger.activation, trigger.by);
        let ticket = |pending: &Arc<Pending>| Ticket {
            pending: Arc::clone(pending),
        };
        let answer = match decide(&facts) {
            Decision::Refuse(refusal) => Answer::Refused(refusal),
            Decision::Join => {
                let entry = table.entries.get(&id)?;
                let behind = entry.behind.as_ref().map(|behind| &behind.pending);
                Answer::Joined(ticket(behind.or_else(|| entry.pending())?))
            }
            Decision::QueueBehind { not_before } => {
                let entry = table.entries.get_mut(&id)?;
                let pending = pending();
                let place = ticket(&pending);
                entry.started.insert(trigger.activation, now);
                entry.behind = Some(Behind {
                    pending,
                    not_before: None,
                });
                Answer::Behind(not_before, place)
            }
            Decision::Start => {
                let pending = pending();
                let place = ticket(&pending);
                match self.put_in_queue(table, pending, None, now) {
                    Some(position) => Answer::Queued(position, place),
                    None => Answer::Refused(self.queue_is_full(table)),
                }
            }
        };
        if let Answer::Refused(refusal) = answer {
            let activation = trigger.activation;
            self.tell(
                now,
                id,
                EventKind::Refused {
                    activation,
                    refusal,
                },
            );
        }
        Some(answer)
    }

    fn facts(
        &self,
        table: &Table,
        id: RetrievalId,
        trigger: &Trigger,
        started: Started,
        now: Timestamp,
    ) -> Option<TriggerFacts> {
        let entry = table.entries.get(&id).filter(|entry| !entry.removed)?;
        let (settings, pace) = (self.settings(), self.engine.pace());
        let row = &entry.row;
        let group = table.group_of(row);
        let account = table.accounts.get(&row.account);
        let limits = table.limits_of(row, &settings.limits);
        let today = |started, limit| StartedToday { started, limit };
        Some(TriggerFacts {
            switch: group.and_then(|group| group.triggers.get(&trigger.activation).copied()),
            last_by_activation: entry.started.get(&trigger.activation).copied(),
            last_started: entry.last_started(),
            floor: pace.floor,
            min_interval: row.schedule.min_interval,
            progress: entry.progress(),
            sign_in_blocked_until: sign_in_block(&row.schedule, now),
            retry: trigger.force != Force::No,
            paused: row.paused,
            enabled: account.is_some_and(|account| account.enabled)
                && group.is_some_and(|group| group.enabled),
            stopping: self.is_stopping(),
            offline_since: *self.engine.offline().borrow(),
            by_account: today(started.by_account, limits.started_per_day),
            by_address: today(started.by_address, limits.started_per_day_address),
            queued: table.queue.len(),
            queue_size: settings.queue,
            force: trigger.force == Force::Administrator,
            day_ends: end_of_day(now),
            ..TriggerFacts::new(trigger.activation, now)
        })
    }

    async fn started_today(
        &self,
        trigger: &Trigger,
        now: Timestamp,
    ) -> Result<Started, StoreError> {
        let Some(by) = trigger.by else {
            return Ok(Started::default());
        };
        let store = &self.engine.store;
        let (by_account, by_address) = store.started_today(by.account, by.address, now).await?;
        Ok(Started {
            by_account,
            by_address,
        })
    }

    fn queue_is_full(&self, table: &Table) -> Refusal {
        let settings: Arc<ServiceSettings> = self.settings();
        let size = settings.queue.min(table.queue.len());
        Refusal {
            reason: RefusalReason::QueueFull { size },
            until: None,
        }
    }

    /// What waited for its turn may have had it in the meantime.
    fn has_begun(&self, answer: Answer) -> Answer {
        let Answer::Queued(_, ticket) = answer else {
            return answer;
        };
        let table = self.lock();
        let entry = table.entries.get(&ticket.retrieval());
        match entry.map(|entry| &entry.activity) {
            Some(Activity::Queued {
                ticket: number,
                pending,
                ..
            }) if Arc::ptr_eq(pending, &ticket.pending) => {
                Answer::Queued(table.queue.position(*number).unwrap_or(0), ticket)
            }
            _ => Answer::Started(ticket),
        }
    }
}

/// Whether a run has got its place in the queue.
enum Place {
    Taken,
    /// With a code, or because everything ends.
    Refused(Option<ErrorCode>),
}

/// Runs that were started today.
#[derive(Clone, Copy, Debug, Default)]
struct Started {
    by_account: u32,
    by_address: u32,
}

impl Started {
    /// And so many by this very trigger.
    fn with(self, more: u32) -> Self {
        Self {
            by_account: self.by_account.saturating_add(more),
            by_address: self.by_address.saturating_add(more),
        }
    }
}

impl Entry {
    fn progress(&self) -> Progress {
        match &self.activity {
            Activity::Idle if self.behind.is_some() => Progress::OneMoreQueued,
            Activity::Idle => Progress::Idle,
            Activity::Queued { .. } => Progress::Queued,
            Activity::Running { pending, .. } if pending.may_be_joined() => Progress::BeforeUidl,
            Activity::Running { .. } if self.behind.is_some() => Progress::OneMoreQueued,
            Activity::Running { .. } => Progress::AfterUidl,
        }
    }
}

impl Table {
    fn meant_by(&self, what: &What) -> BTreeSet<RetrievalId> {
        let of = |wanted: &dyn Fn(&Entry) -> bool| {
            let meant = self.entries.iter().filter(|(_, entry)| wanted(entry));
            meant.map(|(id, _)| *id).collect()
        };
        match what {
            What::Retrievals(ids) => ids
                .iter()
                .copied()
                .filter(|id| self.entries.contains_key(id))
                .collect(),
            What::OwnedBy(account) => of(&|entry| entry.row.owner == Some(*account)),
            What::FillingAccount(account) => of(&|entry| entry.row.account == *account),
            What::Filling(folder) => of(&|entry| entry.row.folder == *folder),
        }
    }
}

/// Midnight, UTC: the days by which runs are counted.
fn end_of_day(now: Timestamp) -> Timestamp {
    let days = now.seconds().div_euclid(DAY) + 1;
    Timestamp::from_millis(days * DAY * 1000)
}

const DAY: i64 = 24 * 60 * 60;
