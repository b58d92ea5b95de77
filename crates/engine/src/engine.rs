//! What carries out runs, and what they share: store, limits, dialler, log, clock.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use futures_util::FutureExt;
use inhaul_domain::schedule::Pace;
use inhaul_net::Dialler;
use inhaul_store::{Allowance, NewRun, Retrieval, StartedBy, Store, StoreError};
use inhaul_types::{AccountId, Activation, ErrorCode, Octets, RunId, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::budget::Budget;
use crate::detect::ToldProvider;
use crate::failure::RunError;
use crate::leases::{Lease, Leases};
use crate::network::Network;
use crate::observe::{Observer, OverLimit, Progress, RunReport};
use crate::pop3_log::{Pop3Log, RunLog};
use crate::run::{Outcome, Visit, unless_stopped};
use crate::settings::Checks;
use crate::sharing::Sharings;
use crate::survey::Surveys;

/// Reads the time; tests turn it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The `tracing` target of the lines that tell of runs. Whoever shows the reports of runs itself has
/// no use for them.
pub const RUN_EVENTS: &str = "inhaul_engine::run";

/// Carries out runs.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    checks: RwLock<Arc<Checks>>,
    pub(crate) dialler: Dialler,
    pub(crate) leases: Leases,
    pub(crate) budget: Arc<Budget>,
    pub(crate) log: Option<Arc<Pop3Log>>,
    pub(crate) clock: Clock,
    pub(crate) network: Network,
    pub(crate) sharings: Sharings,
    pub(crate) surveys: Surveys,
    pace: RwLock<Arc<Pace>>,
    told: Mutex<Arc<[ToldProvider]>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("checks", &self.checks())
            .finish_non_exhaustive()
    }
}

/// How this one run differs from the retrieval's settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Delete nothing this time.
    pub keep: bool,
    /// Look only, and record nothing: say what would come.
    pub dry_run: bool,
    /// With `dry_run`: read the headers of what would come, as far as that is cheap.
    pub headers: bool,
    /// Retrieve so many messages at most and leave the rest for the next run.
    pub most: Option<u64>,
    /// End after this time instead of the settings' `run_timeout`; the rest comes with the next run.
    pub timeout: Option<std::time::Duration>,
}

impl Engine {
    /// An engine over this store.
    pub fn new(
        store: Arc<dyn Store>,
        checks: Checks,
        log: Option<Arc<Pop3Log>>,
        clock: Clock,
    ) -> Arc<Self> {
        Self::dialling(Dialler::new(), store, checks, log, clock)
    }

    /// An engine over this store in a network of somebody's own.
    #[cfg(feature = "simulation")]
    pub fn within(
        network: Arc<dyn inhaul_net::Network>,
        store: Arc<dyn Store>,
        checks: Checks,
        clock: Clock,
    ) -> Arc<Self> {
        Self::dialling(Dialler::within(network), store, checks, None, clock)
    }

    fn dialling(
        dialler: Dialler,
        store: Arc<dyn Store>,
        checks: Checks,
        log: Option<Arc<Pop3Log>>,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            leases: Leases::new(checks.at_once, checks.at_once_per_server),
            budget: Budget::new(checks.memory),
            dialler,
            store,
            checks: RwLock::new(Arc::new(checks)),
            log,
            clock,
            network: Network::default(),
            sharings: Sharings::default(),
            surveys: Surveys::default(),
            pace: RwLock::default(),
            told: Mutex::default(),
        })
    }

    /// How runs are timed by the schedule, from the next end of a run on.
    pub fn set_pace(&self, pace: Pace) {
        *self.pace.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pace);
    }

    /// How runs are timed by the schedule.
    pub fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Other limits and deadlines, from now on; a run under way ends by those it began a step with.
    /// `memory` and `spool` stay as they were at the start.
    pub fn set_checks(&self, checks: Checks) {
        let present = self.checks();
        self.leases.set(checks.at_once, checks.at_once_per_server);
        *self.checks.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Checks {
            memory: present.memory,
            spool: present.spool.clone(),
            ..checks
        });
    }

    /// Providers that this installation was told of.
    pub(crate) fn told_providers(&self) -> MutexGuard<'_, Arc<[ToldProvider]>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Limits and deadlines, as they are now.
    pub(crate) fn checks(&self) -> Arc<Checks> {
        Arc::clone(&self.checks.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether an account holds more than it may, and how much.
    /// [`StoreError::Missing`] where there is no such account.
    pub async fn over_limit(&self, account: AccountId) -> Result<Option<OverLimit>, StoreError> {
        let allowance = self.store.account_allowance(account).await?;
        let used = allowance.octets;
        let limit = self.checks().limits.and(&allowance.limits).mailbox;
        let exceeded = limit.filter(|limit| used > *limit);
        Ok(exceeded.map(|limit| OverLimit {
            account,
            used,
            limit,
        }))
    }

    /// Since when this machine has no network, as far as runs can tell.
    pub fn offline(&self) -> watch::Receiver<Option<Timestamp>> {
        self.network.offline()
    }

    /// The room that is left for mail and the room there has to be, if that is more: no run begins
    /// then.
    pub fn room_missing(&self) -> Option<(Octets, Octets)> {
        self.checks().room_missing()
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
        self.run_for(retrieval, activation, None, options, observer, stop)
            .await
    }

    /// The same for a person, whose runs are counted.
    pub async fn run_for(
        self: &Arc<Self>,
        retrieval: &Retrieval,
        activation: Activation,
        started_by: Option<StartedBy>,
        options: RunOptions,
        observer: &dyn Observer,
        stop: watch::Receiver<bool>,
    ) -> RunReport {
        let waited = Instant::now();
        let (lease, retrieval) = match unless_stopped(stop.clone(), self.lease(retrieval)).await {
            Ok(leased) => leased,
            Err(error) => return self.unrecorded(retrieval, error, waited),
        };
        let retrieval = &retrieval;
        let begun = Instant::now();
        let started = (self.clock)();
        let new = NewRun {
            retrieval: retrieval.id,
            activation,
            started,
            started_by,
        };
        // A look is no run: it leaves no trace but its line in the log.
        let run = if options.dry_run {
            RunId::new(0)
        } else {
            match self.store.run_begin(new).await {
                Ok(run) => run,
                Err(error) => return self.unrecorded(retrieval, error.into(), begun),
            }
        };
        if !options.dry_run {
            tracing::debug!(
                target: RUN_EVENTS,
                retrieval = %retrieval.name,
                run = run.row(),
                trigger = activation.as_str(),
                "run started"
            );
        }
        observer.progress(&Progress::Started(run));
        let mut visit = Visit {
            engine: self,
            retrieval: retrieval.clone(),
            options,
            observer,
            stop,
            run,
            started,
            deadline: begun + options.timeout.unwrap_or(self.checks().run_timeout),
            allowance: Allowance::default(),
            log: RunLog::new(self.log.clone(), log_name(run, retrieval, options)),
            outcome: Outcome::beginning(retrieval, (self.clock)()),
            lease: Some(lease),
        };
        // What breaks down in here costs this run and no other.
        let ended = AssertUnwindSafe(visit.carry_out()).catch_unwind().await;
        let ended = ended.unwrap_or(Err(RunError::BrokeDown));
        visit.finish(ended.err(), begun).await
    }

    /// The report of a run that was told to stop before it had its turn.
    pub(crate) fn not_run(&self, retrieval: &Retrieval) -> RunReport {
        self.unrecorded(retrieval, RunError::Stopped, Instant::now())
    }

    /// The report of a run that did not get its turn.
    pub(crate) fn refused(&self, retrieval: &Retrieval, code: Option<ErrorCode>) -> RunReport {
        let error = match code {
            Some(ErrorCode::QueueFull) => RunError::QueueFull,
            _ => RunError::Stopped,
        };
        self.unrecorded(retrieval, error, Instant::now())
    }

    /// Waits for a place, and reads the retrieval's row behind the lease: while this run waited,
    /// another may have written what it learnt there, or a person may have changed it.
    pub(crate) async fn lease(
        &self,
        retrieval: &Retrieval,
    ) -> Result<(Lease, Retrieval), RunError> {
        let mut remote = retrieval.remote.clone();
        loop {
            let lease = self.leases.take(&remote).await;
            let present = self.store.retrieval_by_id(retrieval.id).await?;
            if (&present.remote.host, &present.remote.user) == (&remote.host, &remote.user) {
                return Ok((lease, present));
            }
            // The place was at another maildrop.
            remote = present.remote;
        }
    }

    /// A run that could not even be recorded is told in the log.
    fn unrecorded(&self, retrieval: &Retrieval, error: RunError, begun: Instant) -> RunReport {
        let failure = error.report(&retrieval.remote.host, retrieval.remote.port);
        let failure = failure.of_run(retrieval);
        let code = failure.code.as_str();
        tracing::warn!(target: RUN_EVENTS, retrieval = %retrieval.name, code, "run not begun");
        let mut log = RunLog::new(self.log.clone(), format!("no run {}", retrieval.name));
        log.tell();
        log.end(
            (self.clock)(),
            &format!("error {}: {}", failure.code, failure.what),
        );
        RunReport {
            run: None,
            failure: Some(failure),
            listed: 0,
            stored: 0,
            octets: Octets::ZERO,
            deleted: 0,
            left: 0,
            remaining: 0,
            notes: Vec::new(),
            over_limit: Vec::new(),
            would_retrieve: 0,
            preview: None,
            took: begun.elapsed(),
        }
    }
}

fn log_name(run: RunId, retrieval: &Retrieval, options: RunOptions) -> String {
    if options.dry_run {
        format!("look {}", retrieval.name)
    } else {
        format!("run {run} {}", retrieval.name)
    }
}
