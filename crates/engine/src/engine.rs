//! What carries out runs, and what they share: store, limits, dialler, log, clock.

use std::sync::Arc;

use inhaul_net::Dialler;
use inhaul_store::{NewRun, Retrieval, Store};
use inhaul_types::{Activation, Octets, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::budget::Budget;
use crate::failure::RunError;
use crate::leases::Leases;
use crate::observe::{Observer, Progress, RunReport};
use crate::pop3_log::{Pop3Log, RunLog};
use crate::run::{Outcome, Visit, unless_stopped};
use crate::settings::Checks;

/// Reads the time; tests turn it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Carries out runs.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) checks: Checks,
    pub(crate) dialler: Dialler,
    pub(crate) leases: Leases,
    pub(crate) budget: Arc<Budget>,
    pub(crate) log: Option<Arc<Pop3Log>>,
    pub(crate) clock: Clock,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("checks", &self.checks)
            .finish_non_exhaustive()
    }
}

/// How this one run differs from the retrieval's settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Delete nothing this time.
    pub keep: bool,
    /// Look only: say how many messages would come.
    pub dry_run: bool,
}

impl Engine {
    /// An engine over this store.
    pub fn new(
        store: Arc<dyn Store>,
        checks: Checks,
        log: Option<Arc<Pop3Log>>,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            leases: Leases::new(checks.at_once, checks.at_once_per_server),
            budget: Budget::new(checks.memory),
            dialler: Dialler::new(),
            store,
            checks,
            log,
            clock,
        })
    }

    /// Visits the retrieval's maildrop once. Never fails: what went wrong is in the report, and
    /// recorded. `stop` turning true ends the run after the messages under way.
    pub async fn run(
        self: &Arc<Self>,
        retrieval: &Retrieval,
        activation: Activation,
        options: RunOptions,
        observer: &dyn Observer,
        stop: watch::Receiver<bool>,
    ) -> RunReport {
        let waited = Instant::now();
        let place = async { Ok(self.leases.take(&retrieval.remote).await) };
        let lease = match unless_stopped(stop.clone(), place).await {
            Ok(lease) => lease,
            Err(error) => return self.unrecorded(retrieval, error, waited),
        };
        let begun = Instant::now();
        let started = (self.clock)();
        let new = NewRun {
            retrieval: retrieval.id,
            activation,
            started,
        };
        let run = match self.store.run_begin(new).await {
            Ok(run) => run,
            Err(error) => return self.unrecorded(retrieval, error.into(), begun),
        };
        observer.progress(&Progress::Started(run));
        let mut visit = Visit {
            engine: self,
            retrieval,
            options,
            observer,
            stop,
            run,
            deadline: begun + self.checks.run_timeout,
            log: RunLog::new(self.log.clone(), format!("run {run} {}", retrieval.name)),
            outcome: Outcome::beginning(retrieval, (self.clock)()),
            lease: Some(lease),
        };
        let ended = visit.carry_out().await;
        visit.finish(ended.err(), begun).await
    }

    fn unrecorded(&self, retrieval: &Retrieval, error: RunError, begun: Instant) -> RunReport {
        RunReport {
            run: None,
            failure: Some(error.report(&retrieval.remote.host, retrieval.remote.port)),
            listed: 0,
            stored: 0,
            octets: Octets::ZERO,
            deleted: 0,
            left: 0,
            remaining: 0,
            would_retrieve: 0,
            took: begun.elapsed(),
        }
    }
}
