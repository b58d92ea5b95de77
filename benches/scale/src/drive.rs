//! Drives the engine without a service: as fast as it can, or at a steady rate.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use inhaul_engine::{Checks, Engine, Pop3Log, RunOptions, Unobserved};
use inhaul_store::{Retrieval, SqliteStore, Store};
use inhaul_types::{Activation, Octets, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::field;
use crate::figures::Spread;

/// As `[storage] stop_free` is built in.
const STOP_FREE: Octets = Octets::new(500_000_000);

/// What many runs came to.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    pub(crate) runs: u64,
    pub(crate) stored: u64,
    pub(crate) failures: u64,
    /// What the first failure said.
    pub(crate) first_failure: Option<String>,
    /// How long each took, in milliseconds.
    pub(crate) took_ms: Vec<f64>,
}

/// An engine over the store of this seeded folder, set up as the program sets it up.
pub(crate) fn engine(
    folder: &Path,
    store: &Arc<SqliteStore>,
    at_once: usize,
    at_once_per_server: usize,
) -> Result<Arc<Engine>> {
    let data = field::data(folder);
    let mut checks = Checks::with_spool(data.join("spool"));
    std::fs::create_dir_all(&checks.spool)?;
    checks.stop_free = STOP_FREE;
    checks.at_once = at_once;
    checks.at_once_per_server = at_once_per_server;
    Ok(Engine::new(
        Arc::clone(store) as Arc<dyn Store>,
        checks,
        Some(Pop3Log::open(&data)?),
        Arc::new(|| Timestamp::from_system_time(SystemTime::now())),
    ))
}

/// Runs each once, so many at a time.
pub(crate) async fn once(
    engine: &Arc<Engine>,
    retrievals: Vec<Retrieval>,
    at_once: usize,
) -> Result<Driven> {
    let (stop, stopping) = watch::channel(false);
    let (mut runs, mut driven) = (JoinSet::new(), Driven::default());
    for retrieval in retrievals {
        if runs.len() >= at_once {
            driven.take(runs.join_next().await)?;
        }
        runs.spawn(run(Arc::clone(engine), retrieval, stopping.clone()));
    }
    while !runs.is_empty() {
        driven.take(runs.join_next().await)?;
    }
    drop(stop);
    Ok(driven)
}

/// Begins so many runs a second for this time, each retrieval in turn.
pub(crate) async fn steadily(
    engine: &Arc<Engine>,
    retrievals: &[Retrieval],
    rate: f64,
    span: Duration,
) -> Result<Driven> {
    let (stop, stopping) = watch::channel(false);
    let (mut runs, mut driven) = (JoinSet::new(), Driven::default());
    let mut beats = interval(Duration::from_secs_f64(1.0 / rate));
    beats.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let end = Instant::now() + span;
    let mut turn = retrievals.iter().cycle();
    while Instant::now() < end {
        tokio::select! {
            _ = beats.tick() => {
                let retrieval = turn.next().context("there are no retrievals")?;
                runs.spawn(run(Arc::clone(engine), retrieval.clone(), stopping.clone()));
            }
            ended = runs.join_next(), if !runs.is_empty() => driven.take(ended)?,
        }
    }
    while !runs.is_empty() {
        driven.take(runs.join_next().await)?;
    }
    drop(stop);
    Ok(driven)
}

type Ended = std::result::Result<inhaul_engine::RunReport, tokio::task::JoinError>;

async fn run(
    engine: Arc<Engine>,
    retrieval: Retrieval,
    stopping: watch::Receiver<bool>,
) -> inhaul_engine::RunReport {
    let options = RunOptions::default();
    engine
        .run(
            &retrieval,
            Activation::Schedule,
            options,
            &Unobserved,
            stopping,
        )
        .await
}

impl Driven {
    fn take(&mut self, ended: Option<Ended>) -> Result<()> {
        let Some(ended) = ended else { return Ok(()) };
        let report = ended?;
        self.runs += 1;
        self.stored += report.stored;
        self.took_ms.push(report.took.as_secs_f64() * 1e3);
        if let Some(failure) = report.failure {
            self.failures += 1;
            self.first_failure.get_or_insert(failure.what);
        }
        Ok(())
    }

    /// How long they took.
    pub(crate) fn took(&self) -> Spread {
        Spread::of(self.took_ms.iter().copied())
    }

    /// Fails if a run did.
    pub(crate) fn all_good(&self) -> Result<()> {
        match &self.first_failure {
            None => Ok(()),
            Some(what) => anyhow::bail!("{} of {} runs failed: {what}", self.failures, self.runs),
        }
    }
}
