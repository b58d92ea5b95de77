//! A run that is asked for, from the moment it is until it has ended: what those who wait for it see.
//!
//! One [`Pending`] serves everybody who joined the run. It holds counts and a stage, and text of the
//! server's only while somebody reads along, so that it costs the same however much is said.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::stages::{Come, RunStage};
use inhaul_store::StartedBy;
use inhaul_types::{Activation, RetrievalId, RunId};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::engine::RunOptions;
use crate::observe::{Observer, Progress, RunReport};
use crate::overheard::Overheard;

/// A run asked for.
pub(super) struct Pending {
    pub(super) retrieval: RetrievalId,
    pub(super) activation: Activation,
    pub(super) by: Option<StartedBy>,
    pub(super) options: RunOptions,
    /// Of the one who asked first, if they watch.
    pub(super) observer: Option<Arc<dyn Observer>>,
    come: watch::Sender<Come>,
    ended: watch::Sender<Option<Arc<RunReport>>>,
    stop: watch::Sender<bool>,
    pub(super) overheard: Arc<Overheard>,
}

impl Pending {
    pub(super) fn new(
        retrieval: RetrievalId,
        activation: Activation,
        by: Option<StartedBy>,
    ) -> Arc<Self> {
        Self::watched(retrieval, activation, by, RunOptions::default(), None)
    }

    pub(super) fn watched(
        retrieval: RetrievalId,
        activation: Activation,
        by: Option<StartedBy>,
        options: RunOptions,
        observer: Option<Arc<dyn Observer>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            retrieval,
            activation,
            by,
            options,
            observer,
            come: watch::Sender::new(Come::default()),
            ended: watch::Sender::new(None),
            stop: watch::Sender::new(false),
            overheard: Arc::default(),
        })
    }

    pub(super) fn come(&self) -> Come {
        *self.come.borrow()
    }

    /// Ends it after its present message, or before its first.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub(super) fn end(&self, report: Arc<RunReport>) {
        self.advance(|come| come.stage = RunStage::Ended);
        self.ended.send_replace(Some(report));
    }

    /// Whoever joins it now sees what this run's listing sees.
    pub(super) fn may_be_joined(&self) -> bool {
        self.come().stage < RunStage::Looking
    }

    /// Takes the step; returns how far it has come now.
    pub(super) fn step(&self, progress: &Progress) -> Come {
        if let Some(observer) = &self.observer {
            observer.progress(progress);
        }
        self.advance(|come| match progress {
            Progress::Started(run) => {
                come.run = Some(*run);
                come.stage = RunStage::Finding;
            }
            Progress::Found => come.stage = RunStage::Connecting,
            Progress::Securing => come.stage = RunStage::Securing,
            Progress::Connected => come.stage = RunStage::SigningIn,
            Progress::SignedIn => come.stage = RunStage::Looking,
            Progress::Listed { wanted, octets, .. } => {
                come.stage = RunStage::Bringing;
                come.wanted = *wanted;
                come.of_octets = *octets;
            }
            Progress::Received(octets) => come.octets += *octets,
            Progress::Stored(stored) => come.stored = *stored,
            Progress::Deleting(copies) => come.stage = RunStage::Deleting(*copies),
        })
    }

    fn advance(&self, change: impl FnOnce(&mut Come)) -> Come {
        self.come.send_modify(change);
        self.come()
    }
}

/// A place beside a run: to see how far it has come, to wait for its end, to stop it.
#[derive(Clone)]
pub struct Ticket {
    pub(super) pending: Arc<Pending>,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket")
            .field("retrieval", &self.pending.retrieval)
            .field("come", &self.come())
            .finish_non_exhaustive()
    }
}

impl Ticket {
    /// Which retrieval's run it is.
    pub fn retrieval(&self) -> RetrievalId {
        self.pending.retrieval
    }

    /// How far it has come.
    pub fn come(&self) -> Come {
        self.pending.come()
    }

    /// Waits until the run has its number or has ended without one; that number.
    pub async fn begun(&self) -> Option<RunId> {
        let mut come = self.pending.come.subscribe();
        let begun = |come: &Come| come.run.is_some() || come.stage == RunStage::Ended;
        come.wait_for(begun).await.ok().and_then(|come| come.run)
    }

    /// Waits for the end. `None` only if the service went away before.
    pub async fn ended(&self) -> Option<Arc<RunReport>> {
        let mut ended = self.pending.ended.subscribe();
        let report = ended.wait_for(Option::is_some).await.ok()?;
        report.clone()
    }

    /// Waits for the end, at most so long.
    pub async fn ended_within(&self, limit: Duration) -> Option<Arc<RunReport>> {
        timeout(limit, self.ended()).await.ok().flatten()
    }

    /// Ends the run after the messages under way.
    pub fn stop(&self) {
        self.pending.stop();
    }
}
