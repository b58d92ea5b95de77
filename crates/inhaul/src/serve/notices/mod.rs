//! Notices of a running server: what is seen of retrievals goes in, and what is written goes to the
//! store's outbox, to inboxes here, the web address and the program.
//!
//! One task feeds the notifier with what the service tells, one counts runs for the numbers. The
//! service never waits for either: who is too slow looks at all retrievals again. `[notify]` may
//! change while it runs; the notifier is then begun anew, which tells nothing twice, because what
//! was told is in the store. Start at [`Notices::start`].

mod feed;
mod mailboxes;
mod memory;
mod people;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inhaul_engine::service::{EventKind, Service};
use inhaul_notices::{MailboxSight, Notifier, Observation};
use inhaul_types::{AccountId, RetrievalId, Timestamp};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

use crate::cli::Context;
use crate::config::Config;
use crate::exit::Failure;
use crate::ops::metrics::Counters;
use feed::Feed;
pub(crate) use memory::Kept;

/// Tells people.
pub(super) struct Notices {
    shared: Arc<Shared>,
    config: watch::Sender<Arc<Config>>,
    stop: watch::Sender<bool>,
    feeding: JoinHandle<()>,
    counting: JoinHandle<()>,
}

/// What the tasks share with whoever asks how they do.
struct Shared {
    state: Mutex<State>,
    counters: Arc<Counters>,
    /// What the last look at this server's health found, for the heartbeat.
    well: AtomicBool,
}

/// The notifier, or why there is none.
enum State {
    Working(Notifier),
    /// Another is about to begin.
    Changing,
    /// It could not begin; it is tried again.
    Failed,
}

/// How notices do, for the health check and the numbers.
#[derive(Clone)]
pub(super) struct Condition {
    shared: Arc<Shared>,
    feeding: AbortHandle,
}

impl Notices {
    /// Begins, with a sight of every retrieval.
    pub(super) async fn start(context: &Context) -> Result<Self, Failure> {
        let counters = Arc::new(Counters::default());
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Changing),
            counters: Arc::clone(&counters),
            well: AtomicBool::new(true),
        });
        let (config, configured) = watch::channel(Arc::clone(&context.config));
        let (stop, stopping) = watch::channel(false);
        let counting = tokio::spawn(count(Arc::clone(&context.service), counters));
        let feed = Feed::begin(context, Arc::clone(&shared), configured).await;
        let feed = feed.inspect_err(|_| counting.abort())?;
        Ok(Self {
            shared,
            config,
            stop,
            feeding: tokio::spawn(feed.go_on(stopping)),
            counting,
        })
    }

    /// From now on as this configuration's `[notify]` says. Returns at once; what cannot be used is
    /// logged, and the old settings stay.
    pub(super) fn reconfigure(&self, config: &Arc<Config>) {
        self.config.send_replace(Arc::clone(config));
    }

    /// How they do.
    pub(super) fn condition(&self) -> Condition {
        Condition {
            shared: Arc::clone(&self.shared),
            feeding: self.feeding.abort_handle(),
        }
    }

    /// Tells what is to be told of the runs that ended last, and ends. To be called when the service
    /// has stopped.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.feeding.await {
            tracing::error!(%error, "notices ended before their time");
        }
        self.counting.abort();
        if let State::Working(notifier) = self.shared.replace(State::Changing) {
            notifier.stop().await;
        }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}

impl Condition {
    /// Counts runs, and notices that reached nobody.
    pub(super) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.shared.counters)
    }

    /// Whether people would be told.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.feeding.is_finished() {
            return Err("they have ended".into());
        }
        match &*self.shared.lock() {
            State::Working(notifier) if !notifier.is_working() => {
                Err("a part of them has ended".into())
            }
            State::Failed => Err("they could not begin".into()),
            State::Working(_) | State::Changing => Ok(()),
        }
    }

    /// What a look at this server's health found: the heartbeat pauses while it is not well.
    pub(super) fn set_well(&self, well: bool) {
        self.shared.well.store(well, Ordering::Relaxed);
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, state: State) -> State {
        std::mem::replace(&mut self.lock(), state)
    }

    fn seen(&self, seen: Observation) {
        if let State::Working(notifier) = &*self.lock() {
            notifier.seen(seen);
        }
    }

    fn forget(&self, retrieval: RetrievalId) {
        if let State::Working(notifier) = &*self.lock() {
            notifier.forget(retrieval);
        }
    }

    fn seen_mailbox(&self, seen: MailboxSight) {
        if let State::Working(notifier) = &*self.lock() {
            notifier.seen_mailbox(seen);
        }
    }

    fn forget_mailbox(&self, account: AccountId) {
        if let State::Working(notifier) = &*self.lock() {
            notifier.forget_mailbox(account);
        }
    }

    fn line(&self, offline_since: Option<Timestamp>) {
        if let State::Working(notifier) = &*self.lock() {
            notifier.line(offline_since);
        }
    }
}

/// Counts runs as they end, until it is stopped.
async fn count(service: Arc<Service>, counters: Arc<Counters>) {
    let mut events = service.subscribe();
    drop(service);
    loop {
        match events.recv().await {
            Ok(event) => {
                if let EventKind::Ended { report, .. } = event.kind {
                    counters.run_ended(&report);
                }
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "events came too fast to be counted");
            }
            Err(RecvError::Closed) => return,
        }
    }
}
