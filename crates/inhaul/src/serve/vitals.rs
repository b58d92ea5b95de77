//! What a running server knows of itself, for `/healthz`, `/readyz`, `/metrics` and the watchdog.

use std::time::Duration;

use async_trait::async_trait;
use inhaul_engine::service::{RetrievalStatus, Service};
use inhaul_store::Store as _;
use inhaul_types::{Activation, Timestamp};

use super::notices::Condition;
use super::standings::{Around, counted};
use crate::cli::Context;
use crate::clock::clock;
use crate::config::format_size;
use crate::ops::health::{Checks, Source};
use crate::ops::metrics::{Snapshot, free_octets};

/// The parts that are asked.
#[derive(Debug)]
pub(super) struct Vitals {
    pub(super) context: Context,
    pub(super) notices: Condition,
}

#[async_trait]
impl Source for Vitals {
    async fn alive(&self) -> Checks {
        Checks::default()
            .check("scheduler", scheduler(&self.context.service))
            .check("notices", self.notices.check())
            .check("store", self.store().await)
    }

    async fn ready(&self) -> Checks {
        let checks = Checks::default()
            .check("scheduler", scheduler(&self.context.service))
            .check("store", self.store().await);
        match self.context.engine.room_missing() {
            None => checks.good("disk"),
            Some((free, least)) => {
                let (free, least) = (format_size(free.count()), format_size(least.count()));
                checks.fault("disk", format!("{free} free, {least} needed"))
            }
        }
    }

    async fn snapshot(&self) -> Snapshot {
        let Context {
            config,
            store,
            engine,
            service,
            ..
        } = &self.context;
        let now = clock()();
        // What the service holds in memory: the store is asked nothing, however often this is read.
        let (status, retrievals) = (service.status(), service.retrievals());
        let pace = engine.pace();
        let around = Around {
            now,
            pace: &pace,
            offline_since: status.offline_since,
        };
        let counts = counted(&retrievals, &around).into_iter();
        let meant = retrievals.iter().filter(|one| !one.row.paused);
        let last_good = meant.filter_map(|one| {
            // One that never worked has waited since it began to fail.
            let since = one.row.last_good.or(one.row.failing_since)?;
            Some((one.row.name.clone(), now.since(since)))
        });
        Snapshot {
            retrievals: counts.map(|(one, count)| (one.as_str(), count)).collect(),
            last_good: last_good.collect(),
            queued: status.waiting as u64,
            running: status.running as u64,
            lateness: lateness(status.next, &retrievals, now),
            wal: store.wal_size().await.ok(),
            free: free_octets(&config.data),
            ..Snapshot::default()
        }
    }
}

impl Vitals {
    /// Whether those who read and the one who writes answer a small question.
    async fn store(&self) -> Result<(), String> {
        let store = &self.context.store;
        let read = store.group_list().await.map(drop);
        let answered = match read {
            Ok(()) => store.records().writer_answers().await,
            Err(error) => Err(error),
        };
        answered.map_err(|error| error.to_string())
    }
}

/// Whether the schedule is gone through. One that is about to end has nothing more to do.
fn scheduler(service: &Service) -> Result<(), String> {
    let silent = service.last_turn();
    if silent <= SILENT_MOST || service.status().stopping {
        return Ok(());
    }
    Err(format!("it has not looked up for {} s", silent.as_secs()))
}

/// How late the most overdue check is: one that nobody has looked at, or that waits for its turn.
fn lateness(next: Option<Timestamp>, all: &[RetrievalStatus], now: Timestamp) -> Duration {
    let waits = all.iter().filter(|one| {
        one.position.is_some()
            && one
                .doing
                .is_some_and(|(why, _)| why == Activation::Schedule)
    });
    let due = waits.filter_map(|one| one.row.schedule.next_due);
    let longest = due.chain(next).map(|due| now.since(due)).max();
    longest.unwrap_or_default()
}

/// The schedule is gone through every five seconds at least; a machine under load may be late.
const SILENT_MOST: Duration = Duration::from_secs(60);
