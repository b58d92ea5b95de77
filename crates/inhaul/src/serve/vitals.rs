//! What a running server knows of itself, for `/healthz`, `/readyz`, `/metrics` and the watchdog.

use async_trait::async_trait;
use inhaul_store::Store as _;

use crate::cli::Context;
use crate::clock::clock;
use crate::config::format_size;
use crate::ops::health::{Checks, Source};
use crate::ops::metrics::{Snapshot, free_octets};

/// The parts that are asked.
#[derive(Debug)]
pub(super) struct Vitals(pub(super) Context);

#[async_trait]
impl Source for Vitals {
    async fn alive(&self) -> Checks {
        Checks::default().check("store", self.store().await)
    }

    async fn ready(&self) -> Checks {
        let checks = Checks::default().check("store", self.store().await);
        match self.0.engine.room_missing() {
            None => checks.good("disk"),
            Some((free, least)) => {
                let (free, least) = (format_size(free.count()), format_size(least.count()));
                checks.fault("disk", format!("{free} free, {least} needed"))
            }
        }
    }

    async fn snapshot(&self) -> Snapshot {
        let Context { config, store, .. } = &self.0;
        let now = clock()();
        let retrievals = store.retrieval_list().await.unwrap_or_default();
        let meant = retrievals.into_iter().filter(|retrieval| !retrieval.paused);
        let last_good = meant.filter_map(|retrieval| {
            // One that never worked has waited since it began to fail.
            let since = retrieval.last_good.or(retrieval.failing_since)?;
            Some((retrieval.name, now.since(since)))
        });
        Snapshot {
            last_good: last_good.collect(),
            wal: store.wal_size().await.ok(),
            free: free_octets(&config.data),
            ..Snapshot::default()
        }
    }
}

impl Vitals {
    /// Whether it answers a small question.
    async fn store(&self) -> Result<(), String> {
        let answer = self.0.store.group_list().await;
        answer.map(drop).map_err(|error| error.to_string())
    }
}
